"""Layout of a store on disk: names, the attributes of a dataset, the commit record of a subject.

::

    <store>/clips.csv                the clip table, without paths
    <store>/failures.csv             clips that are not in it, and why
    <store>/<dataset>.zarr/          Zarr v3 group; attributes: what was computed, how, from what
        <subject>/                   group; attributes: one record per clip, in the order of the rows
            data                     (clips, ...) or, ragged, (rows of all clips, ...)
            landmarks                (clips, 68, 2), where the kind has them
            commit.json              last of all: size and checksum of every file. No commit, no subject.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from mestore.errors import StoreError

SCHEMA = 1
COMMIT = "commit.json"
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
    reserved = key.startswith((".", "__")) or key == "zarr.json"
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
    schema: int = SCHEMA

    def attributes(self) -> dict[str, Any]:
        """Return the attributes as they are written."""
        return {**asdict(self), "axes": list(self.axes)}

    @classmethod
    def read(cls, group: Path) -> "Description":
        """Read the attributes of a dataset's group; refuse what this version does not know."""
        try:
            attributes = json.loads((group / "zarr.json").read_bytes())["attributes"]
            schema = attributes["schema"]
        except (OSError, ValueError, KeyError) as error:
            raise StoreError(
                f"{group} is not a store of mestore ({error}); build it with `dvc repro`"
            ) from None
        if schema != SCHEMA:
            raise StoreError(
                f"{group} has store schema {schema}; this mestore reads {SCHEMA}; rebuild it with `dvc repro`"
            )
        return cls(**{**attributes, "axes": tuple(attributes["axes"])})


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
        return hashlib.sha256(json.dumps(self.files, sort_keys=True).encode()).hexdigest()

    @classmethod
    def read(cls, folder: Path) -> "Commit":
        """Read the commit record of a subject's folder."""
        try:
            return cls(**json.loads((folder / COMMIT).read_bytes()))
        except (OSError, ValueError, TypeError) as error:
            raise StoreError(
                f"{folder} has no readable commit record ({error}): the subject is not whole; "
                "rebuild it with `dvc repro`"
            ) from None

    def write(self, folder: Path) -> None:
        """Write the record into a subject's folder."""
        text = json.dumps(asdict(self), sort_keys=True, indent=1)
        (folder / COMMIT).write_text(text + "\n", encoding="utf-8")

    def check(self, folder: Path, *, content: bool) -> None:
        """Raise `StoreError` if a file is missing, has another size or, with `content`, other bytes."""
        for name, expected in self.files.items():
            path = folder / name
            size = path.stat().st_size if path.is_file() else None
            if size != expected["size"]:
                found = "is missing" if size is None else f"has {size} bytes"
                raise StoreError(
                    f"{path} {found}, expected {expected['size']} bytes; remove {folder} and "
                    "run `dvc repro`, or fetch it again with `dvc pull`"
                )
            if content and file_sha256(path) != expected["sha256"]:
                raise StoreError(
                    f"{path} has changed since it was written (its checksum differs); remove {folder} "
                    "and run `dvc repro`, or fetch it again with `dvc pull`"
                )


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
