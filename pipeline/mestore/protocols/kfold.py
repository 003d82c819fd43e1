"""kfold: k folds by person, as DFME (10) and 4DME (5, every class in every fold) were tested.

Nobody published who is in which fold: DFME 2023, section 4.2, tests 10 % of the persons a fold; 4DME 2022,
section 5.1.2, draws persons so that folds are about equal and hold every class. A seed and the persons' names
decide here, and not a random generator's sequence, which no library promises to keep (scikit-learn's
StratifiedGroupKFold draws from NumPy's and depends on the order of the rows): folds are the same on every
machine, in every version and for every order of the table.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import pandas as pd
from pydantic import Field, model_validator

from mestore.errors import LeakError
from mestore.labels.target import parted
from mestore.persons import HeldOut
from mestore.protocols.balance import balanced, rarest_first
from mestore.protocols.counted import counts
from mestore.protocols.fold import Fold, shuffled
from mestore.protocols.plan import Count, LeftOut, Plan, eligible
from mestore.protocols.spec import ProtocolOptions


class KfoldOptions(ProtocolOptions):
    """How persons are dealt to folds."""

    k: int = Field(10, ge=2, description="number of folds")
    seed: int = Field(0, description="decides who is in which fold")
    balance: bool = Field(
        False,
        description="every class in every fold where possible, and folds of about as many clips, as 4DME's 5",
    )
    by_part: bool = Field(
        False,
        description="persons of each part of a dataset spread evenly over the folds; DFME does not say "
        "whether its folds do",
    )
    average: Literal["pooled", "folds"] = Field(
        "pooled",
        description="folds: published scores are means over the folds, as DFME's of emotions are",
    )

    @model_validator(mode="after")
    def _one_way(self) -> "KfoldOptions":
        if self.balance and self.by_part:
            raise ValueError("balance and by_part are two ways to deal persons; expected one of them")
        return self


def plan(table: pd.DataFrame, truth: "pd.Series[str]", options: KfoldOptions) -> Plan:
    """Return k folds by person over all micro-expressions that have a label.

    Raises
    ------
    LeakError
        If there are fewer persons than folds.
    """
    left_out = LeftOut()
    scored = eligible(table, truth, left_out, what=str(truth.name))
    labels = truth.loc[scored.index].map(parted)
    persons = scored["person"]
    if persons.nunique() < options.k:
        raise LeakError(
            f"found {persons.nunique()} person(s) with a clip to score; {options.k} folds by person need "
            f"{options.k} or more: choose a smaller k, 2 or more, or {left_out.more()}"
        )
    if options.balance:
        groups = balanced(_by_person(persons, labels), k=options.k, seed=options.seed)
    else:
        parts = scored["reader"] + "-" + scored["part"] if options.by_part else [""] * len(scored)
        groups = dealt(dict(zip(persons, parts, strict=True)), k=options.k, seed=options.seed)
    return Plan(
        folds=_folds(groups),
        left_out=left_out.reasons,
        counts=[*counts(scored, str(truth.name)), *_sizes(scored, groups)],
        flags=list(_absent(groups, _by_person(persons, labels))) if options.balance else [],
        average=options.average,
    )


def dealt(parts: Mapping[str, str], *, k: int, seed: int) -> list[list[str]]:
    """Return the persons of every fold, dealt in turns: folds differ by one person at most.

    Parameters
    ----------
    parts : mapping of str to str
        Part by person; those of one part follow each other.
    k : int
        Number of folds.
    seed : int
        Decides the order.

    Examples
    --------
    >>> [len(fold) for fold in dealt(dict.fromkeys("abcdefg", ""), k=3, seed=0)]
    [3, 2, 2]
    """
    order = sorted(shuffled(parts, seed=seed), key=lambda person: parts[person])
    return [sorted(order[number::k]) for number in range(k)]


def _by_person(persons: "pd.Series[str]", labels: "pd.Series[str]") -> dict[str, "Counter[str]"]:
    """Return the number of clips of each class by person; a clip of two classes counts for both."""
    found: dict[str, Counter[str]] = {}
    for person, names in zip(persons, labels, strict=True):
        found.setdefault(person, Counter()).update(["", *names])
    return found


def _absent(groups: Sequence[Sequence[str]], classes: Mapping[str, "Counter[str]"]) -> Iterator[str]:
    """Say which class is in which fold not tested."""
    for name in rarest_first(classes):
        without = [
            called
            for called, group in zip(_names(len(groups)), groups, strict=True)
            if not any(classes[person][name] for person in group)
        ]
        if without:
            yield (
                f"class {name!r}, shown by {sum(counts[name] > 0 for counts in classes.values())} persons, "
                f"is not in fold {', '.join(without)}"
            )


def _names(k: int) -> list[str]:
    """Return the names of folds; with leading zeros, so that they sort as they count."""
    return [f"{number + 1:0{len(str(k))}d}" for number in range(k)]


def _folds(groups: Sequence[Sequence[str]]) -> list[Fold]:
    everyone = sorted(person for group in groups for person in group)
    return [
        Fold(
            name=name,
            train=tuple(person for person in everyone if person not in set(group)),
            test=HeldOut(group),
        )
        for name, group in zip(_names(len(groups)), groups, strict=True)
    ]


def _sizes(scored: pd.DataFrame, groups: Sequence[Sequence[str]]) -> list[Count]:
    sizes = scored["person"].value_counts()
    tested = [int(sizes[list(group)].sum()) for group in groups]
    return [
        Count(what="clips of the smallest fold", found=min(tested)),
        Count(what="clips of the largest fold", found=max(tested)),
    ]
