"""Decided: the decisions on (fold, clip) pairs that scores are taken of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mestore.labels.target import parted
from mestore.scores.metrics import Decisions


@dataclass(frozen=True, kw_only=True)
class Decided:
    """Truth and prediction: a clip is one pair, but where a protocol tests it several times.

    Parameters
    ----------
    folds, clips : list of str
    truth, said : ndarray of bool, shape (pairs, classes)
    there : ndarray of bool, shape (pairs,)
        Whether there is a prediction.
    """

    folds: list[str]
    clips: list[str]
    truth: Decisions
    said: Decisions
    there: NDArray[np.bool_]

    def of(self, rows: NDArray[np.int64]) -> "Decided":
        """Return some of the pairs."""
        return Decided(
            folds=[self.folds[row] for row in rows],
            clips=[self.clips[row] for row in rows],
            truth=self.truth[rows],
            said=self.said[rows],
            there=self.there[rows],
        )


def decided(table: pd.DataFrame, *, classes: Sequence[str], several: bool) -> Decided:
    """Return the decisions of a table with the columns clip_id, fold, actual and predicted (may be empty)."""
    there = (table["predicted"] != "").to_numpy()
    truth, said = (
        _decisions(table[name].tolist(), classes=classes, several=several) for name in ("actual", "predicted")
    )
    if several:
        said[~there] = ~truth[~there]  # of several labels, silence would be right about all it lacks
    return Decided(
        folds=table["fold"].tolist(), clips=table["clip_id"].tolist(), truth=truth, said=said, there=there
    )


def groups(values: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Return the rows of each value, by value.

    Examples
    --------
    >>> groups(["b", "a", "b"])
    {'a': array([1]), 'b': array([0, 2])}
    """
    column = np.asarray(values, str)
    return {str(value): np.flatnonzero(column == value) for value in np.unique(column)}


def _decisions(texts: Sequence[str], *, classes: Sequence[str], several: bool) -> Decisions:
    place = {name: number for number, name in enumerate(classes)}
    table = np.zeros((len(texts), len(place)), bool)
    for row, text in enumerate(texts):
        for label in parted(text) if several else (text,):
            if label:
                table[row, place[label]] = True
    return table
