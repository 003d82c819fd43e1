"""Own: a lab's tables about a dataset: persons, corrections, landmarks, boxes and exclusions.

They lie in the dataset's folder or, where that is not the lab's to write, in the workspace's data/own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mestore.datasets.folder import file_inside
from mestore.datasets.sheet import SheetRow, read_sheet
from mestore.errors import AnnotationError

PERSONS = "persons.csv"
CORRECTIONS = "corrections.csv"
LANDMARKS = "landmarks.csv"
BOXES = "boxes.csv"
EXCLUSIONS = "exclusions.csv"

FILES = (PERSONS, CORRECTIONS, LANDMARKS, BOXES, EXCLUSIONS)
"""None of them is a coding sheet."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where a lab's tables about a dataset may lie.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    own : Path, optional
        The workspace's folder for them.
    """

    root: Path
    own: Path | None = None

    def find(self, name: str, *, what: str) -> Path | None:
        """Return the file of that name, None where there is none.

        Parameters
        ----------
        name : str
            One of `FILES`.
        what : str
            What it should be, for messages.

        Raises
        ------
        AnnotationError
            If it lies in both places, or something else is called so.
        """
        folders = [self.root, *([self.own] if self.own and self.own.is_dir() else [])]
        found = [path for folder in folders if (path := file_inside(folder, name, what=what))]
        if len(found) > 1:
            raise AnnotationError(f"{found[0]} and {found[1]} are both there; expected one: remove the other")
        return found[0] if found else None


def own_rows(places: Places, name: str, *, columns: Sequence[str], dataset: str) -> list[SheetRow]:
    """Return the rows about `dataset` of a lab's table; none if it is not there.

    Labs share one file among datasets, so rows of others are left out.

    Parameters
    ----------
    places : Places
        Where it may lie.
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
    path = places.find(name, what=f"a table with the columns {list(columns)}")
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
