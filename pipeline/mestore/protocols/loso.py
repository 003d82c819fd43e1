"""loso: leave one person out. (The field calls it leave-one-subject-out; a person may be two subjects.)"""

from collections.abc import Iterable

import pandas as pd

from mestore.errors import LeakError
from mestore.persons import HeldOut
from mestore.protocols.fold import Fold
from mestore.protocols.plan import LeftOut, Plan, eligible
from mestore.protocols.spec import ProtocolOptions


class LosoOptions(ProtocolOptions):
    """None."""


def plan(table: pd.DataFrame, truth: "pd.Series[str]", options: LosoOptions) -> Plan:
    """Return one fold per person over all micro-expressions that have a label."""
    left_out = LeftOut()
    scored = eligible(table, truth, left_out, what=str(truth.name))
    return Plan(folds=leave_one_out(scored["person"]), left_out=left_out.reasons)


def leave_one_out(persons: Iterable[str]) -> list[Fold]:
    """Return one fold per person, in order of their names.

    Raises
    ------
    LeakError
        If there are fewer than two.

    Examples
    --------
    >>> [fold.train for fold in leave_one_out(["b", "a", "b"])]
    [('b',), ('a',)]
    """
    names = sorted(set(persons))
    if len(names) < 2:
        raise LeakError(
            f"found {len(names)} person(s); leaving one out needs two or more: take more subjects "
            "(datasets.<name>.subjects in params.yaml), or more datasets"
        )
    return [
        Fold(name=person, train=tuple(other for other in names if other != person), test=HeldOut([person]))
        for person in names
    ]
