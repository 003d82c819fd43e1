"""Feature: one store: the subjects of all datasets with one kind of array."""

from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mestore.errors import StoreError
from mestore.sample import Sample
from mestore.store.folder import REOPEN, Folder, as_folder, reading
from mestore.store.layout import (
    CLIPS,
    COMMIT,
    FAILURES,
    SUFFIX,
    Commit,
    Description,
    file_sha256,
    subject_key,
    subject_name,
)
from mestore.store.manifest import Manifest
from mestore.store.subject import Subject, open_subject
from mestore.store.tables import read_clips, read_failures


class Feature:
    """One store, of one version: what its manifest does not vouch for is refused.

    Parameters
    ----------
    path : Path or UPath
        Its folder; a link is followed now, once.
    mapped : bool
        Hand out views of local files; else read them through Zarr.
    """

    def __init__(self, path: Folder, *, mapped: bool = True) -> None:
        self.path = as_folder(path)
        self._mapped = mapped
        with reading(self.path):
            if not (self.path / CLIPS).is_file():
                raise StoreError(f"{self.path} is not a store: it has no {CLIPS}; build it with `dvc repro`")

    @cached_property
    def descriptions(self) -> dict[str, Description]:
        """What the arrays are, by dataset; a store of another schema is refused here."""
        with reading(self.path):
            groups: list[Folder] = sorted(self.path.glob(f"*{SUFFIX}"), key=str)
        found = {group.name.removesuffix(SUFFIX): Description.read(group) for group in groups}
        for group in groups:
            self._vouch(f"{group.name}/zarr.json")
        return found

    @cached_property
    def clips(self) -> pd.DataFrame:
        """The clip table: one row per annotated clip, failed ones included."""
        self._refuse_other_schema()
        table = read_clips(self.path)
        self._vouch(CLIPS)
        return table

    @cached_property
    def failures(self) -> pd.DataFrame:
        """The clips that have no arrays here, and why."""
        self._refuse_other_schema()
        table = read_failures(self.path / FAILURES)
        self._vouch(FAILURES)
        return table

    @property
    def digest(self) -> str:
        """The digest of the manifest, which stands for every byte of the store."""
        return self._manifest.digest

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
        with reading(self.path):
            return sorted(subject_name(path.parent.name) for path in self._group(dataset).glob(f"*/{COMMIT}"))

    def commit(self, dataset: str, subject: str) -> Commit:
        """Return the commit record of a subject."""
        return Commit.read(self._folder(dataset, subject))

    def open(self, dataset: str, subject: str, *, check: bool = False) -> Subject:
        """Open a subject: presence and size of its files are compared; with `check`, checksums.

        Raises
        ------
        StoreError
            If a file is missing, short or changed, or the store was replaced since it was opened here.
        """
        if dataset not in self.descriptions:
            raise StoreError(f"{self._group(dataset)} is missing; build it with `dvc repro`")
        folder = self._folder(dataset, subject)
        opened = open_subject(
            folder, ragged=self.descriptions[dataset].ragged, mapped=self._mapped, check=check
        )
        self._vouch(f"{self._group(dataset).name}/{folder.name}/{COMMIT}", opened.seal)
        return opened

    def samples(self, dataset: str, subject: str, *, check: bool = False) -> dict[str, Sample]:
        """Return all clips of a subject, by clip id, as `open` gives them."""
        opened = self.open(dataset, subject, check=check)
        return {clip: opened.sample(clip) for clip in opened.records}

    def _refuse_other_schema(self) -> None:
        """Read what says which schema it is first: tables of another one may have other columns."""
        _ = self.descriptions

    @cached_property
    def _manifest(self) -> Manifest:
        return Manifest.read(cast(Path, self.path))

    def _vouch(self, name: str, seal: str | None = None) -> None:
        """Refuse a file that is not the one the manifest named when it was read first.

        Readers may meet a store that is rebuilt, file by file: they get what was there, or an error.
        """
        with reading(self.path / name):
            found = file_sha256(self.path / name) if seal is None else seal
        if found != self._manifest.files.get(name, {}).get("sha256"):
            raise StoreError(
                f"{self.path / name} is not what the manifest says; either {REOPEN}, or it is damaged: "
                "run `mestore verify`, which says what to do"
            )

    def _group(self, dataset: str) -> Folder:
        return self.path / f"{dataset}{SUFFIX}"

    def _folder(self, dataset: str, subject: str) -> Folder:
        return self._group(dataset) / subject_key(subject)
