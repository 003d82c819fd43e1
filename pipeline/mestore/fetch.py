"""Fetch: a store, or the subjects of some persons, out of another repository through DVC.

Zarr does not open straight over DVC's file system, so the files are fetched, checked, and then opened.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from mestore.errors import StoreError
from mestore.params import Name
from mestore.replacing import beside, clear
from mestore.store.layout import CLIPS, FAILURES, SUFFIX, subject_key
from mestore.store.manifest import MANIFEST, Manifest
from mestore.store.tables import read_clips, read_failures, write_tables
from mestore.store.verify import verify

STORES = "data/stores"


def fetch_store(
    repository: str,
    name: str,
    *,
    to: Path,
    persons: Iterable[str] | None = None,
    revision: str | None = None,
) -> Path:
    """Fetch a store from a repository of mestore into `to`/`name`, and verify it.

    Parameters
    ----------
    repository : str
        A path or a URL that git can clone; its DVC remote, or its cache, must be within reach.
    name : str
        Of the store there.
    to : Path
        A folder of stores; `open_store(to)` opens what lies in it.
    persons : iterable of str, optional
        Fetch their subjects alone; the tables then have no other rows. By default, all.
    revision : str, optional
        A commit, a branch or a tag; by default what is checked out there, or the default branch.

    Returns
    -------
    Path
        `to`/`name`.

    Raises
    ------
    StoreError
        If it is there already, the repository or the store cannot be read, a person is unknown, or a dataset
        has no name that params.yaml would allow.
    """
    goal = to / name
    if goal.exists():
        raise StoreError(f"{goal} is there already; remove it, or fetch into another folder")
    wanted = None if persons is None else set(persons)
    partial = beside(goal)
    partial.mkdir(parents=True)
    try:
        from dvc.api import DVCFileSystem

        files = DVCFileSystem(repository, rev=revision)  # opens nothing yet
        for table in (CLIPS, FAILURES, MANIFEST):
            _get(files, f"{STORES}/{name}/{table}", partial / table, repository=repository)
        clips, failures = _of(partial, wanted)
        for dataset, subject in _subjects(clips):
            group = partial / f"{dataset}{SUFFIX}"
            source = f"{STORES}/{name}/{group.name}"
            if not group.exists():
                group.mkdir()
                _get(files, f"{source}/zarr.json", group / "zarr.json", repository=repository)
            key = subject_key(subject)
            _get(files, f"{source}/{key}", group / key, repository=repository)
            os.utime(partial)  # so that no other fetch takes it for a killed one's, however long this takes
        _refuse_others(partial, repository)
        write_tables(partial, clips, failures)
        findings = verify(partial)
        if findings:
            raise StoreError(f"{STORES}/{name} of {repository} is damaged: {findings[0]}")
        partial.rename(goal)
    finally:
        clear(partial)
    return goal


def _get(files: Any, source: str, target: Path, *, repository: str) -> None:
    from dvc.exceptions import DvcException
    from scmrepo.exceptions import SCMError

    try:
        files.get(source, str(target), recursive=True)
    except (DvcException, SCMError, OSError) as error:
        raise StoreError(
            f"{source} cannot be fetched from {repository} ({error}); look whether repository and revision "
            "are there, and the store was built there and pushed with `dvc push`"
        ) from None


def _refuse_others(folder: Path, repository: str) -> None:
    """Refuse files that are not those of which the manifest there speaks."""
    listed = Manifest.read(folder).files
    for name, found in Manifest.of(folder).files.items():
        if listed.get(name) != found:
            raise StoreError(
                f"{name} from {repository} is not what its {MANIFEST} says; verify the store there"
            )


def _of(folder: Path, persons: set[str] | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of some persons of the clip table and of the failures."""
    clips, failures = read_clips(folder), read_failures(folder / FAILURES)
    if persons is None:
        return clips, failures
    unknown = sorted(persons - set(clips["person"]))
    if unknown:
        there = ", ".join(sorted(set(clips["person"]))[:5])
        raise StoreError(f"no person {unknown[0]!r} in the clip table; there are {there} ...")
    clips = clips[clips["person"].isin(persons)]
    theirs = pd.MultiIndex.from_frame(clips[["dataset", "subject"]])
    return clips, failures[pd.MultiIndex.from_frame(failures[["dataset", "subject"]]).isin(theirs)]


def _subjects(clips: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Give the subjects of a clip table that somebody else wrote: a dataset becomes the name of a folder."""
    pairs = clips[["dataset", "subject"]].drop_duplicates().astype(str)
    for dataset in pairs["dataset"].unique():
        try:
            TypeAdapter(Name).validate_python(dataset)
        except ValidationError:
            raise StoreError(
                f"{CLIPS} names a dataset {dataset!r}; expected small letters, digits and _, a letter first: "
                "fetch from a repository that you trust"
            ) from None
    yield from pairs.itertuples(index=False, name=None)
