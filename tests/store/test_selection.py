"""Selections: clip by clip, subject by subject, in other processes, and for scikit-learn."""

import hashlib
import multiprocessing
import pickle
import tracemalloc

import numpy as np
import pytest

from conftest import clip_table, vector_sample, write_vectors
from mestore import Fold, HeldOut, MEStoreError, Scorer, Store, StoreError, open_store
from mestore.protocols.freeze import make_folds
from mestore.store.batch import joined_batches
from written import write_noise

FOLD = Fold(name="0", train=("toy/s03", "toy/s01"), validation=("toy/s02",), test=HeldOut(["toy/s00"]))


def test_a_selection_gives_clip_by_clip_what_read_gives(stores):
    store = open_store(stores)
    for name in ("crops", "vector"):
        chosen = store.select(name, FOLD.train)
        batch = store.read(name, FOLD.train)
        assert chosen.ids == batch.clips["clip_id"].tolist() and len(chosen) == 6
        assert chosen.clips.equals(batch.clips)
        for place in (5, 0, 3):
            np.testing.assert_array_equal(chosen[place].data, batch.data[place])
        for one, other in zip(chosen, batch.samples, strict=True):
            np.testing.assert_array_equal(one.data, other.data)
        assert chosen[-1].onset == batch.samples[-1].onset
        with pytest.raises(IndexError):
            chosen[6]


def test_iter_gives_subject_by_subject_what_read_gives(stores):
    store = open_store(stores)
    persons = [*FOLD.train, *FOLD.validation]
    whole = store.read("crops", persons)
    parts = list(store.iter("crops", persons))
    assert [part.clips["subject"].unique().tolist() for part in parts] == [["s01"], ["s02"], ["s03"]]
    assert [clip for part in parts for clip in part.clips["clip_id"]] == whole.clips["clip_id"].tolist()
    for one, other in zip((data for part in parts for data in part.data), whole.data, strict=True):
        np.testing.assert_array_equal(one, other)


def test_parts_are_put_together_and_some_clips_taken_out_of_the_whole(stores):
    store = open_store(stores)
    persons = [*FOLD.train, *FOLD.validation]
    whole = store.read("vector", persons)
    joined = joined_batches(list(store.iter("vector", persons)))
    np.testing.assert_array_equal(joined.data, whole.data)
    assert joined.clips.equals(whole.clips) and len(joined.samples) == len(whole.samples)
    assert len(joined_batches([]).clips) == 0
    wanted = whole.clips["clip_id"].tolist()[1::3]
    for batch in (whole, store.read("crops", persons)):
        some = batch.only(set(wanted))
        assert some.clips["clip_id"].tolist() == wanted
        assert [one.frames.tolist() for one in some.samples] == [
            one.frames.tolist() for one in batch.samples[1::3]
        ]
        for one, other in zip(some.data, batch.data[1::3], strict=True):
            np.testing.assert_array_equal(one, other)


def test_iter_holds_one_subject_at_a_time(tmp_path):
    table = write_noise(tmp_path / "big", persons=10, shape=(10, 100, 100), ragged=False)
    subject = 3 * 10 * 100 * 100
    store = open_store(tmp_path)
    persons = sorted(set(table["person"]))
    store.read("big", persons[:1])
    tracemalloc.start()
    total = sum(batch.data.nbytes for batch in store.iter("big", persons))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 10 * subject and peak < 3 * subject


@pytest.mark.parametrize(
    ("method", "compressor"),
    [("fork", "none"), ("fork", "zstd"), ("forkserver", "none"), ("spawn", "zstd")],
)
def test_a_selection_is_read_in_processes_however_they_start(tmp_path, method, compressor):
    """One that has been read from here, so that maps, files and Zarr's threads are open when others start."""
    table = write_noise(tmp_path / "crops", shape=(5, 50, 300), compressor=compressor)
    chosen = open_store(tmp_path).select("crops", set(table["person"]))
    expected = _digest(chosen)
    context = multiprocessing.get_context(method)
    with context.Pool(2) as pool:
        found = [pool.apply_async(_digest, (chosen,)) for _ in range(2)]
        assert [one.get(timeout=300) for one in found] == [expected] * 2
        # Not by a signal, as leaving the block would: what else ran in this process may have them handled.
        pool.close()
        pool.join()


def _digest(chosen) -> str:
    return hashlib.sha256(b"".join(sample.data.tobytes() for sample in chosen)).hexdigest()


def test_a_pickled_selection_knows_the_version_it_was_made_of(tmp_path):
    table = write_noise(tmp_path / "crops")
    chosen = open_store(tmp_path).select("crops", set(table["person"]))
    sent = pickle.dumps(chosen)
    assert len(sent) < 30_000
    (tmp_path / "crops").rename(tmp_path / "old")
    write_noise(tmp_path / "crops", seed=9)
    with pytest.raises(StoreError, match="open the store again"):
        pickle.loads(sent)[0]


def test_scikit_learn_gets_rows_labels_and_persons_of_train(stores):
    x, y, groups = open_store(stores).to_sklearn("vector", FOLD.train)
    rows = [row for row in clip_table().to_dict("records") if row["person"] in FOLD.train]
    np.testing.assert_array_equal(x, [vector_sample(row).data for row in rows])
    assert x.dtype == np.float32 and x.flags.c_contiguous
    assert y.tolist() == [row["emotion"] for row in rows]
    assert groups.tolist() == [row["person"] for row in rows]


