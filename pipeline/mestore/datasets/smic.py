"""SMIC (Li et al. 2013): HS at 100 fps, VIS and NIR at 25, `<part>/s<k>/micro/<emotion>/<clip>/image<n>.bmp`.

There is no coding sheet: the folders are the table. A clip's onset and offset are its first and last frame,
its emotion is its folder. Numbers have 6 to 8 digits in HS and 5 in VIS and NIR, whose files are called
`<n>.bmp`; cropped frames are called `reg_image<n>.bmp`. Folders called non_micro show no micro-expressions
and are passed over; no source says more of them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from mestore.datasets.entry import FOLDERS, Annotation, Entry
from mestore.datasets.folder import frames_by_number, inside, listing, subfolders
from mestore.datasets.spec import ReaderOptions
from mestore.errors import AnnotationError, ClipFault, UnsafePathError

Part = Literal["hs", "vis", "nir"]

PARTS: tuple[Part, ...] = ("hs", "vis", "nir")
FPS: Mapping[str, str] = {"hs": "100", "vis": "25", "nir": "25"}
MODALITY: Mapping[str, str] = {"hs": "colour", "vis": "colour", "nir": "nir"}

EMOTIONS: Mapping[str, str] = {"ne": "negative", "po": "positive", "sur": "surprise"}
"""What stands in a clip's name, and the folder that the clip should be in."""

PLACES = {
    "raw": ("SMIC_all_raw", "SMIC_all_raw/SMIC_all_raw", "SMIC", ""),
    "cropped": ("SMIC_all_cropped", "SMIC_all_cropped/SMIC_all_cropped"),
}
"""Where each layout's HS, VIS and NIR are; "" is the dataset's folder itself."""

_MICRO = "micro"


class SmicOptions(ReaderOptions):
    """What a user may say about a copy of SMIC."""

    layout: Literal["raw", "cropped"] = Field(
        "raw",
        description="which frames: raw (SMIC_all_raw, SMIC, or HS, VIS and NIR in the dataset's folder "
        "itself) or cropped (SMIC_all_cropped, registered by the authors)",
    )
    folder: str = Field(
        "", description="folder of HS, VIS and NIR below the dataset's; empty: the layout's usual one"
    )
    parts: tuple[Part, ...] = Field((), description="the only parts to take; empty: all that are there")


@dataclass(frozen=True, kw_only=True)
class ClipName:
    """A clip's name in one spelling, and what it says.

    Folders, sheets and lists of clips write the subject of one clip as s1, s01 or 1.
    """

    subject: str
    emotion: str
    clip: str


def parse_subject(text: str) -> str:
    """Return a subject as SMIC's folders call it, empty if `text` is none.

    Examples
    --------
    >>> parse_subject("s01"), parse_subject("20"), parse_subject("micro")
    ('s1', 's20', '')
    """
    match = re.fullmatch(r"s?0*([0-9]{1,3})", text, flags=re.IGNORECASE)
    return f"s{int(match[1])}" if match else ""


def parse_clip(text: str) -> ClipName | None:
    """Return the name of a clip in one spelling, None if `text` is none.

    Examples
    --------
    >>> parse_clip("s01_ne_01")
    ClipName(subject='s1', emotion='negative', clip='s1_ne_01')
    """
    match = re.fullmatch(r"(s?[0-9]{1,3})_(ne|po|sur)_([0-9]{1,3})", text, flags=re.IGNORECASE)
    if not match:
        return None
    subject, code = parse_subject(match[1]), match[2].lower()
    return ClipName(subject=subject, emotion=EMOTIONS[code], clip=f"{subject}_{code}_{match[3]}")


def read(root: Path, *, dataset: str, options: SmicOptions) -> Annotation:
    """Return the annotation of a copy of SMIC, made from its folders.

    A clip whose emotion's folder contradicts its name is told of in a note; the folder decides.

    Raises
    ------
    AnnotationError
        If HS, VIS and NIR are not found, or found twice, or a part that `options` name is not there.
    """
    place = _place(root, options)
    parts = _parts(root, place)
    missing = sorted(set(options.parts) - set(parts))
    if missing:
        raise AnnotationError(
            f"{root}: looked for the parts {missing} in {place or '.'}, found {sorted(parts)}; "
            "put them there, or mend the option 'parts'"
        )
    found = [
        _entry(root, path, part=part)
        for part in PARTS
        if part in parts and part in (options.parts or parts)
        for path in _clips(root, parts[part])
    ]
    return Annotation(
        entries=tuple(entry for entry, _ in found),
        folders=tuple(entry.location for entry, _ in found),
        notes=tuple(f"{dataset}: {note}" for _, note in found if note),
    )


