"""Plan: the folds of a protocol over a clip table, what it scores, and why it leaves the others out."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from mestore.protocols.fold import Fold

EXCLUDED = "excluded by exclusions.csv"
"""What the reason begins with for a clip that would be scored, were it not for the lab's exclusions."""

MORE = (
    "take more subjects (datasets.<name>.subjects in params.yaml), or more datasets, and look at their "
    "labels with `mestore check`"
)
"""What to do where a protocol finds too few clips."""

OVERLAP = "persons overlap"
"""How the flag of a protocol begins that trains and tests on the same persons on purpose."""

_UNLIKE = re.compile(r"^.*: \d+, not [\d or]+ as published \(")


@dataclass(frozen=True, kw_only=True)
class Count:
    """A number of clips or persons, beside the published one.

    Parameters
    ----------
    what : str
        In words, such as "clips of casme2".
    found : int
    expected : tuple of int
        Every published number that is right for some edition; empty where none is known.
    source : str
        Who published it.
    """

    what: str
    found: int
    expected: tuple[int, ...] = ()
    source: str = ""

    def __str__(self) -> str:
        if not self.expected:
            return f"{self.what}: {self.found}"
        published = " or ".join(map(str, self.expected))
        verdict = "as" if self.found in self.expected else f"not {published} as"
        return f"{self.what}: {self.found}, {verdict} published ({self.source})"


def not_as_published(counts: Iterable[str]) -> list[str]:
    """Return those counts of frozen folds (`Folds.counts`) that differ from what is published.

    Examples
    --------
    >>> several = [Count(what="clips", found=it, expected=(255, 256), source="MEB") for it in (254, 255)]
    >>> not_as_published(map(str, [*several, Count(what="videos", found=9)]))
    ['clips: 254, not 255 or 256 as published (MEB)']
    """
    return [text for text in counts if _UNLIKE.match(text)]


def incomplete(what: str, found: int, expected: Sequence[int]) -> str:
    """Return how many of the published clips are there, in words; empty if all are.

    Examples
    --------
    >>> incomplete("clips", 376, (442,)), incomplete("clips", 442, (442,))
    ('376 of 442 clips', '')
    >>> incomplete("clips of smic-hs", 166, (164,))
    '166 clips of smic-hs, not 164'
    """
    if found in expected:
        return ""
    published = " or ".join(map(str, expected))
    if found < min(expected):
        return f"{found} of {published} {what}"
    return f"{found} {what}, not {published}"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a protocol makes of a clip table.

    Parameters
    ----------
    folds : sequence of Fold
    left_out : mapping of str to str
        Why, by clip id, for every clip that is not scored.
    extra : frozenset of str
        Those of them that may be trained on all the same.
    counts : sequence of Count
        Found beside published.
    flags : sequence of str
        What every score of it must say.
    average : {"pooled", "folds"}
        Whether its published scores are pooled over the folds, or means over them.
    """

    folds: Sequence[Fold]
    left_out: Mapping[str, str]
    extra: frozenset[str] = frozenset()
    counts: Sequence[Count] = ()
    flags: Sequence[str] = ()
    average: Literal["pooled", "folds"] = "pooled"


@dataclass
class LeftOut:
    """Collects reasons: the first that applies to a clip is the one that is told.

    Examples
    --------
    >>> table = pd.DataFrame({"clip_id": ["a", "b", "c"], "kind": ["micro", "macro", "macro"]})
    >>> left_out = LeftOut()
    >>> left_out.where(table, table["kind"] == "macro", "a macro-expression")["clip_id"].tolist()
    ['a']
    >>> left_out.reasons
    {'b': 'a macro-expression', 'c': 'a macro-expression'}
    """

    reasons: dict[str, str] = field(default_factory=dict)

    def where(self, table: pd.DataFrame, applies: "pd.Series[bool]", reason: str) -> pd.DataFrame:
        """Leave clips out for a reason; return the rows of the others."""
        self.name(table.loc[applies, "clip_id"], reason)
        return table[~applies]

    def name(self, clips: Iterable[str], reason: str) -> None:
        """Leave clips out for a reason."""
        for clip in clips:
            self.reasons.setdefault(str(clip), reason)

    def more(self, advice: str = MORE) -> str:
        """Return what to do where too few clips are left: `advice`, after what exclusions.csv took.

        Examples
        --------
        >>> LeftOut({"a": f"{EXCLUDED}: blurred", "b": "no emotion"}).more("add")
        '1 clip(s) more would be scored, were they not excluded by exclusions.csv: take some back; or add'
        """
        count = _excluded(self.reasons)
        if not count:
            return advice
        return f"{count} clip(s) more would be scored, were they not {EXCLUDED}: take some back; or {advice}"


def eligible(table: pd.DataFrame, truth: "pd.Series[str]", left_out: LeftOut, *, what: str) -> pd.DataFrame:
    """Return the clips that an ME protocol can score, each event once, sorted by clip id.

    Parameters
    ----------
    table : DataFrame
        The clip table, or some of its rows.
    truth : Series of str
        Of all its rows, by their index; empty where a clip has no label.
    left_out : LeftOut
        Takes the reasons for the others.
    what : str
        What they lack, for the reason.

    Notes
    -----
    SMIC films one event in HS, VIS and NIR, 4DME in four modalities, and SAMM Long Videos holds SAMM's: of
    clips of one event the first by clip id is scored, or it would count several times. A clip that
    exclusions.csv names is left out last: no other clip of its event stands in for it, so that as many clips
    are missing as were excluded.
    """
    rows = left_out.where(table, table["kind"] != "micro", "a macro-expression")
    rows = left_out.where(rows, truth.loc[rows.index] == "", f"no {what}")
    rows = rows.sort_values("clip_id")
    again = rows["event"].duplicated()
    why = exclusions(rows)
    gone = rows["event"].isin(set(rows.loc[~again & (why != ""), "event"]))
    left_out.name(rows.loc[again & gone, "clip_id"], f"an event of which another clip is {EXCLUDED}")
    left_out.name(rows.loc[again, "clip_id"], "an event that another clip shows, which is scored")
    rows, why = rows[~again], why[~again]
    for clip, reason in zip(rows["clip_id"], why, strict=True):
        if reason:
            left_out.name([clip], f"{EXCLUDED}: {reason}")
    return rows[why == ""]


def exclusions(table: pd.DataFrame) -> "pd.Series[str]":
    """Return why exclusions.csv leaves each clip out, empty where it does not; tables may lack the column."""
    return table.get("excluded", pd.Series("", index=table.index, dtype="str"))


def excluded_flag(left_out: Mapping[str, str], *, scored: int) -> list[str]:
    """Return what a score over `scored` clips must say of the lab's exclusions: one flag, or none.

    Examples
    --------
    >>> excluded_flag({"a": "a macro-expression", "b": f"{EXCLUDED}: a hand over the mouth"}, scored=9)
    ['1 of 10 clips excluded by exclusions.csv, not comparable']
    """
    count = _excluded(left_out)
    return [f"{count} of {scored + count} clips {EXCLUDED}, not comparable"] if count else []


def _excluded(left_out: Mapping[str, str]) -> int:
    return sum(reason.startswith(EXCLUDED) for reason in left_out.values())
