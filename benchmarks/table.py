"""The table: rows of measurements as Markdown, each ratio beside its goal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SHORT = "short"
"""Said of a goal that is not reached."""

_HEAD = ("case", "method", "min ms", "median ms", "beside", "times as fast", "goal")
_TAIL = ("EPE / peer's", "goal")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One method on one case.

    Parameters
    ----------
    case : str
        What was computed; rows of one case are comparable.
    method : str
    minimum, median : float
        Seconds.
    beside : str, optional
        The method of the same case this one is compared with.
    at_least : float, optional
        Goal: so many times as fast as `beside`.
    at_most_ms : float, optional
        Goal: milliseconds of the minimum.
    errors : mapping of str to sequence of float
        Picture -> end-point errors in pixels, over one or more regions.
    errors_at_most : float, optional
        Goal: every error, as a multiple of that of `beside`.
    """

    case: str
    method: str
    minimum: float
    median: float
    beside: str = ""
    at_least: float | None = None
    at_most_ms: float | None = None
    errors: Mapping[str, Sequence[float]] = field(default_factory=dict)
    errors_at_most: float | None = None


def table(rows: Sequence[Row]) -> str:
    """Return rows as one Markdown table.

    Examples
    --------
    >>> peer = Row(case="sum", method="theirs", minimum=0.05, median=0.06)
    >>> ours = Row(case="sum", method="ours", minimum=0.01, median=0.02, beside="theirs", at_least=10)
    >>> print(table([peer, ours]))
    | case | method | min ms | median ms | beside | times as fast | goal |
    |---|---|---|---|---|---|---|
    | sum | theirs | 50 | 60 |  |  |  |
    | sum | ours | 10 | 20 | theirs | 5 | at least 10, short |
    """
    pictures = list(dict.fromkeys(name for row in rows for name in row.errors))
    head = [*_HEAD, *(f"EPE {name}" for name in pictures), *(_TAIL if pictures else ())]
    peers = {(row.case, row.method): row for row in rows}
    lines = [_line(head), _line(["---"] * len(head), space="")]
    for row in rows:
        peer = peers[row.case, row.beside] if row.beside else None
        cells = [*_time_cells(row, peer), *(_errors(row, name) for name in pictures)]
        lines.append(_line([*cells, *(_error_cells(row, peer) if pictures else ())]))
    return "\n".join(lines)


def plain(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return cells as a Markdown table.

    Examples
    --------
    >>> print(plain(["drift", "EPE"], [["0.5 px", "0.07"]]))
    | drift | EPE |
    |---|---|
    | 0.5 px | 0.07 |
    """
    return "\n".join([_line(head), _line(["---"] * len(head), space=""), *(_line(row) for row in rows)])


def brief(text: str) -> str:
    """Return what a user needs of `table`'s Markdown: mestore's rows that have a goal, and five columns.

    Examples
    --------
    >>> peer = Row(case="sum", method="theirs", minimum=0.05, median=0.06)
    >>> ours = Row(case="sum", method="mestore", minimum=0.01, median=0.02, beside="theirs", at_least=10)
    >>> print(brief(table([peer, ours])))
    | what | by | ms | beside | times as fast |
    |---|---|---|---|---|
    | sum | mestore | 10 | theirs | 5 |
    """
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if "|" in line]
    head = lines[0]
    rows = [dict(zip(head[:7], line, strict=False)) for line in lines[2:] if len(line) == len(head)]
    kept = [row for row in rows if row["method"].startswith("mestore") and row["goal"]]
    columns = ("case", "method", "min ms", "beside", "times as fast")
    return plain(["what", "by", "ms", *columns[3:]], [[row[name] for name in columns] for row in kept])


def digits(value: float) -> str:
    """Return a number to three digits; goals are judged by the number as it is printed.

    Examples
    --------
    >>> digits(0.012345), digits(9.996), digits(1234.5)
    ('0.0123', '10', '1234')
    """
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def at_least(found: float, goal: float) -> str:
    """Return a lower bound as text, with `short` where what was found is under it.

    Examples
    --------
    >>> at_least(10, 10), at_least(9.9, 10)
    ('at least 10', 'at least 10, short')
    """
    return f"at least {goal:g}" + (f", {SHORT}" if float(digits(found)) < goal else "")


def at_most(found: float, goal: float, *, unit: str = "") -> str:
    """Return an upper bound as text, with `short` where what was found is over it.

    Examples
    --------
    >>> at_most(10, 10, unit=" ms"), at_most(1.21, 1.2)
    ('at most 10 ms', 'at most 1.2, short')
    """
    return f"at most {goal:g}{unit}" + (f", {SHORT}" if float(digits(found)) > goal else "")


def _time_cells(row: Row, peer: Row | None) -> list[str]:
    ratio = peer.minimum / row.minimum if peer else None
    goals = []
    if row.at_least is not None and ratio is not None:
        goals.append(at_least(ratio, row.at_least))
    if row.at_most_ms is not None:
        goals.append(at_most(1000 * row.minimum, row.at_most_ms, unit=" ms"))
    times = [digits(1000 * row.minimum), digits(1000 * row.median)]
    return [
        row.case,
        row.method,
        *times,
        row.beside,
        "" if ratio is None else digits(ratio),
        "; ".join(goals),
    ]


def _errors(row: Row, picture: str) -> str:
    return " / ".join(f"{error:.3f}" for error in row.errors.get(picture, ()))


def _error_cells(row: Row, peer: Row | None) -> list[str]:
    """Return the largest ratio of a row's errors to its peer's, and the goal."""
    if peer is None or not row.errors:
        return ["", ""]
    ratio, name = max(
        (ours / theirs, name)
        for name, errors in row.errors.items()
        for ours, theirs in zip(errors, peer.errors[name], strict=True)
    )
    goal = "" if row.errors_at_most is None else at_most(ratio, row.errors_at_most)
    return [f"{digits(ratio)} ({name})", goal]


def _line(cells: Sequence[str], *, space: str = " ") -> str:
    return "|" + "|".join(f"{space}{cell}{space}" for cell in cells) + "|"
