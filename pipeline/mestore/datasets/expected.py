"""Expected: how many clips and subjects of each class a dataset holds, as papers and coding sheets say.

The counts are data, each with its source: expected.csv beside this file, one line per count. Its columns:

reader, part, kind
    Whose clips are counted. Part `*` is each part by itself; `all`, as part or as kind, all of them together.
edition
    Patterns over fingerprints "<rows>-<8 digits>" of the coding sheets that the count is of, any of them; `*`
    where it does not depend on the sheet; `paper` where a paper says it and no known sheet has it: nothing is
    compared with that, and it is named beside what the sheets have.
column, value
    What is counted: `clips`; `subjects` and `videos` that hold one; clips of a `subject` or `split`; clips
    with an `emotion` (one of several, for 4DME), with exactly these `emotions`, with an `objective_class`, or
    with an action unit (`au`: as CD6ME counts; `au_static`: as 4DME does; see `mestore.aus`). `aus` are all
    units of all clips, and `au_kinds` the different ones among them, as CD6ME counts.
count, source, note
    Lines that differ in nothing else are accepted side by side: their sources disagree.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from mestore.datasets.counted import count

if TYPE_CHECKING:
    import pandas as pd

FILE = "expected.csv"

EACH, ALL = "*", "all"
"""As part: each part by itself. As part or kind: all of them together."""

PAPER = "paper"
"""As edition: counts of a paper that no known sheet has."""

CLASSES = ("split", "emotion", "emotions", "objective_class", "au", "au_static")
"""Columns that sort clips: a value that no source states is expected nowhere."""

ON_REQUEST = ("videos", "emotions", "aus", "au_kinds", "au_static")
"""Columns that are counted only where a source states them."""

A_PART = 0.75
"""With fewer of the subjects than this a copy is part of a dataset: to compare classes would say nothing."""

_TOTALS = ("clips", "subjects")

Verdict = Literal["ok", "differs", "not stated", "not compared"]


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """One line of expected.csv; its columns are explained above."""

    reader: str
    part: str
    kind: str
    edition: str
    column: str
    value: str
    count: int
    source: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Edition:
    """A coding sheet of a clip table.

    Parameters
    ----------
    sheet, fingerprint : str
        Its file name, and "<rows>-<8 digits>".
    known : bool
        Whether counts are stated for a sheet with so many rows.
    nearest : str
        The pattern that it is compared as; empty where no count depends on the sheet.
    others : tuple of str
        All patterns of sheets that counts are stated for.
    """

    sheet: str
    fingerprint: str
    known: bool
    nearest: str
    others: tuple[str, ...]

    @property
    def text(self) -> str:
        """As in the clip table."""
        return f"{self.sheet} {self.fingerprint}" if self.fingerprint else self.sheet


@dataclass(frozen=True, kw_only=True)
class Count:
    """One number of a clip table beside what it should be.

    Parameters
    ----------
    part, kind, edition : str
        Of the clips that are counted; editions as in the clip table, joined by "; ".
    column, value : str
        As in expected.csv.
    found : int
    expected : tuple of int
        All that are accepted; empty where nothing is stated.
    source, note : str
        Of what is expected.
    verdict : {"ok", "differs", "not stated", "not compared"}
        The last where the clips are part of the dataset only, or were given no objective class at all.
    """

    part: str = ""
    kind: str = ""
    edition: str = ""
    column: str
    value: str
    found: int
    expected: tuple[int, ...] = ()
    source: str = ""
    note: str = ""
    verdict: Verdict = "not stated"


@cache
def load() -> tuple[Expectation, ...]:
    """Return all lines of expected.csv."""
    lines = csv.DictReader(files("mestore.datasets").joinpath(FILE).read_text(encoding="utf-8").splitlines())
    texts = ("reader", "part", "kind", "edition", "column", "value", "source", "note")
    return tuple(
        Expectation(**{name: line[name] for name in texts}, count=int(line["count"])) for line in lines
    )


def compare(table: "pd.DataFrame", reader: str) -> list[Count]:
    """Return what a clip table holds beside what is stated for its reader.

    A sheet that is not a known edition is compared with the one nearest in its number of rows, so that a
    missing row shows. Parts and kinds of which there is no clip are not compared (`parts_not_here`).

    Parameters
    ----------
    table : DataFrame
        A clip table of one dataset, with every annotated clip.
    reader : str
        Name of the reader it came from, as in `mestore.datasets.READERS`.
    """
    stated = [it for it in load() if it.reader == reader]
    nearest = {it.text: it.nearest for it in editions(table, reader)}
    counts: list[Count] = []
    for part, kind, sheets, its in _blocks(table, stated, nearest=nearest):
        rows = table[_is(table["part"], part) & _is(table["kind"], kind) & table["edition"].isin(sheets)]
        numbers = {it.count for it in its if it.column == "subjects"}
        papers = [it for it in stated if (it.part, it.kind, it.edition) == (part, kind, PAPER)]
        is_part = bool(numbers) and rows["subject"].nunique() < A_PART * min(numbers)
        for it in _counts(rows, its, one=ALL not in (part, kind)):
            it = replace(it, part=part, kind=kind, edition="; ".join(sheets))
            it = _beside(it, papers) if papers else it
            skipped = is_part and _is_of_class(it)
            counts.append(replace(it, verdict="not compared") if it.expected and skipped else it)
    return counts


def _beside(count: Count, papers: Sequence[Expectation]) -> Count:
    """Return a count with what a paper says of the same clips: totals in its source, classes in its note."""
    if count.column in _TOTALS:
        if not count.expected:
            return count
        totals = [f"{it.count} {it.column}" for it in papers if it.column in _TOTALS]
        return replace(count, source=f"{count.source}; the paper counts {' of '.join(totals)}")
    of_value = [it.count for it in papers if (it.column, it.value) == (count.column, count.value)]
    return replace(
        count, note="; ".join(filter(None, [count.note, *(f"the paper counts {it}" for it in of_value)]))
    )


def editions(table: "pd.DataFrame", reader: str) -> list[Edition]:
    """Return the coding sheets that a clip table came from.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"edition": ["mine.xlsx 254-0123abcd"], "part": [""], "kind": ["micro"]})
    >>> [sheet] = editions(table, "casme2")
    >>> sheet.known, sheet.nearest, sheet.others
    (False, '255-*', ('255-*', '256-*'))
    """
    scopes = {
        str(text): (frozenset(rows["part"]), frozenset(rows["kind"]))
        for text, rows in table.groupby("edition", sort=True)
    }
    found = []
    for text, (parts, kinds) in scopes.items():
        sheet, fingerprint = _parse(text)
        patterns = {
            pattern
            for it in load()
            if it.reader == reader and it.part in {*parts, EACH, ALL} and it.kind in {*kinds, ALL}
            for pattern in it.edition.split()
        } - {EACH, PAPER}
        others = tuple(sorted(patterns, key=_rows))
        # Some deliveries cut one sheet into two: what is nearest to all sheets of these clips counts as well.
        together = sum(_rows(_parse(other)[1]) for other, scope in scopes.items() if scope == scopes[text])
        nearest = min(others, key=partial(_distance, to=(_rows(fingerprint), together)), default="")
        known = bool(nearest) and fnmatchcase(fingerprint, nearest)
        found.append(
            Edition(sheet=sheet, fingerprint=fingerprint, known=known, nearest=nearest, others=others)
        )
    return found


def _distance(pattern: str, *, to: Sequence[int]) -> int:
    return min(abs(_rows(pattern) - rows) for rows in to)


def parts_not_here(table: "pd.DataFrame", reader: str) -> list[str]:
    """Return the parts of a dataset that counts are stated for, and of which the clip table has no clip."""
    stated = {it.part for it in load() if it.reader == reader} - {EACH, ALL}
    return sorted(stated - set(table["part"]))


def _parse(edition: str) -> tuple[str, str]:
    """Return file name and fingerprint of the clip table's column `edition`."""
    match = re.fullmatch(r"(.*) ([0-9]+-[0-9a-f]{8})", edition, flags=re.DOTALL)
    return (match[1], match[2]) if match else (edition, "")


