"""Check: what a lab's copy of a dataset holds, beside what papers and coding sheets say it should hold."""

import csv
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from mestore.check_text import CheckText, Finding, plain
from mestore.datasets import READERS
from mestore.datasets.expected import Count, compare, editions, parts_not_here
from mestore.datasets.index import Index, index_dataset
from mestore.datasets.recognise import recognise
from mestore.datasets.spec import ReaderOptions
from mestore.errors import AnnotationError, MEStoreError
from mestore.labels.criterion import is_micro
from mestore.replacing import replacing

COLUMNS = (
    *("topic", "part", "kind", "edition", "column", "value", "found", "expected"),
    *("verdict", "source", "remedy"),
)
"""Columns of the CSV: counts have the topic "count", the rest a clip (or folder) as value."""

FORMULA = frozenset("=+-@")
"""A spreadsheet program takes a cell that begins like this for a formula, and runs it."""

AS_STATED, DIFFERENT, NOT_THAT = 0, 1, 2
"""Statuses: all as stated; counts differ or clips cannot be used; another dataset, or none."""

VERDICTS = ("as stated", "differs", "not that dataset")
"""The statuses in words."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What `check` found.

    Parameters
    ----------
    text : str
        For people: what differs is marked with "!" at the beginning of its line; the last line sums up.
    status : int
        `AS_STATED`, `DIFFERENT` or `NOT_THAT`.
    csv_file : Path, optional
        The table that was written; None where nothing was compared.
    rows : sequence of mapping of str to str
        Its rows, keys as in `COLUMNS`.
    """

    text: str
    status: int
    csv_file: Path | None = None
    rows: Sequence[Mapping[str, str]] = ()

    @property
    def verdict(self) -> str:
        """The status in words."""
        return VERDICTS[self.status]


