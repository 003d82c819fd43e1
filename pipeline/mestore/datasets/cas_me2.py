"""CAS(ME)^2 (Qu et al. 2018): 30 fps, micro and macro, `rawpic/s<k>/<k>_<code><title>/img<n>.jpg`.

The workbook has three worksheets without headers. The first has the expressions: subject, video and number
(anger1_1), onset, apex, offset, AUs, emotion, type, self-report (which is not read). Its subjects are others'
than those of the folders; `naming rule1` joins them (third column to second), and `naming rule2` the videos
(second column) with the code of four digits that a folder's name has after "_". Frames are counted from 1; 0
stands for "none".

Of `cropped` and `selectedpic`, with one folder per expression, public code shows `<subject>/<expression>/
img<n>.jpg` and no more: whether the numbers are those of the video is not said anywhere.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from mestore.datasets.entry import NOTHING, Annotation, Entry
from mestore.datasets.find import find_frames
from mestore.datasets.folder import folders_below, inside, listing, subfolders
from mestore.datasets.own import FILES
from mestore.datasets.sheet import AnotherSheet, SheetRow, read_grids, spreadsheets
from mestore.datasets.spec import ReaderOptions
from mestore.errors import AnnotationError, ClipFault

FPS = "30"

FOLDERS = {
    "rawpic": "rawpic",
    "faces": "longVideoFaceCropped",
    "cropped": "cropped",
    "selectedpic": "selectedpic",
}
"""Where each layout's subjects are."""

VIDEOS = ("rawpic", "faces")
"""Layouts with one folder per long video; the others have one per expression."""

TITLES = ("CASFEcode_final", "CASMEcode_final")
"""What the worksheet of the expressions is called."""

RULE1, RULE2 = "naming rule1", "naming rule2"

SUBJECT, NAME, ONSET, APEX, OFFSET, AUS, EMOTION, KIND = "12345678"
"""Columns of the expressions."""


class CasMe2Options(ReaderOptions):
    """What a user may say about a copy of CAS(ME)^2."""

    layout: Literal["rawpic", "faces", "cropped", "selectedpic"] = Field(
        "rawpic",
        description="which frames: rawpic (long videos), faces (longVideoFaceCropped, the same cropped), or "
        "cropped or selectedpic (a folder for each expression)",
    )
    folder: str = Field(
        "", description="folder of the s<k> folders below the dataset's; empty: the layout's usual one"
    )
    sheet: str = Field(
        "", description="file name of the workbook; empty: the only one there with its three worksheets"
    )
    without_offset: Literal["apex", "mirror", "fault"] = Field(
        "apex",
        description="end of the expressions whose offset is 0 (44, all macro): apex, as in the baseline of "
        "MEGC2020; mirror: as long after the apex as that is after the onset, and with gaps where the video "
        "is over before; or fault: they cannot be used",
    )


@dataclass(frozen=True, kw_only=True)
class _Book:
    """The workbook: expressions, folder of each subject, code of each video's title."""

    name: str
    rows: Sequence[SheetRow]
    subjects: Mapping[str, str]
    codes: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class _Frames:
    """The folders: of all subjects, of each one, and of each (subject, code); None where videos have none."""

    folder: str
    subjects: Mapping[str, str]
    videos: Mapping[tuple[str, str], Sequence[str]] | None


def read(root: Path, *, dataset: str, options: CasMe2Options) -> Annotation:
    """Return the annotation of a copy of CAS(ME)^2; an expression's video is its code, such as 0401.

    Expressions whose subject or video no naming rule joins to a folder fail, each by itself.

    Raises
    ------
    AnnotationError
        If the frames or the workbook are not found, or found twice, or an expression has no subject.
    """
    usual = FOLDERS[options.layout]
    # Where an archive was unpacked into a folder of its own name, they are one deeper.
    nested = f"{usual}/{usual}"
    folder = find_frames(
        root,
        usual=(nested if inside(root, nested).is_dir() else usual,),
        holds=r"s?\d+",
        example="s15, s16, ...",
        option=options.folder,
    )
    book = _book(root, option=options.sheet)
    frames = _frames(root, folder, videos=options.layout in VIDEOS)
    names = Counter(key for key, _ in {(_key(cells), cells.text(ONSET)) for cells in book.rows})
    return Annotation(
        entries=tuple(
            _entry(cells, book, frames, without_offset=options.without_offset, named=names[_key(cells)] == 1)
            for cells in book.rows
        ),
        folders=tuple(folders_below(root, folder, depth=2)),
    )


def _key(cells: SheetRow) -> tuple[str, str]:
    """Return subject and name of an expression: no source says that there are not two of one name."""
    return _number(cells.text(SUBJECT)), cells.text(NAME)


def _subject(text: str) -> str:
    """Return a subject as its folder is called, empty if `text` is none."""
    match = re.fullmatch(r"s?0*([0-9]{1,3})", text, flags=re.IGNORECASE)
    return f"s{int(match[1])}" if match else ""


def _number(text: str) -> str:
    """Return a number without leading zeros, empty if `text` is none."""
    match = re.fullmatch(r"0*([0-9]{1,6})", text)
    return match[1] if match else ""


