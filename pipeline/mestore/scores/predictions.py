"""PredictionFile: predictions of any program as a CSV file, and who its models were fitted on beside it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mestore.errors import ScoreError
from mestore.labels.target import joined
from mestore.replacing import replacing
from mestore.scores.csvtable import CsvTable, read_csv_table, shown
from mestore.scores.fitted import persons_digest
from mestore.scores.given import LARGEST_SEED
from mestore.scores.said import is_number

COLUMNS = ("clip_id", "predicted", "seed", "fold", "fitted_on")
"""Of the file; the first two, or clip_id and a column of 0 and 1 per label, must be there."""

_HEADER = "clip_id,predicted"
_LARGEST = 200_000_000  # bytes of the persons of all fits
_SAID = {"0": False, "1": True, "0.0": False, "1.0": True, "False": False, "True": True}
"""Cells of a column of a label; pandas writes a column of 0 and 1 that had a gap as 0.0 and 1.0."""
_NOTHING = frozenset({"", "nan", "na", "n/a", "#n/a", "<na>", "nat", "null", "inf", "-inf"})


@dataclass(frozen=True, kw_only=True)
class PredictionFile:
    """What a file of predictions says.

    Parameters
    ----------
    path : Path
    table : DataFrame
        One row per prediction, its index the line of the file; columns as `COLUMNS`: all text but `seed`.
        `fold` and `fitted_on` are empty where the file does not say; several labels are joined ("AU1+AU4").
    fits : mapping of str to tuple of str
        The persons whom a model was fitted on, by what stands in `fitted_on`; empty without such a file.
    unread : tuple of str
        Columns that nobody asked for.
    labels : tuple of str
        The labels that have a column of their own, where there is no column predicted.
    """

    path: Path
    table: pd.DataFrame
    fits: Mapping[str, tuple[str, ...]]
    unread: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


def fits_of(path: Path) -> Path:
    """Return where the persons stand whom the models behind a file of predictions were fitted on.

    Examples
    --------
    >>> fits_of(Path("svm.csv")).name
    'svm.fits.json'
    """
    return path.with_name(path.name.removesuffix(".csv") + ".fits.json")


def read_predictions(path: str | Path, *, classes: Sequence[str] = ()) -> PredictionFile:
    """Read predictions that came from anywhere; the file is hostile until it was checked.

    A UTF-8 file with commas. Columns: clip_id; predicted (a class; of several labels those that the clip has,
    as "AU1+AU4", or "none"), or instead a column for each label with 0 and 1; and, if need be, seed, fold and
    fitted_on. Other columns are passed over. Whether clips and classes are those of a protocol is seen when
    they are scored.

    Parameters
    ----------
    path : str or Path
    classes : sequence of str
        The protocol's labels, where a clip may have several: without a column predicted, each must have one,
        and further columns are passed over. Empty: not known; every further column is taken for a label.

    Raises
    ------
    ScoreError
        If it is no such file; the message names the line and the clip.
    """
    path = Path(path)
    read = read_csv_table(path, expected=_HEADER)
    others = [name for name in read.columns if name not in COLUMNS]
    labels = [] if "predicted" in read.columns else [it for it in others if not classes or it in classes]
    _require_columns(read, labels)
    if labels and classes:
        require_labels(path, labels, classes)
    lines = [line for line, _ in read.rows]
    rows = [_row(cells, labels, where=f"{path}, line {line}") for line, cells in read.rows]
    table = pd.DataFrame(rows, index=pd.Index(lines, name="line"), columns=list(COLUMNS), dtype="str")
    table = table.astype({"seed": "int64"})
    require_once(path, table)
    fits = read_fits(fits_of(path))
    _require_fits(path, table, fits)
    # A list of nobody is no word about whom a model was fitted on.
    nobody = [digest for digest, persons in fits.items() if not persons]
    table.loc[table["fitted_on"].isin(nobody), "fitted_on"] = ""
    unread = tuple(name for name in others if name not in labels)
    return PredictionFile(path=path, table=table, fits=fits, unread=unread, labels=tuple(labels))


def write_predictions(path: Path, table: pd.DataFrame, fits: Mapping[str, Sequence[str]]) -> None:
    """Write predictions, columns as `COLUMNS`, and the persons of each fit beside them."""
    beside = fits_of(path)
    if fits:
        record = {digest: sorted(persons) for digest, persons in fits.items()}
        with replacing(beside) as temporary:
            temporary.write_text(json.dumps(record, sort_keys=True, indent=1) + "\n", encoding="utf-8")
    else:
        beside.unlink(missing_ok=True)  # of an earlier file, it would speak of models that are not these
    with replacing(path) as temporary:
        table[list(COLUMNS)].to_csv(temporary, index=False, lineterminator="\n", encoding="utf-8")


def read_fits(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the persons of each fit by their digest, which is compared; nothing if there is no such file.

    Raises
    ------
    ScoreError
        If the file is none, or persons were changed under their digest.
    """
    if not path.exists():
        return {}
    if not path.is_file() or path.stat().st_size > _LARGEST:
        raise ScoreError(
            f"{path} is no regular file, or too large; expected lists of persons by their digest"
        )
    remedy = "save the predictions again, or remove the file: then nobody knows what they were fitted on"
    try:
        record = json.loads(path.read_bytes())
        fits = {digest: tuple(persons) for digest, persons in record.items()}
        found = {digest: persons_digest(persons) for digest, persons in fits.items()}
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise ScoreError(f"{path} holds no lists of persons by their digest ({error}); {remedy}") from None
    for digest, actual in found.items():
        if digest != actual:
            raise ScoreError(
                f"{path}: found {len(fits[digest])} persons with the digest {actual} under {shown(digest)}; "
                f"expected those whom it was made of: {remedy}"
            )
    return fits


