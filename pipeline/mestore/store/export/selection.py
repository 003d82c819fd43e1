"""Selection: which clips of a store are exported, and what is told about them."""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mestore.errors import StoreError
from mestore.sample import Sample
from mestore.store.layout import Description, subject_key
from mestore.store.reader import Feature

MADE_BY = "mestore export"
LONGEST_NAME = 120
"""Characters of a file's name: file systems stop at 255 bytes, and something is put behind it."""

TOLD = ("key", "dataset", "subject", "person", "fps")
"""Columns that are told of a clip whose labels are hidden.

A list of what is allowed, so that a new column of the clip table stays hidden. Clip ids are not in it: SMIC,
CAS(ME)^2 and MMEW write the emotion into the names of clips. Frame numbers are a coder's annotation.
"""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One subject of a selection: as many rows as samples, in the same order."""

    dataset: str
    subject: str
    description: Description
    rows: pd.DataFrame
    samples: list[Sample]


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The clips of a store that are exported.

    Parameters
    ----------
    feature : Feature
        The store.
    clips : collection of str, optional
        Ids of the clips; by default all.
    hidden : bool
        Whether what gives a clip's label away stays out: a clip is then known by its key alone, and the order
        is that of the keys.
    """

    feature: Feature
    clips: Collection[str] | None = None
    hidden: bool = False

    def wanted(self) -> pd.DataFrame:
        """Return the rows of the clip table, with a column "key", those without arrays included."""
        table = self.feature.clips
        if self.clips is not None:
            table = table[table["clip_id"].isin(set(self.clips))]
        table = table.assign(key=[clip_key(clip) for clip in table["clip_id"]])
        return table.sort_values(["dataset", "subject", "key" if self.hidden else "clip_id"], kind="stable")

    def table(self) -> pd.DataFrame:
        """Return what is told of the clips that have arrays, in the order of the parts."""
        wanted = self.wanted()
        return self._told(wanted[~wanted["clip_id"].isin(self._failed())])

    def missing(self) -> list[str]:
        """Return the names of the clips that have no arrays."""
        wanted = self.wanted()
        absent = wanted[wanted["clip_id"].isin(self._failed())]
        return [str(name) for name in absent["key" if self.hidden else "clip_id"]]

    def names(self, part: Part) -> list[str]:
        """Return what the clips of a part are called: their ids or, hidden, their keys."""
        return [str(name) for name in part.rows["key" if self.hidden else "clip_id"]]

    def parts(self, *, check: bool = True) -> Iterator[Part]:
        """Give one subject after the other, one in memory at a time; `check` compares checksums."""
        wanted = self.wanted()
        present = wanted[~wanted["clip_id"].isin(self._failed())]
        for (dataset, subject), rows in present.groupby(["dataset", "subject"], sort=True):
            samples = self.feature.samples(str(dataset), str(subject), check=check)
            absent = [clip for clip in rows["clip_id"] if clip not in samples]
            if absent:
                raise StoreError(
                    f"{self.feature.path}: clip {absent[0]} is in the clip table, not among the failures and "
                    f"not in {dataset}/{subject}; run `dvc repro`"
                )
            yield Part(
                dataset=str(dataset),
                subject=str(subject),
                description=self.feature.descriptions[str(dataset)],
                rows=self._told(rows),
                samples=[samples[clip] for clip in rows["clip_id"]],
            )

    def about(self) -> dict[str, Any]:
        """Return what the store is, as plain JSON values."""
        datasets = {name: its.attributes() for name, its in self.feature.descriptions.items()}
        return {
            "made_by": MADE_BY,
            "labels": "hidden" if self.hidden else "told",
            "datasets": datasets,
            "missing": self.missing(),
        }

    def _told(self, table: pd.DataFrame) -> pd.DataFrame:
        told = table[list(TOLD)] if self.hidden else table.drop(columns="key")
        return told.reset_index(drop=True)

    def _failed(self) -> set[str]:
        return set(self.feature.failures["clip_id"])


def clip_key(clip_id: str) -> str:
    """Return a name for a clip that tells nothing: 16 hexadecimal digits of the sha256 of its id.

    Examples
    --------
    >>> clip_key("smic/s1/s1_ne_01@4")
    '0045a032ea9074d9'
    """
    return hashlib.sha256(clip_id.encode()).hexdigest()[:16]


def file_name(name: str) -> str:
    """Return a file name for any text: percent-encoded, and cut to a length that every file system takes.

    Examples
    --------
    >>> file_name("EP02_01f@46"), file_name("../x")
    ('EP02_01f%4046', '%2E.%2Fx')
    """
    key = subject_key(name)
    if 0 < len(key) <= LONGEST_NAME:
        return key
    return f"{key[: LONGEST_NAME - 17].rpartition('%')[0] or 'clip'}~{clip_key(name)}"


def fixed_shape(feature: Feature, *, form: str) -> Sample:
    """Return a clip whose data has the shape that all clips of the store have.

    Raises
    ------
    StoreError
        If clips differ in length or shape, naming the formats that take such a store, or if there are none.
    """
    firsts = [] if feature.ragged else [_first(feature, dataset) for dataset in feature.descriptions]
    there = [sample for sample in firsts if sample is not None]
    if feature.ragged or len({(sample.data.shape, sample.data.dtype) for sample in there}) > 1:
        raise StoreError(
            f"{feature.path}: its clips differ in length or shape; {form} takes stores of one fixed shape: "
            "export with --to h5, or with --to tif if its clips are images"
        )
    if not there:
        raise StoreError(f"{feature.path}: found no clips to export; its failures table says why")
    return there[0]


def data_like(sample: Sample, model: Sample) -> NDArray[Any]:
    """Return the data of a clip in C order, after comparing its shape and dtype with those of `model`."""
    if sample.data.shape != model.data.shape or sample.data.dtype != model.data.dtype:
        raise StoreError(
            f"found a clip of shape {sample.data.shape} and {sample.data.dtype}, expected "
            f"{model.data.shape} and {model.data.dtype} like the first; export with --to h5"
        )
    return np.ascontiguousarray(sample.data)


def _first(feature: Feature, dataset: str) -> Sample | None:
    for subject in feature.subjects(dataset):
        for sample in feature.samples(dataset, subject).values():
            return sample
    return None


def joined_frames(samples: list[Sample]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the frame numbers of all clips one after the other, and where each clip's begin, and the end."""
    frames = [np.asarray(sample.frames, np.float64) for sample in samples]
    return np.concatenate(frames or [np.empty(0)]), offsets([len(it) for it in frames])


def offsets(lengths: list[int]) -> NDArray[np.int64]:
    """Return where each of several runs begins, and the end.

    Examples
    --------
    >>> offsets([2, 3]).tolist()
    [0, 2, 5]
    """
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
