"""Baselines: what a method should beat, through the public API alone. Copy what you need.

Each returns a function that says what it predicts of a fold; `predict_all` scores that over all folds.
docs/baselines.md has the settings of papers for the same features.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from mestore.labels.target import Target, aim, coded_parts
from mestore.protocols.fold import Fold
from mestore.protocols.folds import Folds
from mestore.scores.fitted import Fitted, Predictions, Said
from mestore.scores.scorer import Scorer
from mestore.store.batch import Batch, joined_batches, labels_of
from mestore.store.reader import Store

SIDE = 28
"""Maps of flow and strain are averaged down to this side before the SVM, as the field does."""

Predict = Callable[[Fold], Predictions]


def constant(store: Store, folds: Folds) -> Predict:
    """Return what says the same of every clip: all labels of several, else the class with most clips.

    That class is counted over all clips that the protocol scores, tested ones included: a line to be above,
    and no method. All labels is the "Constant" of Varanka et al. 2023, table 6.
    """
    table = store.clips()
    table = table[table["clip_id"].isin(folds.clips)]
    target, _ = aim(table, folds.label)
    said = target.classes if target.several else str(most_frequent(labels_of(table, label=folds.label)))
    return lambda fold: Predictions(dict.fromkeys(folds.tested(fold), said))


def majority(store: Store, folds: Folds) -> Predict:
    """Return what says the most frequent class of the training clips; of several labels, each by itself."""
    table = labelled(store, folds)
    target, _ = aim(table, folds.label)
    labels = labels_of(table, label=folds.label, coded=coded_parts(store.clips()))
    place = {clip: row for row, clip in enumerate(table["clip_id"])}

    def predict(fold: Fold) -> Predictions:
        train = [clip for clip in folds.training(fold) if clip in place]
        if not train:
            return Predictions({})
        columns = np.atleast_2d(labels[[place[clip] for clip in train]].T)
        said = _said([most_frequent(column) for column in columns], target)
        return Predictions(dict.fromkeys(folds.tested(fold), said), fitted_on=train)

    return predict


def svm(store: Store, folds: Folds, feature: str, *, model: Any = None) -> Predict:
    """Return what fits an SVM to the training clips of a feature; an SVM for each of several labels.

    Clips that may be trained on but have no label are not used. Where the training clips show one class only,
    that one is predicted; where there are none, nothing.

    Parameters
    ----------
    feature : str
        Name of a store with one fixed shape.
    model : estimator of scikit-learn, optional
        By default `linear_svm()`.
    """
    known = labelled(store, folds)
    trained = sorted({person for fold in folds for person in fold.train} & set(known["person"]))
    # Read once, subject by subject: each of 700 folds trains on nearly everybody.
    parts = store.iter(feature, trained, clips=set(known["clip_id"]))
    whole = joined_batches([smaller(part) for part in parts])
    fitted = Fitted(linear_svm() if model is None else model, label=folds.label)

    def predict(fold: Fold) -> Predictions:
        train = whole.only(folds.training(fold))
        test = smaller(store.read(feature, fold.test, clips=folds.tested(fold)))
        if train.clips.empty or test.clips.empty:
            return Predictions({})
        return fitted.fit(train).predict(test)

    return predict


def predict_all(store: Store, folds: Folds, predict: Predict, *, ledger: Path | None = None) -> Scorer:
    """Return a scorer that holds what `predict` says of every fold."""
    scorer = Scorer(folds, store.clips(), ledger=ledger)
    for fold in folds:
        scorer.add(fold, predict(fold))
    return scorer


def linear_svm() -> Pipeline:
    """Return an unfitted scaler and linear SVM; classes weigh the same, however many clips they have."""
    return make_pipeline(StandardScaler(), SVC(kernel="linear", C=1.0, class_weight="balanced"))


def labelled(store: Store, folds: Folds) -> pd.DataFrame:
    """Return the rows of the clip table that some fold may train on and that have a label."""
    table = store.clips()
    _, truth = aim(table, folds.label)
    return table[(truth != "") & table["clip_id"].isin({**folds.clips, **folds.extra})]


def most_frequent(labels: NDArray[Any]) -> Any:
    """Return the most frequent label; of several that are, the first in order.

    Examples
    --------
    >>> most_frequent(np.array(["b", "c", "a", "b", "a"])).item()
    'a'
    """
    values, counts = np.unique(labels, return_counts=True)
    return values[counts.argmax()]


def smaller(batch: Batch) -> Batch:
    """Return a batch whose maps, shape (clips, y, x, channel), are averaged down to 28 x 28.

    Each clip by itself: nothing is fitted. Other data, and smaller maps, stay as they are.
    """
    data = batch.data
    if isinstance(data, list) or data.ndim != 4 or min(data.shape[1:3]) <= SIDE or not len(data):
        return batch
    maps = [cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for one in data]
    return replace(batch, data=np.stack(maps))


def _said(said: Sequence[Any], target: Target) -> Said:
    """Return a prediction as a scorer takes it: a class, or those of several labels that are 1."""
    if not target.several:
        return str(said[0])
    return [name for name, there in zip(target.classes, said, strict=True) if int(there)]
