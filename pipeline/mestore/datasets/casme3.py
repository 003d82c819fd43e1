"""CAS(ME)^3 (J. Li et al. 2022): 30 fps, colour and 16-bit depth, parts A and C annotated, part B not.

Part A: `cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx` has the micro-expressions, and the sheet AU+Emotion of
`CAS(ME)3_part_A_v2.xls` the macro-expressions, without emotions. Part C: `CAS(ME)3_part_C_ME.xlsx`, without
apexes; `CAS(ME)3_part_C.xls` contradicts it and is not read. How the frames lie: `casme3_folders`. Colour and
depth are two datasets in params.yaml; what they show are the same events. In MEB's copy the second
expression of a video is the second of rows that follow each other: there the rows' order counts, and a clip
that is looked for in the wrong folder fails, since frames carry the video's numbers.
"""

from collections.abc import Collection, Iterator
from itertools import groupby
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from mestore.datasets.casme3_folders import USUAL, Copy, Modality, find_copy, homes, subject_of
from mestore.datasets.entry import Annotation, Entry
from mestore.datasets.find import find_sheet
from mestore.datasets.folder import inside, listing, subfolders
from mestore.datasets.sheet import Sheet, SheetRow, spreadsheets
from mestore.datasets.spec import ReaderOptions
from mestore.errors import AnnotationError

FPS = "30"

SHEETS = (
    "",
    "annotation",
    "annotation/partA",
    "annotation/partC",
    "PartA_annotation",
    "part_A",
    "part_A/annotation",
    "part_C",
    "part_C/annotation",
)
"""Where the sheets are, below the dataset's folder; the owners' repository has them in `annotation`."""

PART_B = "part_b"
"""The folder of the recordings that nobody has annotated, in lower case."""

VIDEO_C = "a"
"""What the only recording of each of part C's subjects is called."""

NAMES = {
    "subject": ("Subject",),
    "video": ("Filename",),
    "onset": ("Onset",),
    "apex": ("Apex",),
    "offset": ("Offset",),
    "aus": ("AU",),
    "objective_class": ("Objective class",),
    "kind": ("Expression type",),
    "emotion": ("emotion",),
}
NAMES_C = {"subject": ("sub",), "clip": ("count",), "aus": ("au",)}
_FRAMES = ("subject", "video", "onset", "apex", "offset", "aus")
MICRO, MACRO, MICRO_C = (
    (*_FRAMES, "emotion"),
    (*_FRAMES, "kind"),
    ("subject", "clip", "onset", "offset", "aus", "emotion"),
)
"""The columns of each sheet, which tell it from the others."""

KINDS = {"micro-expression": "micro", "macro-expression": "macro"}


class Casme3Options(ReaderOptions):
    """What a user may say about a copy of CAS(ME)^3."""

    parts: tuple[Literal["a", "b", "c"], ...] = Field(
        (), description="parts to read: a, c; empty: those whose frames are there. Part b has no annotation"
    )
    modality: Modality = Field("colour", description="which frames: colour (jpg), or depth (16-bit png)")
    macro: bool = Field(
        False, description="whether to read part A's macro-expressions too (CAS(ME)3_part_A_v2.xls)"
    )
    folder: str = Field(
        "",
        description="folder of the spNO.<k> (part c: <SS>) folders, or of the spNO.<k>_<video>_<onset> ones, "
        "below the dataset's; empty: the usual one. Needs one part in `parts`",
    )
    sheet: str = Field(
        "",
        description="path of the sheet of micro-expressions below the dataset's folder; empty: the only one "
        "there with its columns. Needs one part in `parts`",
    )

    @model_validator(mode="after")
    def _of_one_part(self) -> "Casme3Options":
        if (self.folder or self.sheet) and len(self.parts) != 1:
            raise ValueError("options 'folder' and 'sheet' are of one part; name it in 'parts', as [a]")
        if self.macro and self.parts and "a" not in self.parts:
            raise ValueError("option 'macro' is of part a; put a into 'parts', or leave it out")
        return self


def read(root: Path, *, dataset: str, options: Casme3Options) -> Annotation:
    """Return the annotation of a copy of CAS(ME)^3.

    Raises
    ------
    AnnotationError
        If part B is asked for, if no part's frames are there, or if frames or a sheet are not found, or found
        twice.
    """
    if "b" in options.parts:
        raise AnnotationError(
            f"{dataset}: part b of CAS(ME)^3 has recordings and no annotation; take it out of 'parts', or "
            "annotate it and read it as a dataset of reader 'table'"
        )
    parts = options.parts or tuple(
        part for part in ("a", "c") if homes(root, part=part, modality=options.modality)
    )
    if not parts:
        raise AnnotationError(
            f"{root}: looked for {options.modality} frames of part a in one of the folders "
            f"{list(USUAL['a', options.modality])}, of part c in {list(USUAL['c', options.modality])}, found "
            f"{listing(root)}; unpack the delivery there, or set the options 'parts' and 'folder'"
        )
    entries: list[Entry] = []
    folders: list[str] = []
    notes = _of_others(root, parts=parts, dataset=dataset, options=options)
    for part in dict.fromkeys(parts):
        copy = find_copy(root, part=part, modality=options.modality, option=options.folder)
        entries += (_part_a if part == "a" else _part_c)(root, copy, sheet=options.sheet)
        folders += copy.found.values()
        if part == "a" and options.macro:
            macro, left_out = _macro(root, copy)
            entries += macro
            notes.append(f"{dataset}: {left_out}")
    return Annotation(entries=tuple(entries), folders=tuple(sorted(folders)), notes=tuple(notes))


