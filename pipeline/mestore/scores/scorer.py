"""Scorer: predictions by clip id, fold by fold, and scores over all of them."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from mestore.clips import LABELS
from mestore.errors import ScoreError
from mestore.labels.target import aim
from mestore.protocols.fold import Fold
from mestore.protocols.folds import Folds
from mestore.scores.decided import Decided, decided, groups
from mestore.scores.fitted import Predictions, persons_digest
from mestore.scores.given import require_given, require_table
from mestore.scores.ledger import Ledger, ledger_of
from mestore.scores.metrics import Scores, drawn, score
from mestore.scores.notes import looks, notes_of
from mestore.scores.predictions import COLUMNS, write_predictions
from mestore.scores.provenance import fitted_persons
from mestore.scores.said import Said, understood

__all__ = ["Missing", "Said", "Scorer"]

Missing = Literal["wrong", "drop"]

_BOUNDS = (0.025, 0.975)
_SCORES = ("accuracy", "uf1", "uar")
_INSIDE = {"subject": ("dataset",), "video": ("dataset", "subject"), "clip": ("dataset", "subject")}


class Scorer:
    """Takes predictions fold by fold and gives scores once every fold is in.

    Scores are pooled over all folds, whatever the order of clips or folds: a mean over folds flatters, and
    must be asked for by its name (`fold_mean`).

    Parameters
    ----------
    folds : Folds
        From `load_folds`.
    clips : DataFrame
        The clip table that the folds were made of, from `store.clips()`.
    missing : {"wrong", "drop"}
        What a clip without a prediction counts as. "drop" heads the score: it is not comparable.
    ledger : str or Path, optional
        File that counts the sets of predictions that were scored against these folds; every score states it.
        By default the one of the folds' file: data/ledger/NAME.jsonl for data/folds/NAME.json, else
        NAME.ledger.jsonl beside it.

    Raises
    ------
    LeakError
        If the clip table is not the one that the folds were made of, or has a clip twice.

    Examples
    --------
    >>> from mestore.protocols.freeze import make_folds
    >>> rows = [("d/a/1@1", "a", "happiness"), ("d/b/1@1", "b", "disgust"), ("d/b/2@1", "b", "happiness")]
    >>> table = pd.DataFrame(rows, columns=["clip_id", "person", "emotion"]).assign(kind="micro")
    >>> table["event"], table["reader"] = table["clip_id"], "table"
    >>> folds = make_folds(table, protocol="loso")
    >>> scorer = Scorer(folds, table)
    >>> for fold in folds:
    ...     scorer.add(fold, dict.fromkeys(folds.tested(fold), "happiness"))
    >>> scorer.scores().recall
    {'disgust': 0.0, 'happiness': 1.0}
    """

    def __init__(
        self,
        folds: Folds,
        clips: pd.DataFrame,
        *,
        missing: Missing = "wrong",
        ledger: str | Path | None = None,
    ) -> None:
        require_table(folds, clips)
        folds.require(clips)
        if missing not in ("wrong", "drop"):
            raise ScoreError(f"missing is {missing!r}; allowed: 'wrong', 'drop'")
        target, truth = aim(clips, folds.label)
        self._truth = dict(zip(clips["clip_id"], truth, strict=True))
        # A column of the clip table has no classes of its own but those of the clips that are scored.
        scored = {self._truth[clip] for clip in folds.clips}
        column = folds.label in LABELS
        self.classes = tuple(name for name in target.classes if not column or name in scored)
        self.several = target.several
        self._folds, self._clips, self._missing = folds, clips.set_index("clip_id"), missing
        self._tested = {fold.name: folds.tested(fold) for fold in folds}
        self._persons: dict[str, str] = dict(zip(clips["clip_id"], clips["person"], strict=True))
        file = ledger or (ledger_of(folds.source) if folds.source else None)
        self._ledger = Ledger(Path(file), folds=folds.digest) if file else None
        self._predictions: dict[int, dict[str, dict[str, str]]] = {}
        self._fits: dict[tuple[int, str], frozenset[str]] = {}
        self._strays: dict[int, set[str]] = {}

    def add(self, fold: Fold, predictions: Mapping[str, Said], *, seed: int = 0) -> None:
        """Take the predictions for a fold's test clips.

        Parameters
        ----------
        fold : Fold
            One of the folds, or its `inner`.
        predictions : mapping of str to str, or to a collection of str
            Class by clip id; of several labels, those that the clip has, or 0 and 1 by label. `Predictions`
            say too which clips they were fitted on.
        seed : int
            Repetitions with other seeds are sets of predictions of their own.

        Raises
        ------
        ScoreError
            If there is no mapping, a clip is not in the fold's test set, a class is unknown, or the fold is
            in already.
        LeakError
            If the predictions were fitted on a person whom the fold tests.
        """
        require_given(fold, predictions, seed)
        own = next((it for it in self._folds if (it.name, it.test) == (fold.name, fold.test)), None)
        if own is None:
            raise ScoreError(f"fold {fold.name!r} is not one of these folds")
        if fold.name in self._predictions.get(seed, {}):
            raise ScoreError(
                f"fold {fold.name!r} is in already for seed {seed}; give repetitions seeds of their own"
            )
        expected = set(self._tested[own.name])
        for clip in predictions:
            if clip not in expected:
                raise ScoreError(
                    f"clip {clip!r} is not in the test set of fold {fold.name!r}; it tests {len(expected)}"
                )
        fitted_on = predictions.fitted_on if isinstance(predictions, Predictions) else frozenset()
        whom = fitted_persons(self._folds, own, fitted_on, persons=self._persons)
        said = {
            clip: understood(said, where=f"clip {clip!r}", classes=self.classes, several=self.several)
            for clip, said in predictions.items()
        }
        seed = int(seed)
        self._predictions.setdefault(seed, {})[own.name] = said
        # Persons and not clips: of 700 folds over 10,000 clips, the clips would take 300 MB.
        self._fits[seed, own.name] = whom
        if fitted_on:
            may = (self._folds.training(own), self._folds.validating(own) if own.validation else ())
            self._strays.setdefault(seed, set()).update(fitted_on.difference(*may))

    def save(self, path: str | Path) -> None:
        """Write what was added as a CSV file, which `mestore score` and `mestore audit` read.

        Columns clip_id, predicted, seed, fold and fitted_on: the digest of the persons whom anything behind a
        prediction was fitted on, who stand in PATH.fits.json beside it (without .csv).
        """
        digests = {key: persons_digest(persons) for key, persons in self._fits.items() if persons}
        rows = [
            (clip, said, seed, name, digests.get((seed, name), ""))
            for seed, sets in sorted(self._predictions.items())
            for name, predictions in sorted(sets.items())
            for clip, said in sorted(predictions.items())
        ]
        write_predictions(
            Path(path),
            pd.DataFrame(rows, columns=list(COLUMNS)),
            {digest: sorted(self._fits[key]) for key, digest in digests.items()},
        )

    def predictions(self, *, seed: int = 0) -> pd.DataFrame:
        """Return one row per scored clip and fold: clip_id, fold, actual, predicted (empty without one).

        It tells the truth of every test clip, and so it is a look at them, which the ledger counts.
        """
        table = self._table(seed)
        self._looked(table)
        return table

    def scores(self, *, seed: int = 0) -> Scores:
        """Return the scores pooled over all folds; every fold must be in."""
        return self._score(self._decided(seed), self._note(seed))

    def by_fold(self, *, seed: int = 0) -> dict[str, Scores]:
        """Return the scores of every fold; of protocols whose folds are experiments of their own.

        With missing="drop", a fold without any prediction has none.
        """
        pairs, note = self._decided(seed), self._note(seed)
        return {name: self._score(pairs.of(rows), note) for name, rows in groups(pairs.folds).items()}

    def by(self, column: str, *, seed: int = 0) -> dict[str, Scores]:
        """Return the pooled scores of the clips that share a value of a column of the clip table.

        Parameters
        ----------
        column : str
            Such as dataset; gender or ethnicity, where the table has them. Names that are unique inside a
            dataset or a subject alone are given with it: casme2/sub01.
        """
        if column not in self._clips:
            raise ScoreError(
                f"the clip table has no column {column!r}; it has {', '.join(map(str, self._clips.columns))}"
            )
        pairs, note = self._decided(seed), self._note(seed)
        # Two datasets may have a sub01 each, and two subjects a clip of one name.
        whole = self._clips.loc[pairs.clips, [*_INSIDE.get(column, ()), column]].astype("str")
        values = whole.agg("/".join, axis=1).tolist()
        return {value: self._score(pairs.of(rows), note) for value, rows in groups(values).items()}

    def notes(self, *, seed: int = 0) -> list[str]:
        """Return what every score says in its note, worst first; how often one looked is the last."""
        table = self._table(seed)
        fits = {fold.name: self._fits[seed, fold.name] for fold in self._folds}
        strays = len(self._strays.get(seed, ()))
        said = notes_of(self._folds, table, missing=self._missing, fits=fits, strays=strays)
        return [*said, self._looked(table)]

    def fold_mean(self, *, seed: int = 0) -> dict[str, float]:
        """Return the means over folds of accuracy, UF1 and UAR: only to reproduce papers that took them.

        Classes that a fold does not test count as F1 0 there, so that this is below the pooled score. Folds
        that have no scores (`by_fold`) are in no mean, and every note says how many there are.
        """
        folds = self.by_fold(seed=seed).values()
        return {f"fold_mean_{name}": float(np.mean([getattr(it, name) for it in folds])) for name in _SCORES}

    def seeds_mean(self) -> dict[str, float]:
        """Return the means over all seeds of the pooled accuracy, UF1 and UAR."""
        if not self._predictions:
            raise ScoreError("no predictions are in yet; call add(fold, predictions, seed=...) first")
        runs = [self.scores(seed=seed) for seed in sorted(self._predictions)]
        return {name: float(np.mean([getattr(run, name) for run in runs])) for name in _SCORES}

    def intervals(self, *, seed: int = 0, draws: int = 1000) -> dict[str, tuple[float, float]]:
        """Return 95 % intervals of the pooled scores, by drawing persons with replacement.

        Persons and not clips: the clips of one person are no independent draws.
        """
        pairs = self._decided(seed)
        self._looked(self._table(seed))
        _, person = np.unique([self._persons[clip] for clip in pairs.clips], return_inverse=True)
        samples = drawn(pairs.truth, pairs.said, person, several=self.several, draws=draws, seed=0)
        low, high = _BOUNDS
        return {
            name: (float(np.quantile(values, low)), float(np.quantile(values, high)))
            for name, values in samples.items()
        }

    def _table(self, seed: int) -> pd.DataFrame:
        sets = self._sets(seed)
        rows = [
            (clip, fold.name, self._truth[clip], sets[fold.name].get(clip, ""))
            for fold in self._folds
            for clip in self._tested[fold.name]
        ]
        return pd.DataFrame(rows, columns=["clip_id", "fold", "actual", "predicted"])

    def _sets(self, seed: int) -> dict[str, dict[str, str]]:
        sets = self._predictions.get(seed, {})
        absent = [fold.name for fold in self._folds if fold.name not in sets]
        if absent:
            raise ScoreError(
                f"{len(absent)} of {len(self._folds)} folds have no predictions for seed {seed}, "
                f"the first: {absent[0]!r}; scores are pooled over all of them (seeds that were added: "
                f"{', '.join(map(str, sorted(self._predictions))) or 'none'})"
            )
        return sets

    def _decided(self, seed: int) -> Decided:
        table = self._table(seed)
        if self._missing == "drop":
            table = table[table["predicted"] != ""]
        if table.empty:
            raise ScoreError("no clip has a prediction; nothing can be scored")
        return decided(table, classes=self.classes, several=self.several)

    def _score(self, pairs: Decided, note: str) -> Scores:
        return score(
            pairs.truth,
            pairs.said,
            classes=self.classes,
            several=self.several,
            predicted=int(pairs.there.sum()),
            note=note,
        )

    def _note(self, seed: int) -> str:
        return "; ".join(self.notes(seed=seed))

    def _looked(self, table: pd.DataFrame) -> str:
        if not self._ledger:
            return "not counted: these folds have no file"
        digest = hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()
        count, others = self._ledger.record(digest)
        return looks(count, others=others)
