"""Metrics: the field's scores of binary decisions, one per clip and class, summed over all folds first."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Decisions = NDArray[np.bool_]
"""Shape (clips, classes): of one class per clip one is true; of several labels any number is."""


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Scores of one set of predictions.

    Parameters
    ----------
    clips, predicted : int
        How many clips were to be predicted, and how many were.
    several : bool
        Whether a clip may have several of the labels.
    note : str
        What a reader must know before comparing; empty where there is nothing.
    accuracy : float
        Fraction of clips predicted right (WAR); of several labels, the mean over them.
    uf1 : float
        Mean of `f1` (F1_b of several labels).
    uar : float
        Mean of `recall` over the classes that have clips.
    f1, recall, accuracies : dict
        By class.
    f1_two_class : dict
        Of several labels, by label: the mean of the F1 of having it and the F1 of lacking it. Rare labels
        score high by it; for papers whose figures look like it. Empty otherwise.
    uf1_two_class : float, optional
        Mean of `f1_two_class`.
    without : list of str
        Classes that have no clip: their F1 is 0 and counts, their recall does not.
    confusion : list of list of int
        Rows: truth; columns: prediction, the last one "no prediction". Of several labels, by label, the
        clips that have it (predicted, not) and those that have not (predicted, not).
    """

    clips: int
    predicted: int
    several: bool
    note: str
    accuracy: float
    uf1: float
    uar: float
    f1: dict[str, float]
    recall: dict[str, float]
    accuracies: dict[str, float]
    f1_two_class: dict[str, float]
    uf1_two_class: float | None
    without: list[str]
    confusion: list[list[int]]

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def f1_per_class(truth: Decisions, said: Decisions) -> NDArray[np.float64]:
    """Return 2 TP / (2 TP + FP + FN) for each class; 0 / 0 is 0.

    Examples
    --------
    >>> f1_per_class(np.array([[1, 0], [1, 0], [0, 1]], bool), np.array([[1, 0], [0, 1], [0, 0]], bool))
    array([0.66666667, 0.        ])
    """
    hits = (truth & said).sum(axis=0)
    return _ratio(2 * hits, truth.sum(axis=0) + said.sum(axis=0))


def f1_two_class(truth: Decisions, said: Decisions) -> NDArray[np.float64]:
    """Return, for each label, the mean of the F1 of having it and of lacking it.

    Examples
    --------
    >>> f1_two_class(np.array([[1], [0], [0], [0]], bool), np.array([[0], [0], [0], [0]], bool)).round(3)
    array([0.429])
    """
    return (f1_per_class(truth, said) + f1_per_class(~truth, ~said)) / 2


def recall_per_class(truth: Decisions, said: Decisions) -> NDArray[np.float64]:
    """Return TP / N for each class; 0 / 0 is 0."""
    return _ratio((truth & said).sum(axis=0), truth.sum(axis=0))


def uf1(truth: Decisions, said: Decisions) -> float:
    """Return the unweighted F1: the mean over all classes of the protocol, absent ones included."""
    return float(f1_per_class(truth, said).mean())


def uar(truth: Decisions, said: Decisions) -> float:
    """Return the unweighted average recall, over the classes that have clips."""
    there = truth.any(axis=0)
    return float(recall_per_class(truth, said)[there].mean()) if there.any() else 0.0


def accuracies(truth: Decisions, said: Decisions) -> NDArray[np.float64]:
    """Return, for each class, the fraction of clips of which it was said rightly whether they have it."""
    return np.asarray((truth == said).mean(axis=0), np.float64)


def accuracy(truth: Decisions, said: Decisions, *, several: bool) -> float:
    """Return the fraction of clips that were predicted right (WAR); of several labels, the mean over them."""
    return float(accuracies(truth, said).mean() if several else (truth & said).sum() / len(truth))


