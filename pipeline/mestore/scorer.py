"""Scorer: predictions by clip id, fold by fold, and scores over all of them."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mestore.errors import ScoreError
from mestore.labels.target import aim, joined, parted
from mestore.ledger import Ledger
from mestore.metrics import Decisions, Scores, drawn, score
from mestore.protocols.fold import Fold
from mestore.protocols.folds import Folds

Missing = Literal["wrong", "drop"]
Said = str | Collection[str]
"""What is predicted of a clip: its class; of several labels, those it has."""

_BOUNDS = (0.025, 0.975)
_SCORES = ("accuracy", "uf1", "uar")


@dataclass(frozen=True, kw_only=True)
class _Table:
    """Decisions on (fold, clip) pairs: a clip is one pair, but where a protocol tests it several times."""

    folds: list[str]
    clips: list[str]
    truth: Decisions
    said: Decisions
    there: NDArray[np.bool_]

    def of(self, rows: NDArray[np.int64]) -> "_Table":
        return _Table(
            folds=[self.folds[row] for row in rows],
            clips=[self.clips[row] for row in rows],
            truth=self.truth[rows],
            said=self.said[rows],
            there=self.there[rows],
        )


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
    ledger : Path, optional
        File that counts the sets of predictions that were scored against these folds; every score states it.

    Raises
    ------
    LeakError
        If the clip table is not the one that the folds were made of.

    Examples
    --------
    >>> from mestore.protocols.freeze import make_folds
    >>> rows = [("d/a/1@1", "a", "happiness"), ("d/b/1@1", "b", "disgust"), ("d/b/2@1", "b", "happiness")]
    >>> table = pd.DataFrame(rows, columns=["clip_id", "person", "emotion"]).assign(kind="micro")
    >>> table["event"] = table["clip_id"]
    >>> folds = make_folds(table, protocol="loso")
    >>> scorer = Scorer(folds, table)
    >>> for fold in folds:
    ...     scorer.add(fold, dict.fromkeys(folds.tested(fold), "happiness"))
    >>> scorer.scores().recall
    {'disgust': 0.0, 'happiness': 1.0}
    """

    def __init__(
        self, folds: Folds, clips: pd.DataFrame, *, missing: Missing = "wrong", ledger: Path | None = None
    ) -> None:
        folds.require(clips)
        if missing not in ("wrong", "drop"):
            raise ScoreError(f"missing is {missing!r}; allowed: 'wrong', 'drop'")
        target, truth = aim(clips, folds.label)
        self._truth = dict(zip(clips["clip_id"], truth, strict=True))
        # A column of the clip table has no classes of its own but those of the clips that are scored.
        scored = {self._truth[clip] for clip in folds.clips}
        column = folds.label in clips and not target.several
        self.classes = tuple(name for name in target.classes if not column or name in scored)
        self.several = target.several
        self._folds, self._clips, self._missing = folds, clips.set_index("clip_id"), missing
        self._ledger = Ledger(ledger, folds=folds.digest) if ledger else None
        self._predictions: dict[int, dict[str, dict[str, str]]] = {}

    def add(self, fold: Fold, predictions: Mapping[str, Said], *, seed: int = 0) -> None:
        """Take the predictions for a fold's test clips.

        Parameters
        ----------
        fold : Fold
            One of the folds, or its `inner`.
        predictions : mapping of str to str, or to a collection of str
            Class by clip id; of several labels, those that the clip has.
        seed : int
            Repetitions with other seeds are sets of predictions of their own.

        Raises
        ------
        ScoreError
            If a clip is not in the fold's test set, a class is unknown, or the fold is in already.
        """
        own = next((it for it in self._folds if (it.name, it.test) == (fold.name, fold.test)), None)
        if own is None:
            raise ScoreError(f"fold {fold.name!r} is not one of these folds")
        sets = self._predictions.setdefault(seed, {})
        if fold.name in sets:
            raise ScoreError(
                f"fold {fold.name!r} is in already for seed {seed}; give repetitions seeds of their own"
            )
        expected = set(self._folds.tested(own))
        for clip in predictions:
            if clip not in expected:
                raise ScoreError(
                    f"clip {clip!r} is not in the test set of fold {fold.name!r}; it tests {len(expected)}"
                )
        sets[fold.name] = {clip: self._understood(clip, said) for clip, said in predictions.items()}

    def _understood(self, clip: str, said: object) -> str:
        """Return a prediction as text; refuse what is no class."""
        if isinstance(said, str):
            labels = list(parted(said)) if self.several else [said]
        elif self.several and isinstance(said, Collection):
            labels = list(said)
        else:
            raise ScoreError(
                f"clip {clip!r}: found {said!r} as prediction; expected "
                + ("the labels that it has" if self.several else "a class, not a number or a probability")
                + f", of {', '.join(self.classes)}"
            )
        unknown = [label for label in labels if label not in self.classes]
        if unknown or len(set(labels)) < len(labels):
            raise ScoreError(
                f"clip {clip!r}: class {unknown or labels}; the classes are {', '.join(self.classes)}"
            )
        return joined([name for name in self.classes if name in labels]) if self.several else labels[0]

    def predictions(self, *, seed: int = 0) -> pd.DataFrame:
        """Return one row per scored clip and fold: clip_id, fold, actual, predicted (empty without one)."""
        sets = self._sets(seed)
        rows = [
            (clip, fold.name, self._truth[clip], sets[fold.name].get(clip, ""))
            for fold in self._folds
            for clip in self._folds.tested(fold)
        ]
        return pd.DataFrame(rows, columns=["clip_id", "fold", "actual", "predicted"])

    def scores(self, *, seed: int = 0) -> Scores:
        """Return the scores pooled over all folds; every fold must be in."""
        return self._score(self._table(seed), self._note(seed))

    def by_fold(self, *, seed: int = 0) -> dict[str, Scores]:
        """Return the scores of every fold; of protocols whose folds are experiments of their own."""
        table, note = self._table(seed), self._note(seed)
        return {name: self._score(table.of(rows), note) for name, rows in _groups(table.folds).items()}

    def by(self, column: str, *, seed: int = 0) -> dict[str, Scores]:
        """Return the pooled scores of the clips that share a value of a column of the clip table.

        Parameters
        ----------
        column : str
            Such as dataset; gender or ethnicity, where the table has them.
        """
        if column not in self._clips:
            raise ScoreError(
                f"the clip table has no column {column!r}; it has {', '.join(map(str, self._clips.columns))}"
            )
        table, note = self._table(seed), self._note(seed)
        groups = _groups(self._clips.loc[table.clips, column].astype("str").tolist())
        return {value: self._score(table.of(rows), note) for value, rows in groups.items()}

    def fold_mean(self, *, seed: int = 0) -> dict[str, float]:
        """Return the means over folds of accuracy, UF1 and UAR: only to reproduce papers that took them.

        Classes that a fold does not test count as F1 0 there, so that this is below the pooled score.
        """
        folds = self.by_fold(seed=seed).values()
        return {f"fold_mean_{name}": float(np.mean([getattr(it, name) for it in folds])) for name in _SCORES}

    def seeds_mean(self) -> dict[str, float]:
        """Return the means over all seeds of the pooled accuracy, UF1 and UAR."""
        runs = [self.scores(seed=seed) for seed in sorted(self._predictions)]
        return {name: float(np.mean([getattr(run, name) for run in runs])) for name in _SCORES}

    def intervals(self, *, seed: int = 0, draws: int = 1000) -> dict[str, tuple[float, float]]:
        """Return 95 % intervals of the pooled scores, by drawing persons with replacement.

        Persons and not clips: the clips of one person are no independent draws.
        """
        table = self._table(seed)
        _, groups = np.unique(self._clips.loc[table.clips, "person"].to_numpy(str), return_inverse=True)
        samples = drawn(table.truth, table.said, groups, several=self.several, draws=draws, seed=0)
        low, high = _BOUNDS
        return {
            name: (float(np.quantile(values, low)), float(np.quantile(values, high)))
            for name, values in samples.items()
        }

    def _sets(self, seed: int) -> dict[str, dict[str, str]]:
        sets = self._predictions.get(seed, {})
        absent = [fold.name for fold in self._folds if fold.name not in sets]
        if absent:
            raise ScoreError(
                f"{len(absent)} of {len(self._folds)} folds have no predictions for seed {seed}, "
                f"the first: {absent[0]!r}; scores are pooled over all of them"
            )
        return sets

    def _table(self, seed: int) -> _Table:
        table = self.predictions(seed=seed)
        there = (table["predicted"] != "").to_numpy()
        truth, said = (self._decisions(table[name].tolist()) for name in ("actual", "predicted"))
        if self.several:
            said[~there] = ~truth[~there]  # of several labels, silence would be right about all it lacks
        rows = np.flatnonzero(there) if self._missing == "drop" else np.arange(len(table))
        if len(rows) == 0:
            raise ScoreError("no clip has a prediction; nothing can be scored")
        whole = _Table(
            folds=table["fold"].tolist(), clips=table["clip_id"].tolist(), truth=truth, said=said, there=there
        )
        return whole.of(rows)

    def _decisions(self, texts: list[str]) -> Decisions:
        place = {name: number for number, name in enumerate(self.classes)}
        table = np.zeros((len(texts), len(place)), bool)
        for row, text in enumerate(texts):
            for label in parted(text) if self.several else (text,):
                if label:
                    table[row, place[label]] = True
        return table

    def _score(self, table: _Table, note: str) -> Scores:
        return score(
            table.truth,
            table.said,
            classes=self.classes,
            several=self.several,
            predicted=int(table.there.sum()),
            note=note,
        )

    def _note(self, seed: int) -> str:
        """Return what every score must say, worst first."""
        said = list(self._folds.flags)
        whole = self.predictions(seed=seed)
        there = int((whole["predicted"] != "").sum())
        if self._missing == "drop" and there < len(whole):
            said.append(f"{there} of {len(whole)} clips, not comparable")
        if self._ledger:
            count = self._ledger.record(hashlib.sha256(whole.to_csv(index=False).encode()).hexdigest())
            said.append(f"{count} set{'s' if count > 1 else ''} of predictions scored against these folds")
        return "; ".join(said)


def _groups(values: list[str]) -> dict[str, NDArray[np.int64]]:
    """Return the rows of each value, by value."""
    column = np.asarray(values, str)
    return {str(value): np.flatnonzero(column == value) for value in np.unique(column)}