def test_scikit_learn_gets_x_alone_of_test(stores):
    store = open_store(stores)
    x = store.to_sklearn("vector", FOLD.test)
    assert isinstance(x, np.ndarray) and x.shape == (3, 6)
    assert store.select("vector", FOLD.test).ids == ["toy/s00/c0@10", "toy/s00/c1@11", "toy/s00/c2@12"]


def test_persons_of_test_put_together_with_others_are_held_out_still(stores):
    store = open_store(stores)
    folds = make_folds(store.clips(), protocol="loso")
    for persons in (FOLD.test + FOLD.train, FOLD.train + FOLD.test, next(iter(folds)).test[:1]):
        assert isinstance(store.to_sklearn("vector", persons), np.ndarray)


def test_a_model_is_fitted_and_scored_without_a_label_of_test(stores):
    from sklearn.svm import SVC

    store = open_store(stores)
    folds = make_folds(store.clips(), protocol="loso")
    scorer = Scorer(folds, store.clips())
    for fold in folds:
        x, y, _ = store.to_sklearn("vector", fold.train, clips=folds.training(fold))
        test = store.to_sklearn("vector", fold.test, clips=folds.tested(fold))
        ids = store.select("vector", fold.test, clips=folds.tested(fold)).ids
        predicted = SVC(kernel="linear").fit(x, y).predict(test)
        scorer.add(fold, dict(zip(ids, predicted.tolist(), strict=True)))
    assert scorer.scores().uf1 > 0.9


def test_maps_are_flattened_and_pixels_become_float32(tmp_path):
    table = write_noise(tmp_path / "flow", shape=(2, 3, 4), ragged=False)
    x, _, _ = open_store(tmp_path).to_sklearn("flow", set(table["person"]))
    assert x.shape == (12, 24) and x.dtype == np.float32


def test_what_scikit_learn_cannot_take_is_refused(stores, tmp_path):
    store = open_store(stores)
    with pytest.raises(StoreError, match=r"'crops' differ in length.*fixed shape"):
        store.to_sklearn("crops", FOLD.train)
    with pytest.raises(MEStoreError, match=r"label is 'person'; allowed: emotion, "):
        store.to_sklearn("vector", FOLD.train, label="person")
    with pytest.raises(StoreError, match=r"6 clips have no objective_class.*folds\.training"):
        store.to_sklearn("vector", FOLD.train, label="objective_class")
    assert store.to_sklearn("vector", FOLD.test, clips=[]).shape == (0, 6)


def test_one_store_is_opened_by_the_folder_it_lies_in(stores):
    with pytest.raises(StoreError, match=r"is one store.*names=\['crops'\]"):
        open_store(stores / "crops")


def test_without_maps_the_same_is_read(stores):
    for name in ("crops", "vector"):
        mapped, read = (
            open_store(stores, mapped=mapped).read(name, FOLD.train, check=True) for mapped in (True, False)
        )
        for one, other in zip(mapped.samples, read.samples, strict=True):
            np.testing.assert_array_equal(one.data, other.data)


def test_reading_needs_no_zarr_where_files_are_mapped(stores):
    import subprocess
    import sys

    code = (
        "import mestore, sys; store = mestore.open_store(sys.argv[1]);"
        "store.read('crops', ['toy/s00']); print([name for name in ('zarr', 'upath') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, stores], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_store_can_be_shown(stores):
    assert "crops, vector" in repr(Store(stores))


def test_what_is_read_of_test_persons_has_no_labels_unless_asked_by_name(stores):
    store = open_store(stores)
    telling = {"emotion", "objective_class", "aus", "aus_given", "corrections", "excluded"}
    for batch in (store.read("vector", FOLD.test), next(iter(store.iter("vector", FOLD.test)))):
        assert not telling & set(batch.clips.columns)
        assert {"clip_id", "person", "onset"} <= set(batch.clips.columns)
    assert not telling & set(store.select("vector", FOLD.test).clips.columns)
    assert telling <= set(store.read("vector", FOLD.train).clips.columns)
    assert telling <= set(store.read("vector", FOLD.test, with_test_labels=True).clips.columns)


def test_a_text_or_a_table_is_no_list_of_clips(stores):
    store = open_store(stores)
    table = store.clips()
    with pytest.raises(StoreError, match=r"clips is the text 'toy/s01/c0@10'; expected clip ids"):
        store.read("vector", FOLD.train, clips="toy/s01/c0@10")
    with pytest.raises(StoreError, match=r"clips is a table; expected clip ids"):
        store.to_sklearn("vector", FOLD.train, clips=table)
    assert len(store.select("vector", FOLD.train, clips=table["clip_id"])) == 6


def test_a_clip_without_any_action_unit_has_none_where_another_of_its_dataset_was_coded(tmp_path):
    table = clip_table(persons=3)
    table["aus"] = ["4", "12", "1"] + [""] * 6
    write_vectors(tmp_path / "vector", table)
    store, others = open_store(tmp_path), ["toy/s01", "toy/s02"]
    parts = list(store.iter("vector", others))
    for batch in (store.read("vector", others), joined_batches(parts)):
        assert len(batch.labelled("au_cd6me").clips) == 6
    y = store.to_sklearn("vector", others, label="au_cd6me").y
    assert y.shape == (6, 12) and not y.any()
