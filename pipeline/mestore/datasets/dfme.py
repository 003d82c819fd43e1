"""DFME (Zhao et al. 2023) as its challenge gives it out: `DFME_train/<Filename>/<00000>.png` and so on.

Each split of the challenge (train, testA, testB) has a coding sheet of its own, told by its file name or by
the option `sheet`. Parts A, B and C of the dataset are told by the frames per second. The ids of emotions are
not read, since paper and sheets count them differently.

Of the full release no source shows folders or sheets. If its sheets have the same columns it is read with a
`layout`, such as "{part}/{subject}/{clip}".
"""

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from mestore.datasets.entry import Annotation, Entry
from mestore.datasets.find import find_sheet, find_sheets
from mestore.datasets.folder import inside, listing, subfolders
from mestore.datasets.sheet import AnotherSheet, Sheet, SheetRow, read_sheet, spreadsheets
from mestore.datasets.spec import ReaderOptions
from mestore.datasets.template import check_template, clip_folders, fill
from mestore.errors import AnnotationError, ClipFault

Split = Literal["train", "testA", "testB"]

FOLDERS: Mapping[str, str] = {"train": "DFME_train", "testA": "test_data_A", "testB": "test_data_B"}
"""The challenge's folders; an archive unpacked into a folder of its name stands there twice."""

SPLITS: Mapping[str, str] = {
    "train": r"train",
    "testA": r"test([ _-]?data)?[ _-]?a(?![a-z])",
    "testB": r"test([ _-]?data)?[ _-]?b(?![a-z])",
}
"""What tells the split in a sheet's file name."""

PARTS = {500.0: "a", 300.0: "b", 200.0: "c"}
"""Part of the dataset by frames per second."""

FIELDS = ("part", "subject", "clip", "split")

NAMES = {
    "subject": ("Subject",),
    "clip": ("Filename",),
    "onset": ("OnsetFrame",),
    "apex": ("ApexFrame",),
    "offset": ("OffsetFrame",),
    "fps": ("Fps",),
    "emotion": ("Emotion",),
    "aus": ("AU",),
}
COLUMNS = ("subject", "clip", "onset", "apex", "offset", "fps")
LABELS = ("emotion", "aus")


class DfmeOptions(ReaderOptions):
    """What a user may say about a copy of DFME."""

    layout: str = Field(
        "",
        description="where the frames of a clip lie below the dataset's folder, with the fields {part} (a, b "
        "or c), {split}, {subject} and {clip} (Filename of the sheet); empty: the challenge's folders "
        "(DFME_train, test_data_A, test_data_B); of the full release no source shows the folders",
    )
    sheet: dict[Split, str] = Field(
        default_factory=dict,
        description="file name of each split's coding sheet (keys train, testA, testB); empty: every sheet "
        "there with the columns, its split told by its name",
    )

    @field_validator("layout")
    @classmethod
    def _template(cls, value: str) -> str:
        return check_template(value, fields=FIELDS) if value else value


def read(root: Path, *, dataset: str, options: DfmeOptions) -> Annotation:
    """Return the annotation of a copy of DFME.

    Raises
    ------
    AnnotationError
        If frames or sheets are not found, if two sheets are of one split or a sheet's split is unknown, or
        if a subject contradicts its clip's name.
    """
    sheets = _sheets(root, options)
    if options.layout:
        layouts = {split: options.layout for split, _ in sheets}
        folders = clip_folders(root, options.layout)
    else:
        layouts = _challenge(root, sheets)
        folders = [path for layout in layouts.values() for path in clip_folders(root, layout)]
    return Annotation(
        entries=tuple(
            _entry(cells, edition=sheet.name, split=split, layout=layouts[split])
            for split, sheet in sheets
            for cells in sheet.rows
        ),
        folders=tuple(folders),
        notes=tuple(
            f"{dataset}: {sheet.name} has no column {NAMES[label][0]!r}: its clips have no such labels"
            for _, sheet in sheets
            for label in LABELS
            if not any(label in cells.cells for cells in sheet.rows)
        ),
    )


