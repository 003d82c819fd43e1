"""Tables: the clip table and the failures of a store, as CSV: equal rows give equal bytes, anywhere."""

from pathlib import Path

import pandas as pd

from mestore import clips
from mestore.errors import StoreError
from mestore.store.folder import Folder, remedy
from mestore.store.layout import CLIPS, FAILURES
from mestore.store.manifest import Manifest

ROW_END = "\n"
"""Ends a row. Said to the reader, too: else pandas ends one at a lone CR, which its writer does not quote."""


def write_tables(folder: Path, table: pd.DataFrame, failures: pd.DataFrame) -> None:
    """Write the clip table, without the paths of recordings, and the failures; then the manifest.

    The last step of a store: the manifest vouches for every subject that is there by now, and readers take
    no other.
    """
    table.drop(columns=list(clips.SOURCES), errors="ignore").to_csv(
        folder / CLIPS, index=False, lineterminator=ROW_END
    )
    failures.to_csv(folder / FAILURES, index=False, lineterminator=ROW_END)
    Manifest.of(folder).write(folder)


def read_clips(folder: Folder) -> pd.DataFrame:
    """Return the clip table of a store."""
    types = {name: kind for name, kind in clips.TYPES.items() if name not in clips.SOURCES}
    return _read(folder / CLIPS, types)


def read_failures(path: Folder) -> pd.DataFrame:
    """Return a failures table."""
    return _read(path, dict.fromkeys(clips.FAILURES, "str"))


def _read(path: Folder, types: dict[str, str]) -> pd.DataFrame:
    try:
        with path.open("rb") as stream:
            table = pd.read_csv(stream, dtype=types, keep_default_na=False, lineterminator=ROW_END)
    except (OSError, ValueError) as error:
        what = f"{remedy(error)}, or " if isinstance(error, OSError) else ""
        raise StoreError(f"{path} cannot be read ({error}); {what}build it again with `dvc repro`") from None
    if list(table.columns) != list(types):
        raise StoreError(
            f"{path} has the columns {list(table.columns)}, expected {list(types)}; "
            "build it again with `dvc repro`"
        )
    return table
