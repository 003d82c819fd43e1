"""SAMM Long Videos (Yap et al. 2020): 200 fps, grey, `<SSS>_<v>/<SSS>_<v>_<n>.jpg` and one workbook.

Frames count from 1. Editions V1, V2 and V3 differ in file name alone as far as sources go: ten columns, the
header in row 10.

What a user should know (datasets.md 4.10; clip names: public readers of V1 and V2)
- No emotions: they come from SAMM, by `event` over both datasets, or by the option `samm_sheet`.
- A frame number is SAMM's less a number of frames that is constant in a video, 0 to 10000. Nothing is
  renumbered: the folders of each dataset have its own numbers.
- Some frame numbers are not whole. They are rounded half up, as by the baseline of MEGC2020; corrections see
  the rounded number.
- An apex of 0 or -1 is none. An onset of 0 marks a movement that was under way before, in the middle of a
  video too: nobody knows where it began (option `under_way`).
- 012_4_1 lies behind the last frame of its video and fails; 020_6_5 and 036_7_4 end behind it and have gaps.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Literal

from pydantic import Field

from mestore.datasets import samm
from mestore.datasets.entry import NOTHING, Annotation, Entry
from mestore.datasets.find import find_frames, find_sheet
from mestore.datasets.folder import folders_below
from mestore.datasets.joined import note, rows_by
from mestore.datasets.sheet import SheetRow
from mestore.datasets.spec import ReaderOptions

FPS = "200"
FOLDERS = ("SAMM_longvideos",)

NAMES = {
    "subject": ("Subject",),
    "clip": ("Filename",),
    "onset": ("Onset",),
    "apex": ("Apex",),
    "offset": ("Offset",),
    "kind": ("Type",),
    "aus": ("Action Units",),
}
COLUMNS = tuple(NAMES)
FRAMES = ("onset", "apex", "offset")


class SammLvOptions(ReaderOptions):
    """What a user may say about a copy of SAMM Long Videos."""

    folder: str = Field(
        "",
        description="folder of the videos' folders 006_1, 006_2, ... below the dataset's; empty: "
        "SAMM_longvideos",
    )
    sheet: str = Field(
        "", description="file name of the workbook; empty: the only sheet there with its columns"
    )
    samm_sheet: str = Field(
        "",
        description="file name of a copy of SAMM's workbook beside it: emotions and objective classes of the "
        "micro-expressions come from there; empty: there are none",
    )
    under_way: Literal["fault", "leave_out"] = Field(
        "fault",
        description="macro-expressions with onset 0, which were under way before: they fail (fault), or are "
        "no clips at all (leave_out), as in published spotting code",
    )
    without_offset: Literal["fault", "apex", "mirror"] = Field(
        "fault",
        description="a clip with offset 0 or -1 fails (fault), ends at its apex (apex), or ends as long "
        "after its apex as that is after its onset (mirror)",
    )


def read(root: Path, *, dataset: str, options: SammLvOptions) -> Annotation:
    """Return the annotation of a copy of SAMM Long Videos.

    Raises
    ------
    AnnotationError
        If the frames or a workbook are not found, or found twice, or if SAMM's has two rows for a clip.
    """
    folder = find_frames(
        root, usual=FOLDERS, holds=r"\d{3}_\d+", example="006_1, 006_2, ...", option=options.folder
    )
    sheet = find_sheet(root, columns=COLUMNS, names=NAMES, option=options.sheet)
    of_samm = _of_samm(root, options.samm_sheet)
    under_way = [_clip(cells) for cells in sheet.rows if _left_out(cells, options)]
    rows = [cells for cells in sheet.rows if not _left_out(cells, options)]
    names = Counter(_clip(cells) for cells in rows if _kind(cells) == "micro")
    events = {name for name, number in names.items() if number == 1}
    entries = tuple(
        _entry(cells, folder=folder, edition=sheet.name, events=events, of_samm=of_samm, options=options)
        for cells in rows
    )
    notes = (
        note("macro-expressions were under way before and are left out", under_way),
        note("names are of several micro-expressions, so that SAMM's is not known", names.keys() - events),
        note(f"clips of {options.samm_sheet} are no micro-expressions here", of_samm.keys() - names.keys()),
        *_numbering(entries, of_samm),
    )
    return Annotation(
        entries=entries,
        folders=tuple(folders_below(root, folder, depth=1)),
        notes=tuple(f"{dataset}: {text}" for text in notes if text),
    )


def round_half_up(text: str) -> str:
    """Return a number that is not whole rounded to the nearest that is; any other text as it is.

    Examples
    --------
    >>> round_half_up("3587.5"), round_half_up("3587.49"), round_half_up("12"), round_half_up("-1")
    ('3588', '3587', '12', '-1')
    """
    if not re.fullmatch(r"[0-9]{1,18}\.0*[1-9][0-9]*", text):
        return text
    return str(Decimal(text).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _clip(cells: SheetRow) -> str:
    return cells.text("clip")


def _kind(cells: SheetRow) -> str:
    """Return micro or macro; a type that is neither stays as it is."""
    kind = cells.text("kind")
    match = re.match(r"(micro|macro)\b", kind, flags=re.IGNORECASE)
    return match[1].lower() if match else kind


def _left_out(cells: SheetRow, options: SammLvOptions) -> bool:
    under_way = _kind(cells) == "macro" and round_half_up(cells.text("onset")) == "0"
    return under_way and options.under_way == "leave_out"


def _of_samm(root: Path, name: str) -> Mapping[str, SheetRow]:
    """Return the rows of SAMM's workbook by clip; none where the user names none."""
    if not name:
        return {}
    sheet = find_sheet(root, columns=samm.COLUMNS, optional=samm.OPTIONAL, names=samm.NAMES, option=name)
    return rows_by(sheet.rows, _clip, columns=("onset", *samm.OPTIONAL))


