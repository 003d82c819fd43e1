"""ScoreText: the report of `mestore score` as aligned text."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from mestore.counting import counted
from mestore.protocols.plan import not_as_published
from mestore.scores.metrics import Scores
from mestore.scores.published import Published
from mestore.scores.report import DATASET, ScoreReport

NAMES = {"accuracy": "accuracy (WAR)", "uf1": "UF1", "uar": "UAR"}
"""Of one class per clip."""

NAMES_OF_SEVERAL = {"accuracy": "accuracy, mean over labels", "uf1": "F1_b, mean over labels", "uar": "UAR"}
"""Of several labels."""

_CONFUSED = 12  # classes of a confusion matrix that fits into a line
_NAME = 40  # characters of a value or class


def score_text(report: ScoreReport) -> str:
    """Return the report as text; what came from files is not yet fit for a terminal."""
    several = report.seeds[min(report.seeds)].scores.several
    names = NAMES_OF_SEVERAL if several else NAMES
    lines = [*_heading(report), "", *_pooled(report, names), "", *_classes(report, several=several)]
    if not several and len(report.seeds) == 1:
        lines += ["", *_confusion(report)]
    for column in report.seeds[min(report.seeds)].by:
        lines += _groups(report, column, names)
    lines += [*_folds(report, names), *_fold_means(report), *_published(report)]
    return "\n".join(lines)


def _heading(report: ScoreReport) -> Iterator[str]:
    *flags, looked = report.notes
    yield f"{report.folds.protocol}, {report.folds.label}: {report.file.path.name}"
    yield from (f"! {flag}" for flag in (*flags, *not_as_published(report.folds.counts)))
    scores = report.seeds[min(report.seeds)].scores
    clips, persons = counted(scores.clips, "clip"), counted(report.persons, "person")
    yield f"  {clips} of {persons} in {counted(len(report.folds), 'fold')}, pooled over all folds"
    yield f"  {looked}"
    yield from (f"  {remark}" for remark in report.remarks)


def _pooled(report: ScoreReport, names: Mapping[str, str]) -> Iterator[str]:
    several_seeds = len(report.seeds) > 1
    head = ["", *(f"seed {seed}" if several_seeds else "all folds" for seed in report.seeds)]
    rows = [head + (["mean over seeds"] if several_seeds else ["95 % by person"])]
    mean = report.mean()
    for name, title in names.items():
        values = [_number(getattr(it.scores, name)) for it in report.seeds.values()]
        low, high = report.seeds[min(report.seeds)].intervals[name]
        last = _number(mean[name]) if several_seeds else f"{_number(low)} to {_number(high)}"
        rows.append([title, *values, last])
    yield from _table(rows)


def _classes(report: ScoreReport, *, several: bool) -> Iterator[str]:
    all_scores = [it.scores for it in report.seeds.values()]
    first = all_scores[0]
    head = (
        ["label", "F1_b", "accuracy", "F1, two classes", "recall"] if several else ["class", "F1", "recall"]
    )
    rows = [[*head, "clips"]]
    counted = [sum(row[:2]) if several else sum(row) for row in first.confusion]
    for name, clips in zip(report.classes, counted, strict=True):
        columns = [[it.f1 for it in all_scores]]
        columns += [[it.accuracies for it in all_scores], [it.f1_two_class for it in all_scores]] * several
        columns += [[it.recall for it in all_scores]]
        means = [_number(float(np.mean([its[name] for its in column]))) for column in columns]
        if not clips:
            means[-1] = "-"
        rows.append([name, *means, str(clips)])
    if several:
        two = float(np.mean([it.uf1_two_class for it in all_scores if it.uf1_two_class is not None]))
        mean = report.mean()
        rows.append(["mean", _number(mean["uf1"]), _number(mean["accuracy"]), _number(two), "", ""])
    yield from _table(rows)
    if several:
        yield "  F1, two classes: mean of the F1 of having the label and of lacking it; not F1_b"
    if len(all_scores) > 1:
        yield "  means over seeds"


def _confusion(report: ScoreReport) -> Iterator[str]:
    matrix = report.seeds[min(report.seeds)].scores.confusion
    if len(report.classes) > _CONFUSED:
        yield f"  the confusion matrix of {len(report.classes)} classes is in the JSON"
        return
    silent = any(row[-1] for row in matrix)
    head = ["truth, predicted as", *report.classes, *["none"] * silent]
    rows = [
        [name, *map(str, row if silent else row[:-1])]
        for name, row in zip(report.classes, matrix, strict=True)
    ]
    yield from _table([head, *rows])


def _groups(report: ScoreReport, column: str, names: Mapping[str, str]) -> Iterator[str]:
    by_seed = [it.by[column] for it in report.seeds.values()]
    if column == DATASET and len(set().union(*by_seed)) == 1:
        return
    yield ""
    yield from _compared(f"dataset ({DATASET})" if column == DATASET else column, by_seed, names)


def _folds(report: ScoreReport, names: Mapping[str, str]) -> Iterator[str]:
    by_seed = [it.by_fold for it in report.seeds.values()]
    if by_seed[0]:
        yield ""
        yield from _compared("fold", by_seed, names)
        if not report.seeds[min(report.seeds)].fold_mean:
            yield "  papers that follow this protocol state means over its folds: --fold-mean gives them"


def _compared(what: str, by_seed: Sequence[Mapping[str, Scores]], names: Mapping[str, str]) -> Iterator[str]:
    """Give the scores of each group, means over the seeds that have it."""
    rows = [[what, *(title.partition(",")[0] for title in names.values()), "clips"]]
    for value in sorted(set().union(*by_seed)):
        its = [groups[value] for groups in by_seed if value in groups]
        means = [_number(float(np.mean([getattr(it, name) for it in its]))) for name in names]
        rows.append([value or "(none)", *means, str(its[0].clips)])
    yield from _table(rows)


def _fold_means(report: ScoreReport) -> Iterator[str]:
    its = [it.fold_mean for it in report.seeds.values()]
    if not its[0]:
        return
    rows = [["mean over folds, not pooled", ""]]
    rows += [[name, _number(float(np.mean([it[name] for it in its])))] for name in its[0]]
    yield ""
    yield from _table(rows)
    yield "  only beside papers that took it: a class that a fold does not test counts as F1 0 there"


def _published(report: ScoreReport) -> Iterator[str]:
    if not report.published:
        return
    yield ""
    rows = [["published for this protocol", "value", "score"]]
    rows += [[f"[{number}] {it.method}", _number(it.value), it.score] for number, it in _numbered(report)]
    yield from _table(rows)
    for number, it in _numbered(report):
        yield f"  [{number}] {it.source}" + (f"; differs: {it.differs}" if it.differs else "")


def _numbered(report: ScoreReport) -> Iterator[tuple[int, Published]]:
    yield from enumerate(report.published, 1)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Give rows as lines: the first column to the left, the others to the right."""
    short = [[_short(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*short, strict=True)]
    for first, *others in short:
        cells = "".join(f"  {cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True))
        yield f"  {first:{widths[0]}}{cells}".rstrip()


def _short(cell: str) -> str:
    return cell if len(cell) <= _NAME else cell[: _NAME - 3] + "..."


def _number(value: float) -> str:
    return f"{value:.3f}"
