"""Evaluate: the baselines in the folds of a protocol, and what is written of their scores."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from mestore.datasets.table_io import write_plot
from mestore.labels.target import parted
from mestore.protocols.folds import Folds
from mestore.replacing import replacing
from mestore.scores.baselines import constant, majority, predict_all, svm
from mestore.scores.ledger import Ledger
from mestore.scores.published import published
from mestore.scores.scorer import Scorer
from mestore.scores.settings import BASELINES, EvaluateParams, SvmParams
from mestore.store.reader import Store

_DIGITS = 4


def evaluate(
    store: Store, folds: Folds, params: EvaluateParams, *, ledger: Path | None = None
) -> dict[str, Scorer]:
    """Return the scored predictions of constant and majority, and of an SVM per feature, by name."""
    predict = dict(zip(BASELINES, (constant(store, folds), majority(store, folds)), strict=True))
    for name in params.features:
        predict[name] = svm(store, folds, name, model=estimator(params.svm.get(name, SvmParams())))
    scorers = {name: predict_all(store, folds, its, ledger=ledger) for name, its in predict.items()}
    for scorer in scorers.values():
        scorer.scores()  # each goes into the ledger before any of them states how many there are
    return scorers


def estimator(params: SvmParams) -> Any:
    """Return an unfitted SVM as params.yaml describes it.

    Examples
    --------
    >>> estimator(SvmParams(kernel="rbf", C=28.0, scale=False, balanced=False))
    Pipeline(steps=[('svc', SVC(C=28.0))])
    """
    classifier = SVC(kernel=params.kernel, C=params.C, class_weight="balanced" if params.balanced else None)
    return make_pipeline(*[StandardScaler()] * params.scale, classifier)


def metrics(name: str, scorers: dict[str, Scorer]) -> dict[str, dict[str, dict[str, float]]]:
    """Return what DVC shows of a protocol: the UF1 of each feature; of the majority, where there is none.

    No more than that: DVC's tables have a column for each number of each protocol. The protocol's name is in
    it, because `dvc exp show` would tell equal names of two files apart by their paths.
    """
    shown = [its for its in scorers if its not in BASELINES] or ["majority"]
    return {name: {its: {"uf1": round(scorers[its].scores().uf1, _DIGITS)} for its in shown}}


def record(
    name: str,
    folds: Folds,
    store: Store,
    scorers: dict[str, Scorer],
    *,
    params: EvaluateParams,
    code: Mapping[str, Any],
    ledger: Path | None = None,
) -> dict[str, Any]:
    """Return everything that is known of the scores in one protocol, as plain JSON values.

    Parameters
    ----------
    name : str
        Of the protocol in params.yaml.
    params : EvaluateParams
        What `scorers` were made with.
    code : mapping
        The record of the code that made them: its digest and libraries.
    """
    table = store.clips()
    scored = table.loc[table["clip_id"].isin(folds.scored), "dataset"].value_counts().sort_index()
    return {
        "protocol": name,
        "kind": folds.protocol,
        "label": folds.label,
        "params": dict(folds.params),
        "digest": folds.digest,
        "code": {part: code[part] for part in ("digest", "libraries")},
        "stores": {its: store.feature(its).digest for its in params.features},
        "svm": {its: params.svm.get(its, SvmParams()).model_dump() for its in params.features},
        "average": folds.average,
        "folds": len(folds),
        "flags": list(folds.flags),
        "counts": list(folds.counts),
        "datasets": {str(dataset): int(count) for dataset, count in scored.items()},
        "prediction_sets": Ledger(ledger, folds=folds.digest).counts()[0] if ledger else None,
        "published": [it.as_dict() for it in published(folds)],
        "baselines": {baseline: _of(scorer, folds) for baseline, scorer in scorers.items()},
    }


def write_scores(
    folder: Path, scorers: Mapping[str, Scorer], *, shown: Mapping[str, Any], whole: Mapping[str, Any]
) -> None:
    """Write what was scored in a protocol: predictions and confusion of each baseline, and two records.

    Parameters
    ----------
    folder : Path
        Such as data/scores/loso; predictions and confusions of an earlier evaluation go.
    scorers : mapping of str to Scorer
    shown, whole : mapping
        What `metrics` and `record` return.
    """
    for part in ("predictions", "confusion"):
        shutil.rmtree(folder / part, ignore_errors=True)
        (folder / part).mkdir(parents=True)
    for baseline, scorer in scorers.items():
        scorer.save(folder / "predictions" / f"{baseline}.csv")
        if baseline != "constant":  # a matrix of one column
            write_plot(confusion(scorer), folder / "confusion" / f"{baseline}.csv")
    for part, its in (("metrics", shown), ("scores", whole)):
        with replacing(folder / f"{part}.json") as temporary:
            temporary.write_text(json.dumps(its, indent=1) + "\n", encoding="utf-8")


def confusion(scorer: Scorer) -> pd.DataFrame:
    """Return one row per decision, columns actual and predicted, for DVC's plot.

    Of several labels one row per clip and label: the label, or "not " and the label. A clip without a
    prediction is "(none)".
    """
    table = scorer.predictions()[["actual", "predicted"]].replace({"predicted": {"": "(none)"}})
    if scorer.several:
        rows = [
            [label if label in parted(text) else text if text == "(none)" else f"not {label}" for text in row]
            for row in table.to_numpy()
            for label in scorer.classes
        ]
        table = pd.DataFrame(rows, columns=table.columns)
    return table


def _of(scorer: Scorer, folds: Folds) -> dict[str, Any]:
    """Return the scores of one baseline: pooled, by reader and dataset, and by fold where papers do."""
    said: dict[str, Any] = {
        "scores": scorer.scores().as_dict(),
        "intervals": {name: list(bounds) for name, bounds in scorer.intervals().items()},
        "by_reader": _each(scorer.by("reader")),
        "by_dataset": _each(scorer.by("dataset")),
    }
    if folds.average == "folds":
        said["by_fold"] = _each(scorer.by_fold())
        said["fold_mean"] = scorer.fold_mean()
    return said


def _each(scores: dict[str, Any]) -> dict[str, Any]:
    return {name: it.as_dict() for name, it in scores.items()}
