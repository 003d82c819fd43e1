"""A lab's own recordings: one table over frame folders and video files."""

from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import Field

from mestore.datasets.entry import Annotation, Entry
from mestore.datasets.folder import VIDEO_SUFFIXES, inside, listing
from mestore.datasets.sheet import SheetRow, read_sheet
from mestore.datasets.spec import ReaderOptions
from mestore.errors import AnnotationError

COLUMNS = ("subject", "clip", "path", "onset", "apex", "offset", "fps", "emotion", "aus")
OPTIONAL = (
    "person",
    "kind",
    "objective_class",
    "part",
    "video",
    "event",
    "modality",
    "split",
)


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
    onset, apex (empty: none annotated), offset, fps, emotion, aus, and may have person, kind (micro or
    macro), objective_class, part, video, event, modality and split (see `mestore.clips.COLUMNS`).

    Raises
    ------
    AnnotationError
        If there is no such table or it lacks columns.
    """
    path = inside(root, options.table)
    if not path.is_file():
        raise AnnotationError(
            f"{root}: looked for the table {options.table!r}, found {listing(root)}; "
            f"write one with the columns {list(COLUMNS)}, or name yours by the option 'table', "
            "such as --option table=recordings.xlsx, or in params.yaml options: {table: recordings.xlsx}"
        )
    sheet = read_sheet(path, columns=COLUMNS, optional=OPTIONAL)
    notes = tuple(
        f"{dataset}: column {column!r} of {sheet.name} is not read; known are {list(COLUMNS + OPTIONAL)}"
        for column in sheet.unread
    )
    return Annotation(
        entries=tuple(_entry(cells, edition=sheet.name, options=options) for cells in sheet.rows), notes=notes
    )


def _entry(cells: SheetRow, *, edition: str, options: TableOptions) -> Entry:
    location = cells.text("path")
    is_video = PurePosixPath(location).suffix.lower() in VIDEO_SUFFIXES
    return Entry(
        subject=cells.text("subject"),
        clip=cells.text("clip"),
        onset=cells.text("onset"),
        apex=cells.text("apex"),
        offset=cells.text("offset"),
        fps=cells.text("fps"),
        emotion=cells.text("emotion"),
        objective_class=cells.text("objective_class"),
        aus=cells.text("aus"),
        person=cells.text("person"),
        part=cells.text("part"),
        video=cells.text("video"),
        event=cells.text("event"),
        modality=cells.text("modality"),
        split=cells.text("split"),
        location=location,
        edition=edition,
        where=cells.where,
        media="video" if is_video else "frames",
        first_frame=options.video_first_frame if is_video else 0,
        kind=cells.text("kind") or "micro",
    )
