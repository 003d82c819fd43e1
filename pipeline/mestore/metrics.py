"""Scores: pooled over all folds and keyed by clip id, so that order and averaging cannot flatter them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mestore import clips as clip_table
from mestore.errors import ScoreError
from mestore.protocols.fold import Fold, Folds

Missing = Literal["wrong", "drop"]


def confusion_matrix(
    truth: Sequence[str], predicted: Sequence[str | None], classes: Sequence[str]
) -> NDArray[np.int64]:
    """Return counts, shape (classes, classes + 1): rows are the truth, the last column is "no prediction".

    Examples
    --------
    >>> confusion_matrix(["a", "a", "b"], ["a", "b", None], ["a", "b"])
    array([[1, 1, 0],
           [0, 0, 1]])
    """
    place = {name: i for i, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes) + 1), np.int64)
    for true, guess in zip(truth, predicted, strict=True):
        counts[place[true], len(classes) if guess is None else place[guess]] += 1
    return counts


def f1_per_class(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return 2 TP / (2 TP + FP + FN) for each class; 0 / 0 is 0.

    Examples
    --------
    >>> f1_per_class(np.array([[1, 1, 0], [0, 0, 1]]))
    array([0.66666667, 0.        ])
    """
    hits = np.diagonal(counts).astype(np.float64)
    there, said = counts.sum(axis=1), counts[:, : len(counts)].sum(axis=0)
    return _ratio(2 * hits, there + said)


