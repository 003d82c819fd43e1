"""What DVC's cache keeps of a participant: objects are named by the md5 of their content, without a name.

What an object is, only the listing of a folder says (an object "<md5>.dir", JSON with path and md5 of every
file), or its content.
"""

import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from mestore.errors import MEStoreError
from mestore.forget.participant import IDENTITY, Participant
from mestore.forget.trace import ARRAY_METADATA, Trace, checksum
from mestore.forget.workspace_traces import read_csv
from mestore.store.layout import CLIPS, SUFFIX

PAGE = "index.html"
"""A folder with this file is a report, and its pictures show people."""

Listing = Mapping[str, str]
"""md5 of the files of a folder, by path."""


@dataclass(frozen=True, kw_only=True)
class DvcFolders:
    """Where DVC keeps things.

    Parameters
    ----------
    objects, runs : Path
        The cache's objects and its record of runs.
    memos : Path
        What DVC remembers of paths, outside the workspace.
    copies : Path
        Workspaces of experiments in a copy.
    remotes : mapping of str to str
        URL by name.
    """

    objects: Path
    runs: Path
    memos: Path
    copies: Path
    remotes: Mapping[str, str]

    def object(self, md5: str) -> Path:
        """Return the file of an object."""
        return self.objects / md5[:2] / md5[2:]


def dvc_folders(root: Path) -> DvcFolders | None:
    """Return where the DVC of a workspace keeps things; None if it is no workspace of DVC."""
    from dvc.exceptions import NotDvcRepoError
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo:
            return DvcFolders(
                objects=Path(repo.cache.local.path),
                runs=Path(repo.stage_cache.cache_dir),
                memos=Path(repo.site_cache_dir),
                copies=Path(repo.tmp_dir) / "exps",
                remotes={name: str(its.get("url", "")) for name, its in repo.config["remote"].items()},
            )
    except NotDvcRepoError:
        return None


@contextmanager
def dvc_at_rest(root: Path) -> Iterator[None]:
    """Hold DVC's lock of a workspace, so that no build begins inside the block.

    Raises
    ------
    MEStoreError
        If DVC is at work there.
    """
    from dvc.exceptions import NotDvcRepoError
    from dvc.lock import LockError
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo, repo.lock:
            _refuse_running(Path(repo.tmp_dir) / "rwlock")
            yield
    except LockError as error:
        raise MEStoreError(f"DVC is at work in {root} ({error}); wait for it, then run this again") from error
    except NotDvcRepoError:
        yield


def _refuse_running(record: Path) -> None:
    """Raise `MEStoreError` if a stage is running: DVC lets go of its lock while a command runs."""
    text = record.read_text(encoding="utf-8") if record.is_file() else ""
    for process in re.findall(r'"pid": *([0-9]+)', text):
        if _alive(int(process)):
            raise MEStoreError(
                f"process {process} builds in this workspace; wait for it, then run this again"
            )


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def listings(dvc: DvcFolders) -> dict[str, Listing]:
    """Return the listings of all folders in the cache, by the name of their object."""
    found: dict[str, Listing] = {}
    for path in sorted(dvc.objects.glob("??/*.dir")):
        try:
            found[path.parent.name + path.name] = {
                it["relpath"]: it["md5"] for it in json.loads(path.read_bytes())
            }
        except (ValueError, TypeError, KeyError):
            continue
    return found


def old_tables(dvc: DvcFolders) -> Iterator[pd.DataFrame]:
    """Give the clip tables of all states that the cache holds."""
    members = {(path, md5) for listing in listings(dvc).values() for path, md5 in listing.items()}
    for path, md5 in sorted(members):
        file = dvc.object(md5)
        if file.is_file() and path.split("/")[-1] == CLIPS:
            table = read_csv(file.read_bytes())
        elif file.is_file() and path.endswith(".parquet"):
            table = _identity(file.read_bytes())
        else:
            continue
        if table is not None:
            yield table


