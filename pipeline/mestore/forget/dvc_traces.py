"""What DVC's cache keeps of a participant: objects are named by the md5 of their content, without a name.

What an object is, only the listing of a folder says (an object "<md5>.dir", JSON with path and md5 of every
file), or its content. The cache may be shared with other projects: only what mestore made is given here.
"""

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
from mestore.forget.search import LARGEST_TEXT
from mestore.forget.trace import ARRAY_METADATA, Trace, checksum
from mestore.forget.workspace_traces import read_csv
from mestore.store.layout import CLIPS, FAILURES, SUFFIX
from mestore.store.manifest import MANIFEST

PAGE = "index.html"
"""A folder with this file is a report, and its pictures show people."""

COMMAND = "sh stages/run "
"""How the commands of mestore's stages begin, and those of no other project."""

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
    lock : Path
        What the stages of the workspace read and wrote last.
    """

    objects: Path
    runs: Path
    memos: Path
    copies: Path
    remotes: Mapping[str, str]
    lock: Path

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
                lock=root / "dvc.lock",
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
                str(it["relpath"]): str(it["md5"]) for it in json.loads(path.read_bytes())
            }
        except (ValueError, TypeError, KeyError):
            continue
    return found


def old_tables(dvc: DvcFolders) -> Iterator[pd.DataFrame]:
    """Give the clip tables of all states of mestore's that the cache holds."""
    folders = listings(dvc)
    ours = _ours(dvc, folders)
    members = {(path, md5) for name in ours & set(folders) for path, md5 in folders[name].items()}
    for path, md5 in sorted(members):
        file = dvc.object(md5)
        if path.split("/")[-1] == CLIPS and (content := _text(file)):
            table = read_csv(content)
        elif file.is_file() and path.endswith(".parquet"):
            table = _identity(file)
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
    everything = listings(dvc)
    ours = _ours(dvc, everything)
    folders = {name: it for name, it in everything.items() if name in ours}
    not_ours = {md5 for name, it in everything.items() if name not in ours for md5 in it.values()}
    not_ours |= {md5 for run in _records(dvc).values() if not run.ours for md5 in run.made}
    arrays = {md5 for it in folders.values() for path, md5 in it.items() if _is_theirs(who, path)}
    arrays |= {md5 for file in personal if dvc.object(md5 := checksum(file, "md5")).is_file()}
    # Two subjects may hold equal bytes; what is somebody else's too stays.
    arrays -= {
        md5 for it in folders.values() for path, md5 in it.items() if SUFFIX in path and not who.below(path)
    }
    # What another project holds too stays: it is for them to say, and the search names it.
    arrays -= not_ours
    files = {name for name in ours if not name.endswith(".dir")}
    files |= {md5 for it in folders.values() for md5 in it.values()}
    texts = set(_naming(who, dvc, folders, files=files - not_ours - arrays))
    gone = {
        name
        for name, listing in folders.items()
        if any(map(who.below, listing)) or not (arrays | texts).isdisjoint(listing.values())
    }
    runs, derived = _derived(dvc, gone | texts | arrays)
    gone |= {name for name in derived if name in folders}
    texts |= {name for name in derived if not name.endswith(".dir")} | _of_reports(folders, gone)
    texts -= not_ours
    gone -= not_ours
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


def _ours(dvc: DvcFolders, folders: Mapping[str, Listing]) -> set[str]:
    """Return the objects that mestore's stages read or wrote, and the listings of stores."""
    found = {name for name, listing in folders.items() if _is_store(listing)}
    return found | {md5 for run in _records(dvc).values() if run.ours for md5 in run.read | run.made}


def _is_store(listing: Listing) -> bool:
    """Return whether a folder is a store and nothing else; a folder with stores in it is somebody's own."""
    tops = {path.partition("/")[0] for path in listing}
    arrays = {path.partition("/")[0] for path in listing if path.partition("/")[0].endswith(SUFFIX)}
    return MANIFEST in listing and bool(arrays) and tops - arrays <= {CLIPS, FAILURES, MANIFEST}


def _naming(
    who: Participant, dvc: DvcFolders, folders: Mapping[str, Listing], *, files: set[str]
) -> Iterator[str]:
    """Give those of some objects whose content names them; arrays of others are not read."""
    skipped = {
        md5 for it in folders.values() for path, md5 in it.items() if SUFFIX in path and not who.below(path)
    }
    for md5 in sorted(files - skipped):
        if who.mentioned_in(_text(dvc.object(md5))):
            yield md5


def _text(file: Path) -> bytes:
    """Return the content of a file; nothing of one that is no file, or too large for a table or page."""
    return file.read_bytes() if file.is_file() and file.stat().st_size <= LARGEST_TEXT else b""


def _derived(dvc: DvcFolders, doomed: set[str]) -> tuple[list[Path], set[str]]:
    """Return the records of mestore's runs that read or wrote what is doomed, what those wrote, and so on."""
    records = {path: run for path, run in _records(dvc).items() if run.ours}
    runs: set[Path] = set()
    known = set(doomed)
    while True:
        more = {path for path, run in records.items() if path not in runs and known & (run.read | run.made)}
        if not more:
            return sorted(path for path in runs if path.is_relative_to(dvc.runs)), known - doomed
        runs |= more
        known |= {md5 for path in more for md5 in records[path].made}


@dataclass(frozen=True, kw_only=True)
class _Run:
    ours: bool
    read: frozenset[str]
    made: frozenset[str]


def _records(dvc: DvcFolders) -> dict[Path, _Run]:
    """Return what runs read and wrote, by the path of the record; of stages in dvc.lock by one below it."""
    found = {path: _run(_yaml(path)) for path in sorted(dvc.runs.glob("*/*/*"))}
    lock = _yaml(dvc.lock)
    stages = lock.get("stages") if isinstance(lock, dict) else None
    for name, record in stages.items() if isinstance(stages, dict) else ():
        found[dvc.lock / str(name)] = _run(record)
    return {path: run for path, run in found.items() if run is not None}


def _yaml(path: Path) -> Any:
    """Return what a file of DVC's says; None if it says nothing that can be read."""
    try:
        return yaml.safe_load(_text(path))
    except yaml.YAMLError:
        return None


def _run(record: Any) -> _Run | None:
    """Return what a run read and wrote; None if it is no record of a run."""
    if not isinstance(record, dict):
        return None
    read, made = (record.get(key) or [] for key in ("deps", "outs"))
    if not all(isinstance(its, list) and all(isinstance(it, dict) for it in its) for its in (read, made)):
        return None
    return _Run(
        ours=str(record.get("cmd", "")).startswith(COMMAND),
        read=frozenset(str(it["md5"]) for it in read if it.get("md5")),
        made=frozenset(str(it["md5"]) for it in made if it.get("md5")),
    )


def _of_reports(folders: Mapping[str, Listing], gone: set[str]) -> set[str]:
    """Return the files of reports, predictions and plots that go and of which no other folder has a use."""
    kept = {md5 for name, listing in folders.items() if name not in gone for md5 in listing.values()}
    whole = [folders[name] for name in gone if PAGE in folders[name] or all(map(_is_score, folders[name]))]
    return {md5 for listing in whole for md5 in listing.values()} - kept


def _is_score(path: str) -> bool:
    """Return whether a file is such as stage evaluate writes into folders."""
    return path.endswith((".csv", ".fits.json"))


def _identity(file: Path) -> pd.DataFrame | None:
    try:
        table: pd.DataFrame = pq.read_table(file, columns=[*IDENTITY, "media", "paths"]).to_pandas()
        return table
    except (ValueError, KeyError, pa.ArrowException):
        return None
