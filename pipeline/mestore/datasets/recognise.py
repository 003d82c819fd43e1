"""Recognise: where in a delivery a dataset begins, and in which of its layouts it came."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mestore.datasets import READERS
from mestore.datasets.entry import Annotation
from mestore.datasets.folder import listing, subfolders
from mestore.errors import AnnotationError, MEStoreError

_DEPTH = 2  # levels below the given folder at which a delivery may begin
_PLACES = 60  # folders looked at; a wrong folder may hold a whole disk


@dataclass(frozen=True, kw_only=True)
class Recognised:
    """A dataset that a reader understands.

    Parameters
    ----------
    root : Path
        Its folder, which may lie below the given one.
    options : dict
        What the reader was told, as in params.yaml.
    clips, there : int
        Annotated clips, and how many of them have their folder or video.
    """

    root: Path
    options: dict[str, str]
    clips: int
    there: int


def recognise(folder: Path, *, reader: str) -> Recognised:
    """Return the dataset in `folder`, in the layout that has most of its clips.

    Parameters
    ----------
    folder : Path
        What a lab was sent, unpacked.
    reader : str
        A name of `mestore.datasets.READERS`.

    Raises
    ------
    AnnotationError
        If no layout of that dataset is there; the message says what was looked for and what was seen, and
        which other readers understand the folder.
    """
    objections: list[str] = []
    found = [
        attempt
        for place in _places(folder)
        for options in READERS[reader].layouts
        if (attempt := _attempt(place, reader, options, objections)) and attempt.there
    ]
    if found:
        return max(found, key=lambda attempt: attempt.there)  # the first of equals: the likeliest layout
    others = [f"{name} ({READERS[name].title})" for name in _readers_of(folder, besides=reader)]
    raise AnnotationError(
        f"{folder} is not {READERS[reader].title} as reader {reader!r} knows it; it holds {listing(folder)}."
        + (f" It looks like {', '.join(others)}." if others else "")
        + "".join(f"\n- {objection}" for objection in dict.fromkeys(objections))
    )


def _places(folder: Path) -> Iterator[Path]:
    level, count = [folder], 0
    for _ in range(_DEPTH + 1):
        for place in level:
            count += 1
            if count > _PLACES:
                return
            yield place
        level = [place / name for place in level for name in subfolders(place)]


def _attempt(
    place: Path, reader: str, options: dict[str, str], objections: list[str] | None = None
) -> Recognised | None:
    spec = READERS[reader]
    try:
        annotation = spec.load()(place.resolve(), dataset=reader, options=spec.options_model()(**options))
    except MEStoreError as error:
        if objections is not None and len(objections) < len(spec.layouts):  # of the given folder itself
            objections.append(str(error))
        return None
    return Recognised(
        root=place,
        options=options,
        clips=len(annotation.entries),
        there=_there(place, annotation),
    )


def _there(place: Path, annotation: Annotation) -> int:
    known = set(annotation.folders)
    return sum(
        entry.location in known or (not known and (place / entry.location).exists())
        for entry in annotation.entries
    )


def _readers_of(folder: Path, *, besides: str) -> list[str]:
    return [
        name
        for name, spec in READERS.items()
        if name != besides
        for options in spec.layouts
        if (attempt := _attempt(folder, name, options)) and attempt.there
    ][:3]
