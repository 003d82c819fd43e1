"""Freeze: run a protocol over a clip table."""

from typing import Any

import pandas as pd

from mestore.errors import AnnotationError, MEStoreError, ParamsError
from mestore.labels.target import aim
from mestore.protocols import PROTOCOLS
from mestore.protocols.folds import Folds, row_digests
from mestore.protocols.plan import excluded_flag

LABEL = "emotion"
"""What is predicted where neither the protocol nor the user says."""


def make_folds(
    table: pd.DataFrame, *, protocol: str, label: str = "", params: dict[str, Any] | None = None
) -> Folds:
    """Return the folds of a protocol over a clip table.

    Parameters
    ----------
    table : DataFrame
        The clip table, of `store.clips()` or of the index.
    protocol : str
        One of `PROTOCOLS`.
    label : str
        What is predicted: a name of `mestore.labels.target`; empty: the protocol's own, or "emotion".
    params : dict
        The protocol's parameters.

    Raises
    ------
    ParamsError
        If there is no such protocol, a parameter is not one of it, or it predicts something else than
        `label`.
    MEStoreError
        If the table has no clip.
    AnnotationError
        If a clip id is there twice.
    LeakError
        If too few persons are there.
    """
    if protocol not in PROTOCOLS:
        raise ParamsError(f"protocol is {protocol!r}; allowed: {', '.join(PROTOCOLS)}")
    spec = PROTOCOLS[protocol]
    if spec.target and label not in ("", spec.target):
        raise ParamsError(f"protocol {protocol!r} predicts {spec.target!r}, not {label!r}; leave 'label' out")
    options = spec.parse(params or {})
    table = _in_order(table)
    target, truth = aim(table, spec.target or label or LABEL)
    plan = spec.load()(table, truth, options)
    persons = dict(zip(table["clip_id"], table["person"], strict=True))
    scored = {clip: person for clip, person in persons.items() if clip not in plan.left_out}
    return Folds(
        protocol=protocol,
        params=options.model_dump(mode="json"),
        label=target.name,
        folds=plan.folds,
        clips=scored,
        left_out=plan.left_out,
        extra={clip: persons[clip] for clip in sorted(plan.extra)},
        counts=tuple(map(str, plan.counts)),
        flags=(*excluded_flag(plan.left_out, scored=len(scored)), *plan.flags),
        average=plan.average,
        rows=row_digests(table),
    )


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Return a clip table sorted by clip id and numbered: in which order rows lay decides nothing."""
    if table.empty:
        raise MEStoreError(
            "the clip table has no clip; index datasets with `dvc repro index`, and look at them with "
            "`mestore check`"
        )
    again = table.loc[table["clip_id"].duplicated().to_numpy(), "clip_id"]
    if len(again):
        raise AnnotationError(
            f"clip {again.iloc[0]!r} is in the clip table {1 + int((again == again.iloc[0]).sum())} times; "
            "expected once: two datasets of params.yaml may have one name, or a sheet one row twice"
        )
    return table.reset_index(drop=True).sort_values("clip_id", ignore_index=True)
