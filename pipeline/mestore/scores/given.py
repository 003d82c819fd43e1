"""Given: what is handed to a scorer, refused where it is of another kind."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mestore.errors import ScoreError
from mestore.protocols.fold import Fold
from mestore.protocols.folds import Folds

LARGEST_SEED = 2**63 - 1
"""What fits into a column of int64."""


def require_table(folds: object, clips: object) -> None:
    """Refuse what is not what `Scorer` takes."""
    if not isinstance(folds, Folds) or not isinstance(clips, pd.DataFrame):
        raise ScoreError(
            f"found a {type(folds).__name__} and a {type(clips).__name__}; expected folds of load_folds and "
            "the clip table: Scorer(folds, store.clips())"
        )


def require_given(fold: object, predictions: object, seed: object) -> None:
    """Refuse what is not what `Scorer.add` takes."""
    if not isinstance(fold, Fold):
        raise ScoreError(f"found {fold!r} as fold; expected one of the folds: for fold in folds")
    if not isinstance(predictions, Mapping):
        raise ScoreError(
            f"fold {fold.name!r}: found a {type(predictions).__name__}; expected a mapping of clip id to "
            'class: dict(zip(test.clips["clip_id"], said)), or dict(series) of a Series by clip id'
        )
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if not whole or not 0 <= int(seed) <= LARGEST_SEED:  # type: ignore[call-overload]
        raise ScoreError(f"fold {fold.name!r}: found seed {seed!r}; expected a whole number from 0")
