"""CASME II (Yan et al. 2014): 200 fps, `sub<SS>/<Filename>/[reg_]img<n>.jpg` and one coding sheet."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from mestore.datasets.entry import Annotation, Entry
from mestore.datasets.find import find_frames, find_sheet
from mestore.datasets.folder import folders_below, inside
from mestore.datasets.joined import note, rows_by
from mestore.datasets.sheet import SheetRow, read_sheet, spreadsheets
from mestore.datasets.spec import ReaderOptions
from mestore.errors import AnnotationError

FPS = "200"

FOLDERS = {
    "raw": ("CASME2_RAW_selected",),
    "full": ("CASME2-RAW",),
    "cropped": ("Cropped", "Cropped_original", "Cropped-updated/Cropped"),
}
"""Where each layout's subjects are; deliveries of the cropped frames differ."""

NAMES = {
    "subject": ("Subject",),
    "clip": ("Filename",),
    "onset": ("OnsetFrame",),
    "apex": ("ApexFrame",),
    "offset": ("OffsetFrame",),
    "aus": ("Action Units",),
    "emotion": ("Estimated Emotion",),
    "objective_class": ("Objective Class",),
}
COLUMNS = ("subject", "clip", "onset", "apex", "offset", "aus", "emotion")
CLASS_COLUMNS = ("subject", "clip", "objective_class")


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
    there is one.

    Raises
    ------
    AnnotationError
        If the frames or the coding sheet are not found, or found twice, or if a clip has two classes.
    """
    folder = find_frames(
        root,
        usual=FOLDERS[options.layout],
        holds=r"sub\d+",
        example="sub01, sub02, ...",
        option=options.folder,
    )
    sheet = find_sheet(root, columns=COLUMNS, names=NAMES, option=options.sheet, other=_of_classes)
    of_classes = _class_sheet(root)
    classes = _objective_classes(root, of_classes)
    entries = tuple(_entry(cells, folder, sheet.name, classes) for cells in sheet.rows)
    strangers = classes.keys() - {(entry.subject, entry.clip) for entry in entries}
    said = note(f"clips of {of_classes} are not in {sheet.name}", map("/".join, strangers))
    return Annotation(
        entries=entries,
        folders=tuple(folders_below(root, folder, depth=2)),
        notes=(f"{dataset}: {said}",) if said else (),
    )


def _of_classes(name: str) -> bool:
    return "objective" in name.casefold()


def _class_sheet(root: Path) -> str:
    """Return the name of the file of objective classes, empty where there is none."""
    names = [name for name in spreadsheets(root) if _of_classes(name)]
    if len(names) > 1:
        raise AnnotationError(f"{root}: {names} all hold objective classes; expected one: remove the others")
    return names[0] if names else ""


def _objective_classes(root: Path, name: str) -> Mapping[tuple[str, str], SheetRow]:
    rows = read_sheet(inside(root, name), columns=CLASS_COLUMNS, names=NAMES).rows if name else ()
    return rows_by(rows, lambda row: (subject_id(row), row.text("clip")), columns=CLASS_COLUMNS[2:])


def subject_id(cells: SheetRow) -> str:
    """Return a subject as its folder is called; sheets have "01" or 1, those of CASME too.

    Raises
    ------
    AnnotationError
        If the cell holds no number.
    """
    match = re.fullmatch(r"(?:sub)?0*([0-9]{1,3})", cells.text("subject"), flags=re.IGNORECASE)
    if not match:
        raise AnnotationError(
            f"{cells.where}: found {cells.text('subject')!r} as subject; expected a number like 01: mend it"
        )
    return f"sub{int(match[1]):02d}"


def _entry(cells: SheetRow, folder: str, edition: str, classes: Mapping[tuple[str, str], SheetRow]) -> Entry:
    subject, clip = subject_id(cells), cells.text("clip")
    of_class = classes.get((subject, clip))
    return Entry(
        subject=subject,
        clip=clip,
        onset=cells.text("onset"),
        apex=cells.text("apex"),
        offset=cells.text("offset"),
        fps=FPS,
        location=f"{folder}/{subject}/{clip}",
        edition=edition,
        where=f"{cells.where} ({of_class.where})" if of_class else cells.where,
        event=clip,
        modality="colour",
        emotion=cells.text("emotion"),
        objective_class=of_class.text("objective_class") if of_class else "",
        aus=cells.text("aus"),
    )
