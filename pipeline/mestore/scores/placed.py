"""Placed: the predictions of a file, each in the fold that tests its clip."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

from mestore.errors import ScoreError
from mestore.protocols.fold import Fold
from mestore.protocols.folds import Folds
from mestore.scores.csvtable import shown
from mestore.scores.fitted import Predictions
from mestore.scores.predictions import PredictionFile, require_labels, require_once
from mestore.scores.said import understood
from mestore.scores.scorer import Missing, Scorer

_NAMED = 3  # folds in a message


def scorer_of(
    file: PredictionFile,
    folds: Folds,
    clips: pd.DataFrame,
    *,
    missing: Missing = "wrong",
    ledger: Path | None = None,
) -> Scorer:
    """Return a scorer that holds the predictions of a file.

    Where the file names no fold, a clip goes to the one that tests it. A fold of which the file says nothing
    counts as one whose clips have no predictions.

    Parameters
    ----------
    file : PredictionFile
    folds : Folds
    clips : DataFrame
        The clip table, with further columns to score by.
    missing, ledger
        As in `Scorer`.

    Raises
    ------
    ScoreError
        If a clip, a class or a fold is unknown, or a clip has no fold of its own; the message names the line.
    LeakError
        If the file says that a prediction was fitted on whom its fold tests.
    """
    scorer = Scorer(folds, clips, missing=missing, ledger=ledger)
    if file.labels and not scorer.several:
        raise ScoreError(
            f"{file.path} has no column predicted; found {shown(','.join(file.labels))}: a clip has one "
            f"class here; expected a column predicted that names it, one of {', '.join(scorer.classes)}"
        )
    if file.labels:
        require_labels(file.path, file.labels, scorer.classes)
    table = file.table.assign(fold=_folds_of(file, folds))
    if table.empty:
        raise ScoreError(f"{file.path} holds no prediction, only a header; expected a line per clip")
    require_once(file.path, table)
    sets: dict[tuple[int, str], dict[str, str]] = defaultdict(dict)
    for line, clip, cell, seed, name in _rows(table):
        where = f"{file.path}, line {line}, clip {shown(clip)}"
        sets[seed, name][clip] = understood(cell, where=where, classes=scorer.classes, several=scorer.several)
    fits = _fits(file, table)
    known = {str(person): rows["clip_id"].tolist() for person, rows in clips.groupby("person")}
    for seed in sorted(set(table["seed"])):
        for fold in folds:
            fitted_on = _clips_of(fits[seed, fold.name], fold, folds, known, where=str(file.path))
            scorer.add(fold, Predictions(sets[seed, fold.name], fitted_on=fitted_on), seed=seed)
    return scorer


def _rows(table: pd.DataFrame) -> list[tuple[int, str, str, int, str]]:
    columns = [table.index.tolist(), *(table[it].tolist() for it in ("clip_id", "predicted", "seed", "fold"))]
    return list(zip(*columns, strict=True))


def _folds_of(file: PredictionFile, folds: Folds) -> list[str]:
    """Return the fold of every line."""
    testing: dict[str, list[str]] = defaultdict(list)
    for fold in folds:
        for clip in folds.tested(fold):
            testing[clip].append(fold.name)
    names = {fold.name for fold in folds}
    return [
        _fold_of(clip, given, testing, names, folds, where=f"{file.path}, line {line}, clip {shown(clip)}")
        for line, clip, given in zip(file.table.index, file.table["clip_id"], file.table["fold"], strict=True)
    ]


def _fold_of(
    clip: str, given: str, testing: Mapping[str, Sequence[str]], names: set[str], folds: Folds, *, where: str
) -> str:
    own = testing.get(clip, [])
    if clip in folds.left_out and not own:
        raise ScoreError(
            f"{where}: the protocol does not score it ({folds.left_out[clip]}); expected clips that it "
            "tests: remove the line"
        )
    if not own:
        raise ScoreError(
            f"{where}: found no such clip; expected one of the {len(testing)} that these folds test, "
            f"such as {shown(min(testing))}: write clip_id as the clip table has it"
        )
    if given and given not in names:
        raise ScoreError(f"{where}: found fold {shown(given)}; expected one of {_some(sorted(names))}")
    if given and given not in own:
        raise ScoreError(f"{where}: fold {shown(given)} does not test it; expected {_some(own)}")
    if not given and len(own) > 1:
        raise ScoreError(
            f"{where}: {len(own)} folds test it ({_some(own)}); expected a column fold that says which"
        )
    return given or own[0]


def _fits(file: PredictionFile, table: pd.DataFrame) -> defaultdict[tuple[int, str], set[str]]:
    """Return the persons whom the predictions of each seed and fold were fitted on, where the file says."""
    fits: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    said = table.loc[
        table["fitted_on"].isin(list(file.fits)), ["seed", "fold", "fitted_on"]
    ].drop_duplicates()
    for seed, fold, digest in said.itertuples(index=False):
        fits[int(seed), str(fold)].update(file.fits[digest])
    return fits


def _clips_of(
    persons: Collection[str], fold: Fold, folds: Folds, known: Mapping[str, Sequence[str]], *, where: str
) -> list[str]:
    """Return clips of persons: of whom a fold trains on those that it may, of others all.

    A file names persons. It does not say whether a model was fitted on another clip of a person, nor, where
    persons are on both sides, on one that the fold tests.
    """
    unknown = sorted(person for person in persons if person not in known)
    if unknown:
        raise ScoreError(
            f"{where}, fold {fold.name!r}: found person {shown(unknown[0])} among those who were fitted on; "
            "expected persons of the clip table: the file was made with another one"
        )
    train, may = set(fold.train), set(folds.training(fold)) if persons else set()
    return [
        clip
        for person in persons
        for clip in known[person]
        if clip in may or not (fold.overlap or person in train)
    ]


def _some(names: Sequence[str]) -> str:
    return ", ".join(map(shown, names[:_NAMED])) + (", ..." if len(names) > _NAMED else "")
