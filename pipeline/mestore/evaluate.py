"""Evaluate: baselines through the public API alone, as a user would write them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from mestore.labels.target import Target, aim
from mestore.protocols.fold import Fold
from mestore.protocols.folds import Folds
from mestore.scorer import Said, Scorer
from mestore.store.batch import labels_of
from mestore.store.reader import Store

SIDE = 28
"""Flow maps are averaged down to this side before the SVM, as the field does."""

CONSTANT = "constant"
"""Name of the baseline that predicts the most frequent class of the training persons."""

Predict = Callable[[Fold], dict[str, Said]]


def evaluate_feature(store: Store, folds: Folds, name: str, *, ledger: Path | None = None) -> Scorer:
    """Return the scored predictions of a linear SVM on the feature `name`."""
    return predict_all(store, folds, lambda fold: svm_predictions(store, folds, fold, name), ledger=ledger)


def evaluate_constant(store: Store, folds: Folds, *, ledger: Path | None = None) -> Scorer:
    """Return the scored predictions of the constant baseline: the most frequent class of the training clips.

    Of several labels, each by itself.
    """
    table = store.clips()
    table = table[table["clip_id"].isin(folds.clips)]
    target, _ = aim(table, folds.label)
    labels = labels_of(table, label=folds.label)

    def predict(fold: Fold) -> dict[str, Said]:
        known = labels[table["clip_id"].isin(folds.training(fold))]
        said = [most_frequent(column) for column in np.atleast_2d(known.T)]
        return dict.fromkeys(folds.tested(fold), _said(said, target))

    return predict_all(store, folds, predict, ledger=ledger)


def predict_all(store: Store, folds: Folds, predict: Predict, *, ledger: Path | None = None) -> Scorer:
    """Return a scorer that holds what `predict` says of every fold."""
    scorer = Scorer(folds, store.clips(), ledger=ledger)
    for fold in folds:
        scorer.add(fold, predict(fold))
    return scorer


def svm_predictions(store: Store, folds: Folds, fold: Fold, name: str) -> dict[str, Said]:
    """Fit scaler and SVM on the fold's training clips, and predict its test clips.

    Of several labels there is an SVM for each. Where the training clips show one class only, that one is
    predicted; where there are none, nothing. Clips that may be trained on but have no label are not used.
    """
    known = [clip for clip in folds.training(fold) if clip in folds.clips]
    train = store.read(name, fold.train, clips=known)
    test = store.read(name, fold.test, clips=folds.tested(fold))
    if train.clips.empty or test.clips.empty:
        return {}
    target, _ = aim(train.clips, folds.label)
    labels = np.atleast_2d(labels_of(train.clips, label=folds.label).T)
    seen, unseen = vectors(train.data), vectors(test.data)
    columns = [_predicted(seen, column, unseen) for column in labels]
    return {clip: _said(said, target) for clip, *said in zip(test.clips["clip_id"], *columns, strict=True)}


def _predicted(seen: NDArray[np.float64], labels: NDArray[Any], unseen: NDArray[np.float64]) -> list[Any]:
    if len(set(labels.tolist())) == 1:
        return [labels[0]] * len(unseen)
    predicted: list[Any] = linear_svm().fit(seen, labels).predict(unseen).tolist()
    return predicted


def _said(said: Sequence[Any], target: Target) -> Said:
    """Return a prediction as a scorer takes it: a class, or those of several labels that are 1."""
    if not target.several:
        return str(said[0])
    return [name for name, there in zip(target.classes, said, strict=True) if int(there)]


def most_frequent(labels: NDArray[Any]) -> Any:
    """Return the most frequent label; of several, the first in order.

    Examples
    --------
    >>> most_frequent(np.array(["b", "c", "a", "b", "a"])).item()
    'a'
    """
    values, counts = np.unique(labels, return_counts=True)
    return values[counts.argmax()]


def linear_svm() -> Pipeline:
    """Return an unfitted scaler and linear SVM; classes weigh the same, however many clips they have."""
    return make_pipeline(StandardScaler(), SVC(kernel="linear", C=1.0, class_weight="balanced"))


def vectors(data: NDArray[np.float32] | list[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Return one row per clip; maps (y, x, channel) larger than 28 x 28 are averaged down to that.

    Raises
    ------
    ValueError
        If clips differ in length: a linear SVM needs vectors of one length.
    """
    if isinstance(data, list):
        raise ValueError(f"found {len(data)} clips that differ in length; expected a fixed-shape feature")
    if data.ndim == 4 and min(data.shape[1:3]) > SIDE:
        data = np.stack([cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for one in data])
    return data.reshape(len(data), -1).astype(np.float64)
