"""Baselines: what they say and learn from, and where a fold has nothing to learn from or to predict."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from conftest import clip_table, crop_sample, vector_sample, write_store, write_vectors
from mestore import open_store
from mestore.features import FEATURES
from mestore.features.spec import resolve
from mestore.labels.target import aim
from mestore.params import StoreParams, kind_params, load_params
from mestore.protocols.freeze import make_folds
from mestore.sample import Sample
from mestore.scores.baselines import constant, majority, predict_all, smaller, svm
from mestore.scores.evaluate import evaluate
from mestore.scores.settings import EvaluateParams
from mestore.store.batch import Batch
from mestore.store.layout import Description
from mestore.store.reader import Store
from mestore.store.tables import write_tables
from mestore.store.writer import write_subject
from protocols.composites import cd6me

DOCS = Path(__file__).parents[2] / "docs" / "baselines.md"


def vectors(folder, table, make=vector_sample) -> Store:
    """Return a store `vector` written below a folder."""
    write_vectors(folder / "vector", table, make)
    return open_store(folder)


def scored(store, table):
    folds = make_folds(table, protocol="loso")
    return predict_all(store, folds, svm(store, folds, "vector")).scores()


def with_units(table: pd.DataFrame) -> pd.DataFrame:
    """Return clips of which all have AU4, and those of one emotion AU12."""
    return table.assign(aus=np.where(table["emotion"] == "happiness", "4+12", "4"))


def test_a_feature_that_tells_the_emotion_scores_above_the_baselines_without_features(stores, table):
    store, folds = open_store(stores), make_folds(table, protocol="loso")
    assert scored(store, table).uf1 > 0.9
    for baseline in (constant, majority):
        assert predict_all(store, folds, baseline(store, folds)).scores().uf1 < 0.4


def test_the_constant_says_the_class_with_most_clips_of_the_protocol(tmp_path):
    table = clip_table()
    table.loc[table["person"] == "toy/s00", "emotion"] = "surprise"
    store, folds = vectors(tmp_path, table), make_folds(table, protocol="loso")
    assert {constant(store, folds)(fold)[folds.tested(fold)[0]] for fold in folds} == {"surprise"}


def test_the_majority_is_that_of_the_training_clips_and_says_what_it_saw(tmp_path):
    table = clip_table(persons=3, clips_each=3)
    table["emotion"] = ["disgust"] * 4 + ["surprise"] * 5
    store, folds = vectors(tmp_path, table), make_folds(table, protocol="loso")
    predict = majority(store, folds)
    said = [predict(fold) for fold in folds]
    assert [set(it.values()) for it in said] == [{"surprise"}, {"disgust"}, {"disgust"}]
    assert [it.fitted_on for it in said] == [frozenset(folds.training(fold)) for fold in folds]


def test_of_several_labels_the_constant_says_all_and_the_majority_each_by_itself(tmp_path):
    table = with_units(clip_table(persons=4))
    store = vectors(tmp_path, table)
    folds = make_folds(table, protocol="loso", label="au_cd6me")
    target, _ = aim(table, "au_cd6me")
    for fold in folds:
        assert {tuple(it) for it in constant(store, folds)(fold).values()} == {target.classes}
        assert {tuple(it) for it in majority(store, folds)(fold).values()} == {("AU4",)}


def test_of_several_labels_each_has_an_svm(tmp_path):
    table = with_units(clip_table())
    store = vectors(tmp_path, table)
    folds = make_folds(table, protocol="loso", label="au_cd6me")
    scores = predict_all(store, folds, svm(store, folds, "vector")).scores()
    assert scores.f1["AU4"] == 1 and scores.f1["AU12"] > 0.9 and scores.f1["AU1"] == 0


def test_the_constant_has_the_published_scores_of_cd6me(tmp_path):
    table = cd6me()
    zeros = Sample(data=np.zeros(1, np.float32), frames=np.zeros((1, 2)), onset=0, apex=1, offset=2)
    store = vectors(tmp_path, table, lambda row: zeros)
    folds = make_folds(table, protocol="cd6me")
    scores = predict_all(store, folds, constant(store, folds)).scores()
    per_cent = [round(100 * it, 1) for it in scores.f1.values()]
    assert per_cent == [26.0, 24.2, 51.7, 12.4, 5.7, 22.1, 10.9, 7.1, 15.9, 24.0, 5.0, 8.1]
    assert round(100 * scores.uf1, 1) == 17.8


def test_clips_that_the_protocol_does_not_score_are_neither_trained_on_nor_predicted(tmp_path):
    table = clip_table()
    table.loc[table.index % 3 == 0, "kind"] = "macro"
    table.loc[table.index % 3 == 1, "emotion"] = ""

    def misleading(row) -> Sample:
        sample = vector_sample(row | {"emotion": row["emotion"] or "disgust"})
        return sample if row["kind"] == "micro" else sample.having(-50 * sample.data)

    scores = scored(vectors(tmp_path, table, misleading), table)
    assert scores.clips == 12 and scores.predicted == 12 and scores.uf1 > 0.9


def test_a_person_without_any_clip_counts_as_wrong_and_stops_nothing(stores, table):
    subject = stores / "vector" / "toy.zarr" / "s03"
    shutil.rmtree(subject)
    subject.mkdir()
    description = Description.read(stores / "vector" / "toy.zarr")
    write_subject(subject, {}, description=description, inputs="none", failures={})
    lost = table.loc[table["subject"] == "s03", ["clip_id", "dataset", "subject"]]
    lost = lost.assign(store="vector", found="x", expected="y", remedy="z")
    write_tables(stores / "vector", table, lost)
    scores = scored(open_store(stores, names=["vector"]), table)
    assert (scores.predicted, scores.clips) == (33, 36) and scores.accuracy < 34 / 36


def test_one_class_to_learn_from_is_what_is_predicted(tmp_path):
    table = clip_table(persons=2, clips_each=2)
    table["emotion"] = ["disgust", "disgust", "surprise", "surprise"]
    scores = scored(vectors(tmp_path, table), table)
    assert scores.predicted == 4 and scores.accuracy == 0


def test_large_maps_are_averaged_down_each_by_itself_and_all_else_stays():
    def batch(data) -> Batch:
        return Batch(data=data, clips=pd.DataFrame(), samples=[])

    maps = np.arange(2 * 56 * 56 * 3, dtype=np.float32).reshape(2, 56, 56, 3)
    made = smaller(batch(maps)).data
    assert made.shape == (2, 28, 28, 3)
    np.testing.assert_allclose(made, maps.reshape(2, 28, 2, 28, 2, 3).mean(axis=(2, 4)), rtol=1e-6)
    for other in (
        np.ones((2, 72)),
        np.ones((2, 28, 28, 3)),
        np.ones((2, 64, 3, 59)),
        np.ones((0, 56, 56, 3)),  # no clip
        [np.ones(3), np.ones(4)],
    ):
        assert smaller(batch(other)).data is other


BLOCKS = yaml.safe_load(re.search(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[1])
"""MEB's settings, as docs/baselines.md has them for users to paste."""


