"""Fits: whom the models behind a file of predictions were fitted on, and what is odd about these."""

from collections.abc import Iterator, Mapping

import pandas as pd

from mestore.audit.finding import Examined, Finding, counted, some
from mestore.audit.frozen import Frozen
from mestore.errors import MEStoreError, ScoreError
from mestore.labels.target import Target, aim
from mestore.scores.fitted import persons_digest
from mestore.scores.predictions import PredictionFile
from mestore.scores.said import understood

CHECK = "fitted on the tested"
QUESTION = "Was anything behind the predictions fitted on persons whom it is tested on? Are they plausible?"

_UNSCORED = "`mestore score` refuses this file: give the one that the scores are of"

FEWEST = 10
"""Clips; fewer are soon all predicted rightly."""


def check_fits(frozen: Frozen, table: pd.DataFrame, file: PredictionFile | None) -> Examined:
    """Compare the persons of each fit with those that the fold tests.

    Parameters
    ----------
    frozen : Frozen
    table : DataFrame
        Clip table, for the truth.
    file : PredictionFile, optional
    """
    if file is None:
        return Examined(check=CHECK, question=QUESTION, unseen=("no predictions were given (--predictions)",))
    said = file.table
    stated = said[said["fitted_on"] != ""]
    rows = _by_fold(frozen, said)
    known = {**_own_digests(frozen), **file.fits}
    findings = [*_leaks(frozen, rows, known), *_unresolved(stated, known), *_untested(frozen, said)]
    findings += [*_strangers(table, stated, file), *_nothing(said)]
    plausible, unknown = _plausible(frozen, table, file)
    findings += plausible
    examined = [
        f"{counted(len(said), 'prediction')} of {counted(said['clip_id'].nunique(), 'clip')}, "
        f"{counted(said['seed'].nunique(), 'seed')}; {len(stated):,} say what they were fitted on, in "
        f"{counted(stated['fitted_on'].nunique(), 'fit')}, whose persons were compared with those tested"
    ]
    silent, absent = len(said) - len(stated), len(frozen.scored - set(said["clip_id"]))
    if absent:
        examined.append(f"{counted(absent, 'tested clip')} without a prediction; the score counts them wrong")
    unseen = [f"{counted(silent, 'prediction')} without `fitted_on`: nobody can say"] if silent else []
    unseen += unknown
    if any(fold.overlap for fold in frozen.folds):
        unseen.append("folds with persons on both sides: a fit names persons and not clips")
    return Examined(
        check=CHECK,
        question=QUESTION,
        findings=tuple(sorted(findings, key=lambda its: its.severity)),
        examined=tuple(examined),
        unseen=tuple(unseen),
    )


def _own_digests(frozen: Frozen) -> dict[str, tuple[str, ...]]:
    """Return the persons by digest of what a fold may be fitted on: with and without its validation."""
    sets = ((*fold.train, *extra) for fold in frozen.folds for extra in ((), fold.validation))
    return {persons_digest(persons): persons for persons in sets}


def _by_fold(frozen: Frozen, said: pd.DataFrame) -> pd.DataFrame:
    """Return the stated rows with the fold that tests the clip where the file names none."""
    tested = pd.DataFrame(
        [
            (clip, fold.name, fold.overlap)
            for fold in frozen.folds
            for clip in frozen.ids[frozen.tested(fold)]
        ],
        columns=["clip_id", "tests", "overlap"],
    )
    rows = said[said["fitted_on"] != ""].merge(tested, on="clip_id")
    return rows[((rows["fold"] == "") | (rows["fold"] == rows["tests"])) & ~rows["overlap"].astype(bool)]