def _of_others(root: Path, *, parts: Collection[str], dataset: str, options: Casme3Options) -> list[str]:
    """Return notes on the parts and sheets that are left out."""
    missing = [part for part in ("a", "c") if not options.parts and part not in parts]
    unlabelled = [name for name in subfolders(root) if name.casefold() == PART_B]
    old = sorted(_superseded(root)) if "a" in parts and not options.sheet else []
    return [
        *(
            f"{dataset}: part {part} is not there (looked for {list(USUAL[part, options.modality])})"
            for part in missing
        ),
        *(f"{dataset}: {name} is left out: part b has no annotation" for name in unlabelled),
        *(f"{dataset}: {name} is left out: version 2 is there too" for name in old),
    ]


def _superseded(root: Path) -> set[str]:
    """Return the names of sheets of version 1 whose version 2, which takes errors back, is there too."""
    names = [
        name
        for folder in SHEETS
        if (place := inside(root, folder) if folder else root).is_dir()
        for name in spreadsheets(place)
    ]
    stems = {Path(name).stem.casefold() for name in names}
    return {
        name
        for name in names
        if "_v1" in (stem := Path(name).stem.casefold()) and stem.replace("_v1", "_v2") in stems
    }


def _sheet(root: Path, *, columns: tuple[str, ...], option: str = "") -> Sheet:
    return find_sheet(
        root,
        columns=columns,
        optional=("objective_class",),
        names=NAMES_C if columns is MICRO_C else NAMES,
        option=option,
        folders=SHEETS,
        other=_superseded(root).__contains__,
    )


def _part_a(root: Path, copy: Copy, *, sheet: str) -> Iterator[Entry]:
    found = _sheet(root, columns=MICRO, option=sheet)
    for _, rows in groupby(found.rows, _recording):
        for turn, cells in enumerate(rows, 1):
            yield _entry_a(cells, copy, edition=found.name, kind="micro", turn=turn)


def _macro(root: Path, copy: Copy) -> tuple[list[Entry], str]:
    """Return part A's macro-expressions, and a note on the rest of their sheet.

    Its micro-expressions are those of the other sheet, which has their emotions.
    """
    sheet = _sheet(root, columns=MACRO)
    kinds = [cells.text("kind").casefold() for cells in sheet.rows]
    entries = [
        _entry_a(cells, copy, edition=sheet.name, kind=KINDS.get(kind, kind))
        for cells, kind in zip(sheet.rows, kinds, strict=True)
        if KINDS.get(kind) != "micro"
    ]
    left_out = len(sheet.rows) - len(entries)
    return entries, f"{left_out} micro-expressions of {sheet.name} are left out: another sheet has them"


def _recording(cells: SheetRow) -> tuple[str, str]:
    """Return subject and video of a row; videos are letters, one of them a capital in some copies."""
    return _subject(cells, part="a", example="spNO.1"), cells.text("video").casefold()


def _subject(cells: SheetRow, *, part: str, example: str) -> str:
    subject = subject_of(cells.text("subject"), part=part)
    if subject is None:
        raise AnnotationError(
            f"{cells.where}: found {cells.text('subject')!r} as subject; expected one like {example}: mend it"
        )
    return subject


def _entry_a(cells: SheetRow, copy: Copy, *, edition: str, kind: str, turn: int = 1) -> Entry:
    """Return the entry of a row, the `turn`th of those about its video that follow each other."""
    subject, video = _recording(cells)
    cut = f"{video}{turn}" if turn > 1 else video
    return Entry(
        part="a",
        subject=subject,
        clip=video,
        onset=cells.text("onset"),
        apex=cells.text("apex"),
        offset=cells.text("offset"),
        fps=FPS,
        location=copy.frames(subject, [f"{video}_{cells.text('onset')}", cut, video], expected=video),
        edition=edition,
        where=cells.where,
        kind=kind,
        modality=copy.modality,
        emotion=cells.text("emotion"),
        objective_class=cells.text("objective_class"),
        aus=cells.text("aus"),
    )


def _part_c(root: Path, copy: Copy, *, sheet: str) -> Iterator[Entry]:
    found = _sheet(root, columns=MICRO_C, option=sheet)
    for cells in found.rows:
        subject, clip = _subject(cells, part="c", example="1"), cells.text("clip")
        yield Entry(
            part="c",
            subject=subject,
            clip=clip,
            video=VIDEO_C,
            onset=cells.text("onset"),
            offset=cells.text("offset"),
            fps=FPS,
            location=copy.frames(subject, [clip, VIDEO_C], expected=clip),
            edition=found.name,
            where=cells.where,
            modality=copy.modality,
            emotion=cells.text("emotion"),
            aus=cells.text("aus"),
        )