def test_the_blocks_of_the_docs_can_be_pasted(tmp_path):
    own = yaml.safe_load((DOCS.parents[1] / "params.yaml").read_text(encoding="utf-8"))
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({**own, **BLOCKS}))
    params = load_params(tmp_path / "params.yaml")
    assert params.evaluate["cd6me"].svm["meb_mdmo"].C == 28


def built(table: pd.DataFrame, folder: Path) -> Store:
    """Return the stores of the blocks over toy crops, without the sequence of flows."""
    stores = {name: StoreParams(**its) for name, its in BLOCKS["stores"].items()}
    crops = {row["clip_id"]: crop_sample(row, side=112) for row in table.to_dict("records")}
    samples = {"crops_112": crops}
    for name, its in list(stores.items())[1:]:
        spec, params = FEATURES[its.kind], kind_params(its)
        compute = resolve(spec.function)
        samples[name] = {clip: compute(one, params) for clip, one in samples[its.input_store].items()}
        if name in BLOCKS["evaluate"]["cd6me"]["features"]:
            write_store(
                folder / name, table, lambda row, of=samples[name]: of[row["clip_id"]],
                kind=its.kind, axes=params.axes(spec.dims), dtype=spec.dtype, ragged=False,
            )  # fmt: skip
    return open_store(folder)


def test_the_blocks_of_the_docs_are_built_and_scored(tmp_path):
    table = with_units(clip_table(persons=4, clips_each=2))
    store = built(table, tmp_path)
    shapes = {name: store.read(name, ["toy/s00"]).data.shape[1:] for name in store.features}
    assert shapes == {"meb_lbp_top": (64, 3, 59), "meb_mdmo": (72,), "meb_flow": (112, 112, 3)}
    folds = make_folds(table, protocol="loso", label="au_cd6me")
    evaluated = EvaluateParams.model_validate_json(json.dumps(BLOCKS["evaluate"]["cd6me"]))
    scorers = evaluate(store, folds, evaluated)
    assert {it.scores().predicted for it in scorers.values()} == {8}
