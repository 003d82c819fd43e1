"""Evaluate: baselines through the public API alone, as a user would write them."""

from collections.abc import Callable

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from mestore.metrics import Scorer
from mestore.protocols.fold import Fold, Folds
from mestore.store.reader import Store

SIDE = 28
"""Flow maps are averaged down to this side before the SVM, as the field does."""

CONSTANT = "constant"
"""Name of the baseline that predicts the most frequent class of the training persons."""

Predict = Callable[[Fold], dict[str, str]]


def evaluate_feature(store: Store, folds: Folds, name: str) -> Scorer:
    """Return the scored predictions of a linear SVM on the feature `name`."""
    return predict_all(store, folds, lambda fold: svm_predictions(store, folds, fold, name))


def evaluate_constant(store: Store, folds: Folds) -> Scorer:
    """Return the scored predictions of the constant baseline."""
    table = store.clips().set_index("clip_id")

    def predict(fold: Fold) -> dict[str, str]:
        known = sorted(clip for clip, person in folds.clips.items() if person in fold.train)
        return dict.fromkeys(folds.tested(fold), most_frequent(table.loc[known, folds.label]))

    return predict_all(store, folds, predict)


def predict_all(store: Store, folds: Folds, predict: Predict) -> Scorer:
    """Return a scorer that holds what `predict` says of every fold."""
    scorer = Scorer(folds, store.clips())
    for fold in folds:
        scorer.add(fold, predict(fold))
    return scorer


def svm_predictions(store: Store, folds: Folds, fold: Fold, name: str) -> dict[str, str]:
    """Fit scaler and SVM on the fold's train persons, and predict the clips of its test persons.

    Where the training clips show one class only, that one is predicted; where there are none, nothing.
    """
    train = store.read(name, fold.train, clips=folds.clips)
    test = store.read(name, fold.test, clips=folds.clips)
    labels = train.clips[folds.label]
    if labels.empty or test.clips.empty:
        return {}
    if labels.nunique() == 1:
        return dict.fromkeys(test.clips["clip_id"], most_frequent(labels))
    predicted = linear_svm().fit(vectors(train.data), labels).predict(vectors(test.data))
    return dict(zip(test.clips["clip_id"], predicted.tolist(), strict=True))


def most_frequent(labels: "pd.Series[str]") -> str:
    """Return the most frequent label; of several, the first in the alphabet.

    Examples
    --------
    >>> most_frequent(pd.Series(["b", "c", "a", "b", "a"]))
    'a'
    """
    return str(labels.mode().iloc[0])


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