def dvc_traces(who: Participant, dvc: DvcFolders, personal: list[Path]) -> Iterator[Trace]:
    """Give the objects, listings and records of runs that hold or name them.

    Parameters
    ----------
    personal : list of Path
        Files of theirs in the workspace and the build cache: a commit that was killed leaves objects that no
        listing names.
    """
    folders = listings(dvc)
    arrays = {md5 for it in folders.values() for path, md5 in it.items() if _is_theirs(who, path)}
    arrays |= {md5 for file in personal if dvc.object(md5 := checksum(file, "md5")).is_file()}
    # Two subjects may hold equal bytes; what is somebody else's too stays.
    arrays -= {
        md5 for it in folders.values() for path, md5 in it.items() if SUFFIX in path and not who.below(path)
    }
    texts = set(_naming(who, dvc, folders, known=arrays))
    gone = {
        name
        for name, listing in folders.items()
        if any(map(who.below, listing)) or not (arrays | texts).isdisjoint(listing.values())
    }
    runs, derived = _derived(dvc, gone | texts | arrays)
    gone |= {name for name in derived if name in folders}
    texts |= {name for name in derived if not name.endswith(".dir")} | _of_reports(folders, gone)
    for md5 in sorted(arrays):
        if (file := dvc.object(md5)).is_file():
            yield Trace(place="DVC cache, arrays", path=file, personal=(file,))
    yield from (Trace(place="DVC cache, records of runs", path=path) for path in runs)
    for md5 in sorted(texts - arrays):
        if (file := dvc.object(md5)).is_file():
            yield Trace(place="DVC cache, tables, folds and reports", path=file)
    yield from (Trace(place="DVC cache, listings", path=dvc.object(name)) for name in sorted(gone))


def dvc_memory(who: Participant, dvc: DvcFolders) -> Iterator[Trace]:
    """Give what DVC remembers of their paths, and copies of the workspace that hold them."""
    if any(who.named_in(path.read_bytes()) for path in dvc.memos.rglob("*") if path.is_file()):
        yield Trace(place="DVC's memory of paths", path=dvc.memos)
    for copy in sorted(path for path in dvc.copies.glob("*") if path.is_dir()):
        if any(who.below(path.relative_to(copy).as_posix()) for path in copy.rglob(f"*{SUFFIX}/*")):
            yield Trace(place="copies of experiments", path=copy)


def _is_theirs(who: Participant, path: str) -> bool:
    """Return whether a file below a store is theirs alone: all but the shapes of arrays."""
    folder, _, name = path.rpartition("/")
    return who.below(path) and not (name == ARRAY_METADATA and who.below(folder.rpartition("/")[0]))


def _naming(
    who: Participant, dvc: DvcFolders, folders: Mapping[str, Listing], *, known: set[str]
) -> Iterator[str]:
    """Give the objects whose content names them; arrays of others are not read."""
    skipped = known | {
        md5 for it in folders.values() for path, md5 in it.items() if SUFFIX in path and not who.below(path)
    }
    for path in sorted(dvc.objects.glob("??/*")):
        md5 = path.parent.name + path.name
        if not path.name.endswith(".dir") and md5 not in skipped and who.mentioned_in(path.read_bytes()):
            yield md5


def _derived(dvc: DvcFolders, doomed: set[str]) -> tuple[list[Path], set[str]]:
    """Return the records of runs that read or wrote what is doomed, and all that those wrote, and so on."""
    records = {path: _record(path) for path in sorted(dvc.runs.glob("*/*/*"))}
    runs: set[Path] = set()
    known = set(doomed)
    while True:
        more = {path for path, (read, made) in records.items() if path not in runs and known & (read | made)}
        if not more:
            return sorted(runs), known - doomed
        runs |= more
        known |= {md5 for path in more for md5 in records[path][1]}


def _record(path: Path) -> tuple[set[str], set[str]]:
    """Return what a run read and what it wrote."""
    record: Any = yaml.safe_load(path.read_bytes()) or {}
    read, made = ({it.get("md5", "") for it in record.get(key) or []} - {""} for key in ("deps", "outs"))
    return read, made


def _of_reports(folders: Mapping[str, Listing], gone: set[str]) -> set[str]:
    """Return the files of reports that go and of which no other folder has a use."""
    kept = {md5 for name, listing in folders.items() if name not in gone for md5 in listing.values()}
    return {md5 for name in gone if PAGE in folders[name] for md5 in folders[name].values()} - kept


def _identity(content: bytes) -> pd.DataFrame | None:
    try:
        table: pd.DataFrame = pq.read_table(io.BytesIO(content), columns=[*IDENTITY, "paths"]).to_pandas()
        return table
    except (ValueError, KeyError, pa.ArrowException):
        return None