def _rows(fingerprint: str) -> int:
    return int(fingerprint.partition("-")[0] or 0)


def _is(column: "pd.Series[str]", name: str) -> "pd.Series[bool]":
    return (column == name) | (name == ALL)


Block = tuple[str, str, tuple[str, ...], Sequence[Expectation]]
"""Part, kind, editions of the clip table, and what is stated of these clips."""


def _blocks(
    table: "pd.DataFrame", stated: Sequence[Expectation], *, nearest: Mapping[str, str]
) -> Iterator[Block]:
    """Yield the sets of clips that are counted together."""
    kinds = sorted(set(table["kind"]), reverse=True)
    for part in [*sorted(set(table["part"])), ALL]:
        names = {ALL} if part == ALL else {part, EACH}
        # "All" of one kind only would be compared with a count of both.
        for kind in [*kinds, ALL] if len(kinds) > 1 else kinds:
            there = sorted(set(table["edition"][_is(table["part"], part) & _is(table["kind"], kind)]))
            blocks: dict[tuple[str, ...], list[Expectation]] = defaultdict(list)
            for it in stated:
                patterns = {*it.edition.split()}
                sheets = tuple(sheet for sheet in there if {EACH, nearest[sheet]} & patterns)
                if sheets and it.part in names and it.kind == kind:
                    blocks[sheets].append(it)
            rest = tuple(sheet for sheet in there if not any(sheet in sheets for sheets in blocks))
            if rest and ALL not in (part, kind):
                blocks[rest] = []
            yield from ((part, kind, sheets, its) for sheets, its in blocks.items())