def _book(root: Path, *, option: str) -> _Book:
    """Return the only workbook with the three worksheets."""
    if option:
        if not inside(root, option).is_file():
            raise AnnotationError(f"{root}: found no {option} in {listing(root)}; set the option 'sheet'")
        return _read(inside(root, option))
    found, refusals = [], []
    for name in spreadsheets(root):
        if name in FILES:
            continue
        try:
            found.append(_read(inside(root, name)))
        except AnotherSheet as error:
            refusals.append(str(error))
        except AnnotationError as error:
            raise AnnotationError(f"{error}; or name the workbook in the option 'sheet'") from error
    if len(found) != 1:
        raise AnnotationError(
            f"{root}: looked for one workbook with the worksheets {[TITLES[0], RULE1, RULE2]}, found "
            f"{[book.name for book in found] or f'none in {listing(root)}'}; put it there, or set the option "
            "'sheet'" + "".join(f"\n- {refusal}" for refusal in refusals)
        )
    return found[0]


def _read(path: Path) -> _Book:
    rows, *rules = read_grids(path, titles=[TITLES, (RULE1,), (RULE2,)])
    return _Book(
        name=path.name,
        rows=rows,
        subjects=_joined(
            (_number(cells.text("3")), _subject(cells.text("2")), cells.where) for cells in rules[0]
        ),
        codes=_joined(
            (cells.text("2").casefold(), _code(cells.text("1")), cells.where) for cells in rules[1]
        ),
    )


def _code(text: str) -> str:
    """Return a video's code; where a cell holds a number, its zeros are lost.

    Examples
    --------
    >>> _code("401"), _code("0401")
    ('0401', '0401')
    """
    return text.zfill(4) if re.fullmatch("[0-9]{1,4}", text) else ""


def _joined(pairs: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Return a naming rule: what it says of each key; rows without either are passed over.

    All subjects saw the same videos: were a rule not one to one, frames of the wrong one would be found.
    """
    rule: dict[str, str] = {}
    keys: dict[str, str] = {}
    for key, value, where in pairs:
        if key and value and rule.setdefault(key, value) != value:
            raise AnnotationError(
                f"{where}: {key!r} is {value!r} here and {rule[key]!r} above; expected one: mend either"
            )
        if key and value and keys.setdefault(value, key) != key:
            raise AnnotationError(
                f"{where}: {value!r} is of {key!r} here and of {keys[value]!r} above; expected one naming "
                "rule each: mend either"
            )
    return rule


def _frames(root: Path, folder: str, *, videos: bool) -> _Frames:
    subjects: dict[str, str] = {}
    for name in subfolders(inside(root, folder), links=True):
        subject, path = _subject(name), f"{folder}/{name}"
        if subject and subjects.setdefault(subject, path) != path:
            raise AnnotationError(
                f"{root}: {subjects[subject]!r} and {path!r} are both of subject {subject}; expected one "
                "folder: move the other out"
            )
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for subject, path in subjects.items() if videos else ():
        for name in subfolders(inside(root, path), links=True):
            if match := re.match(r"[^_]*_([0-9]{4})", name):
                found[subject, match[1]].append(f"{path}/{name}")
    return _Frames(folder=folder, subjects=subjects, videos=found if videos else None)


def _entry(
    cells: SheetRow,
    book: _Book,
    frames: _Frames,
    *,
    without_offset: Literal["apex", "mirror", "fault"],
    named: bool,
) -> Entry:
    number, name = _key(cells)
    if not number:
        raise AnnotationError(
            f"{cells.where}: found {cells.text(SUBJECT)!r} as subject; expected a number like 1 (there is no "
            "header): mend the cell"
        )
    title = name.partition("_")[0]
    code = book.codes.get(title.casefold(), "")
    fault, location = None, frames.folder
    try:
        location = _location(cells, book.subjects.get(number, ""), code, frames=frames)
    except ClipFault as error:
        fault = error
    return Entry(
        subject=book.subjects.get(number, number),
        clip=name,
        onset=cells.text(ONSET),
        apex=cells.text(APEX),
        offset=cells.text(OFFSET),
        fps=FPS,
        location=location,
        edition=book.name,
        where=cells.where,
        video=code or title,
        event=name if named else "",
        kind=re.sub(r"[ -]?expression$", "", cells.text(KIND).casefold()),
        modality="colour",
        emotion=cells.text(EMOTION),
        aus=cells.text(AUS),
        nothing=NOTHING | {"0"},
        without_offset=without_offset,
        fault=fault,
    )


def _location(cells: SheetRow, subject: str, code: str, *, frames: _Frames) -> str:
    """Return the folder of an expression's frames."""
    for known, column, rule in ((subject, SUBJECT, RULE1), (code, NAME, RULE2)):
        if not known:
            raise ClipFault(
                found=f"{cells.text(column)!r} in {cells.where}, which worksheet {rule!r} does not name",
                expected="a row of it there",
                remedy=f"complete worksheet {rule!r}, or mend the cell",
            )
    folder = frames.subjects.get(subject, f"{frames.folder}/{subject}")
    if frames.videos is None:
        return f"{folder}/{cells.text(NAME)}"
    found = frames.videos.get((subject, code), ())
    if len(found) != 1:
        nothing = f"nothing like {subject[1:]}_{code}... in {folder!r}"
        raise ClipFault(
            found=" and ".join(map(repr, found)) or nothing,
            expected=f"one folder of video {code}",
            remedy=f"copy it there, or mend {cells.where}",
        )
    return found[0]
