"""Freeze: run a protocol over a clip table."""

from typing import Any

import pandas as pd

from mestore.errors import ParamsError
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
        If the protocol predicts something else than `label`.
    LeakError
        If too few persons are there.
    """
    spec = PROTOCOLS[protocol]
    if spec.target and label not in ("", spec.target):
        raise ParamsError(f"protocol {protocol!r} predicts {spec.target!r}, not {label!r}; leave 'label' out")
    options = spec.options_model()(**(params or {}))
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
