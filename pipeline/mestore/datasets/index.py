"""Index: a dataset's clip table, joined from annotation, frames on disk and persons."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mestore import clips
from mestore.datasets.hashes import Memo
from mestore.datasets.locate import NONE, Images, locate
from mestore.datasets.media import COUNTER, count_video_frames
from mestore.datasets.persons import persons_of
from mestore.datasets.reader import UNREAD, Reader, Row
from mestore.datasets.spec import ReaderOptions
from mestore.errors import AnnotationError, ClipFault, UnsafePathError
from mestore.store.layout import file_sha256

STORE = "index"
"""What the failures table calls this step."""


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
        What a user should know: folders without a row, columns that are not read, subjects that persons.csv
        leaves out, a cache that cannot be written.
    """

    clips: pd.DataFrame
    failures: pd.DataFrame
    notes: list[str]


def index_dataset(
    root: Path,
    *,
    dataset: str,
    reader: Reader,
    options: ReaderOptions,
    hashes_folder: Path,
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
    reader, options : Reader, ReaderOptions
        From the dataset's `ReaderSpec`.
    hashes_folder : Path
        Cache for digests of files, so that a second run only asks for sizes and times.
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
    root = root.resolve()
    annotation = reader(root, dataset=dataset, options=options)
    if not annotation.rows:
        raise AnnotationError(
            f"{dataset}: the coding sheet in {root} has column names but no rows; fill it in"
        )
    persons, left_out = persons_of(root, dataset=dataset, rows=annotation.rows)
    rows, failures = _first_of_each(annotation.rows, dataset=dataset)
    records = []
    with (
        Memo(hashes_folder, root=root, name="sha256", compute=file_sha256) as digests,
        Memo(hashes_folder, root=root, name=f"frames-{COUNTER}", compute=_count) as counts,
    ):
        for done, (clip_id, row) in enumerate(sorted(rows.items()), 1):
            try:
                images = _images(root, row, digests=digests, counts=counts)
            except ClipFault as fault:
                failures.append(_failure(clip_id, row, fault, dataset=dataset))
                images = NONE
            records.append(_record(clip_id, row, images, dataset=dataset, person=persons[row.subject]))
            progress(done, len(rows))
    notes = [*annotation.notes, *left_out, *(memo.lost for memo in (digests, counts) if memo.lost)]
    return Index(clips=_clip_table(records), failures=_failures_table(failures), notes=notes)


def _first_of_each(rows: Sequence[Row], *, dataset: str) -> tuple[dict[str, Row], list[dict[str, str]]]:
    """Return rows by clip id, and failures for rows whose id came before."""
    first: dict[str, Row] = {}
    seen: Counter[str] = Counter()
    failures = []
    for row in rows:
        clip_id = clips.clip_id(
            dataset=dataset, part=row.part, subject=row.subject, clip=row.clip, onset=row.onset
        )
        seen[clip_id] += 1
        if first.setdefault(clip_id, row) is not row:
            fault = ClipFault(
                found=f"one more row in {row.edition} with this subject, clip and onset",
                expected="one row per clip",
                remedy="remove all but one; the first is used",
            )
            failures.append(_failure(f"{clip_id}#{seen[clip_id]}", row, fault, dataset=dataset))
    return first, failures


def _images(root: Path, row: Row, *, digests: Memo, counts: Memo) -> Images:
    if row.fault:
        raise row.fault
    apex = row.onset if row.apex is None else row.apex
    if not row.onset <= apex <= row.offset:
        raise ClipFault(
            found=f"onset {row.onset}, apex {row.apex}, offset {row.offset}",
            expected="onset <= apex <= offset",
            remedy=f"mend the row in {row.edition}",
        )
    try:
        return locate(root, row, digests=digests, counts=counts)
    except UnsafePathError as error:
        raise ClipFault(
            found=str(error), expected="a safe path", remedy=f"mend the row in {row.edition}"
        ) from error


def _count(video: Path) -> str:
    return str(count_video_frames(video))


def _apex(row: Row, numbers: Sequence[int]) -> tuple[int, str]:
    """Return the apex and where it comes from.

    An apex that is not annotated is the middle, or the frame nearest to it that is there.
    """
    if row.fault:
        return UNREAD, ""
    if row.apex is not None:
        return row.apex, "annotated"
    middle = row.onset + (row.offset - row.onset) // 2
    return min(numbers, key=lambda number: (abs(number - middle), number), default=middle), "estimated:middle"


def _record(clip_id: str, row: Row, images: Images, *, dataset: str, person: str) -> dict[str, Any]:
    apex, apex_source = _apex(row, images.numbers)
    return {
        "clip_id": clip_id,
        "dataset": dataset,
        "part": row.part,
        "subject": row.subject,
        "person": person,
        "clip": row.clip,
        "kind": row.kind,
        "onset": row.onset,
        "apex": apex,
        "offset": row.offset,
        "fps": row.fps,
        "emotion": row.emotion,
        "objective_class": row.objective_class,
        "aus": row.aus,
        "apex_source": apex_source,
        "edition": row.edition,
        "gaps": len(images.numbers) != row.offset - row.onset + 1,
        "media": row.media,
        "frames": images.numbers,
        "paths": images.paths,
        "digest": images.digest,
    }


def _clip_table(records: list[dict[str, Any]]) -> pd.DataFrame:
    return clips.validate(pd.DataFrame(records, columns=clips.columns()))


def _failure(clip_id: str, row: Row, fault: ClipFault, *, dataset: str) -> dict[str, str]:
    return {
        "clip_id": clip_id,
        "dataset": dataset,
        "subject": row.subject,
        "store": STORE,
        "found": fault.found,
        "expected": fault.expected,
        "remedy": fault.remedy,
    }


def _failures_table(failures: list[dict[str, str]]) -> pd.DataFrame:
    table = pd.DataFrame(failures, columns=list(clips.FAILURES)).astype("str")
    return table.sort_values("clip_id", kind="stable", ignore_index=True)
