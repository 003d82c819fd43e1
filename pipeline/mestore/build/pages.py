"""Pages: the page of a subject as a finished subject of the build cache: it holds faces, as crops do.

A folder of the cache with `BODY`, the images in `IMAGES`, a record of whose clips they show, and a commit
record as stores have it: pruning, forgetting and checking treat it like any other subject.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from mestore.build.cache import BuildCache
from mestore.errors import StoreError
from mestore.store.layout import Commit, file_sha256

BODY = "body.html"
IMAGES = "img"
RECORD = "page.json"
"""Whose page it is; its attributes name the clips as those of a store's subject do."""

USED = "pages.json"
"""In the folder of a report: the keys of its pages in the cache, by subject."""


def write_record(
    folder: Path, *, key: str, clips: Collection[str], failures: Mapping[str, dict[str, str]]
) -> None:
    """Write the records of a page whose other files are there: the commit record last."""
    attributes = {"clips": [{"clip": clip} for clip in clips]}
    (folder / RECORD).write_text(json.dumps({"attributes": attributes}, indent=1) + "\n", encoding="utf-8")
    files = {
        path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": file_sha256(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    Commit(inputs=key, files=files, failures=dict(failures)).write(folder)


def shown_clips(folder: Path) -> list[str]:
    """Return the ids of the clips that a finished page shows."""
    record = json.loads((folder / RECORD).read_bytes())
    return [str(it["clip"]) for it in record["attributes"]["clips"]]


def whole(cache: BuildCache, key: str) -> bool:
    """Return whether the cache holds a page, whole; a damaged one is thrown away."""
    if key not in cache:
        return False
    folder = cache.path(key)
    try:
        Commit.read(folder).check(folder, content=True)
    except StoreError as error:
        if isinstance(error.__context__, OSError) and not isinstance(error.__context__, FileNotFoundError):
            # What could not be read just now may well be whole.
            raise error.__context__ from None
        cache.discard(key)
        return False
    return True
