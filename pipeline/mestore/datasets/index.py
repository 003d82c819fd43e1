"""Index: a dataset's clip table, joined from annotation, frames on disk and persons."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from mestore import clips
from mestore.datasets import READERS
from mestore.datasets.boxes import boxes_of
from mestore.datasets.correction import correct, of_lab, shipped
from mestore.datasets.entry import Annotation, Entry
from mestore.datasets.exclusions import exclusions_of
from mestore.datasets.identity import event, family
from mestore.datasets.landmarks import landmarks_of
from mestore.datasets.locate import NONE, Images, Recordings
from mestore.datasets.named import Clip
from mestore.datasets.own import Places
from mestore.datasets.persons import persons_of
from mestore.datasets.row import Row, check_names, understand
from mestore.datasets.spec import ReaderOptions
from mestore.errors import AnnotationError, ClipFault, UnsafePathError

STORE = "index"
"""What the failures table calls this step."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, kw_only=True)
class Index:
    """A dataset as the pipeline sees it.

    Parameters
    ----------
    clips : DataFrame
        The clip table, sorted by clip id, with every annotated clip: it is the denominator of protocols.
        A clip that failed has no frames, no paths and no digest.
    failures : DataFrame
        Columns `mestore.clips.FAILURES`, sorted by clip id. A row whose clip has a row already fails as
        "<clip id>#2", "#3" and so on: no clip of the table, for that one is the first row's.
    notes : list of str
        What a user should know: columns that are not read, subjects that persons.csv leaves out, corrections
        that found nothing to correct, a cache that cannot be written.
    unlisted : list of str
        Folders of frames that no row names, below the dataset's folder.
    """

    clips: pd.DataFrame
    failures: pd.DataFrame
    notes: list[str]
    unlisted: list[str]


