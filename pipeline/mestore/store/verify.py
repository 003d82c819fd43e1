"""Verify: compare a store with what it says of itself: every file, every row, every clip."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mestore.errors import StoreError
from mestore.store.contents import check_arrays, check_description, clip_records
from mestore.store.finding import Finding
from mestore.store.folder import reading
from mestore.store.layout import (
    ATTRIBUTES,
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
from mestore.store.manifest import MANIFEST, Manifest
from mestore.store.membership import Held, check_clips, check_subjects
from mestore.store.tables import read_clips, read_failures

_STRAY = "remove it, or move it away"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What `examine` found, and how much it looked at."""

    findings: list[Finding]
    subjects: int
    files: int
    size: int

    def __str__(self) -> str:
        count = len(self.findings)
        said = "nothing is wrong" if not count else "1 finding" if count == 1 else f"{count} findings"
        return f"checked {self.subjects} subjects, {self.files} files, {self.size:,} bytes: {said}"


def verify(path: Path) -> list[Finding]:
    """Return all that is wrong with a store, or with all stores below `path`; empty if nothing is.

    Raises
    ------
    StoreError
        If there is no store.
    """
    return examine(path).findings


def examine(path: Path, *, progress: Callable[[int, int], None] = lambda done, total: None) -> Verdict:
    """Return all that is wrong with a store, or with all stores below `path`, and what was counted.

    Every byte is read; memory holds one shard at a time.

    Parameters
    ----------
    path : Path
        A store, such as data/stores/flow, or a folder of stores.
    progress : callable
        Told (subjects done, subjects in all).
    """
    with reading(path):
        stores = stores_at(path)
        files = [file for store in stores for file in store.rglob("*") if file.is_file()]
        total = sum(file.name == COMMIT for file in files)
        done = 0

        def tick() -> None:
            nonlocal done
            done += 1
            progress(done, max(done, total))

        findings = [finding for store in stores for finding in _check_store(store, tick)]
        size = sum(file.stat().st_size for file in files)
    return Verdict(findings=findings, subjects=total, files=len(files), size=size)


def stores_at(path: Path) -> list[Path]:
    """Return the store at `path`, or those below it, damaged ones included."""
    if _is_store(path):
        return [path]
    below = sorted(folder for folder in path.glob("*/") if folder.name[0] != "." and _is_store(folder))
    if not below:
        raise StoreError(f"no store at {path} nor below it; build one with `dvc repro`")
    return below


def _is_store(path: Path) -> bool:
    return any((path / name).exists() for name in (MANIFEST, CLIPS, FAILURES)) or any(path.glob(f"*{SUFFIX}"))


def _check_store(folder: Path, tick: Callable[[], None]) -> Iterator[Finding]:
    findings, listed = _check_manifest(folder)
    yield from findings
    harmed = {finding.where for finding in findings}
    held: list[Held] = []
    for group in sorted(folder.glob(f"*{SUFFIX}")):
        yield from _check_group(group, harmed, held, tick)
    there = {its.where for its in held}
    for name in listed:
        lost = (folder / name).parent
        if name.endswith(f"/{COMMIT}") and str(lost) not in there:
            held.append(_held(lost, None))
    yield from check_subjects(held)
    yield from _check_strays(folder, listed)
    yield from _check_tables(folder, harmed, held)


def _check_manifest(folder: Path) -> tuple[list[Finding], dict[str, Any]]:
    """Return what is wrong with the files that no commit record names, and those that should be there."""
    try:
        files = Manifest.read(folder).files
    except StoreError as error:
        where = str(folder / MANIFEST)
        return [Finding(where=where, found=f"no whole manifest ({error})", expected="one, written last")], {}
    return list(_check_files(folder, files)), files


def _check_files(folder: Path, files: Mapping[str, dict[str, Any]]) -> Iterator[Finding]:
    for name, expected in files.items():
        path = folder / name
        try:
            found = _difference(path, expected)
        except OSError as error:
            yield Finding(where=str(path), found=f"what cannot be read ({error})", expected="a file")
            continue
        if found:
            said = f"{expected['size']} bytes, sha256 {expected['sha256'][:12]}..."
            yield Finding(where=str(path), found=found, expected=said)


