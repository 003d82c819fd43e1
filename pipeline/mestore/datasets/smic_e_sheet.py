"""Workbooks of SMIC-E: the micro-expressions that they mark, several in some rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mestore.datasets.entry import NOTHING
from mestore.datasets.row import parse_frame
from mestore.datasets.sheet import AnotherSheet, NoWorksheet, Sheet, SheetRow, read_sheet
from mestore.datasets.smic import ClipName, parse_clip, parse_subject
from mestore.errors import AnnotationError

MARKS = ((1, "onset", "offset"), (2, "onset2", "offset2"), (3, "onset3", "offset3"))
"""Which micro-expression of a long video, and the columns of its frames."""

FRAMES = {
    "onset": "OnsetF",
    "offset": "OffsetF",
    "onset2": "Onset2F",
    "offset2": "Offset2F",
    "onset3": "Onset3F",
    "offset3": "Offset3F",
}
OTHERS = {"subject": "Subject", "clip": "Filename", "emotion": "Emotion"}

COLUMNS = ("subject", "clip", "onset", "offset")
OPTIONAL = ("onset2", "offset2", "onset3", "offset3", "emotion")


@dataclass(frozen=True, kw_only=True)
class Marked:
    """A micro-expression that a row marks: its own (number 1), or one more of its long video (2 or 3)."""

    cells: SheetRow
    subject: str
    named: ClipName
    number: int
    onset: str
    offset: str

    @property
    def key(self) -> tuple[str, str]:
        """Subject and clip."""
        return self.subject, self.named.clip

    @property
    def frames(self) -> tuple[int, int] | None:
        """Onset and offset, None where either is no number."""
        onset, offset = _frame(self.onset), _frame(self.offset)
        return None if onset is None or offset is None else (onset, offset)


def read_workbook(path: Path, *, title: str, own: bool) -> Sheet:
    """Return the worksheet of a part.

    Parameters
    ----------
    path : Path
        The workbook.
    title : str
        The part as worksheets are called: HS, VIS or NIR.
    own : bool
        Whether it is the part's own workbook; there the first worksheet with the columns will do.

    Raises
    ------
    AnnotationError
        If there is no such worksheet, or it lacks columns.
    """
    try:
        return _read(path, part=title, title=title)
    except NoWorksheet:
        if not own:
            raise
        return _read(path, part=title, title="")


def _read(path: Path, *, part: str, title: str) -> Sheet:
    """Return a worksheet whose columns of frames are all the part's own ("OnsetF NIR"), or all plain."""
    others = {column: (name,) for column, name in OTHERS.items()}
    of_part = {column: f"{name} {part}" for column, name in FRAMES.items()}
    names = others | {column: (name,) for column, name in of_part.items()}
    try:
        return read_sheet(path, columns=COLUMNS, optional=OPTIONAL, names=names, title=title)
    except NoWorksheet:
        raise
    except AnotherSheet:
        names = others | {column: (name,) for column, name in FRAMES.items()}
        sheet = read_sheet(path, columns=COLUMNS, optional=OPTIONAL, names=names, title=title)
    # NIR's sheet also gives the frames of VIS: where one of its own columns is misspelt, those would be read.
    mixed = sorted(set(sheet.unread) & set(of_part.values()))
    if mixed:
        raise AnnotationError(
            f"{path}: found {mixed} beside columns of frames without {part!r}; expected all of "
            f"{[of_part[column] for column in COLUMNS if column in of_part]}: mend the names of the columns"
        )
    return sheet


def marked_in(sheet: Sheet) -> tuple[list[Marked], list[str]]:
    """Return what a worksheet marks, and the places of rows that are no clips.

    The workbooks end with rows of text (datasets.md 4.4). A second or third micro-expression that another
    row has as its own is that row's.

    Raises
    ------
    AnnotationError
        If a row has frames but no clip's name, or no subject.
    """
    marked: list[Marked] = []
    others = []
    for cells in sheet.rows:
        named = parse_clip(cells.text("clip"))
        if named:
            marked += _of_row(cells, named)
        elif _frame(cells.text("onset")) is None:
            others.append(cells.where)
        else:
            raise AnnotationError(
                f"{cells.where}: found {cells.text('clip')!r} as Filename; expected a clip like s1_ne_01: "
                "mend the cell"
            )
    rows = {(it.subject, it.frames) for it in marked if it.number == 1 and it.frames}
    return [it for it in marked if it.number == 1 or (it.subject, it.frames) not in rows], others


def _of_row(cells: SheetRow, named: ClipName) -> Iterator[Marked]:
    subject = parse_subject(cells.text("subject"))
    if not subject:
        raise AnnotationError(
            f"{cells.where}: found {cells.text('subject')!r} as Subject; expected a number like 1: "
            "mend the cell"
        )
    for number, onset, offset in MARKS:
        if number == 1 or cells.text(onset) not in NOTHING:
            yield Marked(
                cells=cells,
                subject=subject,
                named=named,
                number=number,
                onset=cells.text(onset),
                offset=cells.text(offset),
            )


def _frame(text: str) -> int | None:
    try:
        return parse_frame(text)
    except ValueError:
        return None
