"""A lab's own recordings: one table over frame folders and video files."""

import math
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import Field

from mestore.clips import KINDS
from mestore.datasets.folder import VIDEO_SUFFIXES, inside, listing
from mestore.datasets.reader import Annotation, Row, objective_class
from mestore.datasets.sheet import SheetRow, read_sheet
from mestore.datasets.spec import ReaderOptions
from mestore.errors import AnnotationError, ClipFault

COLUMNS = ("subject", "clip", "path", "onset", "apex", "offset", "fps", "emotion", "aus")
OPTIONAL = ("person", "kind", "objective_class")

_FPS_UNREAD = 1.0  # the clip table takes positive numbers only; the row has a fault and no frames


class TableOptions(ReaderOptions):
    """What a user may say about a table of recordings."""

    table: str = Field(
        "recordings.csv", description="file name of the table (.csv, .xlsx or .xls) in the dataset's folder"
    )
    video_first_frame: Literal[0, 1] = Field(
        0, description="number that the table gives to the first frame of a video: 0 or 1"
    )


def read(root: Path, *, dataset: str, options: TableOptions) -> Annotation:
    """Return the annotation of a lab's own recordings.

    The table has the columns subject, clip, path (of a frame folder or a video, below the dataset's folder),
    onset, apex (empty: none annotated), offset, fps, emotion, aus, and may have person, kind (micro or macro)
    and objective_class.

    Raises
    ------
    AnnotationError
        If there is no such table or it lacks columns.
    """
    path = inside(root, options.table)
    if not path.is_file():
        raise AnnotationError(
            f"{root}: looked for the table {options.table!r}, found {listing(root)}; "
            f"write one with the columns {list(COLUMNS)}, or set the option 'table'"
        )
    sheet = read_sheet(path, columns=COLUMNS, optional=OPTIONAL)
    rows = tuple(_row(cells, edition=sheet.name, options=options) for cells in sheet.rows)
    notes = tuple(
        f"{dataset}: column {column!r} of {sheet.name} is not read; known are {list(COLUMNS + OPTIONAL)}"
        for column in sheet.unread
    )
    return Annotation(rows=rows, notes=notes)


def _row(cells: SheetRow, *, edition: str, options: TableOptions) -> Row:
    location = cells.text("path")
    is_video = PurePosixPath(location).suffix.lower() in VIDEO_SUFFIXES
    row = Row(
        subject=cells.name("subject"),
        clip=cells.name("clip"),
        fps=_FPS_UNREAD,
        location=location,
        edition=edition,
        media="video" if is_video else "frames",
        first_frame=options.video_first_frame if is_video else 0,
        emotion=cells.text("emotion").lower(),
        aus=cells.text("aus"),
        person=cells.text("person"),
    )
    try:
        return replace(
            row,
            onset=cells.whole("onset"),
            apex=cells.whole_or_none("apex"),
            offset=cells.whole("offset"),
            fps=_fps(cells),
            kind=_kind(cells),
            objective_class=_class(cells),
        )
    except ClipFault as fault:
        return replace(row, fault=fault)


def _fps(cells: SheetRow) -> float:
    try:
        fps = float(cells.text("fps"))
    except ValueError:
        fps = math.nan
    if not 0 < fps < math.inf:
        raise cells.fault("fps", expected="frames per second, such as 200 or 29.97")
    return fps


def _kind(cells: SheetRow) -> str:
    kind = cells.text("kind").lower() or "micro"
    if kind not in KINDS:
        raise cells.fault("kind", expected=f"one of {KINDS}, or empty for micro")
    return kind


def _class(cells: SheetRow) -> str:
    try:
        return objective_class(cells.text("objective_class"))
    except ValueError:
        raise cells.fault("objective_class", expected="1 to 7, I to VII, or empty") from None
