"""Baselines: what they do where a fold has nothing to learn from or nothing to predict."""

import shutil

import numpy as np
import pytest

from conftest import clip_table, vector_sample, write_store
from mestore import open_store
from mestore.evaluate import evaluate_constant, evaluate_feature, vectors
from mestore.protocols.freeze import make_folds
from mestore.sample import Sample
from mestore.store.layout import Description
from mestore.store.tables import write_tables
from mestore.store.writer import write_subject


def scored(stores, table, feature="vector"):
    store = open_store(stores, names=[feature])
    return evaluate_feature(store, make_folds(table, protocol="loso"), feature).scores()


def test_a_feature_that_tells_the_emotion_scores_above_the_constant_baseline(stores):
    table = clip_table()
    store = open_store(stores)
    constant = evaluate_constant(store, make_folds(table, protocol="loso")).scores()
    assert scored(stores, table).uf1 > 0.9 > 0.4 > constant.uf1


def test_clips_that_the_protocol_does_not_score_are_neither_trained_on_nor_predicted(tmp_path):
    table = clip_table()
    table.loc[table.index % 3 == 0, "kind"] = "macro"
    table.loc[table.index % 3 == 1, "emotion"] = ""

    def misleading(row) -> Sample:
        sample = vector_sample(row | {"emotion": row["emotion"] or "disgust"})
        return sample if row["kind"] == "micro" else sample.having(-50 * sample.data)

    folder = tmp_path / "stores" / "vector"
    write_store(folder, table, misleading, kind="mdmo", axes=("value",), dtype="float32", ragged=False)
    scores = scored(tmp_path / "stores", table)
    assert scores.clips == 12 and scores.predicted == 12 and scores.uf1 > 0.9


def test_a_person_without_any_clip_counts_as_wrong_and_stops_nothing(stores):
    table = clip_table()
    subject = stores / "vector" / "toy.zarr" / "s03"
    shutil.rmtree(subject)
    subject.mkdir()
    description = Description.read(stores / "vector" / "toy.zarr")
    write_subject(subject, {}, description=description, inputs="none", failures={})
    lost = table.loc[table["subject"] == "s03", ["clip_id", "dataset", "subject"]]
    lost = lost.assign(store="vector", found="x", expected="y", remedy="z")
    write_tables(stores / "vector", table, lost)
    scores = scored(stores, table)
    assert (scores.predicted, scores.clips) == (33, 36) and scores.accuracy < 34 / 36


def test_one_class_to_learn_from_is_what_is_predicted(tmp_path):
    table = clip_table(persons=2, clips_each=2)
    table["emotion"] = ["disgust", "disgust", "surprise", "surprise"]
    folder = tmp_path / "stores" / "vector"
    write_store(folder, table, vector_sample, kind="mdmo", axes=("value",), dtype="float32", ragged=False)
    scores = scored(tmp_path / "stores", table)
    assert scores.predicted == 4 and scores.accuracy == 0


def test_large_maps_are_averaged_down_and_ragged_clips_refused():
    assert vectors(np.ones((2, 56, 56, 3), np.float32)).shape == (2, 28 * 28 * 3)
    assert vectors(np.ones((2, 72), np.float32)).shape == (2, 72)
    with pytest.raises(ValueError, match="differ in length"):
        vectors([np.ones(3), np.ones(4)])
