"""Extra: clips of datasets that a protocol does not score, to train on as well: MEB's "extra data".

MEB (Varanka et al. 2023, tables 5, 8, 10 and 11) also trains on all datasets that it does not test. Extra
clips need not have the protocol's own label: what is learned of them (action units, other classes) is the
trainer's affair. Nobody validates by them (`Fold.extra`), and they are never scored.
"""

from collections.abc import Set
from dataclasses import replace

import pandas as pd
from pydantic import Field

from mestore.clips import LABELS
from mestore.protocols.fold import Fold
from mestore.protocols.plan import Count, Plan, exclusions
from mestore.protocols.spec import ProtocolOptions


class ExtraOptions(ProtocolOptions):
    """Of every protocol that may train on more than it scores."""

    extra_data: bool = Field(
        False,
        description="whether to train on the clips of all other datasets too, as in MEB's columns 'extra "
        "data'; they are never scored",
    )


def with_extra(
    plan: Plan, table: pd.DataFrame, *, own: pd.DataFrame, scored: pd.DataFrame, datasets: bool = False
) -> Plan:
    """Return a plan that trains on the clips of other datasets too, but for those of persons it tests.

    Parameters
    ----------
    plan : Plan
    table : DataFrame
        The clip table.
    own : DataFrame
        Its clips of the protocol's own datasets, scored or not.
    scored : DataFrame
        Those that are scored.
    datasets : bool
        Whether folds test datasets and not persons: then nobody of the family of datasets that is tested is
        added either, such as SAMM Long Videos' persons where SAMM is tested, nor of another part of the
        dataset, such as CAS(ME)^3's part C: nobody says whose faces it shows.
    """
    rows = extra_clips(table, own)
    persons = frozenset(rows["person"])
    of = ", ".join(sorted(set(rows["reader"]))) or "no dataset"
    return replace(
        plan,
        folds=[
            _with_persons(fold, persons, _barred(fold, rows, scored, datasets=datasets))
            for fold in plan.folds
        ],
        extra=frozenset(rows["clip_id"]),
        counts=[*plan.counts, Count(what="extra clips to train on", found=len(rows))],
        flags=[*plan.flags, f"extra data: {len(rows)} more clips to train on, of {of}"],
    )


def extra_clips(table: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Return the labelled micro-expressions of other datasets, each event once.

    Other clips of the events of `own` (SMIC in VIS and NIR, SAMM in SAMM Long Videos) bring nothing new. What
    exclusions.csv leaves out is not trained on either.

    Examples
    --------
    >>> table = pd.DataFrame({"clip_id": ["a", "b", "c", "d"], "event": ["x/1", "x/1", "y/1", "y/1"]})
    >>> table = table.assign(kind="micro", emotion="fear", objective_class="", aus="", aus_given="")
    >>> extra_clips(table, table[:1])["clip_id"].tolist()
    ['c']
    """
    labelled = (table[list(LABELS)] != "").any(axis=1)
    wanted = labelled & (table["kind"] == "micro") & (exclusions(table) == "")
    rows = table[wanted & ~table["event"].isin(set(own["event"]))]
    rows = rows.sort_values("clip_id")
    return rows[~rows["event"].duplicated()]


def _with_persons(fold: Fold, extra: frozenset[str], barred: Set[str]) -> Fold:
    """Return a fold that trains on the persons of extra clips too, but on nobody who is barred."""
    train = set(fold.train)
    added = extra - barred - train
    # Who is barred may be in train by clips of another dataset, and would bring the extra ones along.
    return replace(fold, train=tuple(sorted((train - barred) | added)), extra=tuple(sorted(added)))


def _barred(fold: Fold, rows: pd.DataFrame, scored: pd.DataFrame, *, datasets: bool) -> set[str]:
    """Return who may bring no extra clip to a fold."""
    if not datasets:
        return set(fold.test)
    # A fold that tests a person who is in several datasets names the clips that it tests.
    column, values = ("clip_id", fold.tested) if fold.tested else ("person", fold.test)
    tested = scored[scored[column].isin(list(values))]
    akin = _families(rows).isin(set(_families(tested))) | rows["reader"].isin(set(tested["reader"]))
    return {*fold.test, *rows.loc[akin, "person"]}


def _families(rows: pd.DataFrame) -> "pd.Series[str]":
    """Return the family of datasets that each clip is of: what its event's name begins with."""
    return rows["event"].str.split("/", n=1).str[0]
