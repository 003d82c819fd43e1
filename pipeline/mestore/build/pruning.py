"""Pruning: what the build cache holds, what of it this workspace uses, and what can go."""

import hashlib
import json
import os
import re
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mestore.build.cache import BuildCache
from mestore.build.environment import NUMBA, prepare_environment
from mestore.build.pages import RECORD, USED
from mestore.errors import MEStoreError
from mestore.replacing import LEFT_OVER
from mestore.store.durable import REMOVED
from mestore.store.layout import COMMIT, DATA, SUFFIX
from mestore.workspace import Workspace

SUBJECT, HALF, CODE, MEMO = "subjects", "half-written", "compiled code", "memos of hashes"

_SECONDS = {"h": 3600.0, "d": 24 * 3600.0, "w": 7 * 24 * 3600.0}
# Whoever chose the folder may keep other things in it.
_STATE = re.compile("[0-9a-f]{16}")  # of the source, numba's folder
_MEMO = re.compile(r"[0-9a-f]{32}-.+\.parquet")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing in the build cache.

    Parameters
    ----------
    what : str
        `SUBJECT`, `HALF` (what a killed build left), `CODE` (numba's) or `MEMO`.
    path : Path
    group : str
        The store that uses it, or what its arrays are.
    used : bool
        Whether this workspace uses it.
    last_use : float
        Seconds since 1970: the newest time of change of its files or of their entries. Putting a store
        together by hard links changes the latter.
    files : tuple of os.stat_result
    """

    what: str
    path: Path
    group: str
    used: bool
    last_use: float
    files: tuple[os.stat_result, ...]

    @property
    def size(self) -> int:
        """Bytes in its files."""
        return sum(file.st_size for file in self.files)


def survey(workspace: Workspace) -> list[Entry]:
    """Return all that the build cache of a workspace holds.

    Raises
    ------
    MEStoreError
        Outside a workspace: there nothing of a shared cache would seem to be used.
    """
    if not workspace.params.is_file():
        raise MEStoreError(f"{workspace.params} is missing; run this in the folder that holds it")
    return [*_subjects(workspace), *_code(workspace), *_memos(workspace)]


def describe(workspace: Workspace, entries: Sequence[Entry]) -> str:
    """Return a table: per kind of entry and store how many, how large, last used when."""
    lines = [f"build cache {workspace.cache}: {_megabytes(entries)}"]
    groups = dict.fromkeys((it.what, not it.used, it.group) for it in sorted(entries, key=_order))
    for what, unused, group in groups:
        its = [it for it in entries if (it.what, not it.used, it.group) == (what, unused, group)]
        day = time.strftime("%Y-%m-%d", time.localtime(max(it.last_use for it in its)))
        state = "not used here" if unused else "used"
        lines.append(f"  {what:16} {group:32} {state:14} {len(its):6} {_megabytes(its):>12}  last used {day}")
    return "\n".join(lines)


def removable(entries: Iterable[Entry], *, older_than: float, now: float) -> list[Entry]:
    """Return what may go.

    Half-written subjects after a day; of the rest what this workspace does not use and nobody has used for
    `older_than` seconds, because others may share the cache.
    """
    return [
        it
        for it in entries
        if not it.used and now - it.last_use > (LEFT_OVER if it.what == HALF else older_than)
    ]


def prune(entries: Sequence[Entry], *, dry_run: bool = False) -> str:
    """Remove entries of the build cache and return a line that says what was freed.

    A subject is renamed first: whoever looks finds the whole of it or nothing.
    """
    done = "would be removed" if dry_run else "removed"
    if not dry_run:
        for entry in entries:
            _remove(entry.path)
    kinds = Counter(entry.what for entry in entries)
    said = ", ".join(f"{count} {what}" for what, count in kinds.items()) or "nothing"
    held = sum(it.size for it in entries) - freed(entries)
    note = f"; {held / 1e6:.1f} MB are also DVC's or a workspace's (`dvc gc` frees those)" if held else ""
    return f"{said} {done}, {freed(entries) / 1e6:.1f} MB freed{note}"


def freed(entries: Iterable[Entry]) -> int:
    """Return how many bytes removing entries frees: files with hard links elsewhere stay on the disk."""
    links = Counter((it.st_dev, it.st_ino) for entry in entries for it in entry.files)
    files = {(it.st_dev, it.st_ino): it for entry in entries for it in entry.files}
    return sum(it.st_size for key, it in files.items() if links[key] >= it.st_nlink)


def seconds(age: str) -> float:
    """Return an age in seconds.

    Examples
    --------
    >>> seconds("30d"), seconds("12h")
    (2592000.0, 43200.0)
    """
    found = re.fullmatch(r"([0-9]+)([hdw])", age)
    if not found:
        raise MEStoreError(f"--older-than is {age!r}; expected a number and h, d or w, such as 30d")
    return int(found[1]) * _SECONDS[found[2]]


def _subjects(workspace: Workspace) -> Iterator[Entry]:
    stores = _used(workspace)
    cache = BuildCache(workspace.cache)
    for path in cache.half_written():
        # Its folder's own time stands still while files below are written.
        times = [it.stat().st_mtime for it in (path, *path.rglob("*")) if it.exists()]
        yield _entry(HALF, path, group="", used=False, last_use=max(times, default=time.time()))
    for path in cache.entries():
        group = stores.get(path.name)
        yield _entry(
            SUBJECT,
            path,
            group=group or _arrays(path),
            used=group is not None,
            last_use=path.stat().st_mtime,
        )


def _used(workspace: Workspace) -> dict[str, str]:
    """Return the names of the stores and reports, by the digests of the subjects they are made of."""
    found: dict[str, list[str]] = {}
    for path in sorted(workspace.stores.glob(f"*/*{SUFFIX}/*/{COMMIT}")):
        with suppress(OSError, ValueError, KeyError, TypeError):
            found.setdefault(json.loads(path.read_bytes())["inputs"], []).append(path.parts[-4])
    for path in sorted(workspace.reports.glob(f"*/{USED}")):
        with suppress(OSError, ValueError, AttributeError):
            for key in json.loads(path.read_bytes()).values():
                found.setdefault(str(key), []).append(f"report {path.parent.name}")
    return {key: ", ".join(sorted(set(names))) for key, names in found.items()}


def _arrays(folder: Path) -> str:
    """Return what a subject's arrays are, in words."""
    if (folder / RECORD).is_file():
        return "page of a report"
    try:
        array = json.loads((folder / DATA / "zarr.json").read_bytes())
        return f"{array['data_type']} {' '.join(array['dimension_names'])}"
    except (OSError, ValueError, KeyError, TypeError):
        return "no clips"


def _code(workspace: Workspace) -> Iterator[Entry]:
    prepare_environment(workspace)
    for path in sorted((workspace.cache / "numba").glob("*")):
        if _STATE.fullmatch(path.name):
            yield _entry(CODE, path, group=path.name, used=path == Path(os.environ[NUMBA]))


def _memos(workspace: Workspace) -> Iterator[Entry]:
    roots = [path.resolve() for path in workspace.raw.glob("*")] if workspace.raw.is_dir() else []
    here = {hashlib.sha256(os.fsencode(root)).hexdigest()[:32]: root.name for root in roots}
    for path in sorted((workspace.cache / "hashes").glob("*.parquet")):
        if not _MEMO.fullmatch(path.name):
            continue
        group = here.get(path.name.partition("-")[0])
        # A memo is written when files are new and read at every index: only its time of access tells.
        yield _entry(MEMO, path, group=group or "", used=group is not None, last_use=path.stat().st_atime)


def _entry(what: str, path: Path, *, group: str, used: bool, last_use: float | None = None) -> Entry:
    paths = [path, *path.rglob("*")] if path.is_dir() else [path]
    files = []
    for it in paths:
        with suppress(FileNotFoundError):  # somebody else is at work here
            if it.is_file():
                files.append(it.lstat())
    newest = max((max(it.st_mtime, it.st_ctime) for it in files), default=0.0)
    known = newest if last_use is None else last_use if what == HALF else max(last_use, newest)
    return Entry(what=what, path=path, group=group, used=used, last_use=known, files=tuple(files))


def _remove(path: Path) -> None:
    if path.is_dir():
        aside = path.with_name(f"{REMOVED}{uuid.uuid4().hex}")
        with suppress(FileNotFoundError):  # another prune was faster
            path.rename(aside)
            shutil.rmtree(aside)
    else:
        path.unlink(missing_ok=True)


def _order(entry: Entry) -> tuple[str, bool, str]:
    return "" if entry.what == SUBJECT else entry.what, not entry.used, entry.group


def _megabytes(entries: Iterable[Entry]) -> str:
    return f"{sum(entry.size for entry in entries) / 1e6:.1f} MB"
