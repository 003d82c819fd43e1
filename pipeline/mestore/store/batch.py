"""Batch: clips that were read, with what the clip table says of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mestore import clips as clip_table
from mestore.errors import LeakError, StoreError
from mestore.labels.target import Coded, aim, coded_parts, parted
from mestore.sample import Sample
from mestore.store.feature import Feature


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What `Store.read` returns: as many arrays as rows in the table, in the same order.

    Parameters
    ----------
    data : ndarray, shape (clips, ...), or list of ndarray
        A list of read-only views where clips differ in length.
    clips : DataFrame
        Their rows of the clip table.
    samples : list of Sample
        Each clip with its frame numbers, landmarks and measures; the arrays are read-only views.
    fitted_on : frozenset of str
        Ids of the clips that whatever made this data was fitted on (`mestore.Fitted`); a store's are none.
    coded : frozenset of (str, str), optional
        The datasets and parts that are coded by action units, whether or not one of these clips has any; by
        default, those of which one has.
    """

    data: NDArray[Any] | list[NDArray[Any]]
    clips: pd.DataFrame
    samples: list[Sample]
    fitted_on: frozenset[str] = frozenset()
    coded: Coded | None = None

    @property
    def held_out(self) -> bool:
        """Whether the table shows no labels, because these persons are held out."""
        return not set(clip_table.TELLING) & set(self.clips.columns)

    def labelled(self, label: str) -> "Batch":
        """Return those of the clips that have a label: extra clips to train on may have none.

        Parameters
        ----------
        label : str
            What is predicted, such as `folds.label`.

        Raises
        ------
        LeakError
            If these persons are held out.
        """
        if self.held_out:
            raise LeakError(
                f"{len(self.clips)} clips are of persons who are held out: {label} is not shown; expected a "
                "batch of fold.train"
            )
        _, truth = aim(self.clips, label, coded=self.coded)
        return self.only(self.clips.loc[truth != "", "clip_id"].tolist())

    def only(self, clips: Collection[str]) -> "Batch":
        """Return those of the clips that are here, in the order they have here."""
        wanted = set(clips)
        rows = [row for row, clip in enumerate(self.clips["clip_id"]) if clip in wanted]
        return replace(
            self,
            data=[self.data[row] for row in rows] if isinstance(self.data, list) else self.data[rows],
            clips=self.clips.iloc[rows].reset_index(drop=True),
            samples=[self.samples[row] for row in rows],
        )


def joined_batches(batches: Sequence[Batch]) -> Batch:
    """Return batches of fixed-shape clips as one; of none, one without clips."""
    if not batches:
        return Batch(data=np.empty((0,)), clips=pd.DataFrame({"clip_id": []}), samples=[])
    known = [batch.coded for batch in batches]
    return Batch(
        data=np.concatenate([batch.data for batch in batches]),
        clips=pd.concat([batch.clips for batch in batches], ignore_index=True),
        samples=[sample for batch in batches for sample in batch.samples],
        fitted_on=frozenset[str]().union(*(batch.fitted_on for batch in batches)),
        coded=None if None in known else Coded().union(*filter(None, known)),
    )


class Labelled(NamedTuple):
    """What scikit-learn fits and splits.

    Attributes
    ----------
    X : ndarray of float32, shape (clips, values)
    y : ndarray of str, shape (clips,), or of uint8, shape (clips, classes)
        The class of each clip; of several labels, 1 for those it has.
    groups : ndarray of str, shape (clips,)
        The person of each clip: what an inner split must keep together.
    """

    X: NDArray[np.float32]
    y: NDArray[Any]
    groups: NDArray[Any]


def labels_of(table: pd.DataFrame, *, label: str, coded: Coded | None = None) -> NDArray[Any]:
    """Return the truth of every row of a clip table; all must have one.

    Parameters
    ----------
    table : DataFrame
        Rows of the clip table.
    label : str
        A name of `mestore.labels.target`.
    coded : frozenset of (str, str), optional
        As in `aim`, where `table` holds some rows only.

    Returns
    -------
    ndarray of str, shape (clips,), or of uint8, shape (clips, classes)
        One class a clip; of several labels, 1 for those it has, in the order of the target's classes.

    Raises
    ------
    StoreError
        If a clip has none.
    """
    target, truth = aim(table, label, coded=coded)
    without = table.loc[truth == "", "clip_id"].tolist()
    if without:
        raise StoreError(
            f"{len(without)} clips have no {label}, the first: {without[0]}; read those that the fold trains "
            "on (clips=folds.training(fold)), and where the protocol has extra data take of them what has a "
            "label (batch.labelled(label))"
        )
    if not target.several:
        return truth.to_numpy(str)
    return np.array([[name in parted(text) for name in target.classes] for text in truth], np.uint8)


def batch_of(feature: Feature, table: pd.DataFrame, samples: list[Sample]) -> Batch:
    """Return samples and their rows of the clip table as a batch; fixed shapes are copied into one array."""
    arrays = [sample.data for sample in samples]
    shapes = {array.shape for array in arrays}
    if not feature.ragged and len(shapes) > 1:
        raise StoreError(
            f"clips of {feature.path} have different shapes: {', '.join(map(str, sorted(shapes)))}; read its "
            "datasets apart, or build them with equal parameters"
        )
    data = arrays if feature.ragged else np.stack(arrays) if arrays else feature.nothing()
    return Batch(data=data, clips=table, samples=samples, coded=coded_parts(feature.clips))
