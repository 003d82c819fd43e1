"""ScoreReport: all scores of a file of predictions, for `mestore score`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mestore.labels.target import aim
from mestore.protocols.folds import Folds, load_folds
from mestore.scores.about import with_about
from mestore.scores.metrics import Scores
from mestore.scores.placed import scorer_of
from mestore.scores.predictions import PredictionFile, fits_of, read_predictions
from mestore.scores.published import Published, published
from mestore.scores.scorer import Missing, Scorer
from mestore.store.reader import open_store

SCHEMA = 1

DATASET = "reader"
"""Column that says which dataset a clip is of, under whatever name."""


@dataclass(frozen=True, kw_only=True)
class SeedScores:
    """The scores of one set of predictions.

    Parameters
    ----------
    scores : Scores
        Pooled over all folds.
    intervals : mapping of str to (float, float)
        95 % intervals of accuracy, uf1 and uar, by drawing persons.
    by : mapping of str to mapping of str to Scores
        Of the clips that share a value, by column and value.
    by_fold : mapping of str to Scores
        Where the protocol's folds are experiments of their own; else empty.
    fold_mean : mapping of str to float
        Means over folds, where they were asked for; else empty.
    """

    scores: Scores
    intervals: Mapping[str, tuple[float, float]]
    by: Mapping[str, Mapping[str, Scores]]
    by_fold: Mapping[str, Scores] = field(default_factory=dict)
    fold_mean: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "scores": self.scores.as_dict(),
            "intervals": {name: list(both) for name, both in self.intervals.items()},
            "by": {
                column: {value: scores.as_dict() for value, scores in its.items()}
                for column, its in self.by.items()
            },
            "by_fold": {name: scores.as_dict() for name, scores in self.by_fold.items()},
            "fold_mean": dict(self.fold_mean),
        }


@dataclass(frozen=True, kw_only=True)
class ScoreReport:
    """What `mestore score` says.

    Parameters
    ----------
    folds : Folds
    file : PredictionFile
    missing : {"wrong", "drop"}
    persons : int
        Whose clips are scored (of the first seed, as in the heading).
    classes : tuple of str
    notes : sequence of str
        What every score must say, worst first; how often one looked is the last.
    remarks : sequence of str
        About the file.
    seeds : mapping of int to SeedScores
    published : sequence of Published
        Scores of papers for the same protocol.
    """

    folds: Folds
    file: PredictionFile
    missing: Missing
    persons: int
    classes: tuple[str, ...]
    notes: Sequence[str]
    remarks: Sequence[str]
    seeds: Mapping[int, SeedScores]
    published: Sequence[Published]

    def mean(self) -> dict[str, float]:
        """Return the means over seeds of the pooled accuracy, UF1 and UAR."""
        all_scores = [it.scores for it in self.seeds.values()]
        return {
            name: sum(getattr(it, name) for it in all_scores) / len(all_scores)
            for name in ("accuracy", "uf1", "uar")
        }

    def as_json(self) -> str:
        """Return all of it, as JSON; no path of a machine is in it."""
        record = {
            "schema": SCHEMA,
            "protocol": self.folds.protocol,
            "params": dict(self.folds.params),
            "label": self.folds.label,
            "folds": self.folds.digest,
            "average": self.folds.average,
            "counts": list(self.folds.counts),
            "predictions": self.file.path.name.encode("utf-8", "backslashreplace").decode(),
            "missing": self.missing,
            "persons": self.persons,
            "classes": list(self.classes),
            "notes": list(self.notes),
            "remarks": list(self.remarks),
            "seeds": {str(seed): it.as_dict() for seed, it in self.seeds.items()},
            "mean_over_seeds": self.mean(),
            "published": [it.as_dict() for it in self.published],
        }
        return json.dumps(record, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def score_file(
    folds: Path,
    predictions: Path,
    *,
    stores: Path,
    missing: Missing = "wrong",
    by: Sequence[str] = (),
    about: Path | None = None,
    ledger: Path | None = None,
    fold_mean: bool = False,
) -> ScoreReport:
    """Return the scores of a file of predictions.

    Parameters
    ----------
    folds : Path
        Frozen folds.
    predictions : Path
        As `read_predictions` takes it.
    stores : Path
        Whose clip table is the one that the folds were made of.
    missing, ledger
        As in `Scorer`.
    by : sequence of str
        Columns of the clip table, or of `about`, to score by; by dataset in any case.
    about : Path, optional
        CSV file with a row per person.
    fold_mean : bool
        Give means over folds too.

    Raises
    ------
    MEStoreError
        If a file is not what it should be, or predictions cannot be scored.
    """
    its_folds = load_folds(folds)
    clips = open_store(stores).clips()
    if about is not None:
        clips = with_about(clips, about)
    target, _ = aim(clips, its_folds.label)
    file = read_predictions(predictions, classes=target.classes if target.several else ())
    scorer = scorer_of(file, its_folds, clips, missing=missing, ledger=ledger)
    columns = list(dict.fromkeys([DATASET, *by]))
    seeds = sorted({int(seed) for seed in file.table["seed"]})
    return ScoreReport(
        folds=its_folds,
        file=file,
        missing=missing,
        persons=len(scorer.by("person", seed=seeds[0])),
        classes=scorer.classes,
        notes=_notes(scorer, seeds),
        remarks=_remarks(file, its_folds),
        seeds={
            seed: _of_seed(scorer, seed, columns, experiments=its_folds.average == "folds", mean=fold_mean)
            for seed in seeds
        },
        published=published(its_folds),
    )


def _notes(scorer: Scorer, seeds: Sequence[int]) -> list[str]:
    """Return the notes of all seeds; how often one looked is told when every set is counted."""
    by_seed = {seed: scorer.notes(seed=seed) for seed in seeds}
    every = [its[:-1] for its in by_seed.values()]
    said = {
        note if all(note in its for its in every) else f"seed {seed}: {note}": None
        for seed, its in by_seed.items()
        for note in its[:-1]
    }
    return [*said, by_seed[seeds[-1]][-1]]


def _of_seed(
    scorer: Scorer, seed: int, columns: Sequence[str], *, experiments: bool, mean: bool
) -> SeedScores:
    return SeedScores(
        scores=scorer.scores(seed=seed),
        intervals=scorer.intervals(seed=seed),
        by={column: scorer.by(column, seed=seed) for column in columns},
        by_fold=scorer.by_fold(seed=seed) if experiments else {},
        fold_mean=scorer.fold_mean(seed=seed) if mean else {},
    )


def _remarks(file: PredictionFile, folds: Folds) -> list[str]:
    """Return what a reader should know of the file; notes say what it does not say of fits."""
    said = []
    if file.unread:
        said.append(f"columns not read: {', '.join(file.unread)}")
    fitted_on = set(file.table["fitted_on"])
    if fitted_on == {""}:
        return said
    if not file.fits:
        said.append(
            f"{fits_of(file.path).name} is not beside the file: nobody checked what models were fitted on"
        )
    elif "" in fitted_on:
        said.append("of some predictions the file does not say what their models were fitted on")
    elif any(fold.overlap for fold in folds):
        said.append("these folds test persons whom they train on: by persons, nobody can check fitted_on")
    else:
        said.append("no model was fitted on a person whom its fold tests, as the file says")
    return said
