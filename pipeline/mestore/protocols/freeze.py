"""Freeze: run a protocol over a clip table."""

from typing import cast

import pandas as pd

from mestore import clips
from mestore.features.spec import resolve
from mestore.protocols import PROTOCOLS
from mestore.protocols.fold import Fold, Folds, eligible


def make_folds(table: pd.DataFrame, *, protocol: str, label: str = "emotion") -> Folds:
    """Return the folds of a protocol over a clip table.

    Parameters
    ----------
    table : DataFrame
        The clip table, of `store.clips()` or of the index.
    protocol : str
        One of `PROTOCOLS`.
    label : str
        Column of the clip table that is predicted.
    """
    scored, left_out = eligible(table, label=label)
    return Folds(
        protocol=protocol,
        label=label,
        folds=cast(list[Fold], resolve(PROTOCOLS[protocol])(scored)),
        clips=dict(zip(scored["clip_id"], scored["person"], strict=True)),
        left_out=left_out,
        table=clips.digest(table),
    )
