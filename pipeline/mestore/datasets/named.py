"""Named: the clip that a row of a lab's table names by subject, clip, onset and, where needed, part."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from mestore.datasets.row import parse_frame
from mestore.datasets.sheet import SheetRow, read_sheet
from mestore.errors import AnnotationError

COLUMNS = ("subject", "clip", "onset")

Clip = tuple[str, str, str, int]
"""Part, subject, clip and onset of a row of the clip table."""
Names = tuple[str, str, int]
"""The same without the part."""


def named_rows(
    path: Path, *, columns: Collection[str], clips: Collection[Clip], optional: Collection[str] = ()
) -> Iterator[tuple[Clip, SheetRow]]:
    """Give each row of a table with the clip that it names.

    Parameters
    ----------
    path : Path
        The table. A column part tells apart what two parts of the dataset call alike; elsewhere it may be
        left out.
    columns : collection of str
        Those that it must have beside `COLUMNS`.
    clips : collection of (str, str, str, int)
        Part, subject, clip and onset of every clip of the dataset.
    optional : collection of str
        Columns that it may have.

    Raises
    ------
    AnnotationError
        If the table cannot be read, lacks a column, names a clip twice, one that does not exist or two at
        once.
    """
    parts: dict[Names, set[str]] = {}
    for clip in clips:
        parts.setdefault(clip[1:], set()).add(clip[0])
    seen: set[Clip] = set()
    for cells in read_sheet(path, columns=(*COLUMNS, *columns), optional=("part", *optional)).rows:
        clip = _clip(cells, parts)
        if clip in seen:
            raise AnnotationError(
                f"{cells.where}: {_called(clip[1:])} stands there twice; expected one row each: remove one"
            )
        seen.add(clip)
        yield clip, cells


def _clip(cells: SheetRow, parts: Mapping[Names, Collection[str]]) -> Clip:
    """Return the one clip that a row names."""
    try:
        onset = parse_frame(cells.text("onset"))
    except ValueError:
        raise AnnotationError(
            f"{cells.where}: {cells.text('onset')!r} in column 'onset'; expected a frame number: mend it"
        ) from None
    names = (cells.text("subject"), cells.text("clip"), onset)
    there = sorted(parts.get(names, ()))
    named = [part for part in there if cells.text("part") in ("", part)]
    if not there:
        raise AnnotationError(f"{cells.where}: {_unknown(names, parts)}")
    if len(named) != 1:
        raise AnnotationError(
            f"{cells.where}: {_called(names)} is in the parts {there}, and column 'part' says "
            f"{cells.text('part')!r}; expected one of them: mend it"
        )
    return (named[0], *names)


def _called(clip: Names) -> str:
    subject, name, onset = clip
    return f"clip {name!r} of subject {subject!r} with onset {onset}"


def _unknown(clip: Names, known: Collection[Names]) -> str:
    subject, name, _ = clip
    # The longest beginning that fits says where the slip is: in the onset, the clip or the subject.
    like = [other for other in known if other[:2] == (subject, name)]
    like = like or [other for other in known if other[0] == subject]
    there = [f"{other[1]!r} with onset {other[2]}" for other in sorted(like)]
    there = there or [f"those of subject {other!r}" for other in sorted({other[0] for other in known})]
    return (
        f"there is no {_called(clip)}; expected a clip of the clip table, such as {', '.join(there[:3])}: "
        "mend the row"
    )