def check(
    root: Path,
    *,
    dataset: str,
    reader: str,
    options: ReaderOptions,
    hashes_folder: Path,
    csv_file: Path,
    own: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Look at a dataset's folder, write all counts and findings to `csv_file`, and return the report.

    No frame is read: they are listed only.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    dataset : str
        Its name in params.yaml.
    reader, options : str, ReaderOptions
        Which dataset it should be.
    hashes_folder : Path
        As for `index_dataset`.
    csv_file : Path
        Where the table goes; it is replaced. A folder that is not the dataset leaves it alone.
    own : Path, optional
        As for `index_dataset`.
    progress : callable
        Told (clips done, clips in all).

    Raises
    ------
    MEStoreError
        If `csv_file` cannot be written.
    """
    try:
        index = index_dataset(
            root,
            dataset=dataset,
            reader=reader,
            options=options,
            hashes_folder=hashes_folder,
            own=own,
            content=False,
            progress=progress,
        )
    except AnnotationError as error:
        return _not_that(root, error, dataset=dataset, reader=reader, options=options)
    counts = compare(index.clips, reader)
    found = list(findings(index))
    rows = [*(_of_count(it) for it in counts), *(_of_finding(it) for it in found)]
    _write(csv_file, rows)
    text = CheckText(
        title=READERS[reader].title,
        dataset=dataset,
        root=str(root),
        csv_file=str(csv_file),
        editions=editions(index.clips, reader),
        missing_parts=parts_not_here(index.clips, reader),
        counts=counts,
        findings=found,
        clips=len(index.clips),
        subjects=sorted(set(index.clips["subject"])),
        without_frames=_subjects_without_frames(index),
        notes=index.notes,
    )
    wrong = any(it.verdict == "differs" for it in counts) or any(it.wrong for it in found)
    return Report(text=str(text), status=DIFFERENT if wrong else AS_STATED, csv_file=csv_file, rows=rows)


def findings(index: Index) -> Iterator[Finding]:
    """Yield what is amiss with single clips, and what was done about it.

    Failures of the index are wrong; the rest is for the user to know.
    """
    for row in index.failures.to_dict("records"):
        yield Finding(
            topic=_topic(found=row["found"], expected=row["expected"]),
            clip=row["clip_id"],
            found=row["found"],
            expected=row["expected"],
            remedy=row["remedy"],
            wrong=True,
        )
    for row in index.clips.to_dict("records"):
        yield from _remarks(row)
    for folder in index.unlisted:
        yield Finding(topic="folder without row", clip=folder, found="is left out")


def _topic(*, found: str, expected: str) -> str:
    if expected == "one row per clip":
        return "row listed twice"
    if found.startswith("nothing at "):
        return "row without folder"
    if found.startswith("no frame "):
        return "clip without its onset or apex"
    return "value out of range" if expected == "onset <= apex <= offset" else "row that cannot be used"


def _remarks(row: Mapping[Any, Any]) -> Iterator[Finding]:
    """Yield what there is to know about one row of the clip table."""
    clip, frames, first, last = row["clip_id"], row["frames"], row["onset"], row["offset"]
    annotated = last - first + 1
    if frames and row["gaps"]:
        yield Finding(
            topic="clip with frames missing",
            clip=clip,
            found=f"{len(frames)} of {annotated} frames: no {_gaps(first, last, frames)}",
            expected=f"frames {first} to {last}",
            missing=annotated - len(frames),
        )
    if row["corrections"]:
        yield Finding(topic="clip corrected", clip=clip, found=row["corrections"])
    if row["excluded"]:
        yield Finding(topic="clip excluded", clip=clip, found=row["excluded"])
    if row["apex_source"].startswith("estimated:"):
        yield Finding(
            topic="apex estimated",
            clip=clip,
            found=f"{row['apex']}, {row['apex_source'].removeprefix('estimated:')}",
            expected="an annotated apex",
        )
    apex = row["apex"] if row["apex_source"] in ("annotated", "corrected") else None
    if frames and row["kind"] == "micro" and not is_micro(first, last, apex=apex, fps=row["fps"]):
        seconds = annotated / row["fps"]
        yield Finding(
            topic="clip longer than a micro-expression",
            clip=clip,
            found=f"{seconds:.3f} s",
            expected="at most 0.5 s from onset to offset, or 0.25 s from onset to apex (DFME, section 3.3.2)",
        )


def _gaps(first: int, last: int, frames: Collection[int]) -> str:
    """Return the numbers that are missing, as ranges.

    Examples
    --------
    >>> _gaps(1, 9, [1, 2, 4, 9])
    '3, 5 to 8'
    """
    there = sorted({*frames, first - 1, last + 1})
    gaps = [(left + 1, right - 1) for left, right in pairwise(there) if right - left > 1]
    return ", ".join(str(start) if start == end else f"{start} to {end}" for start, end in gaps)


def _subjects_without_frames(index: Index) -> list[str]:
    """Return the subjects of which no clip has a frame."""
    with_frames = {
        subject for subject, it in zip(index.clips["subject"], index.clips["frames"], strict=True) if it
    }
    return sorted(set(index.clips["subject"]) - with_frames)


def _not_that(
    root: Path, error: AnnotationError, *, dataset: str, reader: str, options: ReaderOptions
) -> Report:
    lines = [*str(error).splitlines(), *_elsewhere(root, reader=reader, options=options)]
    lines.append(f"{dataset}: nothing was compared: {root} cannot be read as {READERS[reader].title}")
    return Report(text="\n".join(map(plain, lines)), status=NOT_THAT)


def _elsewhere(root: Path, *, reader: str, options: ReaderOptions) -> Iterator[str]:
    """Yield what else a folder may be: the dataset in another layout, or another dataset."""
    if not root.is_dir():
        return
    try:
        found = recognise(root, reader=reader)
    except AnnotationError as error:
        yield str(error).splitlines()[0]
        return
    if found.root != root or READERS[reader].options_model()(**found.options) != options:
        yield f"found in {found.root} with the options {found.options}: say so in params.yaml"


def _of_count(count: Count) -> dict[str, str]:
    return {
        "topic": "count",
        "part": count.part,
        "kind": count.kind,
        "edition": count.edition,
        "column": count.column,
        "value": count.value,
        "found": str(count.found),
        "expected": " or ".join(map(str, count.expected)),
        "verdict": count.verdict,
        "source": f"{count.source} ({count.note})" if count.note else count.source,
        "remedy": "",
    }


def _of_finding(finding: Finding) -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "") | {
        "topic": finding.topic,
        "value": finding.clip,
        "found": finding.found,
        "expected": finding.expected,
        "verdict": "wrong" if finding.wrong else "remark",
        "remedy": finding.remedy,
    }


def _write(path: Path, rows: Iterable[dict[str, str]]) -> None:
    try:
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows({name: cell(text) for name, text in row.items()} for row in rows)
    except OSError as error:
        raise MEStoreError(f"{path} cannot be written ({error}); give another file with --csv") from error


def cell(text: str) -> str:
    """Return a text as a cell that no spreadsheet program runs: a formula gets an apostrophe in front.

    Examples
    --------
    >>> cell("=HYPERLINK(1)"), cell("sub01/EP02_01f")
    ("'=HYPERLINK(1)", 'sub01/EP02_01f')
    """
    text = plain(text)
    return f"'{text}" if unicodedata.normalize("NFKC", text.lstrip()[:1]) in FORMULA else text
