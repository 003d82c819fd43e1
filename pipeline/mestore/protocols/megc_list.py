"""MEGC list: the challenge's own list of clips and labels, combined_3class_gt.csv, where a lab has it.

Its columns are dataset, subject, clip, label, without a header or with one. It writes SMIC's s1_ne_01 as
s01_ne_01 and SAMM's subject 006 as 6.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mestore.errors import AnnotationError
from mestore.protocols.plan import Count, LeftOut

Key = tuple[str, str, str]
"""Reader, subject and clip, as in the clip table."""

LABELS = ("negative", "positive", "surprise")
"""By their numbers in the list."""

_SUBJECTS = {"casme2": "sub{:02d}", "samm": "{:03d}", "smic": "s{}"}
_HEADER = "subject"
_SHOWN = 5  # clips that a flag names


@dataclass(frozen=True, kw_only=True)
class ClipList:
    """A list of clips and their labels.

    Parameters
    ----------
    name : str
        Of the file.
    digest : str
        sha256 of the file.
    labels : mapping
        Label by reader, subject and clip.
    """

    name: str
    digest: str
    labels: Mapping[Key, str]

    def only(self, rows: pd.DataFrame, left_out: LeftOut) -> pd.DataFrame:
        """Return the clips that are on the list."""
        listed = pd.Series([key in self.labels for key in _keys(rows)], index=rows.index, dtype=bool)
        return left_out.where(rows, ~listed, f"not on the list {self.name}")

    def count(self, *, expected: tuple[int, ...], source: str) -> Count:
        """Return how many clips are on it, with its digest: another list makes other folds."""
        what = f"clips of the list {self.name} ({self.digest[:12]})"
        return Count(what=what, found=len(self.labels), expected=expected, source=source)

    def flags(self, rows: pd.DataFrame, truth: "pd.Series[str]") -> Iterator[str]:
        """Give what the list and the clip table do not agree on.

        Parameters
        ----------
        rows : DataFrame
            The clip table's clips of the datasets of the list.
        truth : Series of str
            Their labels.
        """
        found = dict(zip(_keys(rows), truth.loc[rows.index], strict=True))
        absent = [_named(key) for key in sorted(self.labels.keys() - found.keys())]
        if absent:
            yield f"clips of {self.name} that are not in the clip table: {len(absent)} ({_some(absent)})"
        other = [
            f"{_named(key)}: {self.labels[key]}, in the clip table {found[key] or 'none of the classes'}"
            for key in sorted(self.labels.keys() & found.keys())
            if self.labels[key] != found[key]
        ]
        if other:
            yield (
                f"labels of {self.name} that contradict the clip table, which is scored: {len(other)} "
                f"({_some(other)})"
            )


def read_list(path: str | Path) -> ClipList:
    """Read combined_3class_gt.csv, or combined_3_class_gt.csv, which has a header.

    Raises
    ------
    AnnotationError
        If the file cannot be read, a line is not understood, or a clip stands there twice.
    """
    file = Path(path)
    try:
        content = file.read_bytes()
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise AnnotationError(
            f"{file}: the list of MEGC2019 cannot be read ({error}); mend the path of option 'list', or "
            "leave it out"
        ) from error
    labels: dict[Key, str] = {}
    for number, cells in enumerate(csv.reader(io.StringIO(text, newline="")), 1):
        row = [cell.strip() for cell in cells]
        if not any(row) or (number == 1 and _HEADER in (cell.casefold() for cell in row)):
            continue
        key, label = _understood(row, where=f"{file.name}, line {number}")
        if key in labels:
            raise AnnotationError(f"{file.name}, line {number}: {_named(key)} is there twice; expected once")
        labels[key] = label
    if not labels:
        raise AnnotationError(f"{file}: found no clips; expected lines of dataset, subject, clip, label")
    return ClipList(name=file.name, digest=hashlib.sha256(content).hexdigest(), labels=labels)


def _understood(row: Sequence[str], *, where: str) -> tuple[Key, str]:
    """Return a line's clip, in the clip table's spelling, and its label."""
    reader, subject, clip, label = row if len(row) == 4 else ("",) * 4
    number = re.fullmatch(r"(?:sub|s)?0*([0-9]{1,3})", subject)
    if reader not in _SUBJECTS or number is None or not clip or label not in ("0", "1", "2"):
        raise AnnotationError(
            f"{where}: found {list(row)}; expected a dataset ({', '.join(_SUBJECTS)}), a subject, a clip and "
            f"a label 0, 1 or 2 ({', '.join(LABELS)})"
        )
    if reader == "smic":
        clip = re.sub(r"^s0*(?=[0-9])", "s", clip)
    return (reader, _SUBJECTS[reader].format(int(number[1])), clip), LABELS[int(label)]


def _keys(rows: pd.DataFrame) -> Iterator[Key]:
    return zip(rows["reader"], rows["subject"], rows["clip"], strict=True)


def _named(key: Key) -> str:
    return "/".join(key)


def _some(texts: Sequence[str]) -> str:
    return "; ".join(texts[:_SHOWN]) + (f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else "")
