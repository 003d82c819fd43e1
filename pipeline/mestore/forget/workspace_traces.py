"""What a workspace and its build cache keep of a participant."""

import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mestore.build.pages import RECORD
from mestore.datasets.table_io import read_parquet, write_parquet
from mestore.errors import MEStoreError
from mestore.forget.participant import IDENTITY, Participant
from mestore.forget.trace import Trace
from mestore.replacing import clear, replacing
from mestore.store.layout import CLIPS, COMMIT, FAILURES, SUFFIX
from mestore.store.manifest import MANIFEST, Manifest
from mestore.store.tables import ROW_END, read_clips, read_failures, write_tables
from mestore.workspace import Workspace


def clip_tables(workspace: Workspace) -> Iterator[pd.DataFrame]:
    """Give the clip tables of a workspace."""
    for path in sorted(workspace.index.glob("*.parquet")):
        yield read_parquet(path)
    for path in sorted(workspace.stores.glob(f"*/{CLIPS}")):
        table = read_csv(path.read_bytes())
        if table is not None:
            yield table


def read_csv(content: bytes) -> pd.DataFrame | None:
    """Return a clip table as stores hold it, of whatever version; None if it is none."""
    try:
        # Lone carriage returns are part of a cell, as the store writes it.
        table = pd.read_csv(io.BytesIO(content), dtype="str", keep_default_na=False, lineterminator=ROW_END)
    except ValueError:
        return None
    return table if set(IDENTITY) <= set(table.columns) else None


def stores(who: Participant, workspace: Workspace) -> Iterator[Trace]:
    """Give the stores that hold them.

    Raises
    ------
    MEStoreError
        If such a store is a link, is damaged or cannot be read: to write it anew would vouch for it.
    """
    for store in sorted(path for path in workspace.stores.glob("*") if path.is_dir()):
        folders = tuple(store / folder for folder in sorted(who.folders) if (store / folder).is_dir())
        if folders or any(_mentions(who, store / name) for name in (CLIPS, FAILURES)):
            _refuse_unsound(store, who)
            write = partial(_without, store, who)
            yield Trace(place="stores", path=store, personal=folders, rewrite=write)
    for left in sorted((workspace.root / "data").glob(".*-*")):
        if any(who.below(path.relative_to(left).as_posix()) for path in left.rglob(f"*{SUFFIX}/*")):
            yield Trace(place="leftovers of a killed build", path=left)


def outputs(who: Participant, workspace: Workspace) -> Iterator[Trace]:
    """Give folds that name them, scores in which they may count, reports that show them, and logs."""
    for path in sorted(workspace.folds.glob("*.json")):
        if _mentions(who, path):
            yield Trace(place="folds", path=path)
    # All of them: what a model learned of them is in predictions about others too.
    for path in sorted(workspace.scores.glob("*")):
        yield Trace(place="scores", path=path)
    # They count in the means of a table that does not name them, too.
    for path in sorted(workspace.motion.glob("*.csv")):
        yield Trace(place="motion", path=path)
    for path in sorted(workspace.reports.glob("*")):
        # A page that was not finished has pictures and no text yet.
        half = path.name[0] == "." and path.is_dir()
        if half or any(_mentions(who, page) for page in (path / "index.html", *path.glob("subjects/*.html"))):
            yield Trace(place="reports", path=path)
    # All of them: they name subjects in sentences, where no search is sure to find them.
    for path in sorted(workspace.logs.glob("*.log*")):
        yield Trace(place="logs", path=path)


def index(who: Participant, workspace: Workspace) -> Iterator[Trace]:
    """Give the tables of data/index that hold them."""
    for path in sorted(workspace.index.glob("*.parquet")):
        if who.rows(read_parquet(path)).any():
            yield Trace(place="index", path=path, rewrite=partial(_clip_table_without, path, who))
    for path in sorted(workspace.index.glob("*.csv")):
        if who.rows(read_failures(path)).any():
            yield Trace(place="index", path=path, rewrite=partial(_failures_without, path, who))


def build_cache(who: Participant, workspace: Workspace) -> Iterator[Trace]:
    """Give the subjects of the build cache that are theirs, half-written ones and old parameters too."""
    for folder in sorted((workspace.cache / "subjects").glob("*/*")):
        clips = clips_of(folder) if folder.is_dir() else set()
        if any(map(who.owns, clips)):
            yield Trace(place="build cache", path=folder, personal=(folder,))


