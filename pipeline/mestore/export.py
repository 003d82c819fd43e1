"""Export: a store as files for other programs, whole or fold by fold with the test labels apart."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mestore import clips
from mestore.errors import MEStoreError
from mestore.features.spec import resolve
from mestore.protocols.fold import Fold
from mestore.protocols.folds import Folds, load_folds
from mestore.replacing import replacing, replacing_folder
from mestore.store.export import FOLDERS, FORMATS, MARK
from mestore.store.export.selection import MADE_BY, Selection, clip_key, file_name
from mestore.store.reader import Feature


def export_store(store: Path, target: Path, *, to: str, force: bool = False) -> str:
    """Write the store in folder `store` to `target` and return a line that says what was written.

    Parameters
    ----------
    store : Path
        Such as data/stores/flow.
    target : Path
        A new file or, for tif, a new folder.
    to : str
        One of `FORMATS`.
    force : bool
        Replace what is there: a file, or a folder that an export made.

    Raises
    ------
    MEStoreError
        If the format is unknown or does not take such a store, `target` is there, or the disk is full.
    """
    _check_format(to)
    selection = Selection(feature=Feature(store))
    with _replacing(target, folder=to in FOLDERS, force=force) as temporary:
        resolve(FORMATS[to])(temporary, selection)
    return f"{target}: {len(selection.table())} clips of {store.name}; {_absent(selection)}"


def export_folds(
    store: Path, target: Path, *, to: str, folds: Path, fold: str | None = None, force: bool = False
) -> str:
    """Write one training and one test file per fold into the folder `target`, test labels apart.

    ::

        <fold>.train.<format>         with the clip table, labels included; .validation likewise
        <fold>.test.<format>          arrays and keys alone: nothing that tells a label
        <fold>.test-labels.csv        key, clip id and labels of every clip that the fold tests

    Parameters
    ----------
    store, target, to, force
        As for `export_store`; `target` is a folder for every format.
    folds : Path
        Frozen folds, such as data/folds/loso.json.
    fold : str, optional
        The name of one fold; by default all.

    Raises
    ------
    LeakError
        If the folds were made of another clip table than the store's.
    """
    _check_format(to)
    feature, frozen = Feature(store), load_folds(folds)
    frozen.require(feature.clips)
    chosen = [it for it in frozen if fold in (None, it.name)]
    if not chosen:
        names = ", ".join(it.name for it in frozen)
        raise MEStoreError(f"{folds} has no fold {fold!r}; it has {names}")
    with _replacing(target, folder=True, force=force) as temporary:
        for it in chosen:
            _write_fold(temporary, feature, frozen, it, to=to)
        about = {
            "made_by": MADE_BY,
            "protocol": frozen.protocol,
            "label": frozen.label,
            "folds": frozen.digest,
        }
        (temporary / MARK).write_text(json.dumps(about, sort_keys=True, indent=1) + "\n", encoding="utf-8")
    return (
        f"{target}: {len(chosen)} folds of {store.name}; labels of test clips are in *.test-labels.csv alone"
    )


def _write_fold(folder: Path, feature: Feature, folds: Folds, fold: Fold, *, to: str) -> None:
    name, table = file_name(fold.name), feature.clips
    parts = {"train": folds.training(fold), "validation": folds.validating(fold), "test": folds.tested(fold)}
    for part, wanted in parts.items():
        if wanted:
            selection = Selection(feature=feature, clips=wanted, hidden=part == "test")
            resolve(FORMATS[to])(folder / f"{name}.{part}.{to}", selection)
    tested = table[table["clip_id"].isin(folds.tested(fold))]
    labels = tested[["clip_id", "person", *clips.LABELS]]
    labels.insert(0, "key", [clip_key(clip) for clip in labels["clip_id"]])
    labels.sort_values("key").to_csv(folder / f"{name}.test-labels.csv", index=False)


def _check_format(to: str) -> None:
    if to not in FORMATS:
        raise MEStoreError(f"no format {to!r}; there are: {', '.join(FORMATS)}")


def _absent(selection: Selection) -> str:
    missing = len(selection.missing())
    return f"{missing} clips have no arrays and are named in it" if missing else "all clips have arrays"


@contextmanager
def _replacing(target: Path, *, folder: bool, force: bool) -> Iterator[Path]:
    """Give a file or folder to be written, and have it take the place of `target` if all went well."""
    _check_target(target, folder=folder, force=force)
    try:
        with replacing_folder(target) if folder else replacing(target) as temporary:
            yield temporary
    except OSError as error:
        raise MEStoreError(f"{target} cannot be written ({error}); nothing was left of it") from error


def _check_target(target: Path, *, folder: bool, force: bool) -> None:
    if not os.path.lexists(target):
        return
    if not force:
        raise MEStoreError(f"{target} is there already; name another one, or replace it with --force")
    if target.is_dir() and not (folder and _made_here(target)):
        raise MEStoreError(
            f"{target} is a folder that `mestore export` did not make; name another one, or remove it"
        )
    if folder and not target.is_dir():
        raise MEStoreError(f"{target} is a file; expected a folder's name: name another one, or remove it")


def _made_here(folder: Path) -> bool:
    try:
        made = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(made, dict) and made.get("made_by") == MADE_BY