def _sheets(root: Path, options: DfmeOptions) -> list[tuple[str, Sheet]]:
    """Return the coding sheets, each with its split; "" where that is neither told nor needed."""
    if options.sheet:
        return [
            (split, find_sheet(root, columns=COLUMNS, optional=LABELS, names=NAMES, option=path))
            for split, path in options.sheet.items()
        ]
    found: list[tuple[str, Sheet]] = []
    for sheet in find_sheets(root, columns=COLUMNS, optional=LABELS, names=NAMES).values():
        split = _split(sheet.name)
        if not split and (not options.layout or "{split}" in options.layout):
            raise AnnotationError(
                f"{root}: {sheet.name} has the columns of a coding sheet, and its name tells none of "
                f"{list(SPLITS)}; rename it, remove it, or set the option 'sheet', such as "
                f"{{train: {sheet.name}}}"
            )
        twins = [other.name for its, other in found if its == split != ""]
        if twins:
            raise AnnotationError(
                f"{root}: {twins[0]} and {sheet.name} are both sheets of {split}; expected one: remove the "
                "other, or set the option 'sheet'"
            )
        found.append((split, sheet))
    _require_readable(root, {sheet.name for _, sheet in found})
    return found


def _require_readable(root: Path, found: Collection[str]) -> None:
    """Refuse a file whose name tells a split, without the columns: the split would be gone silently."""
    for name in spreadsheets(root):
        if _split(name) and name not in found:
            try:
                read_sheet(inside(root, name), columns=COLUMNS, names=NAMES)
            except AnotherSheet as error:
                raise AnnotationError(
                    f"{error}; its name tells the split {_split(name)}: rename it if it is something else"
                ) from error


def _split(name: str) -> str:
    """Return the split that a sheet's name tells, empty if it tells none or several."""
    told = [split for split, pattern in SPLITS.items() if re.search(pattern, name, re.IGNORECASE)]
    return told[0] if len(told) == 1 else ""


def _challenge(root: Path, sheets: Sequence[tuple[str, Sheet]]) -> dict[str, str]:
    """Return the layout of each split that is there; refuse a sheet whose frames are not."""
    layouts = {}
    for split, folder in FOLDERS.items():
        for path in (f"{folder}/{folder}", folder):
            if inside(root, path).is_dir() and subfolders(inside(root, path)):
                layouts[split] = f"{path}/{{clip}}"
                break
    for split, sheet in sheets:
        if split not in layouts:
            raise AnnotationError(
                f"{root}: {sheet.name} needs the clips of {FOLDERS[split]}, found {listing(root)}; "
                "unpack the delivery there, remove the sheet, or set the option 'layout'"
            )
    return layouts


def _subject(cells: SheetRow) -> str:
    """Return a subject as the folders of its clips are called: sub0003."""
    match = re.fullmatch(r"(?:sub)?0*([0-9]{1,4})", cells.text("subject"), flags=re.IGNORECASE)
    if not match:
        raise AnnotationError(
            f"{cells.where}: found {cells.text('subject')!r} as subject; expected an id like sub0003: mend it"
        )
    subject = f"sub{int(match[1]):04d}"
    named = re.match(r"sub\d+(?=_)", cells.text("clip"))
    if named and named[0] != subject:
        raise AnnotationError(
            f"{cells.where}: subject {subject} has the clip {cells.text('clip')!r}; expected a clip of its "
            "own, or a fold could train and test on one person: mend the cell 'Subject' or 'Filename'"
        )
    return subject


def _part(cells: SheetRow) -> tuple[str, ClipFault | None]:
    """Return the part that a clip is of; a fault where its frames per second tell none."""
    try:
        return PARTS[float(cells.text("fps"))], None
    except (KeyError, ValueError):
        return "", ClipFault(
            found=f"{cells.text('fps')!r} as Fps in {cells.where}",
            expected="500, 300 or 200, for part A, B or C",
            remedy="mend the cell",
        )


def _entry(cells: SheetRow, *, edition: str, split: str, layout: str) -> Entry:
    subject, clip = _subject(cells), cells.text("clip")
    part, fault = _part(cells)
    return Entry(
        part=part,
        subject=subject,
        clip=clip,
        split=split,
        onset=cells.text("onset"),
        apex=cells.text("apex"),
        offset=cells.text("offset"),
        fps=cells.text("fps"),
        location=fill(layout, {"part": part, "split": split, "subject": subject, "clip": clip}),
        edition=edition,
        where=cells.where,
        event=clip,
        modality="colour",
        emotion=cells.text("emotion"),
        aus=cells.text("aus"),
        fault=fault,
    )
