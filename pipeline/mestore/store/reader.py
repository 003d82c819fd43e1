"""Reader: the arrays of the clips of some persons, never by row number."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import zarr
from numpy.typing import NDArray

from mestore.errors import StoreError
from mestore.sample import Sample
from mestore.store.layout import (
    CLIPS,
    COMMIT,
    DATA,
    FAILURES,
    LANDMARKS,
    SUFFIX,
    Commit,
    Description,
    subject_key,
    subject_name,
)
from mestore.store.tables import read_clips, read_failures


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What `Store.read` returns: as many arrays as rows in the table, in the same order.

    Parameters
    ----------
    data : ndarray, shape (clips, ...), or list of ndarray
        A list where clips differ in length.
    clips : DataFrame
        Their rows of the clip table.
    samples : list of Sample
        Each clip with its frame numbers, landmarks and measures.
    """

    data: NDArray[Any] | list[NDArray[Any]]
    clips: pd.DataFrame
    samples: list[Sample]


class Feature:
    """One store: the subjects of all datasets with one kind of array.

    Parameters
    ----------
    path : Path
        Its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not (path / CLIPS).is_file():
            raise StoreError(f"{path} is not a store: it has no {CLIPS}; build it with `dvc repro`")

    @cached_property
    def clips(self) -> pd.DataFrame:
        """The clip table: one row per annotated clip, failed ones included."""
        return read_clips(self.path)

    @cached_property
    def failures(self) -> pd.DataFrame:
        """The clips that have no arrays here, and why."""
        return read_failures(self.path / FAILURES)

    @cached_property
    def descriptions(self) -> dict[str, Description]:
        """What the arrays are, by dataset."""
        return {
            group.name.removesuffix(SUFFIX): Description.read(group)
            for group in sorted(self.path.glob(f"*{SUFFIX}"))
        }

    @property
    def ragged(self) -> bool:
        """Whether clips differ in length."""
        return any(description.ragged for description in self.descriptions.values())

    def nothing(self) -> NDArray[Any]:
        """Return the data of no clip: shape (0, ...), like that of the clips that are there."""
        for dataset, description in self.descriptions.items():
            for subject in self.subjects(dataset):
                for sample in self.samples(dataset, subject).values():
                    return np.empty((0, *sample.data.shape), description.dtype)
        return np.empty((0,))

    def subjects(self, dataset: str) -> list[str]:
        """Return the subjects of a dataset that are in this store."""
        return sorted(subject_name(path.parent.name) for path in self._group(dataset).glob(f"*/{COMMIT}"))

    def commit(self, dataset: str, subject: str) -> Commit:
        """Return the commit record of a subject."""
        return Commit.read(self._folder(dataset, subject))

    def samples(self, dataset: str, subject: str, *, check: bool = False) -> dict[str, Sample]:
        """Read all clips of a subject, by clip id.

        Parameters
        ----------
        dataset, subject : str
            As in the clip table.
        check : bool
            Compare every file's checksum; presence and size are always compared, because Zarr reads what
            is missing as zeros.
        """
        folder = self._folder(dataset, subject)
        Commit.read(folder).check(folder, content=check)
        records = json.loads((folder / "zarr.json").read_bytes())["attributes"]["clips"]
        if not records:
            return {}
        group = zarr.open_group(folder, mode="r", use_consolidated=False)
        data = _array(group, DATA)
        points = _array(group, LANDMARKS) if (folder / LANDMARKS).is_dir() else None
        ragged = self.descriptions[dataset].ragged
        return {
            record["clip"]: Sample(
                data=data[record["start"] : record["start"] + record["rows"]] if ragged else data[row],
                frames=np.asarray(record["frames"], np.float64),
                onset=record["onset"],
                apex=record["apex"],
                offset=record["offset"],
                landmarks=None if points is None else points[row],
                measures={name: np.asarray(value) for name, value in record["measures"].items()},
            )
            for row, record in enumerate(records)
        }

    def _group(self, dataset: str) -> Path:
        return self.path / f"{dataset}{SUFFIX}"

    def _folder(self, dataset: str, subject: str) -> Path:
        return self._group(dataset) / subject_key(subject)


class Store:
    """All stores of a workspace, read by person.

    Parameters
    ----------
    path : Path
        The folder of the stores, such as data/stores.
    names : iterable of str, optional
        Those to open; by default all that lie there.
    """

    def __init__(self, path: Path, *, names: Iterable[str] | None = None) -> None:
        self.path = path
        chosen = [folder.name for folder in _stores(path)] if names is None else list(names)
        self.features = {name: Feature(path / name) for name in chosen}
        if not self.features:
            raise StoreError(f"no store below {path}; build one with `dvc repro`")

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r}: {', '.join(self.features)})"

    def feature(self, name: str) -> Feature:
        """Return one store by name."""
        if name not in self.features:
            raise StoreError(f"no store {name!r} in {self.path}; there are: {', '.join(self.features)}")
        return self.features[name]

    def clips(self, name: str | None = None) -> pd.DataFrame:
        """Return the clip table: one row per annotated clip, with its person.

        Parameters
        ----------
        name : str, optional
            Of that store; by default all must agree, as they do after `dvc repro`.
        """
        if name is not None:
            return self.feature(name).clips.copy()
        (first, table), *others = [(name, feature.clips) for name, feature in self.features.items()]
        for other, its in others:
            if not its.equals(table):
                raise StoreError(
                    f"stores {first!r} and {other!r} hold different clip tables; run `dvc repro`, and delete "
                    f"the folder of one that params.yaml names no more below {self.path}"
                )
        return table.copy()

    def read(
        self,
        name: str,
        persons: Iterable[str],
        *,
        clips: Collection[str] | None = None,
        check: bool = False,
    ) -> Batch:
        """Read the clips of some persons; clips that failed are not among them.

        Parameters
        ----------
        name : str
            Of the store.
        persons : iterable of str
            Such as `fold.train`.
        clips : collection of str, optional
            Clip ids that are wanted at all, such as `folds.clips`: those that the protocol scores.
        check : bool
            Compare checksums too.

        Raises
        ------
        StoreError
            If a person is unknown, or a subject's files are missing, short or (with `check`) changed.
        """
        feature = self.feature(name)
        table = _of_persons(feature.clips, persons)
        if clips is not None:
            table = table[table["clip_id"].isin(set(clips))]
        rows: list[int] = []
        samples: list[Sample] = []
        for dataset, subject, part in _by_subject(table):
            known = feature.samples(dataset, subject, check=check)
            for row, clip in zip(part.index, part["clip_id"], strict=True):
                if clip in known:
                    rows.append(row)
                    samples.append(known[clip])
        data = [sample.data for sample in samples]
        return Batch(
            data=data if feature.ragged else np.stack(data) if data else feature.nothing(),
            clips=table.loc[rows].reset_index(drop=True),
            samples=samples,
        )


def open_store(path: str | Path, *, names: Iterable[str] | None = None) -> Store:
    """Open the stores below `path`, such as data/stores; by default all that lie there."""
    return Store(Path(path), names=names)


def _stores(path: Path) -> list[Path]:
    return sorted(folder.parent for folder in path.glob(f"*/{CLIPS}"))


def _of_persons(table: pd.DataFrame, persons: Iterable[str]) -> pd.DataFrame:
    if isinstance(persons, str):
        raise StoreError(f"persons is the text {persons!r}; expected several, such as fold.train")
    wanted = set(persons)
    unknown = sorted(wanted - set(table["person"]))
    if unknown:
        some = ", ".join(sorted(set(table["person"]))[:5])
        raise StoreError(f"no person {unknown[0]!r} in the clip table; there are {some} ...")
    return table[table["person"].isin(wanted)]


def _by_subject(table: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    for (dataset, subject), part in table.groupby(["dataset", "subject"], sort=True):
        yield str(dataset), str(subject), part


def _array(group: zarr.Group, name: str) -> NDArray[Any]:
    array = group[name]
    if not isinstance(array, zarr.Array):
        raise StoreError(f"{group.store_path}/{name} is not an array; rebuild the store with `dvc repro`")
    return np.asarray(array[...])