def index_dataset(
    root: Path,
    *,
    dataset: str,
    reader: str,
    options: ReaderOptions,
    hashes_folder: Path,
    own: Path | None = None,
    subjects: Collection[str] = (),
    content: bool = True,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Index:
    """Return the index of the dataset in folder `root`.

    The result depends on the content of files alone: no time, no absolute path, no order of a directory.

    Parameters
    ----------
    root : Path
        The dataset's folder; may be a link.
    dataset : str
        Its name, the first part of clip ids.
    reader : str
        A name of `mestore.datasets.READERS`.
    options : ReaderOptions
        Of that reader.
    hashes_folder : Path
        Cache for digests of files, so that a second run only asks for sizes and times.
    own : Path, optional
        Folder of the lab's tables about the dataset, where they are not in its own folder.
    subjects : collection of str
        The only subjects to take; empty for all.
    content : bool
        Whether frames are read, to make digests; without, the table has none and serves only to be looked at.
    progress : callable
        Told (clips done, clips in all).

    Raises
    ------
    AnnotationError
        If the dataset as a whole is not what its reader understands, or has no rows.
    """
    if not root.is_dir():
        raise AnnotationError(
            f"{dataset}: looked for a folder {root}, found none; put the dataset there or link it"
        )
    places = Places(root=root.resolve(), own=own)
    read = _read(places, dataset=dataset, reader=reader, options=options, subjects=subjects)
    failures = list(read.failures)
    records = []
    with Recordings(places.root, hashes_folder=hashes_folder, content=content) as recordings:
        for done, (clip_id, row) in enumerate(sorted(read.rows.items()), 1):
            try:
                images = _images(recordings, row)
            except ClipFault as fault:
                failures.append(_failure(clip_id, row, fault, dataset=dataset))
                images = NONE
            who = {"clip_id": clip_id, "dataset": dataset, "reader": reader}
            records.append(_printable(who | _record(row, images) | read.joined(row)))
            progress(done, len(read.rows))
    return Index(
        clips=clips.validate(pd.DataFrame(records, columns=clips.columns())),
        failures=_failures_table(failures),
        notes=[*read.notes, *recordings.lost],
        unlisted=read.unlisted,
    )


@dataclass(frozen=True, kw_only=True)
class _Read:
    """All that is known of a dataset before its frames are looked at."""

    rows: dict[str, Row]
    failures: list[dict[str, str]]
    persons: Mapping[str, str]
    families: Mapping[str, str]
    editions: Mapping[str, str]
    landmarks: Mapping[Clip, list[float]]
    boxes: Mapping[Clip, list[float]]
    excluded: Mapping[Clip, str]
    notes: list[str]
    unlisted: list[str]

    def joined(self, row: Row) -> dict[str, Any]:
        """Return what a row's clip has from elsewhere than its row."""
        entry = row.entry
        return {
            "person": self.persons[entry.subject],
            "event": event(row, family=self.families[entry.part]),
            "edition": f"{entry.edition} {self.editions[entry.edition]}",
            "landmarks": self.landmarks.get(_key(row), []),
            "box": self.boxes.get(_key(row), []),
            "excluded": self.excluded.get(_key(row), ""),
        }


def _read(
    places: Places, *, dataset: str, reader: str, options: ReaderOptions, subjects: Collection[str]
) -> _Read:
    annotation = READERS[reader].load()(places.root, dataset=dataset, options=options)
    if not annotation.entries:
        raise AnnotationError(f"{dataset}: {places.root} has no annotated clip; fill in the coding sheet")
    for entry in annotation.entries:
        check_names(entry)
    persons, left_out = persons_of(places, dataset=dataset, reader=reader, entries=annotation.entries)
    editions = _editions(annotation.entries)
    rows, unused = _rows(places, annotation.entries, dataset=dataset, reader=reader, editions=editions)
    keys = {_key(row) for row in rows}
    points, excluded = landmarks_of(places, clips=keys), exclusions_of(places, clips=keys)
    first, failures = _first_of_each(_of_subjects(rows, subjects, dataset=dataset), dataset=dataset)
    parts = {entry.part for entry in annotation.entries}
    return _Read(
        rows=first,
        failures=failures,
        persons=persons,
        families={part: family(reader, part=part, dataset=dataset) for part in parts},
        editions=editions,
        landmarks=points,
        boxes=boxes_of(places, clips=keys),
        excluded=excluded,
        notes=[*annotation.notes, *left_out, *unused],
        unlisted=_unlisted(annotation),
    )


def _key(row: Row) -> Clip:
    return row.entry.part, row.entry.subject, row.entry.clip, row.onset


def _editions(entries: Sequence[Entry]) -> dict[str, str]:
    """Return each coding sheet's fingerprint: its number of rows, and a digest of the clips they name.

    Cells may be mended and columns added without another fingerprint; another list of clips makes another.
    """
    keys: dict[str, list[str]] = {}
    for entry in entries:
        keys.setdefault(entry.edition, []).append(f"{entry.subject}/{entry.clip}\n")
    return {
        edition: f"{len(names)}-{hashlib.sha256(''.join(sorted(names)).encode()).hexdigest()[:8]}"
        for edition, names in keys.items()
    }


def _rows(
    places: Places, entries: Sequence[Entry], *, dataset: str, reader: str, editions: Mapping[str, str]
) -> tuple[list[Row], list[str]]:
    """Return the rows, corrected, and notes on the lab's corrections that found nothing to correct."""
    own = of_lab(places, dataset=dataset)
    corrected, unused = correct(entries, shipped(reader), own=own, fingerprints=editions)
    notes = [
        f"{dataset}: {correction.where}: not applied: no {correction.subject}/{correction.clip} of an "
        f"edition {correction.edition!r} has {correction.old!r} as {correction.field}"
        for correction in unused
        if correction in own
    ]
    return [understand(entry, applied=applied) for entry, applied in corrected], notes


def _of_subjects(rows: list[Row], subjects: Collection[str], *, dataset: str) -> list[Row]:
    there = {row.entry.subject for row in rows}
    unknown = sorted(set(subjects) - there)
    if unknown:
        raise AnnotationError(
            f"datasets.{dataset}.subjects names {unknown}, which are not there; expected of {sorted(there)}"
        )
    return [row for row in rows if not subjects or row.entry.subject in subjects]


def _first_of_each(rows: Sequence[Row], *, dataset: str) -> tuple[dict[str, Row], list[dict[str, str]]]:
    """Return rows by clip id, and failures for rows whose id came before."""
    first: dict[str, Row] = {}
    seen: Counter[str] = Counter()
    failures = []
    for row in rows:
        # Clips whose onset cannot be read are clips all the same, each with a number of its own below 0.
        while row.onset < 0 and _clip_id(row, dataset=dataset) in first:
            row = replace(row, onset=row.onset - 1)
        clip_id = _clip_id(row, dataset=dataset)
        seen[clip_id] += 1
        if first.setdefault(clip_id, row) is not row:
            fault = ClipFault(
                found=f"one more row with this subject, clip and onset, {row.entry.where}",
                expected="one row per clip",
                remedy="remove all but one; the first is used",
            )
            failures.append(_failure(f"{clip_id}#{seen[clip_id]}", row, fault, dataset=dataset))
    return first, failures


def _clip_id(row: Row, *, dataset: str) -> str:
    entry = row.entry
    return clips.clip_id(
        dataset=dataset, part=entry.part, subject=entry.subject, clip=entry.clip, onset=row.onset
    )


def _images(recordings: Recordings, row: Row) -> Images:
    if row.fault:
        raise row.fault
    mend = f"mend {row.entry.where}, or write a line of corrections.csv"
    apex = row.onset if row.apex is None else row.apex
    if not row.onset <= apex <= row.offset:
        raise ClipFault(
            found=f"onset {row.onset}, apex {row.apex}, offset {row.offset}",
            expected="onset <= apex <= offset",
            remedy=mend,
        )
    try:
        return recordings.locate(row)
    except UnsafePathError as error:
        raise ClipFault(found=str(error), expected="a safe path", remedy=mend) from error


def _apex(row: Row, numbers: Sequence[int]) -> tuple[int, str]:
    """Return the apex and where it comes from.

    An apex that is not annotated is the middle, or the frame nearest to it that is there.
    """
    if row.apex is not None:
        return row.apex, row.apex_source
    if min(row.onset, row.offset) < 0:
        return clips.UNREAD, ""
    middle = row.onset + (row.offset - row.onset) // 2
    return min(numbers, key=lambda number: (abs(number - middle), number), default=middle), "estimated:middle"


def _record(row: Row, images: Images) -> dict[str, Any]:
    """Return what a row and its images say by themselves."""
    entry = row.entry
    apex, apex_source = _apex(row, images.numbers)
    return {
        "part": entry.part,
        "subject": entry.subject,
        "video": entry.video or entry.clip,
        "clip": entry.clip,
        "kind": row.kind,
        "modality": entry.modality,
        "split": entry.split,
        "onset": row.onset,
        "apex": apex,
        "offset": row.offset,
        "fps": row.fps,
        "emotion": row.emotion,
        "objective_class": row.objective_class,
        "aus": row.aus,
        "aus_given": entry.aus,
        "apex_source": apex_source,
        "corrections": "; ".join(row.corrections),
        "gaps": len(images.numbers) != row.offset - row.onset + 1,
        "media": entry.media,
        "frames": images.numbers,
        "paths": images.paths,
        "digest": images.digest,
    }


def _printable(cells: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the clip table with a space for every control character and line break in a text.

    Stores keep their tables as CSV, where a lone CR in a cell ends the row for pandas, R and MATLAB.
    """
    return {name: _CONTROL.sub(" ", cell) if isinstance(cell, str) else cell for name, cell in cells.items()}


def _unlisted(annotation: Annotation) -> list[str]:
    named = {entry.location for entry in annotation.entries}
    return sorted(set(annotation.folders) - named)


def _failure(clip_id: str, row: Row, fault: ClipFault, *, dataset: str) -> dict[str, str]:
    return {
        "clip_id": clip_id,
        "dataset": dataset,
        "subject": row.entry.subject,
        "store": STORE,
        "found": fault.found,
        "expected": fault.expected,
        "remedy": fault.remedy,
    }


def _failures_table(failures: list[dict[str, str]]) -> pd.DataFrame:
    table = pd.DataFrame(failures, columns=list(clips.FAILURES)).astype("str")
    return table.sort_values("clip_id", kind="stable", ignore_index=True)
