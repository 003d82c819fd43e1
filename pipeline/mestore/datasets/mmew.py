"""MMEW (Ben et al. 2022): 90 fps, `Micro_Expression/<emotion>/[<subject>/]<clip>/<n>.jpg` and one sheet.

The delivered frames are crops of the face: `align.method: as_delivered` takes them as they are.

`Macro_Expression` (stills, by subject and emotion) is not read: no source shows a sheet for it, and without
onset, apex and offset there are no clips to speak of. Who has one reads it with the reader `table`.

MEB mends apex and offset of 16 rows, by row number; no source names their clips, so no corrections of MMEW
are shipped. Such rows fail, or take the option `without_offset`.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from mestore.datasets.entry import Annotation, Entry
from mestore.datasets.find import find_frames, find_sheet
from mestore.datasets.folder import folders_below, frames_by_number, inside
from mestore.datasets.row import emotion, parse_frame
from mestore.datasets.sheet import SheetRow
from mestore.datasets.spec import ReaderOptions
from mestore.errors import AnnotationError, ClipFault

FPS = "90"

PLACES = ("", "MMEW_Final")
"""Where the delivery may stand below the dataset's folder."""

MICRO, MACRO = "Micro_Expression", "Macro_Expression"

EMOTIONS = ("happiness", "anger", "surprise", "disgust", "fear", "sadness", "others", "repression")
"""What the folders of emotions are called."""

SAME = frozenset({"others", "repression"})
"""What the sheet calls others lies in the folder repression."""

NAMES = {
    "subject": ("Subject",),
    "clip": ("Filename",),
    "onset": ("OnsetFrame",),
    "apex": ("ApexFrame",),
    "offset": ("OffsetFrame",),
    "aus": ("Action Units",),
    "emotion": ("Estimated Emotion",),
}


class MmewOptions(ReaderOptions):
    """What a user may say about a copy of MMEW."""

    folder: str = Field(
        "",
        description="folder of the emotions' folders below the dataset's; empty: Micro_Expression, in "
        "MMEW_Final or not",
    )
    sheet: str = Field(
        "", description="file name of the coding sheet; empty: the only sheet there with its columns"
    )
    without_offset: Literal["fault", "apex", "mirror"] = Field(
        "fault",
        description="what a clip without offset is: a fault, one that ends at its apex, or (mirror) one that "
        "ends as long after its apex as that is after its onset",
    )


def read(root: Path, *, dataset: str, options: MmewOptions) -> Annotation:
    """Return the annotation of a copy of MMEW.

    The sheet decides on the labels; folders only say where a clip is, whatever level of subjects they have.

    Raises
    ------
    AnnotationError
        If the frames or the sheet are not found, or found twice, or if subjects contradict the clips' names.
    """
    folder = find_frames(
        root,
        usual=_below(MICRO),
        holds="|".join((*EMOTIONS, r"S\d+")),
        example="happiness, surprise, disgust, ...",
        option=options.folder,
    )
    sheet = find_sheet(
        root,
        columns=tuple(NAMES),
        names=NAMES,
        option=options.sheet,
        folders=[place for place in PLACES if not place or inside(root, place).is_dir()],
    )
    folders = _clip_folders(root, folder)
    named: dict[str, list[str]] = {}
    for path in folders:
        named.setdefault(path.rpartition("/")[2], []).append(path)
    _refuse_strangers(sheet.rows)
    return Annotation(
        entries=tuple(
            _entry(
                root,
                cells,
                edition=sheet.name,
                folder=folder,
                there=named.get(cells.text("clip"), ()),
                options=options,
            )
            for cells in sheet.rows
        ),
        folders=tuple(folders),
        notes=_notes(root, dataset, rows=sheet.rows, named=named),
    )


def _below(name: str) -> tuple[str, ...]:
    return tuple(f"{place}/{name}".lstrip("/") for place in PLACES)


def _clip_folders(root: Path, folder: str) -> list[str]:
    """Return the folders two or three levels down that hold no folders: the frames'."""
    deep = folders_below(root, folder, depth=3)
    holding = {path.rpartition("/")[0] for path in deep}
    return sorted(({*folders_below(root, folder, depth=2)} - holding) | {*deep})