def _difference(path: Path, expected: Mapping[str, Any]) -> str:
    """Return in what a file differs from its record; empty if in nothing."""
    if not path.is_file():
        return "no file"
    size = path.stat().st_size
    if size != expected["size"]:
        return f"{size} bytes"
    return "" if file_sha256(path) == expected["sha256"] else "other bytes than were written"


def _check_group(
    group: Path, harmed: set[str], held: list[Held], tick: Callable[[], None]
) -> Iterator[Finding]:
    """Give what is wrong with a dataset; what its subjects hold is added to `held`."""
    description: Description | None = None
    if str(group / ATTRIBUTES) not in harmed:
        try:
            description = check_description(group)
        except (StoreError, ValueError, TypeError, KeyError) as error:
            where = str(group / ATTRIBUTES)
            found = f"attributes that mean nothing ({error})"
            yield Finding(where=where, found=found, expected="a description")
    for folder in sorted(path for path in group.glob("*") if path.is_dir()):
        if subject_key(subject_name(folder.name)) != folder.name:
            expected = f"{subject_key(subject_name(folder.name))!r}"
            yield Finding(where=str(folder), found="a name that no subject has", expected=expected)
        its, clips = _check_subject(folder, description, harmed)
        yield from its
        held.append(clips)
        tick()


def _check_subject(
    folder: Path, description: Description | None, harmed: set[str]
) -> tuple[list[Finding], Held]:
    """Return what is wrong with a subject's folder and, if its files are whole, what it holds."""
    if str(folder / COMMIT) in harmed:
        return [], _held(folder, None)
    try:
        commit = Commit.read(folder)
    except StoreError as error:
        found, expected = f"no readable commit record ({error})", "one: it is written last"
        return [Finding(where=str(folder), found=found, expected=expected)], _held(folder, None)
    findings = list(_check_files(folder, commit.files))
    findings += _strays(folder, folder.rglob("*"), known={COMMIT, *commit.files}, by=COMMIT)
    if findings or description is None:
        return findings, _held(folder, None)
    try:
        records = clip_records(folder)
    except (OSError, ValueError) as error:
        where = str(folder / ATTRIBUTES)
        return [Finding(where=where, found=str(error), expected="clip records")], _held(folder, None)
    findings += check_arrays(folder, records, description=description)
    clips = {record["clip"]: (record["onset"], record["apex"], record["offset"]) for record in records}
    if len(clips) != len(records):
        found = f"{len(records)} records of {len(clips)} clips"
        findings.append(Finding(where=str(folder / ATTRIBUTES), found=found, expected="one record a clip"))
    return findings, _held(folder, clips, failures=tuple(commit.failures))


def _held(
    folder: Path, clips: dict[str, tuple[int, int, int]] | None, *, failures: tuple[str, ...] = ()
) -> Held:
    return Held(
        dataset=folder.parent.name.removesuffix(SUFFIX),
        subject=subject_name(folder.name),
        where=str(folder),
        clips=clips,
        failures=failures,
    )


def _check_strays(folder: Path, listed: Iterable[str]) -> Iterator[Finding]:
    """Give the files that nothing names; those inside a subject's folder are its commit record's."""
    known = {MANIFEST, *listed}
    if known == {MANIFEST}:  # a damaged manifest says nothing of the others
        known |= set(Manifest.of(folder).files)
    inside = {path for path in folder.glob(f"*{SUFFIX}/*/**/*") if path.name != COMMIT}
    yield from _strays(folder, set(folder.rglob("*")) - inside, known=known, by=MANIFEST)


def _strays(folder: Path, paths: Iterable[Path], *, known: set[str], by: str) -> Iterator[Finding]:
    for path in sorted(paths):
        if path.is_file() and path.relative_to(folder).as_posix() not in known:
            found = f"a file that {by} does not name"
            yield Finding(where=str(path), found=found, expected="none", remedy=_STRAY)


def _check_tables(folder: Path, harmed: set[str], held: list[Held]) -> Iterator[Finding]:
    if harmed & {str(folder / CLIPS), str(folder / FAILURES)}:
        return
    try:
        table, failures = read_clips(folder), read_failures(folder / FAILURES)
    except StoreError as error:
        yield Finding(
            where=str(folder), found=f"no readable tables ({error})", expected=f"{CLIPS}, {FAILURES}"
        )
        return
    yield from check_clips(str(folder), table, failures, held)