def _place(root: Path, options: SmicOptions) -> str:
    """Return the folder of HS, VIS and NIR below `root`, empty for `root` itself."""
    names = (options.folder,) if options.folder else PLACES[options.layout]
    found = [name for name in names if _parts(root, name)]
    if len(found) != 1:
        looked = [name for name in dict.fromkeys((*names, "")) if _path(root, name).is_dir()]
        seen = "; ".join(f"{name or '.'} holds {listing(_path(root, name))}" for name in looked)
        raise AnnotationError(
            f"{root}: looked for folders HS, VIS or NIR with subjects s1, s2, ... in one of "
            f"{[name or '.' for name in names]}, found them in {[name or '.' for name in found] or 'none'}: "
            f"{seen}; unpack the delivery there, or set the option 'layout' or 'folder'"
        )
    return found[0]


def _path(root: Path, relative: str) -> Path:
    return inside(root, relative) if relative else root


def _parts(root: Path, place: str) -> dict[str, str]:
    """Return the folder of each part that holds subjects."""
    folder = _path(root, place)
    if not folder.is_dir():
        return {}
    paths = {
        name.casefold(): _join(place, name)
        for name in subfolders(folder, links=True)
        if name.casefold() in PARTS
    }
    return {
        part: path
        for part, path in paths.items()
        if any(parse_subject(name) for name in subfolders(inside(root, path), links=True))
    }


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _clips(root: Path, part: str) -> Iterator[str]:
    """Yield the folder of each clip of a part."""
    subjects = [path for path in _below(root, part) if parse_subject(_name(path))]
    refuse_twins(root, subjects, key=lambda path: parse_subject(_name(path)))
    for subject in subjects:
        for kind in _below(root, subject):
            if _name(kind).casefold() == _MICRO:
                for emotion in _below(root, kind):
                    yield from _below(root, emotion)


def refuse_twins(root: Path, paths: Iterable[str], *, key: Callable[[str], object]) -> None:
    """Refuse folders of which two are one by `key`, such as s1 and s01.

    Raises
    ------
    AnnotationError
        If there are two: they may be copies, or halves, or one of them somebody else's.
    """
    first: dict[object, str] = {}
    for path in paths:
        if first.setdefault(key(path), path) != path:
            raise AnnotationError(
                f"{root}: {first[key(path)]!r} and {path!r} are two spellings of one name; expected one "
                "folder: move the other out, or put them together"
            )


def _below(root: Path, folder: str) -> list[str]:
    return [f"{folder}/{name}" for name in subfolders(inside(root, folder), links=True)]


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _entry(root: Path, path: str, *, part: str) -> tuple[Entry, str]:
    """Return a clip's entry, and a note where its name contradicts its folder."""
    *_, subject, _, emotion, name = path.split("/")
    named = parse_clip(name)
    clip = named.clip if named else name
    entry = Entry(
        subject=parse_subject(subject),
        clip=clip,
        onset="",
        offset="",
        fps=FPS[part],
        location=path,
        edition=FOLDERS,
        where=f"folder {path!r}",
        part=part,
        event=clip,
        modality=MODALITY[part],
        emotion=emotion,
    )
    if named and named.subject != entry.subject:
        fault = ClipFault(
            found=f"a clip called {name!r} in the folder of subject {subject!r}",
            expected="the same subject in both",
            remedy="move or rename the folder: folds are made of subjects",
        )
        return replace(entry, fault=fault), ""
    note = ""
    if named and named.emotion != emotion.casefold():
        note = f"{path}: the clip's name says {named.emotion}, its folder {emotion}, which is taken"
    return _with_frames(root, entry), note


def _with_frames(root: Path, entry: Entry) -> Entry:
    """Return the entry with the first and the last frame of its folder, or with a fault."""
    try:
        numbers = list(frames_by_number(inside(root, entry.location)))
        if not numbers:
            raise ClipFault(
                found=f"no frames in {entry.location!r}",
                expected="images with numbers in their names",
                remedy="unpack the clip again; one that the delivery lacks stays a failure",
            )
    except ClipFault as fault:
        return replace(entry, fault=fault)
    except UnsafePathError as error:
        unsafe = ClipFault(
            found=str(error), expected="a safe path", remedy="copy the frames into the dataset"
        )
        return replace(entry, fault=unsafe)
    return replace(entry, onset=str(numbers[0]), offset=str(numbers[-1]))