def _entry(
    cells: SheetRow,
    *,
    folder: str,
    edition: str,
    events: Collection[str],
    of_samm: Mapping[str, SheetRow],
    options: SammLvOptions,
) -> Entry:
    subject, clip, kind = samm.subject_id(cells), _clip(cells), _kind(cells)
    # A macro-expression may bear the name of a micro-expression: readers of both join by name and type.
    event = clip if kind == "micro" and clip in events else ""
    same = of_samm.get(event)
    frames = {what: round_half_up(cells.text(what)) for what in ("onset", "apex", "offset")}
    return Entry(
        subject=subject,
        clip=clip,
        onset=frames["onset"],
        apex=frames["apex"],
        offset=frames["offset"],
        fps=FPS,
        location=f"{folder}/{samm.video_id(clip)}",
        edition=edition,
        where=f"{cells.where} ({same.where})" if same else cells.where,
        video=samm.video_id(clip),
        event=event,
        kind=kind,
        modality="gray",
        emotion=same.text("emotion") if same else "",
        objective_class=same.text("objective_class") if same else "",
        aus=cells.text("aus"),
        nothing=NOTHING | {"0", "-1"},
        changes=tuple(
            f"{what}: {cells.text(what)!r} -> {number!r} (rounded half up)"
            for what, number in frames.items()
            if number != cells.text(what)
        ),
        without_offset=options.without_offset,
        fault=samm.contradiction(cells, subject=subject, clip=clip),
    )


def _numbering(entries: Iterable[Entry], of_samm: Mapping[str, SheetRow]) -> tuple[str, str]:
    """Return notes on by how much SAMM's frame numbers are ahead, video by video."""
    ahead: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        numbers = entry.onset, of_samm[entry.event].text("onset") if entry.event in of_samm else ""
        if all(re.fullmatch("[0-9]{1,18}", number) for number in numbers):
            ahead[entry.video].add(int(numbers[1]) - int(numbers[0]))
    shifted = {video for video, by in ahead.items() if by != {0}}
    several = [f"{video} ({', '.join(map(str, sorted(by)))})" for video, by in ahead.items() if len(by) > 1]
    return (
        note(f"of {len(ahead)} videos with clips of SAMM count frames from another one on", shifted),
        note("videos are behind SAMM's frame numbers by more than one number", several),
    )
