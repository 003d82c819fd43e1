"""Reader: the arrays of the clips of some persons, never by row number."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mestore import clips as clip_table
from mestore.errors import StoreError
from mestore.persons import HeldOut
from mestore.store.batch import Batch, Labelled, batch_of, labels_of
from mestore.store.feature import Feature
from mestore.store.folder import Folder, as_folder, reading
from mestore.store.layout import CLIPS
from mestore.store.selection import Selection

if TYPE_CHECKING:
    from upath import UPath

__all__ = ["Batch", "Feature", "Labelled", "Store", "open_store"]


class Store:
    """All stores of a workspace, read by person.

    Parameters
    ----------
    path : Path or UPath
        The folder of the stores, such as data/stores.
    names : iterable of str, optional
        Those to open; by default all that lie there.
    mapped : bool
        Hand out views of local files; else read them through Zarr.
    """

    def __init__(self, path: Folder, *, names: Iterable[str] | None = None, mapped: bool = True) -> None:
        if isinstance(names, str):
            raise StoreError(f"names is the text {names!r}; expected several, such as [{names!r}]")
        self.path = as_folder(path)
        with reading(self.path):
            chosen = [folder.name for folder in _stores(self.path)] if names is None else list(names)
            if (self.path / CLIPS).is_file():
                one = self.path.name
                raise StoreError(
                    f"{path} is one store; open the folder it lies in: open_store({str(self.path.parent)!r}, "
                    f"names=[{one!r}])"
                )
        self.features = {name: Feature(self.path / name, mapped=mapped) for name in chosen}
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
            Of that store: `apex` and `apex_source` are what its arrays were computed with. By default what
            holds for all stores: they must agree, as they do after `dvc repro`. They may differ in apexes
            that one of them spotted; the two columns are then left out.
        """
        if name is not None:
            return self.feature(name).clips.copy()
        (first, table), *others = [(name, feature.clips) for name, feature in self.features.items()]
        spotted = list(clip_table.SPOTTED)
        common = table.drop(columns=spotted)
        for other, its in others:
            if not its.drop(columns=spotted).equals(common):
                raise StoreError(
                    f"stores {first!r} and {other!r} hold different clip tables; run `dvc repro`, and delete "
                    f"the folder of one that params.yaml names no more below {self.path}"
                )
        return table.copy() if all(its.equals(table) for _, its in others) else common

    def select(
        self,
        name: str,
        persons: Iterable[str],
        *,
        clips: Collection[str] | None = None,
        check: bool = False,
        with_test_labels: bool = False,
    ) -> Selection:
        """Choose the clips of some persons without reading them; clips that failed are not among them.

        Parameters
        ----------
        name : str
            Of the store.
        persons : iterable of str
            Such as `fold.train`.
        clips : collection of str, optional
            Clip ids that are wanted at all: `folds.training(fold)`, or `folds.tested(fold)`. By persons alone
            come also clips that the protocol leaves out, and where it puts a person on both sides those of
            the other side.
        check : bool
            Compare checksums when a subject is opened.
        with_test_labels : bool
            Show the labels of persons who are held out (`fold.test`): whoever fits anything to them leaks.

        Raises
        ------
        StoreError
            If a person is unknown, or `clips` is a text or a table.
        """
        if isinstance(clips, str | pd.DataFrame):
            found = f"the text {clips!r}" if isinstance(clips, str) else "a table"
            raise StoreError(f"clips is {found}; expected clip ids, such as folds.training(fold)")
        feature = self.feature(name)
        table = _of_persons(feature.clips, persons)
        if isinstance(persons, HeldOut) and not with_test_labels:
            table = table.drop(columns=list(clip_table.TELLING))
        if clips is not None:
            table = table[table["clip_id"].isin(set(clips))]
        table = table[~table["clip_id"].isin(set(feature.failures["clip_id"]))]
        table = table.sort_values(["dataset", "subject"], kind="stable").reset_index(drop=True)
        return Selection(feature, table, check=check)

    def iter(
        self,
        name: str,
        persons: Iterable[str],
        *,
        clips: Collection[str] | None = None,
        check: bool = False,
        with_test_labels: bool = False,
    ) -> Iterator[Batch]:
        """Give the clips of one subject after the other, for what is larger than memory.

        Parameters and errors are those of `read`; a batch that is not kept takes no memory.
        """
        chosen = self.select(name, persons, clips=clips, check=check, with_test_labels=with_test_labels)
        for places, samples in chosen.by_subject():
            table = chosen.clips.iloc[places].reset_index(drop=True)
            yield batch_of(chosen.feature, table, samples)

    def read(
        self,
        name: str,
        persons: Iterable[str],
        *,
        clips: Collection[str] | None = None,
        check: bool = False,
        with_test_labels: bool = False,
    ) -> Batch:
        """Read the clips of some persons; clips that failed are not among them.

        Parameters
        ----------
        name, persons, clips, with_test_labels
            As in `select`: the rows of `fold.test` have no labels.
        check : bool
            Compare checksums too.

        Raises
        ------
        StoreError
            If a person is unknown, or a subject's files are missing, short or (with `check`) changed.
        """
        chosen = self.select(name, persons, clips=clips, check=check, with_test_labels=with_test_labels)
        samples = [sample for _, part in chosen.by_subject() for sample in part]
        return batch_of(chosen.feature, chosen.clips, samples)

    @overload
    def to_sklearn(  # type: ignore[overload-overlap]
        self,
        name: str,
        persons: HeldOut,
        *,
        clips: Collection[str] | None = None,
        label: str = "emotion",
        check: bool = False,
    ) -> NDArray[np.float32]: ...
    @overload
    def to_sklearn(
        self,
        name: str,
        persons: Iterable[str],
        *,
        clips: Collection[str] | None = None,
        label: str = "emotion",
        check: bool = False,
    ) -> Labelled: ...
    def to_sklearn(
        self,
        name: str,
        persons: Iterable[str],
        *,
        clips: Collection[str] | None = None,
        label: str = "emotion",
        check: bool = False,
    ) -> Labelled | NDArray[np.float32]:
        """Return what scikit-learn takes: for `fold.train` X, y and groups; for `fold.test` X alone.

        Parameters
        ----------
        name, persons, clips, check
            As in `read`; the rows are those of `select(...).ids`.
        label : str
            What is predicted, such as `folds.label`: a column of labels, a label map, or au_<policy>, of
            which y has a row of 0 and 1 per clip.

        Raises
        ------
        StoreError
            If clips differ in length, or one has no label.
        """
        if self.feature(name).ragged:
            raise StoreError(
                f"clips of store {name!r} differ in length; scikit-learn needs vectors of one length: choose "
                "a store with a fixed shape"
            )
        batch = self.read(name, persons, clips=clips, check=check)
        data = np.asarray(batch.data, np.float32)
        x = data.reshape(len(data), int(np.prod(data.shape[1:])))
        if isinstance(persons, HeldOut):
            return x
        return Labelled(
            X=x,
            y=labels_of(batch.clips, label=label, coded=batch.coded),
            groups=np.asarray(batch.clips["person"], str),
        )


