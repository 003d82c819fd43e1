"""CASME II (Yan et al. 2014): 200 fps, `sub<SS>/<Filename>/[reg_]img<n>.jpg` and one coding sheet."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from mestore.datasets.folder import inside, listing, subfolders
from mestore.datasets.persons import FILE as PERSONS
from mestore.datasets.reader import Annotation, Row, objective_class
from mestore.datasets.sheet import Sheet, SheetRow, read_sheet, spreadsheets
from mestore.datasets.spec import ReaderOptions
from mestore.errors import AnnotationError, ClipFault

FPS = 200.0

FOLDERS = {
    "raw": ("CASME2_RAW_selected",),
    "full": ("CASME2-RAW",),
    "cropped": ("Cropped", "Cropped_original", "Cropped-updated/Cropped"),
}
"""Where each layout's subjects are; deliveries of the cropped frames differ."""

COLUMNS = (
    "Subject",
    "Filename",
    "OnsetFrame",
    "ApexFrame",
    "OffsetFrame",
    "Action Units",
    "Estimated Emotion",
)
CLASS_COLUMNS = ("Subject", "Filename", "Objective Class")


class Casme2Options(ReaderOptions):
    """What a user may say about a copy of CASME II."""

    layout: Literal["raw", "full", "cropped"] = Field(
        "raw",
        description="which frames: raw (CASME2_RAW_selected, onset to offset), full (CASME2-RAW, with the "
        "frames around) or cropped (Cropped*, registered by the authors)",
    )
    folder: str = Field(
        "", description="folder of the sub<SS> folders below the dataset's; empty: the layout's usual one"
    )
    sheet: str = Field(
        "", description="file name of the coding sheet; empty: the only sheet there with its columns"
    )


def read(root: Path, *, dataset: str, options: Casme2Options) -> Annotation:
    """Return the annotation of a copy of CASME II.

    A file with "objective" in its name (CASME2-ObjectiveClasses.xlsx) gives the objective classes, where
    there is one. Folders without a row become notes.

    Raises
    ------
    AnnotationError
        If the frames or the coding sheet are not found, or found twice.
    """
    folder = _frames_folder(root, options)
    classes = _objective_classes(root)
    sheet = _coding_sheet(root, options)
    rows = tuple(_row(cells, folder=folder, edition=sheet.name, classes=classes) for cells in sheet.rows)
    return Annotation(rows=rows, notes=_folders_without_row(root, folder, rows, dataset=dataset))


def _frames_folder(root: Path, options: Casme2Options) -> str:
    names = (options.folder,) if options.folder else FOLDERS[options.layout]
    found = [name for name in names if inside(root, name).is_dir()]
    if len(found) != 1:
        raise AnnotationError(
            f"{root}: found {found or 'none'} of the folders {list(names)} that layout {options.layout!r} "
            f"may have, in {listing(root)}; expected one: unpack the delivery there, or set the option "
            "'layout' or 'folder'"
        )
    if not any(name.startswith("sub") for name in subfolders(inside(root, found[0]))):
        raise AnnotationError(
            f"{root}: {found[0]} holds {listing(inside(root, found[0]))}; expected sub01, sub02, ...: "
            "set the option 'folder' to where they are"
        )
    return found[0]


def _coding_sheet(root: Path, options: Casme2Options) -> Sheet:
    if options.sheet:
        if not inside(root, options.sheet).is_file():
            raise AnnotationError(
                f"{root}: found no {options.sheet} in {listing(root)}; set the option 'sheet'"
            )
        return read_sheet(inside(root, options.sheet), columns=COLUMNS)
    sheets, refusals = [], []
    for name in spreadsheets(root):
        if name == PERSONS or _of_classes(name):
            continue
        try:
            sheets.append(read_sheet(inside(root, name), columns=COLUMNS))
        except AnnotationError as error:
            refusals.append(str(error))
    if len(sheets) != 1:
        found = f"{[sheet.name for sheet in sheets]}" if sheets else f"none in {listing(root)}"
        raise AnnotationError(
            f"{root}: looked for one coding sheet (.xlsx, .xls or .csv with the columns {list(COLUMNS)}), "
            f"found {found}; put it there, or set the option 'sheet'"
            + "".join(f"\n- {refusal}" for refusal in refusals)
        )
    return sheets[0]


def _of_classes(name: str) -> bool:
    return "objective" in name.casefold()


def _objective_classes(root: Path) -> Mapping[tuple[str, str], SheetRow]:
    names = [name for name in spreadsheets(root) if _of_classes(name)]
    if len(names) > 1:
        raise AnnotationError(f"{root}: {names} all hold objective classes; expected one: remove the others")
    rows = [row for name in names for row in read_sheet(inside(root, name), columns=CLASS_COLUMNS).rows]
    return {(_subject(row), row.name("Filename")): row for row in rows}


def _subject(cells: SheetRow) -> str:
    """Return a subject as its folder is called; sheets have "01" or 1."""
    match = re.fullmatch(r"(?:sub)?0*([0-9]{1,3})", cells.name("Subject"), flags=re.IGNORECASE)
    if not match:
        raise AnnotationError(
            f"{cells.where}: found {cells.text('Subject')!r} in column 'Subject'; expected a number like 01"
        )
    return f"sub{int(match[1]):02d}"


def _row(cells: SheetRow, *, folder: str, edition: str, classes: Mapping[tuple[str, str], SheetRow]) -> Row:
    subject, clip = _subject(cells), cells.name("Filename")
    row = Row(
        subject=subject,
        clip=clip,
        fps=FPS,
        location=f"{folder}/{subject}/{clip}",
        edition=edition,
        emotion=cells.text("Estimated Emotion").lower(),
        aus=cells.text("Action Units"),
    )
    try:
        return replace(
            row,
            onset=cells.whole("OnsetFrame"),
            apex=cells.whole_or_none("ApexFrame"),
            offset=cells.whole("OffsetFrame"),
            objective_class=_class(classes.get((subject, clip))),
        )
    except ClipFault as fault:
        return replace(row, fault=fault)


def _class(cells: SheetRow | None) -> str:
    if cells is None:
        return ""
    try:
        return objective_class(cells.text("Objective Class"))
    except ValueError:
        raise cells.fault("Objective Class", expected="1 to 7 or I to VII") from None


def _folders_without_row(root: Path, folder: str, rows: tuple[Row, ...], *, dataset: str) -> tuple[str, ...]:
    known = {row.location for row in rows}
    there = (
        f"{folder}/{subject}/{clip}"
        for subject in subfolders(inside(root, folder))
        for clip in subfolders(inside(root, f"{folder}/{subject}"))
    )
    return tuple(
        f"{dataset}: {path!r} has no row in the coding sheet, so it is left out"
        for path in there
        if path not in known
    )
