"""SMIC-E (Li et al. 2018): SMIC's recordings and what is around, `<part>/s<kk>/<clip>/image<n>.jpg`.

A workbook for each part gives onsets and offsets, as numbers in the file names; it has no apexes. The
subject's folder is written with two digits (s01), the clip's is not (s1_ne_01). Of a workbook the worksheet
called after the part is read, or the first with its columns. Of NIR's workbook no source shows more than the
columns Subject, Filename, OnsetF NIR and Emotion; columns called "<name> NIR" are read where they are there.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path

from pydantic import Field

from mestore.datasets.entry import Annotation, Entry
from mestore.datasets.folder import folders_below, frames_by_number, inside, listing, subfolders
from mestore.datasets.row import emotion
from mestore.datasets.sheet import spreadsheets
from mestore.datasets.smic import FPS, MODALITY, PARTS, Part, parse_clip, parse_subject, refuse_twins
from mestore.datasets.smic_e_sheet import Marked, marked_in, read_workbook
from mestore.datasets.spec import ReaderOptions
from mestore.errors import AnnotationError, ClipFault

Key = tuple[str, str]
"""Subject and clip."""

_DEEPEST = 5  # SMIC/SMIC-E_raw image/HS_long/SMIC-HS-E/HS: links in a circle must not lead deeper


class SmicEOptions(ReaderOptions):
    """What a user may say about a copy of SMIC-E."""

    parts: tuple[Part, ...] = Field((), description="the only parts to take; empty: all that are there")
    folder: dict[Part, str] = Field(
        {},
        description="folder of a part's s<kk> folders below the dataset's, such as {hs: HS_long/SMIC_HS_E}; "
        "parts that are not named are looked for",
    )
    sheet: dict[Part, str] = Field(
        {},
        description="path of a part's workbook below the dataset's folder, such as "
        "{hs: SMIC-HS-E_annotation_2019.xlsx}; parts that are not named are looked for",
    )


def read(root: Path, *, dataset: str, options: SmicEOptions) -> Annotation:
    """Return the annotation of a copy of SMIC-E.

    Onset2F and Onset3F give further clips of a long video, unless a row of their own has the same frames. A
    clip without folder is taken from the one folder of its subject that holds its onset and its offset: some
    long videos show two clips, and have the name of one. The emotion is that of the clip's name; a cell that
    contradicts it counts as corrected (datasets.md 4.4: of s18_sur_03 the cell is wrong in every part).

    Raises
    ------
    AnnotationError
        If the frames or the workbook of a part are not found, or found twice, or if a row names no clip.
    """
    wanted = options.parts or PARTS
    frames = {part: _frames_of(root, part, option=options.folder.get(part, "")) for part in wanted}
    missing = [part for part in wanted if not frames[part]]
    if len(missing) == len(wanted) or (options.parts and missing):
        raise AnnotationError(
            f"{root}: looked for the long videos of {missing} (folders s01, s02, ... below HS_long, VIS_long "
            f"or NIR_long), found {listing(root)}; unpack the delivery there, or set the option 'folder' or "
            "'parts'"
        )
    there = [part for part in wanted if frames[part]]
    places = sorted({"", *(place for part in there for place in _above(frames[part]))})
    found = []
    for part in there:
        path = _workbook(root, part, places=places, option=options.sheet.get(part, ""))
        found.append(_of_part(root, part, frames[part], path, dataset=dataset))
    return Annotation(
        entries=tuple(entry for it in found for entry in it.entries),
        folders=tuple(folder for it in found for folder in it.folders),
        notes=tuple(note for it in found for note in it.notes),
    )


def _frames_of(root: Path, part: str, *, option: str) -> str:
    """Return the folder of a part's subjects, empty where there is none."""
    if option:
        if not inside(root, option).is_dir():
            raise AnnotationError(f"{root}: found no {option} in {listing(root)}; mend the option 'folder'")
        return option
    found = list(_descend(root, "", part))
    if len(found) > 1:
        raise AnnotationError(
            f"{root}: the long videos of {part} are in {found}; expected one folder: set the option 'folder'"
        )
    return found[0] if found else ""


def _descend(root: Path, folder: str, part: str) -> Iterator[str]:
    """Yield the part's folders of subjects below `folder`, through folders called as in deliveries only."""
    names = subfolders(inside(root, folder) if folder else root, links=True)
    of_part = {f"{part}long", f"smic{part}e"}
    # A folder HS of its own is SMIC's.
    below_part = any(_key(name) in of_part for name in folder.split("/"))
    if below_part and any(map(parse_subject, names)):
        yield folder
        return
    passed = of_part | ({part} if below_part else {"smic", "smice", "smicerawimage"})
    for name in names:
        if _key(name) in passed and folder.count("/") < _DEEPEST:
            yield from _descend(root, _join(folder, name), part)


