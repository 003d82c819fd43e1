"""Exports by fold: persons apart, and nothing in a test file that tells a label."""

import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from conftest import EMOTIONS, clip_table, vector_sample, write_store, write_vectors
from mestore.errors import LeakError, MEStoreError
from mestore.export import export_folds
from mestore.protocols.freeze import make_folds
from mestore.sample import Sample
from mestore.store.export.selection import clip_key, file_name
from mestore.store.layout import CLIPS
from mestore.store.reader import Feature
from mestore.store.tables import write_tables


@pytest.fixture
def store(tmp_path) -> Path:
    """A store of vectors whose clips are named by their emotion, as SMIC's are."""
    table = clip_table(persons=4)
    table["clip"] = table["emotion"] + table["clip"]
    table["clip_id"] = "toy/" + table["subject"] + "/" + table["clip"] + "@" + table["onset"].astype("str")
    folder = tmp_path / "vector"
    write_vectors(folder, table)
    make_folds(Feature(folder).clips, protocol="loso").save(tmp_path / "loso.json")
    return folder


def export(store: Path, form: str, **options) -> Path:
    target = store.parent / f"out-{form}"
    export_folds(store, target, to=form, folds=store.parent / "loso.json", **options)
    return target


def test_persons_are_apart_and_the_labels_fit_their_clips(store):
    target = export(store, "parquet")
    table = Feature(store).clips.set_index("clip_id")
    for person in sorted(set(table["person"])):
        name = file_name(person)
        train = pq.read_table(target / f"{name}.train.parquet").to_pandas()
        test = pq.read_table(target / f"{name}.test.parquet").to_pandas()
        labels = pd.read_csv(target / f"{name}.test-labels.csv", dtype=str, keep_default_na=False)
        assert set(test["person"]) == {person} and person not in set(train["person"])
        assert len(train) + len(test) == len(table)
        assert train["emotion"].tolist() == table.loc[train["clip_id"], "emotion"].tolist()
        assert labels["emotion"].tolist() == table.loc[labels["clip_id"], "emotion"].tolist()
        assert sorted(labels["key"]) == sorted(test["key"])
        samples = Feature(store).samples("toy", person.removeprefix("toy/"))
        by_key = {clip_key(clip): sample.data for clip, sample in samples.items()}
        for key, data in zip(test["key"], test["data"], strict=True):
            np.testing.assert_array_equal(data, by_key[key])


@pytest.mark.parametrize("form", ["h5", "npz", "parquet"])
def test_nothing_in_a_test_file_tells_a_label(store, form):
    target = export(store, form)
    files = sorted(target.glob(f"*.test.{form}"))
    assert len(files) == 4
    for file in files:
        content = b"".join(_pieces(file))
        for word in (*EMOTIONS, "apex_source", "annotated", "edition"):
            for coded in (word.encode(), word.encode("utf-32-le")):
                assert coded not in content
        assert not {"emotion", "aus", "objective_class", "onset", "apex", "clip_id", "frames"} & _names(file)
        order = _keys(file)
        assert order == sorted(order)


def _pieces(file: Path) -> list[bytes]:
    if file.suffix == ".npz":
        with zipfile.ZipFile(file) as archive:
            return [archive.read(name) for name in archive.namelist()]
    if file.suffix == ".parquet":
        table = pq.read_table(file)
        return [file.read_bytes(), repr(table.to_pydict()).encode(), repr(table.schema).encode()]
    return [file.read_bytes()]


def _names(file: Path) -> set[str]:
    if file.suffix == ".npz":
        return set(np.load(file).files)
    if file.suffix == ".parquet":
        return set(pq.read_schema(file).names)
    with h5py.File(file) as opened:
        found: set[str] = set()
        opened.visit(lambda name: found.update(name.split("/")))
        return found


def _keys(file: Path) -> list[str]:
    if file.suffix == ".npz":
        return np.load(file)["key"].tolist()
    if file.suffix == ".parquet":
        return pq.read_table(file)["key"].to_pylist()
    with h5py.File(file) as opened:
        return [key.decode() for key in opened["_clips/key"][:]]


def test_images_of_test_clips_are_named_by_their_keys(store):
    table = pd.read_csv(store / CLIPS, keep_default_na=False)
    images = store.parent / "images"
    write_store(images, table, _image, kind="tvl1", axes=("y", "x", "channel"), dtype="float32", ragged=False)
    target = store.parent / "out"
    export_folds(images, target, to="tif", folds=store.parent / "loso.json", fold="toy/s01")
    test, train = (target / f"toy%2Fs01.{part}.tif" for part in ("test", "train"))
    assert not {"emotion", "clip", "onset"} & set(pd.read_csv(test / "clips.csv").columns)
    keys = {clip_key(clip) for clip in table.loc[table["subject"] == "s01", "clip_id"]}
    assert {file.stem for file in test.rglob("*.tif")} == keys
    assert len(list(train.rglob("*.tif"))) == 9


def _image(row: dict) -> Sample:
    sample = vector_sample(row)
    return sample.having(np.tile(sample.data, (4, 2)).reshape(4, 4, 3))


def test_one_fold_alone_and_an_unknown_one(store):
    target = export(store, "npz", fold="toy/s02")
    assert sorted(path.name for path in target.iterdir()) == [
        "export.json",
        "toy%2Fs02.test-labels.csv",
        "toy%2Fs02.test.npz",
        "toy%2Fs02.train.npz",
    ]
    with pytest.raises(MEStoreError, match=r"no fold 'x'; it has toy/s00, toy/s01"):
        export(store, "h5", fold="x")
    assert not (store.parent / "out-h5").exists()


def test_clips_without_arrays_are_among_the_test_labels(store):
    lost = "toy/s01/disgustc2@12"
    table = Feature(store).clips
    _fail(store, table[table["clip_id"] == lost])
    target = export(store, "npz", fold="toy/s01")
    with np.load(target / "toy%2Fs01.test.npz") as arrays:
        assert arrays["missing"].tolist() == [clip_key(lost)] and len(arrays["data"]) == 2
    labels = pd.read_csv(target / "toy%2Fs01.test-labels.csv")
    assert lost in set(labels["clip_id"]) and len(labels) == 3


def test_folds_of_another_clip_table_are_refused(store):
    table = Feature(store).clips.copy()
    table.loc[0, "person"] = "toy/s03"
    write_tables(store, table, Feature(store).failures)
    with pytest.raises(LeakError, match="another clip table"):
        export(store, "h5")


def test_an_earlier_export_is_replaced_when_forced(store):
    target = export(store, "h5")
    with pytest.raises(MEStoreError, match="--force"):
        export(store, "h5")
    export(store, "h5", fold="toy/s00", force=True)
    assert len(list(target.iterdir())) == 4
    assert json.loads((target / "export.json").read_text())["protocol"] == "loso"


@pytest.mark.parametrize("form", ["h5", "npz", "parquet"])
def test_a_person_without_any_array_has_an_empty_test_file(store, form):
    table = Feature(store).clips
    _fail(store, table[table["subject"] == "s01"])
    target = export(store, form, fold="toy/s01")
    assert _keys(target / f"toy%2Fs01.test.{form}") == []
    assert len(pd.read_csv(target / "toy%2Fs01.test-labels.csv")) == 3


def _fail(store: Path, rows: pd.DataFrame) -> None:
    """Put clips into the failures table."""
    fault = {"store": "crops", "found": "no face", "expected": "one face", "remedy": "look"}
    write_tables(store, Feature(store).clips, rows[["clip_id", "dataset", "subject"]].assign(**fault))