def memos(who: Participant, workspace: Workspace, paths: frozenset[str]) -> Iterator[Trace]:
    """Give the memos of hashes that name files of their recordings.

    Parameters
    ----------
    paths : frozenset of str
        Files of theirs below any dataset's folder: which one a memo is of, another checkout's maybe, it does
        not say. What lies in the same folders, or in one called like a subject of theirs, is taken for theirs
        too: it is hashed again when it is not.
    """
    for file in sorted((workspace.cache / "hashes").glob("*.parquet")):
        theirs = _memo_rows(file, who, paths)
        if theirs is not None and any(theirs):
            yield Trace(place="memo of hashes", path=file, rewrite=partial(_memo_without, file, who, paths))


def clips_of(folder: Path) -> set[str]:
    """Return the ids of the clips that a subject's folder holds or shows, or that it says have failed."""
    found: set[str] = set()
    for file in (
        folder / "zarr.json",
        folder / COMMIT,
        folder / RECORD,
        *folder.glob("*/zarr.json"),
        *folder.glob(f"*/{COMMIT}"),
    ):
        try:
            record = json.loads(file.read_bytes())
            found |= {it["clip"] for it in record.get("attributes", {}).get("clips", [])}
            found |= set(record.get("failures", {}))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            continue
    return found


def _mentions(who: Participant, path: Path) -> bool:
    try:
        return path.is_file() and who.mentioned_in(path.read_bytes())
    except OSError as error:
        raise MEStoreError(
            f"{path} cannot be read ({error}); nothing was removed; ask who owns it"
        ) from error


def _refuse_unsound(store: Path, who: Participant) -> None:
    """Raise `MEStoreError` if what a store keeps of others is not what its manifest vouches for."""
    if store.is_symlink():
        raise MEStoreError(
            f"{store} is a link to {store.resolve()}; mestore removes nothing there. Put the folder itself "
            "in its place, or remove the link and what it leads to by hand"
        )
    read_clips(store)
    read_failures(store / FAILURES)
    there, vouched = (
        {
            name: it
            for name, it in manifest.files.items()
            if name not in (CLIPS, FAILURES) and not who.below(name)
        }
        for manifest in (Manifest.of(store), Manifest.read(store))
    )
    for name in sorted({*there, *vouched}):
        if there.get(name) != vouched.get(name):
            raise MEStoreError(
                f"{store / name} is not what {MANIFEST} says: {there.get(name, 'no file')}, expected "
                f"{vouched.get(name, 'no file')}; run `mestore verify` first"
            )


def _without(store: Path, who: Participant) -> None:
    """Put a store together again without their subjects, byte for byte as a build would."""
    _refuse_unsound(store, who)
    room = Path(tempfile.mkdtemp(prefix=f".{store.name}-", dir=store.parents[1]))
    try:
        table, failures = read_clips(store), read_failures(store / FAILURES)
        kept, lost = table[~who.rows(table)], failures[~who.rows(failures)]
        new = room / "new"
        # Links, not copies; what is written anew is left out, since it shares its bytes with DVC's cache.
        shutil.copytree(
            store, new, copy_function=_link, ignore=partial(_ignored, store, who, set(kept["dataset"]))
        )
        write_tables(new, kept, lost)
        store.rename(room / "old")
        try:
            new.rename(store)
        except BaseException:
            (room / "old").rename(store)
            raise
    finally:
        # If it could not be put back either, this is where the store is.
        if store.exists():
            clear(room)


def _ignored(store: Path, who: Participant, datasets: set[str], folder: str, names: list[str]) -> list[str]:
    below = Path(folder).relative_to(store)
    if not below.parts:
        groups = {f"{dataset}{SUFFIX}" for dataset in datasets}
        return [
            it
            for it in names
            if it in (CLIPS, FAILURES, MANIFEST) or (it.endswith(SUFFIX) and it not in groups)
        ]
    return [it for it in names if who.below((below / it).as_posix())]


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _clip_table_without(path: Path, who: Participant) -> None:
    table = read_parquet(path)
    write_parquet(table[~who.rows(table)].reset_index(drop=True), path)


def _failures_without(path: Path, who: Participant) -> None:
    table = read_failures(path)
    with replacing(path) as temporary:
        table[~who.rows(table)].to_csv(temporary, index=False)


def _memo_rows(file: Path, who: Participant, paths: frozenset[str]) -> list[bool] | None:
    try:
        files = pq.read_table(file, columns=["path"]).column("path").to_pylist()
    except (OSError, ValueError, KeyError, pa.ArrowException):
        return None
    folders = {path.rpartition("/")[0] for path in paths} - {""}
    subjects = {subject for _, subject in who.subjects}
    return [
        path in paths or path.rpartition("/")[0] in folders or not subjects.isdisjoint(path.split("/")[:-1])
        for path in files
    ]


def _memo_without(file: Path, who: Participant, paths: frozenset[str]) -> None:
    theirs = _memo_rows(file, who, paths) or []
    table = pq.read_table(file)
    with replacing(file) as temporary:
        pq.write_table(table.filter(pa.array([not it for it in theirs])), temporary)
