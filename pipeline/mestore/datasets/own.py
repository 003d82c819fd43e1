"""Own: the tables that a lab lays into a dataset's folder for mestore, and for nobody else."""

from collections.abc import Sequence
from pathlib import Path

from mestore.datasets.folder import file_inside
from mestore.datasets.sheet import SheetRow, read_sheet
from mestore.errors import AnnotationError

PERSONS = "persons.csv"
CORRECTIONS = "corrections.csv"
LANDMARKS = "landmarks.csv"

FILES = (PERSONS, CORRECTIONS, LANDMARKS)
"""None of them is a coding sheet."""


def own_rows(root: Path, name: str, *, columns: Sequence[str], dataset: str) -> list[SheetRow]:
    """Return the rows about `dataset` of a table in its folder; none if it is not there.

    Labs share one file among datasets, so rows of others are left out.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    name : str
        The table's file name.
    columns : sequence of str
        Its columns, "dataset" among them.
    dataset : str
        The dataset's name in params.yaml.

    Raises
    ------
    AnnotationError
        If the file cannot be read, or all its rows, or some by their case, miss the dataset.
    """
    path = file_inside(root, name, what=f"a table with the columns {list(columns)}")
    if path is None:
        return []
    rows = read_sheet(path, columns=columns).rows
    names = sorted({row.text("dataset") for row in rows})
    misspelt = [its for its in names if its != dataset and its.casefold() == dataset.casefold()]
    if misspelt or (names and dataset not in names):
        raise AnnotationError(
            f"{path} names the datasets {names}; expected rows for {dataset!r}: write that name in "
            "column 'dataset', as it is in params.yaml, or remove the file"
        )
    return [row for row in rows if row.text("dataset") == dataset]
