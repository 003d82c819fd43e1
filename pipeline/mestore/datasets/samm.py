"""SAMM (Davison et al. 2018): 200 fps, grey, `<SSS>/<SSS_x_y>/<SSS>_<n>.jpg` and one workbook.

Frame numbers are padded to four or five digits, sometimes both in one clip; the header stands below some rows
of citation and key, or in row 1 of copies that labs have trimmed. Duration is a formula and is not read. The
workbook of 2016 has neither emotions nor objective classes.

Of the errors that datasets.md 4.3 knows, the offset of 013_1_9 (5739 is right) is not corrected: no source
says what the delivered cell holds.
"""

import re
from pathlib import Path
from typing import Literal

from pydantic import Field

from mestore.datasets.entry import Annotation, Entry
from mestore.datasets.find import find_frames, find_sheet
from mestore.datasets.folder import folders_below, subfolders
from mestore.datasets.sheet import SheetRow
from mestore.datasets.spec import ReaderOptions
from mestore.errors import AnnotationError, ClipFault

FPS = "200"
SUBJECT = r"\d{3}"

FOLDERS = {"raw": ("SAMM",), "cropped": ("SAMM_CROP", "SAMM_CROP2")}
"""Where each layout's subjects are; those of the cropped one are names that labs gave."""

NAMES = {
    "subject": ("Subject",),
    "clip": ("Filename",),
    "onset": ("Onset Frame",),
    "apex": ("Apex Frame",),
    "offset": ("Offset Frame",),
    "aus": ("Action Units",),
    "emotion": ("Estimated Emotion",),
    "objective_class": ("Objective Classes", "Objective Class"),
}
COLUMNS = ("subject", "clip", "onset", "apex", "offset", "aus")
OPTIONAL = ("emotion", "objective_class")


class SammOptions(ReaderOptions):
    """What a user may say about a copy of SAMM."""

    layout: Literal["raw", "cropped"] = Field(
        "raw",
        description="which frames: raw (as delivered) or cropped (a lab's own, for SAMM ships none)",
    )
    folder: str = Field(
        "",
        description="folder of the subjects' folders 006, 007, ... below the dataset's; empty: the dataset's "
        "own if they are there, else the layout's usual one (SAMM; SAMM_CROP or SAMM_CROP2)",
    )
    sheet: str = Field(
        "", description="file name of the workbook; empty: the only sheet there with its columns"
    )


def read(root: Path, *, dataset: str, options: SammOptions) -> Annotation:
    """Return the annotation of a copy of SAMM.

    Raises
    ------
    AnnotationError
        If the frames or the workbook are not found, or found twice.
    """
    folder = _folder(root, options)
    sheet = find_sheet(
        root,
        columns=COLUMNS,
        optional=OPTIONAL,
        names=NAMES,
        option=options.sheet,
        folders=("", folder),
    )
    return Annotation(
        entries=tuple(_entry(cells, folder=folder, edition=sheet.name) for cells in sheet.rows),
        folders=tuple(_clips(root, folder)),
        notes=tuple(f"{dataset}: {text}" for text in sheet.lacking(OPTIONAL)),
    )


def subject_id(cells: SheetRow) -> str:
    """Return a subject as its folder is called; sheets have "006", or 6 once edited.

    Raises
    ------
    AnnotationError
        If the cell holds no number.
    """
    match = re.fullmatch(r"0*([0-9]{1,3})", cells.text("subject"))
    if not match:
        raise AnnotationError(
            f"{cells.where}: found {cells.text('subject')!r} as subject; expected a number like 006: mend it"
        )
    return f"{int(match[1]):03d}"


def video_id(clip: str) -> str:
    """Return the recording that a clip is cut from.

    Examples
    --------
    >>> video_id("006_1_2")
    '006_1'
    """
    return "_".join(clip.split("_")[:2])


def contradiction(cells: SheetRow, *, subject: str, clip: str) -> ClipFault | None:
    """Return the fault of a row whose clip, by its name, is of another subject; None if there is none.

    Folds are made of persons: whose face a clip shows may not be in doubt.
    """
    if clip.partition("_")[0] == subject:
        return None
    return ClipFault(
        found=f"clip {clip!r} of subject {subject!r} in {cells.where}",
        expected="a clip whose name begins with its subject",
        remedy="mend the cell",
    )


def _folder(root: Path, options: SammOptions) -> str:
    """Return the folder of the subjects' folders; empty if that is the dataset's own."""
    if options.layout == "raw" and not options.folder and _subjects(root):
        return ""
    return find_frames(
        root,
        usual=FOLDERS[options.layout],
        holds=SUBJECT,
        example="006, 007, ...",
        option=options.folder,
    )


def _subjects(root: Path) -> list[str]:
    return [name for name in subfolders(root) if re.fullmatch(SUBJECT, name)]


def _clips(root: Path, folder: str) -> list[str]:
    if folder:
        return folders_below(root, folder, depth=2)
    return [path for subject in _subjects(root) for path in folders_below(root, subject, depth=1)]


def _entry(cells: SheetRow, *, folder: str, edition: str) -> Entry:
    subject, clip = subject_id(cells), cells.text("clip")
    return Entry(
        subject=subject,
        clip=clip,
        onset=cells.text("onset"),
        apex=cells.text("apex"),
        offset=cells.text("offset"),
        fps=FPS,
        location=f"{folder}/{subject}/{clip}".lstrip("/"),
        edition=edition,
        where=cells.where,
        video=video_id(clip),
        event=clip,
        modality="gray",
        emotion=cells.text("emotion"),
        objective_class=cells.text("objective_class"),
        aus=cells.text("aus"),
        fault=contradiction(cells, subject=subject, clip=clip),
    )