def confusion_matrix(truth: Decisions, said: Decisions) -> NDArray[np.int64]:
    """Return counts, shape (classes, classes + 1): rows are the truth, the last column is "no prediction".

    Examples
    --------
    >>> confusion_matrix(np.array([[1, 0], [1, 0], [0, 1]], bool), np.array([[1, 0], [0, 1], [0, 0]], bool))
    array([[1, 1, 0],
           [0, 0, 1]])
    """
    silent = ~said.any(axis=1, keepdims=True)
    return np.asarray(truth.astype(np.int64).T @ np.hstack([said, silent]).astype(np.int64), np.int64)


def decisions_by_label(truth: Decisions, said: Decisions) -> NDArray[np.int64]:
    """Return counts, shape (classes, 4): has it and said so, not said; has it not and said, not said.

    Examples
    --------
    >>> decisions_by_label(np.array([[1], [1], [0]], bool), np.array([[1], [0], [0]], bool))
    array([[1, 1, 0, 1]])
    """
    pairs = [(truth & said), (truth & ~said), (~truth & said), (~truth & ~said)]
    return np.stack([pair.sum(axis=0) for pair in pairs], axis=1).astype(np.int64)


def drawn(
    truth: Decisions, said: Decisions, groups: NDArray[np.int64], *, several: bool, draws: int, seed: int
) -> dict[str, NDArray[np.float64]]:
    """Return scores of `draws` samples of groups, each as large as the whole, drawn with replacement.

    Parameters
    ----------
    truth, said : ndarray of bool, shape (clips, classes)
    groups : ndarray of int, shape (clips,)
        Number of each clip's group, from 0.
    several : bool
        Whether a clip may have several labels.
    draws, seed : int

    Returns
    -------
    dict of str to ndarray, shape (draws,)
        accuracy, uf1 and uar.
    """
    count = int(groups.max()) + 1
    hits, there, saying, right = (
        np.stack([np.bincount(groups, column, count) for column in table.T.astype(float)], axis=1)
        for table in (truth & said, truth, said, (truth == said) if several else (truth & said))
    )
    size = np.bincount(groups, minlength=count) * (truth.shape[1] if several else 1)
    rng = np.random.default_rng(seed)
    weights = np.stack([np.bincount(rng.integers(count, size=count), minlength=count) for _ in range(draws)])
    total, positives = weights @ hits, weights @ there
    f1 = np.divide(2 * total, positives + weights @ saying, out=np.zeros_like(total), where=total > 0)
    recall = np.divide(total, positives, out=np.zeros_like(total), where=positives > 0)
    return {
        "accuracy": (weights @ right).sum(axis=1) / (weights @ size),
        "uf1": f1.mean(axis=1),
        "uar": recall.sum(axis=1) / np.maximum((positives > 0).sum(axis=1), 1),
    }


def score(
    truth: Decisions, said: Decisions, *, classes: tuple[str, ...], several: bool, predicted: int, note: str
) -> Scores:
    """Return all scores of decisions, shape (clips, classes)."""
    f1, recall, right = (
        dict(zip(classes, by_class(truth, said).tolist(), strict=True))
        for by_class in (f1_per_class, recall_per_class, accuracies)
    )
    both = dict(zip(classes, f1_two_class(truth, said).tolist(), strict=True)) if several else {}
    counts = decisions_by_label(truth, said) if several else confusion_matrix(truth, said)
    return Scores(
        clips=len(truth),
        predicted=predicted,
        several=several,
        note=note,
        accuracy=accuracy(truth, said, several=several),
        uf1=uf1(truth, said),
        uar=uar(truth, said),
        f1=f1,
        recall=recall,
        accuracies=right,
        f1_two_class=both,
        uf1_two_class=float(np.mean(list(both.values()))) if several else None,
        without=[classes[place] for place in np.flatnonzero(~truth.any(axis=0))],
        confusion=counts.tolist(),
    )


def _ratio(over: NDArray[Any], under: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(np.divide(over, under, out=np.zeros(len(over)), where=under > 0), np.float64)