def recall_per_class(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return TP / N for each class; 0 / 0 is 0."""
    return _ratio(np.diagonal(counts).astype(np.float64), counts.sum(axis=1))


def uf1(counts: NDArray[np.int64]) -> float:
    """Return the unweighted F1: the mean over all classes of the protocol, absent ones included."""
    return float(f1_per_class(counts).mean())


def uar(counts: NDArray[np.int64]) -> float:
    """Return the unweighted average recall, over the classes that have clips."""
    return float(recall_per_class(counts)[counts.sum(axis=1) > 0].mean())


def accuracy(counts: NDArray[np.int64]) -> float:
    """Return the fraction of clips that were predicted right (the field's WAR)."""
    return float(np.trace(counts) / counts.sum())


def _ratio(over: NDArray[np.float64], under: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(over, under, out=np.zeros_like(over), where=under > 0)


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Pooled scores of one set of predictions.

    Parameters
    ----------
    clips, predicted : int
        How many clips the protocol scores, and how many of them had a prediction.
    missing : {"wrong", "drop"}
        What was done with the others.
    note : str
        What a reader must know before comparing; empty where there is nothing.
    accuracy, uf1, uar : float
    f1, recall : dict
        By class.
    confusion : list of list of int
        Rows: truth; columns: prediction, the last one "no prediction".
    """

    clips: int
    predicted: int
    missing: Missing
    note: str
    accuracy: float
    uf1: float
    uar: float
    f1: dict[str, float]
    recall: dict[str, float]
    confusion: list[list[int]]

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


class Scorer:
    """Takes predictions fold by fold and gives pooled scores once every fold is in.

    Parameters
    ----------
    folds : Folds
        From `load_folds`.
    clips : DataFrame
        The clip table that the folds were made of, from `store.clips()`.
    missing : {"wrong", "drop"}
        What a clip without a prediction counts as. "drop" heads the score: it is not comparable.

    Examples
    --------
    >>> from mestore.protocols.freeze import make_folds
    >>> rows = [("d/a/1@1", "a", "happiness"), ("d/b/1@1", "b", "disgust"), ("d/b/2@1", "b", "happiness")]
    >>> table = pd.DataFrame(rows, columns=["clip_id", "person", "emotion"]).assign(kind="micro")
    >>> folds = make_folds(table, protocol="loso")
    >>> scorer = Scorer(folds, table)
    >>> for fold in folds:
    ...     scorer.add(fold, dict.fromkeys(folds.tested(fold), "happiness"))
    >>> scorer.scores().recall
    {'disgust': 0.0, 'happiness': 1.0}
    """

    def __init__(self, folds: Folds, clips: pd.DataFrame, *, missing: Missing = "wrong") -> None:
        if clip_table.digest(clips) != folds.table:
            raise ScoreError(
                "these folds were made of another clip table (its digest differs); "
                "make them again with `dvc repro folds`"
            )
        if missing not in ("wrong", "drop"):
            raise ScoreError(f"missing is {missing!r}; allowed: 'wrong', 'drop'")
        self._folds = folds
        self._missing: Missing = missing
        labels = clips.set_index("clip_id")[folds.label]
        self._truth: dict[str, str] = {clip: str(labels[clip]) for clip in sorted(folds.clips)}
        self.classes: tuple[str, ...] = tuple(sorted(set(self._truth.values())))
        self._predictions: dict[int, dict[str, dict[str, str]]] = {}

    def add(self, fold: Fold, predictions: Mapping[str, str], *, seed: int = 0) -> None:
        """Take the predictions for a fold's test clips.

        Parameters
        ----------
        fold : Fold
            One of the folds.
        predictions : mapping of str to str
            Class by clip id.
        seed : int
            Repetitions with other seeds are sets of predictions of their own.

        Raises
        ------
        ScoreError
            If a clip is not in the fold's test set, a class is unknown, or the fold is in already.
        """
        sets = self._predictions.setdefault(seed, {})
        if fold not in list(self._folds):
            raise ScoreError(f"fold {fold.name!r} is not one of these folds")
        if fold.name in sets:
            raise ScoreError(
                f"fold {fold.name!r} is in already for seed {seed}; give repetitions seeds of their own"
            )
        expected = set(self._folds.tested(fold))
        for clip, label in predictions.items():
            if clip not in expected:
                raise ScoreError(
                    f"clip {clip!r} is not in the test set of fold {fold.name!r}; it tests {len(expected)}"
                )
            if label not in self.classes:
                raise ScoreError(f"clip {clip!r}: class {label!r}; the classes are {', '.join(self.classes)}")
        sets[fold.name] = dict(predictions)

    def predictions(self, *, seed: int = 0) -> pd.DataFrame:
        """Return one row per scored clip: clip_id, actual, predicted (empty without a prediction)."""
        guesses = self._guesses(seed)
        rows = [(clip, true, guesses.get(clip, "")) for clip, true in self._truth.items()]
        return pd.DataFrame(rows, columns=["clip_id", "actual", "predicted"])

    def scores(self, *, seed: int = 0) -> Scores:
        """Return the pooled scores of a seed; every fold must be in."""
        guesses = self._guesses(seed)
        scored = [clip for clip in self._truth if self._missing == "wrong" or clip in guesses]
        if not scored:
            raise ScoreError("no clip has a prediction; nothing can be scored")
        counts = confusion_matrix(
            [self._truth[clip] for clip in scored], [guesses.get(clip) for clip in scored], self.classes
        )
        return self._scores(counts, predicted=len(guesses))

    def _guesses(self, seed: int) -> dict[str, str]:
        sets = self._predictions.get(seed, {})
        absent = [fold.name for fold in self._folds if fold.name not in sets]
        if absent:
            raise ScoreError(
                f"{len(absent)} of {len(self._folds)} folds have no predictions for seed {seed}, "
                f"the first: {absent[0]!r}; scores are pooled over all of them"
            )
        return {clip: label for part in sets.values() for clip, label in part.items()}

    def _scores(self, counts: NDArray[np.int64], *, predicted: int) -> Scores:
        total = len(self._truth)
        dropped = self._missing == "drop" and predicted < total
        return Scores(
            clips=total,
            predicted=predicted,
            missing=self._missing,
            note=f"{predicted} of {total} clips, not comparable" if dropped else "",
            accuracy=accuracy(counts),
            uf1=uf1(counts),
            uar=uar(counts),
            f1=dict(zip(self.classes, f1_per_class(counts).tolist(), strict=True)),
            recall=dict(zip(self.classes, recall_per_class(counts).tolist(), strict=True)),
            confusion=counts.tolist(),
        )
