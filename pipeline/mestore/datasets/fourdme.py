"""4DME (X. Li et al. 2022): one sheet for four modalities; gray frames in `gray_micro/<sub_ID>/<fold_name>`.

Of the other modalities no source shows the folders, so their layout is a parameter: where the frames of one
clip lie, as folders of images with numbers in their names. Kinect (rgb, depth) films 30 frames a second while
the sheet counts 60, and no source says how its frames are numbered: that is a parameter too. DI4D's meshes
are no frames and not read; the images of one of its cameras are, where a layout leads to them.

One dataset in params.yaml reads one modality; others read the same folder under other names. Persons and
events are the same in all of them, so no fold tears them apart.

The sheet's AU cells and its column Emotion are read. The columns of single AUs and of single emotions (0 or
1) say the same once more and are not; nor are `eye blink` and the extras sheet (self-reports). A sheet of
macro-expressions, or of an earlier release, is not known well enough to be read.

MEB swaps the AU cells of rows 144 and 145, and an earlier version of it mends cells of rows 26, 77, 124, 171,
245 and 263; no source names their clips, so no corrections of 4DME are shipped.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from mestore.datasets.entry import Annotation, Entry
from mestore.datasets.find import find_sheet
from mestore.datasets.row import parse_frame
from mestore.datasets.sheet import Sheet, SheetRow
from mestore.datasets.spec import ReaderOptions
from mestore.datasets.template import check_template, clip_folders, fill

GRAY_LAYOUT = "gray_micro/{subject}/{clip}"
FIELDS = ("subject", "clip")

FPS, HALVED_FPS = "60", "30"
"""What frame numbers of the sheet count in a second, and half of them (X. Li et al. 2022, section 3.1)."""

KINECT = ("rgb", "depth")
MODALITIES = {"rgb": "colour"}
"""What the clip table calls a modality, where that is not its own name."""

NAMES = {
    "subject": ("sub_ID",),
    "clip": ("fold_name",),
    "onset": ("Onset",),
    "apex": ("Apex",),
    "offset": ("Offset",),
    "aus": ("AUs",),
    "emotion": ("Emotion",),
    "split": ("fold",),
}
COLUMNS = ("subject", "clip", "onset", "apex", "offset", "aus", "emotion")


class FourDmeOptions(ReaderOptions):
    """What a user may say about a copy of 4DME."""

    modality: Literal["gray", "rgb", "depth", "di4d"] = Field(
        "gray", description="which recordings: gray, rgb or depth (Kinect), or di4d (images of one camera)"
    )
    layout: str = Field(
        "",
        description="where the frames of a clip lie below the dataset's folder, with the fields {subject} "
        f"and {{clip}} (sub_ID and fold_name of the sheet); empty: {GRAY_LAYOUT}; needed for rgb, depth and "
        "di4d, of which no source shows the folders",
    )
    kinect_numbers: Literal["as_gray", "halved"] | None = Field(
        None,
        description="how the frames of rgb and depth are numbered, which no source says: as_gray (by the "
        "sheet's numbers, 60 a second, so that every other is missing) or halved (30 a second: number 101 of "
        "the sheet is frame 50); needed for these two",
    )
    sheet: str = Field(
        "", description="file name of the coding sheet; empty: the only sheet there with its columns"
    )

    @field_validator("layout")
    @classmethod
    def _template(cls, value: str) -> str:
        return check_template(value, fields=FIELDS) if value else value

    @model_validator(mode="after")
    def _told(self) -> "FourDmeOptions":
        if self.modality != "gray" and not self.layout:
            raise ValueError(
                f"no source shows the folders of {self.modality}; expected the option 'layout', such as "
                f"'{self.modality}_micro/{{subject}}/{{clip}}': look where they are"
            )
        if (self.modality in KINECT) != (self.kinect_numbers is not None):
            raise ValueError(
                f"kinect_numbers is {self.kinect_numbers} with the modality {self.modality}; expected "
                "as_gray or halved for rgb and depth, none for others: look at a recording's last number"
            )
        return self


def read(root: Path, *, dataset: str, options: FourDmeOptions) -> Annotation:
    """Return the annotation of one modality of a copy of 4DME.

    Raises
    ------
    AnnotationError
        If the frames or the sheet are not found, or two sheets are.
    """
    layout = options.layout or GRAY_LAYOUT
    folders = clip_folders(root, layout)
    sheet = find_sheet(root, columns=COLUMNS, optional=("split",), names=NAMES, option=options.sheet)
    rows, summary = _without_summary(sheet.rows)
    return Annotation(
        entries=tuple(_entry(cells, edition=sheet.name, layout=layout, options=options) for cells in rows),
        folders=tuple(folders),
        notes=tuple(f"{dataset}: {text}" for text in (*summary, *_notes(sheet))),
    )


def _without_summary(rows: Sequence[SheetRow]) -> tuple[Sequence[SheetRow], tuple[str, ...]]:
    """Return the rows that are clips; of some editions the last one sums up the others."""
    if rows and not rows[-1].text("clip") and not rows[-1].text("onset"):
        return rows[:-1], (
            f"{rows[-1].where} is no clip: taken for a sum of the others, as some editions have",
        )
    return rows, ()


def _notes(sheet: Sheet) -> list[str]:
    unread = [f"columns of {sheet.name} that are not read: {', '.join(sheet.unread)}"] if sheet.unread else []
    return [*unread, *sheet.lacking(("split",))]


def _entry(cells: SheetRow, *, edition: str, layout: str, options: FourDmeOptions) -> Entry:
    onset, apex, offset = (cells.text(name) for name in ("onset", "apex", "offset"))
    event = f"{cells.text('clip')}@{_number(onset)}"
    halved = options.kinect_numbers == "halved"
    if halved:
        onset, apex, offset = (_number(text, divisor=2) for text in (onset, apex, offset))
    return Entry(
        subject=cells.text("subject"),
        clip=cells.text("clip"),
        onset=onset,
        apex=apex,
        offset=offset,
        fps=HALVED_FPS if halved else FPS,
        location=fill(layout, {"subject": cells.text("subject"), "clip": cells.text("clip")}),
        edition=edition,
        where=cells.where,
        event=event,
        modality=MODALITIES.get(options.modality, options.modality),
        split=cells.text("split"),
        emotion=cells.text("emotion"),
        aus=cells.text("aus"),
        changes=("frame numbers: half of the sheet's (option kinect_numbers)",) if halved else (),
    )


def _number(text: str, *, divisor: int = 1) -> str:
    """Return a frame number divided and rounded down; what is no number stays as it is, and is a fault."""
    try:
        return str(parse_frame(text) // divisor)
    except ValueError:
        return text
