"""Normalised: whether the values of a store were scaled by statistics over clips, test clips among them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from mestore.audit.finding import Examined, Finding, counted
from mestore.features import FEATURES
from mestore.progress import Progress
from mestore.store.feature import Feature

CHECK = "scaled by all clips"
QUESTION = "Were the values in a store scaled by statistics over all clips, so that each knows of test clips?"

COLUMNS = 256
"""Columns of a clip that are looked at."""

EXACT = 1e-4
"""How near mean, deviation and bounds come: a scaler's rounding stays below it, other data do not."""

_NEARLY_ALL = 0.95  # of the columns
_FEWEST_CLIPS = 8  # in three, much comes out even by chance
_FEWEST_COLUMNS = 3
_UNSEEN = "a scaling that was followed by another step, or that a trainer does itself"


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """Some columns of all clips of one dataset in a store.

    Parameters
    ----------
    store, kind, dataset : str
    subjects : tuple of str
        Of each clip.
    values : ndarray of float64, shape (clips, columns)
        NaN or infinite where a clip has no number.
    """

    store: str
    kind: str
    dataset: str
    subjects: tuple[str, ...]
    values: NDArray[np.float64]


def sample_columns(
    name: str, feature: Feature, *, progress: Progress | None = None
) -> tuple[list[Sampled], tuple[str, ...]]:
    """Read some columns of every clip of a store; of clips that differ in length, of the first row.

    Returns
    -------
    list of Sampled
        One per dataset.
    tuple of str
        What could not be read so.
    """
    found, unseen = [], []
    for dataset, description in feature.descriptions.items():
        if not np.issubdtype(np.dtype(description.dtype), np.floating):
            unseen.append(f"{name}, {dataset}: whole numbers ({description.dtype}), which no scaler gives")
            continue
        rows, owners = [], []
        subjects = feature.subjects(dataset)
        for done, subject in enumerate(subjects, start=1):
            for sample in feature.samples(dataset, subject).values():
                rows.append(_chosen(sample.data[:1] if description.ragged else sample.data))
                owners.append(subject)
            if progress is not None:
                progress(done, len(subjects))
        if not rows:
            unseen.append(f"{name}, {dataset}: no clips")
        elif len({len(row) for row in rows}) > 1:
            unseen.append(f"{name}, {dataset}: clips of different shapes")
        else:
            found.append(
                Sampled(
                    store=name,
                    kind=description.kind,
                    dataset=dataset,
                    subjects=tuple(owners),
                    values=np.array(rows, np.float64),
                )
            )
    return found, tuple(unseen)


def _chosen(data: NDArray[np.floating]) -> NDArray[np.floating]:
    return data[np.unravel_index(_places(data.size), data.shape)]


@cache
def _places(size: int) -> NDArray[np.int64]:
    """Return the same columns for every clip; a regular step could meet one channel only."""
    return np.sort(np.random.default_rng(0).permutation(size)[:COLUMNS])


def check_normalised(sampled: Sequence[Sampled], *, unseen: Sequence[str] = ()) -> Examined:
    """Look for columns whose mean, deviation or bounds over clips are what only a scaler gives."""
    findings: list[Finding] = []
    examined, unsaid = [], list(unseen)
    for store in dict.fromkeys(its.store for its in sampled):
        parts = [its for its in sampled if its.store == store]
        groups, silent = _groups(parts)
        if groups:
            examined.append(_said(store, groups, everything=len(parts)))
        unsaid += [f"{store}, {why}" for why in (*silent, *_gaps(parts))]
        findings += _found(store, groups, everything=len(parts))
    return Examined(
        check=CHECK,
        question=QUESTION,
        findings=tuple(sorted(findings, key=lambda its: its.severity)),
        examined=tuple(examined),
        unseen=(*unsaid, _UNSEEN),
    )


def _groups(parts: Sequence[Sampled]) -> tuple[list[Sequence[Sampled]], list[str]]:
    """Return whose clips are looked at together, all and each dataset's, and of whom nothing can be said."""
    groups: list[Sequence[Sampled]] = []
    silent = []
    several = len({its.values.shape[1] for its in parts}) > 1
    if several:
        silent.append("all datasets together: clips of different shapes")
    for group in [*([] if several else [parts]), *([its] for its in parts if len(parts) > 1)]:
        why = _too_few(_values(group))
        if not why:
            groups.append(group)
        else:
            silent.append(f"{_datasets(group)}: {why}")
            if len(group) == len(parts):
                break  # a part of them has even fewer
    return groups, silent


def _said(store: str, groups: Sequence[Sequence[Sampled]], *, everything: int) -> str:
    """Return what was looked at, of so many datasets: the first group is all, or none is."""
    parts = {its.dataset: its for group in groups for its in group}.values()
    columns = " or ".join(f"{number:,}" for number in sorted({its.values.shape[1] for its in parts}))
    clips = counted(sum(len(its.values) for its in parts), "clip")
    kinds = sorted({its.kind for its in parts})
    whole = "over all, " if len(groups[0]) == everything else ""
    known = all(kind in FEATURES for kind in kinds)
    return (
        f"{store}: {columns} columns of {clips}, {whole}per dataset and per subject; kind {', '.join(kinds)}"
        + (", which is computed clip by clip, by its attributes" if known else " is none of mestore's")
    )


def _gaps(parts: Sequence[Sampled]) -> Iterator[str]:
    for its in parts:
        gaps = ~np.isfinite(its.values)
        if gaps.any():
            yield (
                f"{its.dataset}: {counted(int(gaps.sum()), 'value')} of "
                f"{counted(int(gaps.any(axis=1).sum()), 'clip')}, NaN or infinite: left out"
            )


