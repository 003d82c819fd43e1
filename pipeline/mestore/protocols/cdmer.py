"""cdmer: from one set of recordings to another (Zong et al. 2019): three classes, ordered pairs.

TYPE-I is six pairs among SMIC's HS, VIS and NIR. They show the same persons, and HS films the very moments
that VIS and NIR do, so it runs on request only. TYPE-II is six pairs between CASME II and one of those three.
The authors' selection of CASME II clips was not found (the file is missing from their code); all clips that
MEGC2019's label map gives a class are taken, and every score says so.

Each pair is an experiment of its own (`Scorer.by_fold`), and published scores are means over pairs. Methods
adapt to the target without its labels: a store gives the clips of `fold.test` without labels.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Literal

import pandas as pd
from pydantic import Field

from mestore.errors import LeakError
from mestore.persons import HeldOut
from mestore.protocols.fold import Fold
from mestore.protocols.plan import OVERLAP, Count, LeftOut, Plan, eligible, incomplete
from mestore.protocols.spec import ProtocolOptions

CASME2 = "casme2"
DOMAINS: Mapping[str, tuple[str, str]] = {
    "smic-hs": ("smic", "hs"),
    "smic-vis": ("smic", "vis"),
    "smic-nir": ("smic", "nir"),
    CASME2: ("casme2", ""),
}
"""Reader and part of each set of recordings."""

PUBLISHED: Mapping[str, tuple[Mapping[str, int], str]] = {
    "smic-hs": ({"negative": 70, "positive": 51, "surprise": 43}, "4DME 2022, table 1"),
    "smic-vis": ({"negative": 23, "positive": 28, "surprise": 20}, "ProphetZ-star/ME-Recognition"),
    "smic-nir": ({"negative": 23, "positive": 28, "surprise": 20}, "4DME 2022, table 1"),
}
"""Clips of each class; of the selected CASME II none are known."""

_PERSONS = (
    f"{OVERLAP}: TYPE-I trains and tests on the same persons, and where HS is one side on the same events, "
    "filmed by another camera; not comparable with scores by person"
)
_SELECTION = (
    "CASME II clips are all that have a class of megc2019, not the authors' selection, which was not found"
)
_EXPERIMENTS = (
    "every fold is an experiment of its own: clips are tested in several, and pooled scores mix them"
)


class CdmerOptions(ProtocolOptions):
    """Which pairs, and whether the leak of TYPE-I is wanted."""

    type: Literal["I", "II", "both"] = Field(
        "II", description="I: among SMIC's HS, VIS and NIR; II: between CASME II and one of them"
    )
    allow_person_overlap: bool = Field(
        False, description="TYPE-I: train and test on one person, and say so on every score"
    )


def plan(table: pd.DataFrame, truth: "pd.Series[str]", options: CdmerOptions) -> Plan:
    """Return one fold per ordered pair, called such as "smic-hs to smic-vis".

    Raises
    ------
    LeakError
        If TYPE-I is asked for without `allow_person_overlap`, a set of recordings has no clip, or a lab's
        own persons.csv puts a person into both sides of a pair of TYPE-II.
    """
    first, second = options.type != "II", options.type != "I"
    if first and not options.allow_person_overlap:
        raise LeakError(
            "TYPE-I of protocol 'cdmer' trains and tests on the same persons; expected "
            "allow_person_overlap: true in its params, which every score will say, or type: II"
        )
    left_out = LeftOut()
    domains = _domains(table, truth, left_out, names=[it for it in DOMAINS if second or it != CASME2])
    pairs = [pair for pair in permutations(domains, 2) if (second if CASME2 in pair else first)]
    return Plan(
        folds=[_fold(source, target, domains) for source, target in pairs],
        left_out=left_out.reasons,
        counts=[count for name, rows in domains.items() for count in _counts(name, truth.loc[rows.index])],
        flags=[*_missing(domains), *[_PERSONS] * first, *[_SELECTION] * second, _EXPERIMENTS],
        average="folds",
    )


def _domains(
    table: pd.DataFrame, truth: "pd.Series[str]", left_out: LeftOut, *, names: list[str]
) -> dict[str, pd.DataFrame]:
    """Return the clips of each set of recordings, in each of them an event once."""
    member = pd.Series("", index=table.index)
    for name in names:
        reader, part = DOMAINS[name]
        member[(table["reader"] == reader) & (table["part"] == part)] = name
    left_out.where(table, member == "", f"of none of {', '.join(names)}")
    domains = {name: eligible(table[member == name], truth, left_out, what=str(truth.name)) for name in names}
    for name, rows in domains.items():
        if rows.empty:
            raise LeakError(
                f"no clip of {name} has a class of {truth.name}; protocol 'cdmer' needs clips of "
                f"{', '.join(names)}: {left_out.more('add the dataset, or choose another type')}"
            )
    return domains


def _fold(source: str, target: str, domains: Mapping[str, pd.DataFrame]) -> Fold:
    train, test = domains[source], domains[target]
    return Fold(
        name=f"{source} to {target}",
        train=tuple(sorted(set(train["person"]))),
        test=HeldOut(sorted(set(test["person"]))),
        trained=tuple(train["clip_id"]),
        tested=tuple(test["clip_id"]),
        overlap=CASME2 not in (source, target),
    )


def _missing(domains: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """Give the flag of sets of recordings with other than the published number of clips."""
    short = [
        incomplete(f"clips of {name}", len(domains[name]), (sum(classes.values()),))
        for name, (classes, _) in PUBLISHED.items()
        if name in domains
    ]
    if any(short):
        yield f"{', '.join(filter(None, short))}, not comparable"


def _counts(name: str, truth: "pd.Series[str]") -> list[Count]:
    classes, source = PUBLISHED.get(name, ({}, ""))
    found = Counter(truth.tolist())
    return [
        Count(
            what=f"{label} clips of {name}",
            found=found[label],
            expected=(classes[label],) if classes else (),
            source=source,
        )
        for label in sorted({*classes, *found})
    ]
