"""Layout of a store on disk: names, the attributes of a dataset, the commit record of a subject.

::

    <store>/clips.csv                the clip table, without paths
    <store>/failures.csv             clips that are not in it, and why
    <store>/manifest.json            size and checksum of all files that no commit.json names; written last
    <store>/<dataset>.zarr/          Zarr v3 group; attributes: what was computed, how, from what
        <subject>/                   group; attributes: one record per clip, in the order of the rows
            data                     (clips, ...) or, ragged, (rows of all clips, ...)
            landmarks                (clips, 68, 2), where the kind has them
            commit.json              last of all: size and checksum of every file. No commit, no subject.

Arrays are chunked by clip (ragged: by row), and as many chunks as fit into 256 MB share one file, a shard.
A chunk is its bytes, compressed if the store says so, and their crc32c; at the end of the shard stands where
each chunk begins.
"""

import hashlib
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, unquote

from mestore.errors import StoreError
from mestore.store.finding import REBUILD
from mestore.store.folder import Folder, remedy, sizes

SCHEMA = 3
"""Of everything named above. A store of another one is refused: it is built anew, not migrated."""

COMMIT = "commit.json"
ATTRIBUTES = "zarr.json"
DATA = "data"
LANDMARKS = "landmarks"
CLIPS = "clips.csv"
FAILURES = "failures.csv"
SUFFIX = ".zarr"


def subject_key(subject: str) -> str:
    """Return the folder name of a subject: what a path could misread is percent-encoded.

    Examples
    --------
    >>> subject_key("spNO.1"), subject_key("../x"), subject_key("<b>")
    ('spNO.1', '%2E.%2Fx', '%3Cb%3E')
    """
    key = quote(subject, safe="")
    # A leading dot would hide the folder or climb; Zarr keeps leading "__" and its own file for itself.
    reserved = key.startswith((".", "__")) or key == ATTRIBUTES
    return f"%{ord(key[0]):02X}{key[1:]}" if reserved else key


def subject_name(key: str) -> str:
    """Return the subject whose folder has that name.

    Examples
    --------
    >>> subject_name(subject_key("../x"))
    '../x'
    """
    return unquote(key)


@dataclass(frozen=True, kw_only=True)
class Description:
    """The attributes of a dataset in a store: what every subject's arrays are.

    Parameters
    ----------
    store, kind, dataset : str
        Name of the store in params.yaml, what it computes, and of which dataset.
    axes : tuple of str
        Names of the axes of one clip's data.
    ragged : bool
        Whether clips differ in length: their rows then lie one after the other.
    dtype, units : str
        Of the data.
    params : dict
        Parameters of the kind, defaults filled in.
    input, code : str
        Where the input came from, and the digest of the code that computed this.
    compressor : {"none", "zstd"}
        Of the chunks; what is not compressed is read through a memory map.
    """

    store: str
    kind: str
    dataset: str
    axes: tuple[str, ...]
    ragged: bool
    dtype: str
    units: str
    params: dict[str, Any]
    input: str
    code: str
    compressor: str = "none"
    schema: int = SCHEMA

    def attributes(self) -> dict[str, Any]:
        """Return the attributes as they are written."""
        return {**asdict(self), "axes": list(self.axes)}

    @classmethod
    def read(cls, group: Folder) -> "Description":
        """Read the attributes of a dataset's group; refuse what this version does not know."""
        try:
            attributes = json.loads((group / ATTRIBUTES).read_bytes())["attributes"]
            _refuse_schema(attributes["schema"], group)
            return cls(**{**attributes, "axes": tuple(attributes["axes"])})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{group} is not a store of mestore ({error}); {_mend(error)}") from None


@dataclass(frozen=True, kw_only=True)
class Commit:
    """The last file of a subject: proof that all others are there.

    Parameters
    ----------
    inputs : str
        Digest of all that the subject was computed from.
    files : dict
        Relative path -> {"size": bytes, "sha256": hex}.
    failures : dict of dict
        found, expected, remedy of the clips that could not be computed, by clip id.
    """

    inputs: str
    files: dict[str, dict[str, Any]]
    failures: dict[str, dict[str, str]]
    schema: int = SCHEMA

    @property
    def content(self) -> str:
        """Digest of what the files hold, whatever they were computed from."""
        return _digest(self.files)

    @classmethod
    def read(cls, folder: Folder) -> "Commit":
        """Read the commit record of a subject's folder; refuse one that has changed."""
        try:
            content = (folder / COMMIT).read_bytes()
        except OSError as error:
            raise _no_commit(folder, error) from None
        return cls.parse(content, folder)

    @classmethod
    def parse(cls, content: bytes, folder: Folder) -> "Commit":
        """Return the record that the commit file of `folder` holds."""
        try:
            record = json.loads(content)
            _refuse_schema(record["schema"], folder)
            digest = record.pop("digest")
            commit = cls(**record)
        except (ValueError, TypeError, KeyError) as error:
            raise _no_commit(folder, error) from None
        if _digest(record) != digest:
            raise StoreError(f"{folder / COMMIT} has changed since it was written; {REBUILD}")
        return commit

    def write(self, folder: Path) -> None:
        """Write the record into a subject's folder, with its own digest, so that a flipped bit shows."""
        record = asdict(self)
        text = json.dumps({**record, "digest": _digest(record)}, sort_keys=True, indent=1)
        (folder / COMMIT).write_bytes(text.encode() + b"\n")

    def check(self, folder: Folder, *, content: bool) -> None:
        """Raise `StoreError` if a file is missing, has another size or, with `content`, other bytes."""
        there = sizes(folder, self.files)
        for name, expected in self.files.items():
            path, size = folder / name, there[name]
            if size != expected["size"]:
                found = "is missing" if size is None else f"has {size} bytes"
                raise StoreError(f"{path} {found}, expected {expected['size']} bytes; {REBUILD}")
            if content and file_sha256(path) != expected["sha256"]:
                raise StoreError(f"{path} has changed since it was written (its checksum differs); {REBUILD}")


def file_sha256(path: Folder) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(cast(io.BufferedReader, stream), "sha256").hexdigest()


def _digest(record: object) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _no_commit(folder: Folder, error: Exception) -> StoreError:
    return StoreError(
        f"{folder} has no readable commit record ({error}): the subject is not whole; {_mend(error)}"
    )


def _refuse_schema(schema: object, where: Folder) -> None:
    if schema != SCHEMA:
        raise StoreError(
            f"{where} has store schema {schema}; this mestore reads {SCHEMA}; rebuild it with `dvc repro`"
        )


def _mend(error: Exception) -> str:
    """Return what to do where a record cannot be read."""
    built = "build it with `dvc repro`, or fetch it with `dvc pull`"
    return f"{remedy(error)}; if that does not help, {built}" if isinstance(error, OSError) else built