def _key(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _above(folder: str) -> list[str]:
    """Return a folder and all above it.

    Examples
    --------
    >>> _above("HS_long/SMIC-HS-E/HS")
    ['HS_long', 'HS_long/SMIC-HS-E', 'HS_long/SMIC-HS-E/HS']
    """
    names = folder.split("/")
    return ["/".join(names[:count]) for count in range(1, len(names) + 1)]


def _workbook(root: Path, part: str, *, places: Iterable[str], option: str) -> str:
    """Return the path of the workbook of a part: its own, or else that of another part."""
    if option:
        if not inside(root, option).is_file():
            raise AnnotationError(f"{root}: found no {option} in {listing(root)}; mend the option 'sheet'")
        return option
    tables = [
        _join(place, name)
        for place in places
        for name in spreadsheets(inside(root, place) if place else root)
        if any(_is_of(name, one) for one in PARTS)
    ]
    found = [path for path in tables if _is_of(path, part)] or tables
    if len(found) != 1:
        raise AnnotationError(
            f"{root}: looked for one workbook of {part}, such as SMIC-{part.upper()}-E_annotation.xlsx, in "
            f"{[place or '.' for place in places]}, found {found or 'none'}; put it there, or set the option "
            f"'sheet', such as {{{part}: PATH}}"
        )
    return found[0]


def _is_of(path: str, part: str) -> bool:
    return f"smic{part}e" in _key(path.rpartition("/")[2])


def _of_part(root: Path, part: Part, frames: str, workbook: str, *, dataset: str) -> Annotation:
    """Return the annotation of one part, whose subjects are in folder `frames`."""
    # Another part's workbook may have a worksheet for this one; then that worksheet alone is meant.
    own = _is_of(workbook, part) or not any(_is_of(workbook, one) for one in PARTS)
    sheet = read_workbook(inside(root, workbook), title=part.upper(), own=own)
    marked, others = marked_in(sheet)
    folders = folders_below(root, frames, depth=2)
    _refuse_twins(root, folders)
    located = _located(root, marked, folders)
    moved = [
        f"{part}: {clip} has no folder of its own; its frames are in {path!r}"
        for (subject, clip), path in located.items()
        if _key_of(path) != (subject, clip)
    ]
    passed = [f"{len(others)} rows of text are no clips; the first is {others[0]}"] if others else []
    edition = sheet.name if own else f"{sheet.name}, {part.upper()}"
    return Annotation(
        entries=tuple(
            _entry(it, part, location=located.get(it.key, _usual(frames, it)), edition=edition)
            for it in marked
        ),
        folders=tuple(folders),
        notes=tuple(f"{dataset}: {note}" for note in [*passed, *moved]),
    )


def _refuse_twins(root: Path, folders: Sequence[str]) -> None:
    of_subjects = [path for path in folders if _key_of(path)[0]]
    subjects = dict.fromkeys(path.rpartition("/")[0] for path in of_subjects)
    refuse_twins(root, subjects, key=lambda path: parse_subject(path.rpartition("/")[2]))
    refuse_twins(root, of_subjects, key=_key_of)


def _located(root: Path, marked: Sequence[Marked], folders: Sequence[str]) -> dict[Key, str]:
    """Return the folder of each clip that has one, or whose frames one folder of its subject holds."""
    own = {_key_of(path): path for path in folders}
    numbers = cache(partial(_numbers, root))
    located = {}
    for it in marked:
        if it.key in own:
            located[it.key] = own[it.key]
        elif it.number == 1 and it.frames:
            theirs = [path for key, path in own.items() if key[0] == it.subject]
            holding = [path for path in theirs if numbers(path).issuperset(it.frames)]
            if len(holding) == 1:
                located[it.key] = holding[0]
    return located


def _key_of(folder: str) -> Key:
    """Return subject and clip of a clip's folder, in one spelling."""
    *_, subject, clip = folder.split("/")
    named = parse_clip(clip)
    return parse_subject(subject), named.clip if named else clip


def _numbers(root: Path, folder: str) -> frozenset[int]:
    try:
        return frozenset(frames_by_number(inside(root, folder)))
    except ClipFault:
        return frozenset()


def _usual(frames: str, it: Marked) -> str:
    return f"{frames}/s{int(it.subject[1:]):02d}/{it.named.clip}"


def _changes(it: Marked) -> tuple[str, ...]:
    given = it.cells.text("emotion")
    if emotion(given) in ("", it.named.emotion):
        return ()
    return (
        f"emotion: {given!r} -> {it.named.emotion!r} (so the clip's name and folder say; datasets.md 4.4)",
    )


def _entry(it: Marked, part: Part, *, location: str, edition: str) -> Entry:
    fault = None
    if it.subject != it.named.subject:
        fault = ClipFault(
            found=f"clip {it.named.clip!r} of subject {it.subject!r} in {it.cells.where}",
            expected="the same subject in both",
            remedy="mend the cell: folds are made of subjects",
        )
    return Entry(
        subject=it.subject,
        clip=it.named.clip,
        onset=it.onset,
        offset=it.offset,
        fps=FPS[part],
        location=location,
        edition=edition,
        where=it.cells.where,
        part=part,
        video=_key_of(location)[1],
        # The second of one long video has the same clip's name in every part, and other frame numbers.
        event=it.named.clip if it.number == 1 else f"{it.named.clip}-{it.number}",
        modality=MODALITY[part],
        emotion=it.named.emotion,
        changes=_changes(it),
        fault=fault,
    )
