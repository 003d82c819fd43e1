"""Counts: how many clips of each class a clip table holds, beside what papers and coding sheets say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mestore.check_text import NAMES, TOTALS
from mestore.datasets.counted import count
from mestore.datasets.expected import CLASSES, Count, Edition, compare, editions, natural, parts_not_here

if TYPE_CHECKING:
    import pandas as pd

_UNITS = tuple(map(str, range(1, 100)))


@dataclass(frozen=True, kw_only=True)
class Chart:
    """The clips of each class: one bar each.

    Parameters
    ----------
    title : str
    bars : sequence of Count
        At least one.
    """

    title: str
    bars: Sequence[Count]

    @property
    def compared(self) -> bool:
        """Whether anything is stated of these classes."""
        return any(bar.expected for bar in self.bars)

    def share(self, number: int) -> float:
        """Return a number of clips as a fraction of the longest bar; what is not compared counts for none."""
        longest = (max(bar.found, *(bar.expected if drawn(bar) else ()), 1) for bar in self.bars)
        return number / max(longest)


def drawn(count: Count) -> bool:
    """Return whether what is stated is drawn beside what is found."""
    return count.verdict in ("ok", "differs")


@dataclass(frozen=True, kw_only=True)
class Block:
    """Clips that are counted together.

    Parameters
    ----------
    heading : str
        Their part and kind.
    totals : sequence of (str, Count)
        With the name of what is counted.
    charts : sequence of Chart
    """

    heading: str
    totals: Sequence[tuple[str, Count]]
    charts: Sequence[Chart]


@dataclass(frozen=True, kw_only=True)
class Counted:
    """All counts of a dataset.

    Parameters
    ----------
    editions : sequence of Edition
        The coding sheets.
    missing_parts : sequence of str
        Parts that counts are stated for, and that are not here.
    blocks : sequence of Block
    sources : mapping of str to int
        Who states them, with the number they have on the page.
    compared, differ : int
        How many counts are compared, and how many are not as stated.
    """

    editions: Sequence[Edition]
    missing_parts: Sequence[str]
    blocks: Sequence[Block]
    sources: Mapping[str, int]
    compared: int
    differ: int


def counted(table: "pd.DataFrame", reader: str) -> Counted:
    """Return the counts of a clip table of one dataset, as `mestore check` compares them.

    The table names every annotated clip, so no recording is needed.
    """
    found = compare(table, reader)
    verdicts = [it.verdict for it in found]
    sources: dict[str, int] = {}
    for it in found:
        if it.expected:
            sources.setdefault(it.source, len(sources) + 1)
    return Counted(
        editions=editions(table, reader),
        missing_parts=parts_not_here(table, reader),
        blocks=list(_blocks(table, found)),
        sources=sources,
        compared=verdicts.count("ok") + verdicts.count("differs"),
        differ=verdicts.count("differs"),
    )


def _blocks(table: "pd.DataFrame", found: Sequence[Count]) -> Iterator[Block]:
    scopes = dict.fromkeys((it.part, it.kind, it.edition) for it in found)
    several = len({edition for _, _, edition in scopes}) > 1
    for scope in scopes:
        its = [it for it in found if (it.part, it.kind, it.edition) == scope]
        part, kind, edition = scope
        heading = [{"": "", "all": "all parts"}.get(part, f"part {part}"), kind, edition if several else ""]
        yield Block(
            heading=", ".join(filter(None, heading)),
            totals=[(name, it) for column, name in TOTALS.items() for it in its if it.column == column],
            charts=list(_charts(table, its, scope)),
        )


def _charts(table: "pd.DataFrame", found: Sequence[Count], scope: tuple[str, str, str]) -> Iterator[Chart]:
    for column, name in NAMES.items():
        bars = [it for it in found if it.column == column]
        if column == "au":
            bars = sorted([*bars, *_more_units(table, bars, scope)], key=lambda it: natural(it.value))
        # Subjects are a table of their own, unless somebody states how many clips each has.
        if bars and (column in CLASSES or any(it.expected for it in bars)):
            yield Chart(title=name, bars=bars)


def _more_units(table: "pd.DataFrame", bars: Sequence[Count], scope: tuple[str, str, str]) -> Iterator[Count]:
    """Give the action units that nobody states a count of."""
    part, kind, edition = scope
    if "all" in (part, kind):
        return
    rows = table[
        (table["part"] == part) & (table["kind"] == kind) & table["edition"].isin(edition.split("; "))
    ]
    named = {bar.value for bar in bars}
    for value, number in count(rows, units={"au": _UNITS})["au"].items():
        if value not in named:
            yield Count(column="au", value=value, found=number)