def _counts(rows: "pd.DataFrame", stated: Sequence[Expectation], *, one: bool) -> Iterator[Count]:
    """Yield the counts of one set of clips; part, kind and edition are left for the caller to fill in.

    Only what is stated is counted unless they are of `one` part and kind: else it would be counted twice.
    """
    of_column: dict[str, list[Expectation]] = defaultdict(list)
    for it in stated:
        of_column[it.column].append(it)
    units = {name: [it.value for it in of_column[name]] for name in ("au", "au_static")}
    for column, found in count(rows, units=units).items():
        its = of_column[column]
        if not its and (column in ON_REQUEST or not one):
            continue
        for value, accepted in _accepted(column, found, its):
            expected = tuple(dict.fromkeys(it.count for it in accepted))
            yield Count(
                column=column,
                value=value,
                found=found[value],
                expected=expected,
                source="; ".join(dict.fromkeys(it.source for it in accepted)),
                note="; ".join(dict.fromkeys(it.note for it in accepted if it.note)),
                verdict=_verdict(column, value, found[value], expected),
            )


def _accepted(
    column: str, found: "Counter[str]", stated: Sequence[Expectation]
) -> Iterator[tuple[str, list[Expectation]]]:
    """Yield every value that is found or stated, with what is accepted of it."""
    if column in CLASSES and stated and not found:
        # One line for a column that is empty, not one for each class.
        first = {it.value: it.count for it in reversed(stated)}
        yield "", [replace(stated[0], value="", count=sum(first.values()))]
        return
    for value in dict.fromkeys([*(it.value for it in stated), *sorted(found, key=natural)]):
        accepted = [it for it in stated if it.value == value]
        if not accepted and stated and column in CLASSES:
            accepted = [replace(stated[0], value=value, count=0)]
        yield value, accepted


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts numbers inside names by their value.

    Examples
    --------
    >>> sorted(["s10", "s9", "s"], key=natural)
    ['s', 's9', 's10']
    """
    return [
        (int(piece), "") if piece.isdecimal() else (-1, piece)
        for piece in re.split(r"([0-9]+)", name)
        if piece
    ]


def _verdict(column: str, value: str, found: int, expected: tuple[int, ...]) -> Verdict:
    if not expected:
        return "not stated"
    if (column, value) == ("objective_class", ""):
        # They come in a file of their own, which a lab may not have.
        return "not compared"
    return "ok" if found in expected else "differs"


def _is_of_class(count: Count) -> bool:
    """Return whether a count says nothing where some of the subjects are not there."""
    if count.column == "subject":
        return not count.found
    return count.column not in ("clips", "subjects")
