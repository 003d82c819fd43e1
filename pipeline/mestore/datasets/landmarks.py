"""Landmarks: what a lab's `landmarks.csv` says of faces, in place of what a face backend would find."""

import math
from collections.abc import Collection, Mapping

from mestore.datasets.own import LANDMARKS as FILE
from mestore.datasets.own import Places
from mestore.datasets.row import parse_frame
from mestore.datasets.sheet import SheetRow, read_sheet
from mestore.errors import AnnotationError

COORDINATES = tuple(f"{axis}{point}" for point in range(68) for axis in "xy")
"""x0, y0, x1, y1, ...: columns of the file, and the order of the numbers in the clip table."""
COLUMNS = ("subject", "clip", "onset", *COORDINATES)

Clip = tuple[str, str, str, int]
"""Part, subject, clip and onset of a row of the clip table."""
Names = tuple[str, str, int]
"""The same without the part."""


def landmarks_of(places: Places, *, clips: Collection[Clip]) -> dict[Clip, list[float]]:
    """Return the landmarks that the lab's `landmarks.csv` gives, of the clips it names.

    The file has a row per clip: columns subject, clip and onset as in the clip table, and the 68 points
    (iBUG order) of the onset frame as x0, y0 to x67, y67, in pixels of the recorded frame: whole numbers are
    centres of pixels, x to the right, y down. x_0, as OpenFace writes it, is x0. A column part tells apart
    what two parts of the dataset call alike; elsewhere it may be left out. Clips without a row are left to
    the face backend.

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
        once, or holds what is not a finite number.
    """
    path = places.find(FILE, what="a table with the columns subject, clip, onset and x0, y0 to x67, y67")
    if path is None:
        return {}
    given: dict[Clip, list[float]] = {}
    parts: dict[Names, set[str]] = {}
    for clip in clips:
        parts.setdefault(clip[1:], set()).add(clip[0])
    for cells in read_sheet(path, columns=COLUMNS, optional=("part",)).rows:
        clip = _clip(cells, parts)
        if clip in given:
            raise AnnotationError(
                f"{cells.where}: {_called(clip[1:])} stands there twice; expected one row each: remove one"
            )
        given[clip] = [_coordinate(cells, column) for column in COORDINATES]
    return given


def _clip(cells: SheetRow, parts: Mapping[Names, Collection[str]]) -> Clip:
    """Return the one clip that a row names."""
    try:
        onset = parse_frame(cells.text("onset"))
    except ValueError:
        raise AnnotationError(
            f"{cells.where}: {cells.text('onset')!r} in column 'onset'; expected a frame number: mend it"
        ) from None
    names = (cells.text("subject"), cells.text("clip"), onset)
    there = sorted(parts.get(names, ()))
    named = [part for part in there if cells.text("part") in ("", part)]
    if not there:
        raise AnnotationError(f"{cells.where}: {_unknown(names, parts)}")
    if len(named) != 1:
        raise AnnotationError(
            f"{cells.where}: {_called(names)} is in the parts {there}, and column 'part' says "
            f"{cells.text('part')!r}; expected one of them: mend it"
        )
    return (named[0], *names)


def _coordinate(cells: SheetRow, column: str) -> float:
    text = cells.text(column)
    try:
        number = math.nan if "_" in text else float(text)  # Python reads 1_2 as 12
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise AnnotationError(
            f"{cells.where}: {text!r} in column {column!r}; expected a finite number of pixels, with a "
            "decimal point: mend it, or remove the row, and the face backend looks for this face"
        )
    return number


def _called(clip: Names) -> str:
    subject, name, onset = clip
    return f"clip {name!r} of subject {subject!r} with onset {onset}"


def _unknown(clip: Names, known: Collection[Names]) -> str:
    subject, name, _ = clip
    # The longest beginning that fits says where the slip is: in the onset, the clip or the subject.
    like = [other for other in known if other[:2] == (subject, name)]
    like = like or [other for other in known if other[0] == subject]
    there = [f"{other[1]!r} with onset {other[2]}" for other in sorted(like)]
    there = there or [f"those of subject {other!r}" for other in sorted({other[0] for other in known})]
    return (
        f"there is no {_called(clip)}; expected a clip of the clip table, such as {', '.join(there[:3])}: "
        "mend the row"
    )
