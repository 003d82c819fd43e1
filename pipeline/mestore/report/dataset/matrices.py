"""Matrices: confusion matrices as they are shown: counts, coloured by their share of the row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NO_PREDICTION = "none"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """So many clips; `share` is their part of all clips of that truth, `right` where truth and word agree."""

    clips: int
    share: float
    right: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """The clips of one class."""

    label: str
    cells: Sequence[Cell]
    clips: int
    f1: float


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """The confusion matrix of a baseline.

    Parameters
    ----------
    name : str
        Of the baseline.
    columns : sequence of str
        What was said.
    rows : sequence of Row
        What is true.
    several : bool
        Whether a clip may have several labels: each row is then about one label by itself.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[Row]
    several: bool


def matrix(name: str, scores: Mapping[str, Any]) -> Matrix:
    """Return the confusion matrix of a baseline.

    Parameters
    ----------
    name : str
    scores : mapping
        `Scores.as_dict`.

    Examples
    --------
    >>> scores = {"several": False, "f1": {"a": 0.8, "b": 0.0}, "confusion": [[3, 1, 0], [0, 0, 0]]}
    >>> its = matrix("svm", scores)
    >>> its.columns, [[cell.share for cell in row.cells] for row in its.rows]
    (['a', 'b'], [[0.75, 0.25], [0.0, 0.0]])
    """
    f1: Mapping[str, float] = scores["f1"]
    counts: Sequence[Sequence[int]] = scores["confusion"]
    if scores["several"]:
        columns = ["has it: said", "has it: not said", "has it not: said", "has it not: not said"]
        rows = [_of_label(label, its, f1[label]) for label, its in zip(f1, counts, strict=True)]
    else:
        silent = any(its[-1] for its in counts)
        columns = [*f1, *[NO_PREDICTION] * silent]
        rows = [
            _of_class(label, its[: len(columns)], f1[label], place)
            for place, (label, its) in enumerate(zip(f1, counts, strict=True))
        ]
    return Matrix(name=name, columns=columns, rows=rows, several=scores["several"])


def _of_class(label: str, counts: Sequence[int], f1: float, place: int) -> Row:
    clips = sum(counts)
    cells = [
        Cell(clips=it, share=it / clips if clips else 0.0, right=column == place)
        for column, it in enumerate(counts)
    ]
    return Row(label=label, cells=cells, clips=clips, f1=f1)


def _of_label(label: str, counts: Sequence[int], f1: float) -> Row:
    """Return the decisions about one label: shares of the clips that have it, and of those that have not."""
    has, lacks = sum(counts[:2]), sum(counts[2:])
    cells = [
        Cell(clips=it, share=it / whole if whole else 0.0, right=right)
        for it, whole, right in zip(counts, (has, has, lacks, lacks), (True, False, False, True), strict=True)
    ]
    return Row(label=label, cells=cells, clips=has, f1=f1)
