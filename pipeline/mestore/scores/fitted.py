"""Fitted: an estimator that knows which clips it was fitted on, and predictions that say so."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mestore.errors import LeakError, MEStoreError, ScoreError
from mestore.labels.target import aim
from mestore.scores.said import Said
from mestore.store.batch import Batch, labels_of

__all__ = ["Fitted", "Predictions", "Said", "persons_digest"]

_DIGEST = 16  # hex digits


class Predictions(Mapping[str, Said]):
    """What is predicted of each clip, and which clips anything behind it was fitted on.

    Parameters
    ----------
    said : mapping of str to str, or to a collection of str
        Class by clip id; of several labels, those that the clip has. What other `Predictions` were fitted on
        is kept.
    fitted_on : iterable of str
        Ids of the clips that anything was fitted on (weights, scaler, PCA, selected features); empty: not
        known. `Scorer.add` refuses predictions that were fitted on a person whom they are about.

    Examples
    --------
    >>> predictions = Predictions({"d/a/1@1": "disgust"}, fitted_on=["d/b/1@1", "d/c/1@1"])
    >>> predictions["d/a/1@1"], sorted(predictions.fitted_on)
    ('disgust', ['d/b/1@1', 'd/c/1@1'])
    """

    def __init__(self, said: Mapping[str, Said], *, fitted_on: Iterable[str] = ()) -> None:
        if isinstance(fitted_on, str):
            raise ScoreError(
                f"fitted_on is the text {fitted_on!r}; expected clip ids, such as [{fitted_on!r}]"
            )
        if not isinstance(said, Mapping | pd.Series) or fitted_on is None:
            raise ScoreError(
                f"found a {type(said).__name__}, fitted_on a {type(fitted_on).__name__}; expected a mapping "
                'by clip id, such as dict(zip(test.clips["clip_id"], said)), and clip ids: '
                'fitted_on=train.clips["clip_id"]'
            )
        self._said = dict(said)
        its: frozenset[str] = getattr(said, "fitted_on", frozenset())
        self.fitted_on = its.union(map(str, fitted_on))

    def __getitem__(self, clip: str) -> Said:
        return self._said[clip]

    def __iter__(self) -> Iterator[str]:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)

    def __repr__(self) -> str:
        return f"Predictions({len(self)} clips, fitted on {len(self.fitted_on) or 'unknown'} clips)"


class Fitted:
    """A scikit-learn estimator that is fitted on clips, and remembers which.

    What it gives carries their ids, with those of everything that its input went through before: `Scorer.add`
    refuses a prediction about a person whom a scaler, a PCA, a selection of features or a model was fitted
    on. Arrays (clips, ...) are handed over as (clips, values). Of several labels, each has an estimator of
    its own. A label that all training clips agree about is predicted as they have it.

    Parameters
    ----------
    estimator : estimator of scikit-learn
        A classifier, a transformer, or a pipeline. It is cloned, and stays as it is.
    label : str, optional
        What is learned, such as `folds.label`; leave it out for what takes no labels, such as a scaler.

    Attributes
    ----------
    fitted_on : frozenset of str
        Ids of the clips.
    estimators : list
        What was fitted: one, or one for each of several labels.

    Examples
    --------
    A classifier::

        train = store.read("mdmo", fold.train, clips=folds.training(fold))
        test = store.read("mdmo", fold.test, clips=folds.tested(fold))
        scorer.add(fold, Fitted(SVC(), label=folds.label).fit(train).predict(test))

    A transformer, and what comes after it::

        pca = Fitted(PCA(20)).fit(train)
        model = Fitted(SVC(), label=folds.label).fit(pca.transform(train))
        scorer.add(fold, model.predict(pca.transform(test)))
    """

    def __init__(self, estimator: Any, *, label: str | None = None) -> None:
        if isinstance(estimator, type):
            raise MEStoreError(
                f"found the class {estimator.__name__}; expected one of it: {estimator.__name__}()"
            )
        self.label = label
        self.fitted_on: frozenset[str] = frozenset()
        self._estimator = estimator
        self.estimators: list[Any] = []
        self._classes: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return f"Fitted({self._estimator!r}, label={self.label!r}, fitted on {len(self.fitted_on)} clips)"

    def fit(self, batch: Batch) -> Self:
        """Fit on the clips of a batch, and forget an earlier fit.

        Parameters
        ----------
        batch : Batch
            Of `store.read`, or of `transform`.

        Raises
        ------
        LeakError
            If labels are to be learned of persons who are held out (`fold.test`).
        MEStoreError
            If there is no clip, clips differ in length, one has no label, or a classifier got no `label`.
        """
        values = _values(batch)
        if not len(values):
            raise MEStoreError("found no clip to fit on; expected one or more: see whom the fold trains on")
        target, columns = self._labels(batch)
        self.estimators = [self._fit(values, column) for column in columns]
        self._classes = target
        self.fitted_on = batch.fitted_on | frozenset(map(str, batch.clips["clip_id"]))
        return self

    def transform(self, batch: Batch) -> Batch:
        """Return a batch whose data the estimator has transformed, shape (clips, values).

        Raises
        ------
        MEStoreError
            If nothing was fitted, or each of several labels has an estimator of its own.
        """
        self._require_fit()
        if len(self.estimators) > 1 or not hasattr(self.estimators[0], "transform"):
            raise MEStoreError(
                f"{self!r} has {len(self.estimators)} estimators; expected one that transforms: fit a "
                "transformer apart from the classifier, as Fitted(PCA(20)).fit(train).transform(train)"
            )
        data = np.asarray(self.estimators[0].transform(_values(batch)))
        return replace(
            batch,
            data=data,
            samples=[sample.having(row) for sample, row in zip(batch.samples, data, strict=True)],
            fitted_on=batch.fitted_on | self.fitted_on,
        )

    def predict(self, batch: Batch) -> Predictions:
        """Return what is predicted of the clips of a batch, as `Scorer.add` takes it.

        Raises
        ------
        MEStoreError
            If nothing was fitted.
        ScoreError
            If of several labels an estimator says something else than 0 or 1.
        """
        self._require_fit()
        ids = [str(clip) for clip in batch.clips["clip_id"]]
        values = _values(batch)
        columns = [one.predict(values).tolist() for one in self.estimators] if ids else []
        said: dict[str, Said] = dict(zip(ids, columns[0], strict=True)) if columns else {}
        if columns and self._classes is not None:
            rows = zip(*columns, strict=True)
            said = {clip: _those(clip, row, self._classes) for clip, row in zip(ids, rows, strict=True)}
        return Predictions(said, fitted_on=batch.fitted_on | self.fitted_on)

    def _labels(self, batch: Batch) -> tuple[tuple[str, ...] | None, list[NDArray[Any] | None]]:
        """Return the classes if there are several labels, and what to learn, one array per estimator."""
        predicts = hasattr(self._estimator, "predict")
        if self.label is None:
            if predicts and not hasattr(self._estimator, "transform"):
                raise MEStoreError(
                    f"{self._estimator!r} predicts, and no label is given; expected such as label=folds.label"
                )
            return None, [None]
        if batch.held_out:
            raise LeakError(
                f"{len(batch.clips)} clips are of persons who are held out: {self.label} is not shown; "
                "expected a batch of fold.train"
            )
        labels = labels_of(batch.clips, label=self.label, coded=batch.coded)
        if labels.ndim == 1 or not predicts:
            return None, [labels]
        return aim(batch.clips, self.label)[0].classes, list(labels.T)

    def _fit(self, values: NDArray[Any], labels: NDArray[Any] | None) -> Any:
        from sklearn.base import clone  # `import mestore` stays light

        if labels is not None and hasattr(self._estimator, "predict") and len(np.unique(labels, axis=0)) == 1:
            return _Constant(labels[0])
        return clone(self._estimator).fit(values, labels)

    def _require_fit(self) -> None:
        if not self.estimators:
            raise MEStoreError(f"{self!r} was not fitted; call fit(train) first")


class _Constant:
    """Predicts what all training clips have: most classifiers refuse to learn that."""

    def __init__(self, label: Any) -> None:
        self._label = label

    def predict(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.full(len(values), self._label)


def persons_digest(persons: Iterable[str]) -> str:
    """Return a digest of persons, equal in whatever order they come: 16 hex digits.

    Examples
    --------
    >>> persons_digest(["b", "a"]) == persons_digest(["a", "b"]) != persons_digest(["a", "bb"])
    True
    """
    names = "\n".join(sorted(set(persons)))
    return hashlib.sha256(names.encode()).hexdigest()[:_DIGEST]


def _values(batch: Batch) -> NDArray[Any]:
    if not isinstance(batch, Batch):
        raise MEStoreError(
            f"found a {type(batch).__name__}; expected a batch of store.read, which knows its clips: "
            "fit(train), not fit(train.data)"
        )
    if isinstance(batch.data, list):
        raise MEStoreError(
            f"found {len(batch.data)} clips that differ in length; an estimator needs vectors of one length: "
            "choose a store with a fixed shape"
        )
    values = batch.data.reshape(len(batch.data), int(np.prod(batch.data.shape[1:])))
    odd = batch.clips.loc[~np.isfinite(values).all(axis=1), "clip_id"].tolist()
    if odd:
        raise MEStoreError(
            f"{len(odd)} clips hold NaN or infinite values, the first: {odd[0]}; expected numbers: leave "
            "them out (clips=), or see `mestore verify`"
        )
    return values


def _those(clip: str, said: tuple[Any, ...], classes: tuple[str, ...]) -> list[str]:
    """Return the labels that are 1."""
    odd = [value for value in said if value not in (0, 1)]
    if odd:
        raise ScoreError(f"clip {clip!r}: found {odd[0]!r} as prediction of a label; expected 0 or 1")
    return [name for name, value in zip(classes, said, strict=True) if value]
