"""Landmarks: what a lab's `landmarks.csv` says of faces, in place of what face models would find."""

import math
from collections.abc import Collection
from pathlib import Path

from mestore.datasets import named
from mestore.datasets.folder import file_inside
from mestore.datasets.landmark_files import points_in
from mestore.datasets.named import Clip, named_rows
from mestore.datasets.own import LANDMARKS as FILE
from mestore.datasets.own import Places
from mestore.datasets.row import parse_frame
from mestore.datasets.sheet import AnotherSheet, SheetRow, read_sheet
from mestore.errors import AnnotationError

COORDINATES = tuple(f"{axis}{point}" for point in range(68) for axis in "xy")
"""x0, y0, x1, y1, ...: columns of the file, and the order of the numbers in the clip table."""
COLUMNS = (*named.COLUMNS, *COORDINATES)


def landmarks_of(places: Places, *, clips: Collection[Clip]) -> dict[Clip, list[float]]:
    """Return the landmarks that the lab's `landmarks.csv` gives, of the clips it names.

    The file has a row per clip: columns subject, clip and onset as in the clip table, and the 68 points
    (iBUG order) of the onset frame as x0, y0 to x67, y67, in pixels of the recorded frame: whole numbers are
    centres of pixels, x to the right, y down. x_0, as OpenFace writes it, is x0. A column part tells apart
    what two parts of the dataset call alike; elsewhere it may be left out. Clips without a row are left to
    the detector.

    In place of the points, a column `file` may name a file per clip that holds them, below the folder of
    `landmarks.csv`: `mestore.datasets.landmark_files` says which. The number of the onset in that file
    stands in a column `frame`; where it is empty, it is the onset itself.

    Parameters
    ----------
    places : Places
        Where the file may lie.
    clips : collection of (str, str, str, int)
        Part, subject, clip and onset of every clip of the dataset.

    Returns
    -------
    dict of (str, str, str, int) to list of 136 float
        x0, y0, x1, y1, ...; empty without the file.

    Raises
    ------
    AnnotationError
        If the file cannot be read, lacks a column, names a clip twice, one that does not exist or two at
        once, or holds what is not a finite number; if a file that it names is not there or holds no points.
    """
    path = places.find(FILE, what="a table with the columns subject, clip, onset and x0, y0 to x67, y67")
    if path is None:
        return {}
    if _names_files(path):
        rows = named_rows(path, columns=("file",), optional=("frame",), clips=clips)
        return {clip: _points_in_file(path.parent, clip, cells) for clip, cells in rows}
    return {
        clip: [finite(cells, column) for column in COORDINATES]
        for clip, cells in named_rows(path, columns=COORDINATES, clips=clips)
    }


def _names_files(path: Path) -> bool:
    try:
        read_sheet(path, columns=(*named.COLUMNS, "file"))
    except AnotherSheet:
        return False
    return True


def _points_in_file(folder: Path, clip: Clip, cells: SheetRow) -> list[float]:
    name, frame = cells.text("file"), cells.text("frame") or str(clip[3])
    try:
        path = file_inside(folder, name, what="a file of landmarks") if name else None
        if path is None:
            raise AnnotationError(f"there is no file {name!r} in {folder}: put it there, or mend the name")
        return points_in(path, frame=parse_frame(frame))
    except ValueError:
        raise AnnotationError(f"{cells.where}: {frame!r} in column 'frame' is no number: mend it") from None
    except AnnotationError as error:
        raise AnnotationError(f"{cells.where}: {error}") from None


def finite(cells: SheetRow, column: str) -> float:
    """Return the finite number in a cell; raise `AnnotationError` for anything else."""
    text = cells.text(column)
    try:
        number = math.nan if "_" in text else float(text)  # Python reads 1_2 as 12
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise AnnotationError(
            f"{cells.where}: {text!r} in column {column!r}; expected a finite number of pixels, with a "
            "decimal point: mend it, or remove the row, and the detector looks for this face"
        )
    return number
