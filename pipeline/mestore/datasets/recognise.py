"""Recognise: where in a delivery a dataset begins, and in which of its layouts it came."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from mestore.datasets import READERS
from mestore.datasets.entry import Annotation
from mestore.datasets.folder import listing, subfolders
from mestore.errors import AnnotationError, MEStoreError

_DEPTH = 2  # levels below the given folder at which a delivery may begin
_PLACES = 60  # folders looked at; a wrong folder may hold a whole disk
_OTHERS = 9  # of these, in search of another dataset: every reader reads the sheets of each


@dataclass(frozen=True, kw_only=True)
class Recognised:
    """A dataset that a reader understands.

    Parameters
    ----------
    root : Path
        Its folder, which may lie below the given one.
    options : mapping
        What the reader was told, as in params.yaml.
    clips, there : int
        Annotated clips, and how many of them have their folder or video.
    subjects : tuple of str
        Whose clips they are, sorted.
    """

    root: Path
    options: Mapping[str, object]
    clips: int
    there: int
    subjects: tuple[str, ...]


def recognise(folder: Path, *, reader: str, options: Mapping[str, object] | None = None) -> Recognised:
    """Return the dataset in `folder`, in the layout that has most of its clips.

    Parameters
    ----------
    folder : Path
        What a lab was sent, unpacked.
    reader : str
        A name of `mestore.datasets.READERS`.
    options : mapping, optional
        Options of that reader, on top of those of each layout that is tried.

    Raises
    ------
    AnnotationError
        If no layout of that dataset is there; the message says what was looked for and what was seen, and
        which other readers understand the folder. If there is no folder, or it cannot be read.
    """
    require_folder(folder)
    objections: list[str] = []
    if found := look_for(folder, reader=reader, options=options, objections=objections):
        return found
    others = [f"{name} ({READERS[name].title})" for name in _readers_of(folder, besides=reader)]
    raise AnnotationError(
        f"{folder} is not {READERS[reader].title} as reader {reader!r} knows it; it holds {listing(folder)}."
        + (f" It looks like {', '.join(others)}." if others else "")
        + "".join(f"\n- {objection}" for objection in dict.fromkeys(objections))
    )


def look_for(
    folder: Path,
    *,
    reader: str,
    options: Mapping[str, object] | None = None,
    objections: list[str] | None = None,
) -> Recognised | None:
    """Return what `recognise` does, or None where it would refuse, without a search for other datasets.

    Parameters
    ----------
    folder, reader, options
        As for `recognise`.
    objections : list of str, optional
        Is added to: what was looked for in the folder itself and not found, and what cannot be read.
    """
    said = [] if objections is None else objections
    layouts: list[dict[str, object]] = []
    for layout in READERS[reader].layouts:
        if (tried := {**layout, **(options or {})}) not in layouts:
            layouts.append(tried)
    found = [
        attempt
        for place in _places(folder, said, most=_PLACES)
        for layout in layouts
        if (attempt := _attempt(place, reader, layout, said, most=len(layouts))) and attempt.there
    ]
    # The first of equals: the likeliest layout.
    return max(found, key=lambda attempt: attempt.there, default=None)


def require_folder(folder: Path) -> None:
    """Require that a folder is there and can be listed.

    Raises
    ------
    AnnotationError
        If not.
    """
    try:
        listing(folder)
    except FileNotFoundError:
        if folder.is_symlink():
            seen = f"{folder} is a link to {folder.readlink()}, where nothing is; mend the link"
        else:
            seen = f"there is nothing at {folder}; give the folder of the dataset"
        raise AnnotationError(seen) from None
    except NotADirectoryError:
        raise AnnotationError(
            f"{folder} is no folder; give the folder of the dataset (`mestore add` also takes a zip file)"
        ) from None
    except OSError as error:
        raise AnnotationError(_unreadable(folder, error)) from error


def _unreadable(folder: Path, error: OSError) -> str:
    return f"{error.filename or folder} cannot be read ({error.strerror}); ask its owner, or copy it"


def _places(folder: Path, objections: list[str], *, most: int) -> Iterator[Path]:
    """Give the folder and those below it, level by level, `most` in all."""
    level, count = [folder], 0
    for _ in range(_DEPTH + 1):
        below = []
        for place in level:
            count += 1
            if count > most:
                return
            yield place
            try:
                below += [place / name for name in subfolders(place)]
            except OSError as error:
                objections.append(_unreadable(place, error))
        level = below


def _attempt(
    place: Path, reader: str, options: Mapping[str, object], objections: list[str], *, most: int
) -> Recognised | None:
    """Read `place`, or add to the objections, `most` of them: those of the given folder itself."""
    spec = READERS[reader]
    try:
        # Through JSON as for params.yaml: strict Python input would refuse a list where a tuple is due.
        model = spec.options_model().model_validate_json(json.dumps(options, default=str))
        annotation = spec.load()(place.resolve(), dataset=reader, options=model)
    except (MEStoreError, OSError, ValidationError) as error:
        if len(objections) < most:
            objections.append(_unreadable(place, error) if isinstance(error, OSError) else str(error))
        return None
    return Recognised(
        root=place,
        options=options,
        clips=len(annotation.entries),
        there=_there(place, annotation),
        subjects=tuple(sorted({entry.subject for entry in annotation.entries})),
    )


def _there(place: Path, annotation: Annotation) -> int:
    known = set(annotation.folders)
    return sum(
        entry.location in known or (not known and _exists(place / entry.location))
        for entry in annotation.entries
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder that may not be read, a name that no file has
        return False


def _readers_of(folder: Path, *, besides: str) -> list[str]:
    """Return the readers that understand the folder, or else one below it: a few."""
    for place in _places(folder, [], most=_OTHERS):
        found = [name for name in READERS if name != besides and _understands(place, name)]
        if found:
            return found[:3]
    return []


def _understands(place: Path, reader: str) -> bool:
    attempts = (_attempt(place, reader, layout, [], most=0) for layout in READERS[reader].layouts)
    return any(attempt is not None and attempt.there > 0 for attempt in attempts)