def _leaks(frozen: Frozen, rows: pd.DataFrame, known: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    """Give, in one finding, whoever was fitted on in a fold that tests them."""
    test = {fold.name: set(fold.test) for fold in frozen.folds}
    folds: list[str] = []
    persons: set[str] = set()
    clips: list[str] = []
    for (name, digest), part in rows.groupby(["tests", "fitted_on"], sort=True):
        shared = test[str(name)] & set(known.get(str(digest), ()))
        if shared:
            folds.append(str(name))
            persons |= shared
            clips += part["clip_id"].tolist()
    if folds:
        yield Finding(
            severity="leak",
            what=f"{counted(len(clips), 'prediction')} of models fitted on persons whom their fold tests, in "
            f"{counted(len(set(folds)), 'fold')} of {len(frozen.folds)}: {some(sorted(set(folds)))}",
            persons=tuple(sorted(persons)),
            clips=tuple(sorted(set(clips))),
            remedy="fit everything (scaler, PCA, selection, model) on fold.train alone, such as with "
            "mestore.Fitted, and predict again",
        )


def _unresolved(stated: pd.DataFrame, known: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    odd = stated[~stated["fitted_on"].isin(set(known))]
    if not odd.empty:
        yield Finding(
            severity="look",
            what=f"{counted(len(odd), 'prediction')} fitted on persons whom nobody can name "
            f"({counted(odd['fitted_on'].nunique(), 'digest')}: {some(sorted(set(odd['fitted_on'])))})",
            clips=tuple(odd["clip_id"]),
            remedy="put the .fits.json that was written with the predictions beside them",
        )


def _strangers(table: pd.DataFrame, stated: pd.DataFrame, file: PredictionFile) -> Iterator[Finding]:
    """Give persons of fits whom the clip table lacks: of them nobody can say whether a fold tests them."""
    there = set(table["person"])
    fitted = {person for digest in set(stated["fitted_on"]) for person in file.fits.get(digest, ())}
    strange = tuple(sorted(fitted - there))
    if strange:
        yield Finding(
            severity="look",
            what=f"models fitted on {counted(len(strange), 'person')} whom the clip table lacks",
            persons=strange,
            remedy="see whether the predictions are of another clip table; `mestore score` refuses them",
        )


def _nothing(said: pd.DataFrame) -> Iterator[Finding]:
    if said.empty:
        yield Finding(
            severity="look",
            what="the file holds no prediction, only a header",
            remedy=_UNSCORED,
        )


def _plausible(frozen: Frozen, table: pd.DataFrame, file: PredictionFile) -> tuple[list[Finding], list[str]]:
    """Return what is odd about the predictions themselves, and why that cannot be said."""
    try:
        target, truth = aim(table, frozen.label)
    except MEStoreError as error:
        return [], [f"what is predicted: {error}"]
    actual = dict(zip(table["clip_id"], truth, strict=True))
    return [*_refused(target, file), *_perfect(frozen, actual, file.table)], []


def _refused(target: Target, file: PredictionFile) -> Iterator[Finding]:
    """Give what `mestore score` refuses: predictions that are no class of these folds."""
    if file.labels and not target.several:
        yield Finding(
            severity="look",
            what=f"{file.path} has no column predicted, but {some(file.labels)}: a clip has one class here",
            remedy=_UNSCORED,
        )
        return
    odd: dict[str, str] = {}
    for line, clip, cell in zip(
        file.table.index, file.table["clip_id"], file.table["predicted"], strict=True
    ):
        try:
            understood(cell, where=f"line {line}", classes=target.classes, several=target.several)
        except ScoreError as error:
            odd.setdefault(clip, str(error))
    if odd:
        yield Finding(
            severity="look",
            what=f"predictions of {counted(len(odd), 'clip')} that cannot be scored, the first: "
            f"{next(iter(odd.values()))}",
            clips=tuple(odd),
            remedy=_UNSCORED,
        )


def _untested(frozen: Frozen, said: pd.DataFrame) -> Iterator[Finding]:
    odd = tuple(sorted(set(said["clip_id"]) - frozen.scored))
    if odd:
        yield Finding(
            severity="look",
            what=f"{counted(len(odd), 'predicted clip')} not tested by these folds",
            clips=odd,
            remedy="see whether the predictions are of other folds or of another clip table",
        )
    names = {fold.name for fold in frozen.folds}
    unknown = tuple(sorted(set(said["fold"]) - names - {""}))
    if unknown:
        yield Finding(
            severity="look",
            what=f"predictions of {counted(len(unknown), 'fold')} that these folds lack: {some(unknown)}",
            remedy="see whether the predictions are of other folds",
        )


def _perfect(frozen: Frozen, truth: Mapping[str, str], said: pd.DataFrame) -> Iterator[Finding]:
    actual = said["clip_id"].map(truth)
    scored = said["clip_id"].isin(frozen.scored)
    for seed, rows in said[scored].groupby("seed"):
        pairs = zip(rows["predicted"], actual[rows.index], strict=True)
        right = [_labels(said) == _labels(true) for said, true in pairs]
        if len(rows) >= FEWEST and all(right):
            yield Finding(
                severity="look",
                what=f"seed {seed}: all {counted(len(rows), 'prediction')} are right, which is too good",
                remedy="see how the model came by the labels of test clips",
            )


def _labels(text: str) -> list[str]:
    """Return the class, or several labels in an order of their own."""
    return sorted(text.split("+"))
