"""Joined: rows of a second sheet, looked up by the clips of the first."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from mestore.datasets.sheet import SheetRow
from mestore.errors import AnnotationError

_Key = TypeVar("_Key", bound=Hashable)

_MOST = 5  # cases that a note names


def rows_by(
    rows: Iterable[SheetRow], key: Callable[[SheetRow], _Key], *, columns: Sequence[str]
) -> dict[_Key, SheetRow]:
    """Return rows by what `key` says of each; of rows that agree in `columns` the first.

    Raises
    ------
    AnnotationError
        If two rows of one key differ in `columns`: which one is right, nobody here can tell.
    """
    found: dict[_Key, SheetRow] = {}
    for row in rows:
        first = found.setdefault(key(row), row)
        said, before = ([it.text(column) for column in columns] for it in (row, first))
        if said != before:
            raise AnnotationError(
                f"{row.where}: {said} as {list(columns)} of {key(row)}, which has {before} in {first.where}; "
                "expected one row for a clip: remove the wrong one"
            )
    return found


def note(what: str, cases: Iterable[str]) -> str:
    """Return how many cases there are of something, and the first; empty if there are none.

    Examples
    --------
    >>> note("clips are lost", ["c2", "c1"]), note("clips are lost", [])
    ('2 clips are lost: c1, c2', '')
    """
    cases = sorted(cases)
    more = ", ..." if len(cases) > _MOST else ""
    return f"{len(cases)} {what}: {', '.join(cases[:_MOST])}{more}" if cases else ""
