"""Evaluate: what is written of the scores in a protocol."""

import json

import numpy as np
import pandas as pd
import pytest

from conftest import clip_table, vector_sample, write_vectors
from mestore import open_store
from mestore.datasets.table_io import write_plot
from mestore.protocols.freeze import make_folds
from mestore.scores.evaluate import confusion, estimator, evaluate, metrics, record
from mestore.scores.predictions import read_predictions
from mestore.scores.scorer import Scorer
from mestore.scores.settings import EvaluateParams, SvmParams

PARAMS = EvaluateParams(features=["vector"])


@pytest.fixture
def store(tmp_path):
    """A store of two datasets of 12 persons each."""
    table = pd.concat([clip_table(), clip_table(dataset="other")], ignore_index=True)
    write_vectors(tmp_path / "vector", table)
    return open_store(tmp_path)


def recorded(store, tmp_path, **protocol) -> dict:
    folds = make_folds(store.clips(), **protocol)
    ledger = tmp_path / "ledger.jsonl"
    scorers = evaluate(store, folds, PARAMS, ledger=ledger)
    code = {"digest": "d", "libraries": {"numpy": "2.4"}, "modules": {}}
    whole = record("mine", folds, store, scorers, params=PARAMS, code=code, ledger=ledger)
    return json.loads(json.dumps(whole))


def test_metrics_are_one_number_a_feature(store):
    folds = make_folds(store.clips(), protocol="loso")
    found = metrics("mine", scorers := evaluate(store, folds, PARAMS))
    assert list(found) == ["mine"] and list(found["mine"]) == ["vector"]
    assert found["mine"]["vector"] == {"uf1": round(scorers["vector"].scores().uf1, 4)}


def test_without_features_the_metric_is_that_of_the_majority(store):
    folds = make_folds(store.clips(), protocol="loso")
    found = metrics("mine", evaluate(store, folds, EvaluateParams(features=[])))
    assert found == {"mine": {"majority": {"uf1": 0.1667}}}


def test_the_record_says_what_was_scored_and_how_often(store, tmp_path):
    its = recorded(store, tmp_path, protocol="loso")
    assert (its["protocol"], its["kind"], its["label"], its["folds"]) == ("mine", "loso", "emotion", 24)
    assert its["datasets"] == {"other": 36, "toy": 36} and its["published"] == []
    assert its["code"] == {"digest": "d", "libraries": {"numpy": "2.4"}}
    assert its["svm"] == {"vector": {"kernel": "linear", "C": 1.0, "scale": True, "balanced": True}}
    assert its["prediction_sets"] == 2  # emotions are even: constant and majority say the same
    mine = its["baselines"]["vector"]
    low, high = mine["intervals"]["uf1"]
    assert low <= mine["scores"]["uf1"] <= high and "2 sets" in mine["scores"]["note"]
    assert {name: it["clips"] for name, it in mine["by_dataset"].items()} == {"other": 36, "toy": 36}
    assert mine["by_reader"]["table"] == mine["scores"]
    assert "by_fold" not in mine and "fold_mean" not in mine


def test_folds_are_scored_one_by_one_and_averaged_where_papers_did(store, tmp_path):
    pooled = recorded(store, tmp_path, protocol="kfold", params={"k": 4})["baselines"]["vector"]
    assert "by_fold" not in pooled and "fold_mean" not in pooled
    mean = recorded(store, tmp_path, protocol="kfold", params={"k": 4, "average": "folds"})
    mine = mean["baselines"]["vector"]
    assert [it["clips"] for it in mine["by_fold"].values()] == [18] * 4
    by_fold = [it["uf1"] for it in mine["by_fold"].values()]
    assert mine["fold_mean"]["fold_mean_uf1"] == pytest.approx(sum(by_fold) / 4)


