"""Clip table: what is shown of persons who are held out."""

import pytest

from conftest import clip_table, vector_sample, write_store
from mestore import Fold, HeldOut, open_store
from mestore.clips import LABELS, TELLING, columns

FOLD = Fold(name="0", train=("toy/s01", "toy/s02"), test=HeldOut(["toy/s00"]))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("smic")
    table = clip_table(persons=3).assign(reader="smic")
    for column in ("video", "clip", "event"):  # SMIC calls clips such as s1_ne_01
        table[column] = "s1_" + table["emotion"].str[:2] + "_" + table["clip"]
    options = {"kind": "mdmo", "axes": ("value",), "dtype": "float32", "ragged": False}
    write_store(folder / "vector", table, vector_sample, **options)
    return open_store(folder)


def test_no_column_but_the_id_tells_the_emotion_of_a_person_who_is_held_out(store):
    batch = store.read("vector", FOLD.test)
    assert batch.held_out
    shown = batch.clips.drop(columns="clip_id").astype(str)
    assert not any("_" in text for row in shown.to_numpy() for text in row)
    assert {"clip_id", "dataset", "subject", "person", "onset"} <= set(shown.columns) | {"clip_id"}


def test_all_of_it_is_shown_of_persons_who_are_trained_on_and_on_request(store):
    for batch in (store.read("vector", FOLD.train), store.read("vector", FOLD.test, with_test_labels=True)):
        assert set(TELLING) <= set(batch.clips.columns) and not batch.held_out


def test_what_tells_is_of_the_clip_table_and_labels_are_among_it():
    assert set(LABELS) < set(TELLING) < set(columns())