def open_store(
    path: "str | Path | UPath", *, names: Iterable[str] | None = None, mapped: bool = True
) -> Store:
    """Open the stores below `path`, by default all that lie there.

    Parameters
    ----------
    path : str, Path or UPath
        Such as data/stores, the link `current` of a published store (it is followed now, once: what is
        opened stays at that version), or a URL that fsspec knows.
    names : iterable of str, optional
        Those to open.
    mapped : bool
        Hand out views of local files. False reads through Zarr: several times slower, but on a network drive
        whose files may be removed by another machine an error instead of a crash (SIGBUS).
    """
    return Store(as_folder(path), names=names, mapped=mapped)


def _stores(path: Folder) -> list[Folder]:
    # What begins with a dot is being fetched, or was when somebody killed it.
    return sorted((it.parent for it in path.glob(f"*/{CLIPS}") if it.parent.name[0] != "."), key=str)


def _of_persons(table: pd.DataFrame, persons: Iterable[str]) -> pd.DataFrame:
    if isinstance(persons, str):
        raise StoreError(f"persons is the text {persons!r}; expected several, such as fold.train")
    wanted = set(persons)
    unknown = sorted(wanted - set(table["person"]))
    if unknown:
        some = ", ".join(sorted(set(table["person"]))[:5])
        raise StoreError(f"no person {unknown[0]!r} in the clip table; there are {some} ...")
    return table[table["person"].isin(wanted)]