def test_the_svm_is_as_params_say():
    plain = estimator(SvmParams(kernel="poly", C=2, scale=False, balanced=False))
    assert list(plain.named_steps) == ["svc"] and plain["svc"].degree == 3
    assert (plain["svc"].C, plain["svc"].class_weight) == (2, None)
    default = estimator(SvmParams())
    assert list(default.named_steps) == ["standardscaler", "svc"]
    assert (default["svc"].kernel, default["svc"].class_weight) == ("linear", "balanced")


def test_the_settings_of_a_feature_are_used(tmp_path):
    table = clip_table()
    order = np.random.default_rng(0).permutation(table["emotion"])
    noise = dict(zip(table["clip_id"], order, strict=True))
    write_vectors(
        tmp_path / "vector", table, lambda row: vector_sample(row | {"emotion": noise[row["clip_id"]]})
    )
    store, folds = open_store(tmp_path), make_folds(table, protocol="loso")
    settings = [{}, {"vector": SvmParams()}, {"vector": SvmParams(kernel="poly", C=28)}]
    default, same, poly = (
        evaluate(store, folds, EvaluateParams(features=["vector"], svm=svm))["vector"].predictions()
        for svm in settings
    )
    assert default.equals(same) and not default.equals(poly)


def test_what_the_svms_were_fitted_on_is_in_their_predictions(store, tmp_path):
    folds = make_folds(store.clips(), protocol="loso")
    for name, scorer in evaluate(store, folds, PARAMS).items():
        scorer.save(tmp_path / f"{name}.csv")
        said = read_predictions(tmp_path / f"{name}.csv")
        assert len(said.table) == 72
        assert {len(persons) for persons in said.fits.values()} == (set() if name == "constant" else {23})


def test_the_plot_has_no_markup_and_a_clip_without_prediction(table, tmp_path):
    table.loc[table["emotion"] == "disgust", "emotion"] = "<script>"
    scorer = Scorer(folds := make_folds(table, protocol="loso"), table)
    for fold in folds:
        scorer.add(fold, dict.fromkeys(folds.tested(fold)[1:], "<script>"))
    write_plot(confusion(scorer), tmp_path / "plot.csv")
    plot = pd.read_csv(tmp_path / "plot.csv")
    assert list(plot.columns) == ["actual", "predicted"] and len(plot) == 36
    assert set(plot["predicted"]) == {"(none)", "‹script›"}


def test_of_several_labels_the_plot_has_a_row_per_label(table):
    scorer = Scorer(folds := make_folds(table, protocol="loso", label="au_cd6me"), table)
    for fold in folds:
        first, *others = folds.tested(fold)
        scorer.add(fold, {first: ["AU12", "AU4"], others[0]: []})
    plot = confusion(scorer)
    assert len(plot) == 36 * 12
    counts = plot.value_counts().to_dict()
    assert counts["AU12", "AU12"] == counts["AU12", "not AU12"] == counts["AU12", "(none)"] == 12
    assert counts["not AU4", "AU4"] == counts["not AU4", "not AU4"] == counts["not AU4", "(none)"] == 12


def test_where_one_person_alone_has_action_units_the_others_have_none_of_them(tmp_path):
    table = clip_table(persons=3)
    table["aus"] = ["4", "12", "1"] + [""] * 6
    write_vectors(tmp_path / "vector", table)
    store = open_store(tmp_path)
    folds = make_folds(table, protocol="loso", label="au_cd6me")
    scorers = evaluate(store, folds, PARAMS)
    assert len(folds.clips) == 9 and set(scorers["vector"].predictions()["predicted"]) >= {"none"}


def test_clips_that_are_trained_on_alone_are_not_told_as_scored(tmp_path):
    table = pd.concat([clip_table(persons=4), clip_table(persons=4, dataset="other")], ignore_index=True)
    table["split"] = ["train" if dataset == "toy" else "test" for dataset in table["dataset"]]
    write_vectors(tmp_path / "vector", table)
    its = recorded(
        open_store(tmp_path), tmp_path, protocol="official", params={"train": ["train"], "test": ["test"]}
    )
    assert its["datasets"] == {"other": 12}
