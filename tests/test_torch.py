"""ClipDataset: a fold's clips in a DataLoader, whatever starts its workers."""

import pickle

import numpy as np
import pytest

from mestore import Fold, HeldOut, MEStoreError, StoreError, open_store

torch = pytest.importorskip("torch", reason="no torch here: pip install 'mestore[torch]'")

from torch.utils.data import DataLoader  # noqa: E402

from mestore.torch import ClipDataset  # noqa: E402

FOLD = Fold(name="0", train=("toy/s01", "toy/s02", "toy/s03"), test=HeldOut(["toy/s00"]))


def test_a_clip_of_train_is_data_label_and_id(stores):
    store = open_store(stores)
    dataset = ClipDataset(store, "vector", FOLD.train)
    batch = store.read("vector", FOLD.train)
    assert len(dataset) == 9 and dataset.classes == ("disgust", "happiness", "surprise")
    for place in (0, 4, 8):
        item = dataset[place]
        np.testing.assert_array_equal(item["data"].numpy(), batch.data[place])
        assert dataset.classes[item["label"]] == batch.clips["emotion"][place]
        assert item["clip"] == batch.clips["clip_id"][place]


def test_a_clip_of_test_has_no_label(stores):
    dataset = ClipDataset(open_store(stores), "vector", FOLD.test)
    assert all(set(dataset[place]) == {"data", "clip"} for place in range(len(dataset)))
    assert dataset.classes == ("disgust", "happiness", "surprise")


def test_a_tensor_may_be_written_and_the_store_is_not(stores):
    dataset = ClipDataset(open_store(stores), "crops", FOLD.train)
    before = dataset[0]["data"].clone()
    dataset[0]["data"].zero_()
    assert before.any() and torch.equal(dataset[0]["data"], before)


def test_classes_are_those_of_the_clips_that_are_wanted_or_given(stores):
    store = open_store(stores)
    table = store.clips()
    two = table.loc[table["emotion"] != "surprise", "clip_id"].tolist()
    assert ClipDataset(store, "vector", FOLD.train, clips=two).classes == ("disgust", "happiness")
    given = ClipDataset(store, "vector", FOLD.train, classes=["surprise", "happiness", "disgust"])
    assert given.classes[given[0]["label"]] == table.set_index("clip_id")["emotion"][given[0]["clip"]]
    with pytest.raises(StoreError, match="'disgust' is none of the classes surprise"):
        ClipDataset(store, "vector", FOLD.train, classes=["surprise", "happiness"])
    with pytest.raises(MEStoreError, match="label is 'person'"):
        ClipDataset(store, "vector", FOLD.train, label="person")


def test_the_clips_of_held_out_persons_alone_tell_no_classes(stores):
    """Of one clip a person, the classes would be its label, and an index into them another class."""
    store = open_store(stores)
    train = ClipDataset(store, "vector", FOLD.train)
    clips = ["toy/s00/c0@10"]
    with pytest.raises(
        StoreError, match=r"expected `classes` too, such as those of the dataset of fold\.train"
    ):
        ClipDataset(store, "vector", FOLD.test, clips=clips)
    given = ClipDataset(store, "vector", FOLD.test, clips=clips, classes=train.classes)
    assert given.classes == train.classes and given.selection.ids == clips
    every = ClipDataset(store, "vector", FOLD.test, clips=store.clips()["clip_id"].tolist())
    assert every.classes == train.classes and len(every) == 3


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_a_loader_with_workers_gives_every_clip_once_in_order(stores, method):
    dataset = ClipDataset(open_store(stores), "vector", FOLD.train)
    dataset[0]  # the files of one subject are open when the workers start
    loader = DataLoader(dataset, batch_size=4, num_workers=2, multiprocessing_context=method)
    batches = list(loader)
    assert [len(batch["label"]) for batch in batches] == [4, 4, 1]
    assert [clip for batch in batches for clip in batch["clip"]] == dataset.selection.ids
    data = torch.cat([batch["data"] for batch in batches])
    assert torch.equal(data, torch.stack([dataset[place]["data"] for place in range(9)]))
    assert batches[0]["data"].dtype == torch.float32 and batches[0]["label"].dtype == torch.int64


def test_clips_of_their_own_length_come_one_by_one(stores):
    dataset = ClipDataset(open_store(stores), "crops", FOLD.train)
    found = list(DataLoader(dataset, batch_size=None, num_workers=1))
    assert [item["data"].shape for item in found] == [(12, 24, 24, 3)] * 9


def test_it_is_pickled_without_what_it_has_open(stores):
    dataset = ClipDataset(open_store(stores), "crops", FOLD.train)
    before = len(pickle.dumps(dataset))
    list(dataset.selection)
    again = pickle.loads(pickle.dumps(dataset))
    assert len(pickle.dumps(dataset)) < before + 1000
    assert torch.equal(again[3]["data"], dataset[3]["data"])


def test_a_label_that_is_no_column_is_refused(stores):
    with pytest.raises(MEStoreError, match="label is 'emotoin'; allowed"):
        ClipDataset(open_store(stores), "vector", ["toy/s00"], label="emotoin")