def _found(store: str, groups: Sequence[Sequence[Sampled]], *, everything: int) -> Iterator[Finding]:
    """Give the clips that the columns are scaled over: all, a dataset's, or each subject's own."""
    for group in groups:
        values = _values(group)
        scaled = scaling(values)
        if not scaled:
            continue
        # What is scaled over each subject is so over all of them, too.
        alone = [values[rows] for rows in _rows_of(group) if len(rows) > 1]
        if alone and all(_holds(scaled, its) for its in alone):
            yield _look(store, scaled, group, len(alone))
        else:
            yield _leak(store, scaled, group, everything=len(group) == everything)
        if len(group) == everything:
            return


def _values(group: Sequence[Sampled]) -> NDArray[np.float64]:
    """Return the values of all its clips, NaN where one has no number: scalers pass over these."""
    values = np.concatenate([its.values for its in group])
    return np.where(np.isfinite(values), values, np.nan)


def _rows_of(group: Sequence[Sampled]) -> Iterator[NDArray[np.int64]]:
    owners = np.array([f"{its.dataset}/{subject}" for its in group for subject in its.subjects], str)
    codes = np.unique(owners, return_inverse=True)[1]
    for code in range(int(codes.max()) + 1):
        yield np.flatnonzero(codes == code)


def _look(store: str, scaled: str, group: Sequence[Sampled], subjects: int) -> Finding:
    return Finding(
        severity="look",
        what=f"store {store!r}: the columns have {scaled} over the clips of each subject alone "
        f"({_datasets(group)}, {counted(subjects, 'subject')})",
        remedy="a score then supposes that all clips of a new person are there at once; say so with it, or "
        "store what is computed of each clip alone",
    )


def _leak(store: str, scaled: str, group: Sequence[Sampled], *, everything: bool) -> Finding:
    over = "all clips" if everything else f"all clips of {_datasets(group)}"
    return Finding(
        severity="leak",
        what=f"store {store!r}: the columns have {scaled} over {over}, test clips among them",
        remedy="store what is computed of each clip alone, and fit the scaler on fold.train, such as with "
        "mestore.Fitted",
    )


def _datasets(group: Sequence[Sampled]) -> str:
    return ", ".join(its.dataset for its in group)


def scaling(values: NDArray[np.float64]) -> str:
    """Return how the columns of a table are scaled over its rows; empty if they are not.

    Parameters
    ----------
    values : ndarray, shape (clips, columns)
        Finite, or NaN where there is none, which is left out. Of few clips or columns nothing is said; nor
        of columns with one or two values.

    Returns
    -------
    str
        "mean 0 and deviation 1", "mean 0", "minimum 0 and maximum 1", or "minimum -1 and maximum 1".

    Examples
    --------
    >>> table = np.random.default_rng(0).uniform(2, 5, (20, 4))
    >>> scaling(table), scaling((table - table.mean(0)) / table.std(0))
    ('', 'mean 0 and deviation 1')
    >>> scaling((table - table.min(0)) / np.ptp(table, axis=0))
    'minimum 0 and maximum 1'
    """
    if _too_few(values):
        return ""
    telling = values[:, _telling(values)]
    return next((name for name in _SCALINGS if _holds(name, telling)), "")


def _too_few(values: NDArray[np.float64]) -> str:
    """Return why nothing can be said of such a table; empty if something can."""
    if len(values) < _FEWEST_CLIPS:
        return f"{counted(len(values), 'clip')}, fewer than {_FEWEST_CLIPS}"
    columns = int(_telling(values).sum())
    if columns < _FEWEST_COLUMNS:
        return (
            f"{counted(columns, 'column')} with more than two values, in {_FEWEST_CLIPS} clips or more: fewer"
            f" than {_FEWEST_COLUMNS}"
        )
    return ""


def _telling(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which columns have more than two values, and numbers of enough clips."""
    between = (values > _least(values)) & (values < _most(values))
    return np.asarray(between.any(axis=0) & (np.isfinite(values).sum(axis=0) >= _FEWEST_CLIPS), np.bool_)


def _least(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.fmin.reduce(values, axis=0))  # as nanmin, but NaN of NaN alone without a warning


def _most(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.fmax.reduce(values, axis=0))


def _holds(name: str, values: NDArray[np.float64]) -> bool:
    """Return whether nearly all columns, or all that vary, are scaled so."""
    values = values[:, _most(values) > _least(values)]
    return values.shape[1] == 0 or bool(_SCALINGS[name](values).mean() >= _NEARLY_ALL)


def _centred(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(np.abs(np.nanmean(values, axis=0)) < EXACT * np.nanstd(values, axis=0))


def _standard(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    population, sample = (np.abs(np.nanstd(values, axis=0, ddof=ddof) - 1) < EXACT for ddof in (0, 1))
    return np.asarray(_centred(values) & (population | sample), np.bool_)


def _bounded(values: NDArray[np.float64], low: float) -> NDArray[np.bool_]:
    near = np.abs(_least(values) - low) < EXACT
    return np.asarray(near & (np.abs(_most(values) - 1) < EXACT))


_SCALINGS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.bool_]]] = {
    "mean 0 and deviation 1": _standard,
    "mean 0": _centred,
    "minimum 0 and maximum 1": partial(_bounded, low=0.0),
    "minimum -1 and maximum 1": partial(_bounded, low=-1.0),
}
