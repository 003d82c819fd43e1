"""Subject: the clips of one subject, opened: checked against the commit record, then read clip by clip."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from mestore.errors import StoreError
from mestore.sample import Sample
from mestore.store.finding import REBUILD
from mestore.store.folder import REOPEN, Folder, reading
from mestore.store.layout import ATTRIBUTES, COMMIT, DATA, LANDMARKS, Commit, file_sha256
from mestore.store.mapped import map_rows


class Rows(Protocol):
    """The rows of an array: views of a mapped file, or read through Zarr."""

    later: ClassVar[bool]
    """Whether bytes are read when they are asked for, and not when the subject is opened."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the whole array."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the array."""

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return rows, shape (stop - start, ...), read-only."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The clips of one subject.

    Parameters
    ----------
    folder : Folder
        Where they lie.
    commit : Commit
    seal : str
        Checksum of the commit record's file.
    records : mapping of str to (int, dict)
        By clip id: the clip's place and what the attributes say of it.
    ragged : bool
        Whether a clip is a run of rows; else it is one row.
    data, landmarks : Rows, optional
        None where there are no clips, and where the kind has no landmarks.
    """

    folder: Folder
    commit: Commit
    seal: str
    records: Mapping[str, tuple[int, dict[str, Any]]]
    ragged: bool
    data: Rows | None
    landmarks: Rows | None

    def sample(self, clip: str) -> Sample:
        """Return a clip; arrays that are not compressed are read-only views of the file.

        A view stays as it is when the store is replaced: its file lives as long as someone looks at it.
        """
        if clip not in self.records or self.data is None:
            raise StoreError(
                f"{self.folder} has no clip {clip!r}, and failures.csv does not say why; build the store "
                "again with `dvc repro`"
            )
        row, record = self.records[clip]
        with reading(self.folder):
            data = (
                self.data.read(record["start"], record["start"] + record["rows"])
                if self.ragged
                else self.data.read(row, row + 1)[0]
            )
            landmarks = None if self.landmarks is None else self.landmarks.read(row, row + 1)[0]
            if self.data.later and file_sha256(self.folder / COMMIT) != self.seal:
                raise StoreError(f"{self.folder} changed while it was read; {REOPEN}")
        return Sample(
            data=data,
            frames=np.asarray(record["frames"], np.float64),
            onset=record["onset"],
            apex=record["apex"],
            offset=record["offset"],
            landmarks=landmarks,
            measures={name: np.asarray(value) for name, value in record["measures"].items()},
        )


def open_subject(folder: Folder, *, ragged: bool, mapped: bool = True, check: bool = False) -> Subject:
    """Open a subject's folder: every file is there and as long as the commit record says.

    Parameters
    ----------
    folder : Folder
    ragged : bool
        As its dataset's description says.
    mapped : bool
        Hand out views of the files where that is possible; else read them through Zarr.
    check : bool
        Compare every file's checksum too.

    Raises
    ------
    StoreError
        If a file is missing, short or (with `check`) changed, or the subject was replaced meanwhile.
    """
    with reading(folder):
        content = (folder / COMMIT).read_bytes()
        commit = Commit.parse(content, folder)
        commit.check(folder, content=check)
        records = _records(folder, commit)
        data = _rows(folder / DATA, mapped=mapped) if records else None
        has_points = any(name.startswith(f"{LANDMARKS}/") for name in commit.files)
        points = _rows(folder / LANDMARKS, mapped=mapped) if has_points else None
        # Folders are replaced by renaming: with the same record before and after, all is of one version.
        if (folder / COMMIT).read_bytes() != content:
            raise StoreError(f"{folder} changed while it was opened; {REOPEN}")
    _fit(folder, records, data, points, ragged=ragged)
    clips = {record["clip"]: (row, record) for row, record in enumerate(records)}
    return Subject(
        folder=folder,
        commit=commit,
        seal=hashlib.sha256(content).hexdigest(),
        records=clips,
        ragged=ragged,
        data=data,
        landmarks=points,
    )


def _records(folder: Folder, commit: Commit) -> list[dict[str, Any]]:
    """Return what the attributes say of the clips: few bytes that decide all others, so always compared."""
    content = (folder / ATTRIBUTES).read_bytes()
    if hashlib.sha256(content).hexdigest() != commit.files[ATTRIBUTES]["sha256"]:
        raise StoreError(f"{folder / ATTRIBUTES} has changed since it was written; {REBUILD}")
    records: list[dict[str, Any]] = json.loads(content)["attributes"]["clips"]
    return records


def _rows(folder: Folder, *, mapped: bool) -> Rows:
    try:
        rows = map_rows(folder) if mapped and isinstance(folder, Path) else None
        if rows is not None:
            return rows
        # Only where it is needed: Zarr takes longer to import than a store to open.
        from mestore.store.remote import zarr_rows

        return zarr_rows(folder)
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{folder / ATTRIBUTES} is damaged ({error}); {REBUILD}") from None


def _fit(
    folder: Folder, records: list[dict[str, Any]], data: Rows | None, points: Rows | None, *, ragged: bool
) -> None:
    """Refuse arrays that have more or fewer rows than the records say."""
    clips = len(records)
    rows = sum(record["rows"] for record in records) if ragged else clips
    for name, array, expected in ((DATA, data, rows), (LANDMARKS, points, clips)):
        if array is not None and array.shape[0] != expected:
            raise StoreError(f"{folder / name} has {array.shape[0]} rows, expected {expected}; {REBUILD}")