def require_once(path: Path, table: pd.DataFrame) -> None:
    """Refuse a clip that stands in a file twice for one seed and fold."""
    keys = ["clip_id", "seed", "fold"]
    again = table[table.duplicated(keys)]
    if again.empty:
        return
    line, row = again.index[0], again.iloc[0]
    first = table.index[(table[keys] == row[keys]).all(axis=1)][0]
    raise ScoreError(
        f"{path}, line {line}, clip {shown(row['clip_id'])}: it is on line {first} too; expected once per "
        "seed and fold: remove one, or add the column seed or fold"
    )


def require_labels(path: Path, labels: Sequence[str], classes: Sequence[str]) -> None:
    """Refuse columns of labels that are not those of a protocol: what has no column was not predicted."""
    missing = [name for name in classes if name not in labels]
    strange = [name for name in labels if name not in classes]
    if missing or strange:
        found = f"no column for {', '.join(missing)}" if missing else f"a column {shown(strange[0])}"
        raise ScoreError(
            f"{path}: found {found}; expected a column of 0 and 1 for each of {', '.join(classes)}, or one "
            "column predicted that names those which a clip has"
        )


def _require_columns(read: CsvTable, labels: Sequence[str]) -> None:
    missing = [] if "clip_id" in read.columns else ["clip_id"]
    missing += [] if "predicted" in read.columns or labels else ["predicted"]
    if missing:
        raise ScoreError(
            f"{read.path} has no column {missing[0]}; its first line is {shown(','.join(read.columns))}, "
            f"expected a header such as {_HEADER}: names as they stand here"
        )


def _row(cells: Mapping[str, str], labels: Sequence[str], *, where: str) -> tuple[str, str, str, str, str]:
    clip, seed = cells["clip_id"], cells.get("seed", "0")
    if not clip:
        raise ScoreError(f"{where}: found no clip_id; expected one, as `store.clips()` has it")
    where = f"{where}, clip {shown(clip)}"
    predicted = _said_by_label(cells, labels, where) if labels else _said(cells["predicted"], where)
    if not re.fullmatch(r"[0-9]{1,19}(\.0)?", seed) or int(seed.removesuffix(".0")) > LARGEST_SEED:
        raise ScoreError(
            f"{where}: found seed {shown(seed)}; expected a whole number from 0 to {LARGEST_SEED}"
        )
    return clip, predicted, seed.removesuffix(".0"), cells.get("fold", ""), cells.get("fitted_on", "")


def _said(cell: str, where: str) -> str:
    if cell.lower() in _NOTHING:
        raise ScoreError(
            f"{where}: found {shown(cell)} as prediction; expected a class: leave the line out if there is "
            'none, and write "none" if it has none of several labels'
        )
    return cell


def _said_by_label(cells: Mapping[str, str], labels: Sequence[str], where: str) -> str:
    for name in labels:
        if cells[name] not in _SAID:
            number = is_number(cells[name]) and cells[name].lower() not in _NOTHING
            remedy = (
                "decide by a threshold that no test person had a part in"
                if number
                else "or a column predicted with the labels, such as AU1+AU4"
            )
            raise ScoreError(
                f"{where}, column {shown(name)}: found {shown(cells[name])}; expected 0 or 1: {remedy}"
            )
    return joined([name for name in labels if _SAID[cells[name]]])


def _require_fits(path: Path, table: pd.DataFrame, fits: Mapping[str, tuple[str, ...]]) -> None:
    unknown = table[(table["fitted_on"] != "") & ~table["fitted_on"].isin(list(fits))]
    if fits and not unknown.empty:
        line, row = unknown.index[0], unknown.iloc[0]
        raise ScoreError(
            f"{path}, line {line}, clip {shown(row['clip_id'])}: found {shown(row['fitted_on'])} as "
            f"fitted_on; expected one of those that {fits_of(path).name} holds: keep the two files together"
        )
