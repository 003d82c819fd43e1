"""Exclusions: the clips that a lab's `exclusions.csv` leaves out of every protocol, and why."""

from collections.abc import Collection

from mestore.datasets import named
from mestore.datasets.named import Clip, named_rows
from mestore.datasets.own import EXCLUSIONS as FILE
from mestore.datasets.own import Places
from mestore.errors import AnnotationError

REASON = "reason"
COLUMNS = (*named.COLUMNS, REASON)


def exclusions_of(places: Places, *, clips: Collection[Clip]) -> dict[Clip, str]:
    """Return why the lab's `exclusions.csv` leaves clips out, for those it names.

    The file has a row per clip: columns subject, clip and onset as in the clip table, and the reason. A
    column part tells apart what two parts of the dataset call alike; elsewhere it may be left out. Other
    columns are not read, so that a table of `mestore qc` becomes this file by removing rows.

    Parameters
    ----------
    places : Places
        Where the file may lie.
    clips : collection of (str, str, str, int)
        Part, subject, clip and onset of every clip of the dataset.

    Raises
    ------
    AnnotationError
        If the file cannot be read, lacks a column, names a clip twice, one that does not exist or two at
        once, or gives no reason.
    """
    path = places.find(FILE, what=f"a table with the columns {', '.join(COLUMNS)}")
    if path is None:
        return {}
    excluded = {}
    for clip, cells in named_rows(path, columns=(REASON,), clips=clips):
        if not cells.text(REASON):
            raise AnnotationError(
                f"{cells.where}: no reason; expected one, because every score says that clips were left out: "
                "fill it in, or remove the row"
            )
        excluded[clip] = cells.text(REASON)
    return excluded
