"""loso: leave one person out. (The field calls it leave-one-subject-out; a person may be two subjects.)"""

from collections.abc import Iterable

import pandas as pd
from pydantic import Field

from mestore.errors import LeakError, ParamsError
from mestore.persons import HeldOut
from mestore.protocols.counted import counts
from mestore.protocols.extra import ExtraOptions, with_extra
from mestore.protocols.fold import Fold
from mestore.protocols.plan import MORE, LeftOut, Plan, eligible


class LosoOptions(ExtraOptions):
    """Which datasets are scored."""

    scored: list[str] = Field(
        [],
        description="the datasets that are scored, by their name or their reader; empty: all whose clips "
        "have the label",
    )


def plan(table: pd.DataFrame, truth: "pd.Series[str]", options: LosoOptions) -> Plan:
    """Return one fold per person over all micro-expressions that have a label.

    Raises
    ------
    LeakError
        If there are fewer than two persons.
    ParamsError
        If a dataset to score is not there.
    """
    left_out = LeftOut()
    rows = _named(table, options.scored, left_out) if options.scored else table
    scored = eligible(rows, truth, left_out, what=str(truth.name))
    made = Plan(
        folds=leave_one_out(scored["person"], of=", ".join(options.scored), more=left_out.more()),
        left_out=left_out.reasons,
        counts=counts(scored, str(truth.name)),
    )
    if not options.extra_data:
        return made
    own = table[table["dataset"].isin(set(scored["dataset"]))]
    return with_extra(made, table, own=own, scored=scored)


def _named(table: pd.DataFrame, names: list[str], left_out: LeftOut) -> pd.DataFrame:
    """Return the clips of datasets that are named."""
    known = {*table["dataset"], *table["reader"]}
    for name in names:
        if name not in known:
            raise ParamsError(
                f"dataset {name!r} of option 'scored' has no clip; found {', '.join(sorted(known))}"
            )
    of = table["dataset"].isin(names) | table["reader"].isin(names)
    return left_out.where(table, ~of, "of a dataset that is not scored")


def leave_one_out(persons: Iterable[str], *, of: str = "", more: str = MORE) -> list[Fold]:
    """Return one fold per person, in order of their names.

    Parameters
    ----------
    persons : iterable of str
    of : str
        Whose clips are scored, for the message.
    more : str
        What to do where there are too few, for the message.

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
            f"found {len(names)} person(s) with a clip {of and f'of {of} '}to score; leaving one out needs "
            f"two or more: {more}"
        )
    return [
        Fold(name=person, train=tuple(other for other in names if other != person), test=HeldOut([person]))
        for person in names
    ]