def _subject(cells: SheetRow) -> str:
    match = re.fullmatch(r"S?0*([0-9]{1,3})", cells.text("subject"), flags=re.IGNORECASE)
    if not match:
        raise AnnotationError(
            f"{cells.where}: found {cells.text('subject')!r} as subject; expected a number like 1 or S01: "
            "mend it"
        )
    return f"S{int(match[1]):02d}"


def _refuse_strangers(rows: Sequence[SheetRow]) -> None:
    """Refuse a sheet whose subjects are not one to one with those in the names of clips (`S13-07-001`).

    The two may count differently; but a cell that stands for two people would put one of them into two folds.
    """
    first: dict[tuple[str, str], tuple[str, SheetRow]] = {}
    for cells in rows:
        prefix = re.match(r"S\d+(?=-)", cells.text("clip"))
        if not prefix:
            continue
        subject, name = _subject(cells), prefix[0]
        for key, value in ((("subject", subject), name), (("clips", name), subject)):
            before, at = first.setdefault(key, (value, cells))
            if before != value:
                raise AnnotationError(
                    f"{cells.where}: subject {subject} has the clip {cells.text('clip')!r}, while in "
                    f"{at.where} subject {_subject(at)} has {at.text('clip')!r}; expected clips of one S<nn> "
                    "for one subject: mend the cell 'Subject' or 'Filename'"
                )


def _entry(
    root: Path, cells: SheetRow, *, edition: str, folder: str, there: Sequence[str], options: MmewOptions
) -> Entry:
    clip = cells.text("clip")
    location = there[0] if there else f"{folder}/*/{clip}"
    return Entry(
        subject=_subject(cells),
        clip=clip,
        onset=cells.text("onset"),
        apex=cells.text("apex"),
        offset=cells.text("offset"),
        fps=FPS,
        location=location,
        edition=edition,
        where=cells.where,
        event=clip,
        modality="colour",
        emotion=cells.text("emotion"),
        aus=cells.text("aus"),
        without_offset=options.without_offset,
        shift=_shift(root, cells, location=location) if there else 0,
        fault=_twice(there) if len(there) > 1 else None,
    )


def _twice(there: Sequence[str]) -> ClipFault:
    return ClipFault(
        found=f"two folders of this clip, {there[0]!r} and {there[1]!r}",
        expected="one",
        remedy="move one of the two out of the dataset's folder",
    )


def _shift(root: Path, cells: SheetRow, *, location: str) -> int:
    """Return what a row's numbers exceed those of its files by.

    A row counts from the first frame of its folder, 1. In some editions rows are said to hold numbers of the
    recording that the clip was cut from. Such a row is known by numbers that the folder does not hold, while
    it spans just as many frames as are there; of any other row nothing is guessed.
    """
    try:
        onset, offset = parse_frame(cells.text("onset")), parse_frame(cells.text("offset"))
        held = list(frames_by_number(inside(root, location)))
    except (ValueError, ClipFault):
        return 0
    if not held or held[0] <= onset <= offset <= held[-1] or offset - onset != held[-1] - held[0]:
        return 0
    return onset - held[0]


def _notes(
    root: Path, dataset: str, *, rows: Sequence[SheetRow], named: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    notes = [
        f"{dataset}: {name} is not read: no source shows a sheet of its onsets, apices and offsets"
        for name in _below(MACRO)
        if inside(root, name).is_dir()
    ]
    apart = []
    for cells in rows:
        steps = {step.lower() for path in named.get(cells.text("clip"), ()) for step in path.split("/")}
        given = emotion(cells.text("emotion"))
        if others := sorted(steps & {*EMOTIONS} - (SAME if given in SAME else {given})):
            apart.append(f"{cells.where} says {given!r} and the clip's folder {others[0]!r}")
    if apart:
        notes.append(f"{dataset}: the sheet was taken where {apart[0]} (rows like that: {len(apart)})")
    return tuple(notes)
