"""Exports: what is read back with each format's own library is what the store holds, bit for bit."""

import itertools
import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import h5py
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import tifffile

from conftest import clip_table, crop_sample, write_store, write_vectors
from mestore.errors import MEStoreError, StoreError
from mestore.export import export_store
from mestore.sample import Sample
from mestore.store.layout import SCHEMA, subject_key
from mestore.store.reader import Feature
from mestore.store.tables import write_tables

HOSTILE = ("../x", "a/b", "/etc", "..", "Ünïcode 面", "n" * 150, "面" * 60, "con.")


def flow_sample(row: dict) -> Sample:
    rng = np.random.default_rng(sum(map(ord, row["clip_id"])))
    return Sample(
        data=rng.normal(size=(5, 7, 3)).astype(np.float32),
        frames=np.asarray([[row["onset"], row["apex"]]], np.float64),
        onset=row["onset"],
        apex=row["apex"],
        offset=row["offset"],
        landmarks=rng.uniform(size=(68, 2)).astype(np.float32),
    )


@pytest.fixture
def flow(tmp_path) -> Path:
    """A store of onset-apex flows of 3 persons; one clip has failed."""
    table = clip_table(persons=3)
    folder = tmp_path / "stores" / "flow"
    axes = ("y", "x", "channel")
    write_store(folder, table[:-1], flow_sample, kind="tvl1", axes=axes, dtype="float32", ragged=False)
    fault = {"store": "crops", "found": "no face", "expected": "one face", "remedy": "look"}
    write_tables(folder, table, table[-1:][["clip_id", "dataset", "subject"]].assign(**fault))
    return folder


@pytest.fixture
def crops(tmp_path) -> Path:
    """A ragged store of crops of 3 persons."""
    folder, axes = tmp_path / "stores" / "crops", ("time", "y", "x", "channel")
    write_store(
        folder, clip_table(persons=3), _of_length, kind="align", axes=axes, dtype="uint8", ragged=True
    )
    return folder


def _of_length(row: dict) -> Sample:
    sample = crop_sample(row)
    length = 3 + row["onset"] % 4
    return sample.having(sample.data[:length], frames=sample.frames[:length], measures=sample.measures)


def expected(store: Path) -> dict[str, Sample]:
    feature = Feature(store)
    return {
        clip: sample
        for subject in feature.subjects("toy")
        for clip, sample in feature.samples("toy", subject).items()
    }


def told(store: Path) -> pd.DataFrame:
    table = Feature(store).clips
    return table[table["clip_id"].isin(expected(store))].reset_index(drop=True)


def texts(dataset) -> list[str]:
    return [text.decode() for text in dataset[:]]


def test_hdf5_has_the_groups_of_the_store(flow, tmp_path):
    export_store(flow, tmp_path / "flow.h5", to="h5")
    samples = expected(flow)
    with h5py.File(tmp_path / "flow.h5") as file:
        assert texts(file["_missing"]) == ["toy/s02/c2@12"]
        attributes = dict(file["toy"].attrs)
        assert attributes["kind"] == "tvl1" and attributes["schema"] == SCHEMA and attributes["units"] == "1"
        assert json.loads(attributes["params"]) == {}
        assert list(attributes["axes"]) == ["y", "x", "channel"] and attributes["ragged"] == 0
        for subject in ("s00", "s01", "s02"):
            group = file["toy"][subject]
            for row, clip in enumerate(texts(group["clip"])):
                sample = samples.pop(clip)
                np.testing.assert_array_equal(group["data"][row], sample.data, strict=True)
                np.testing.assert_array_equal(group["landmarks"][row], sample.landmarks, strict=True)
                assert group["apex"][row] == sample.apex
                first, last = group["frames_offsets"][row : row + 2]
                np.testing.assert_array_equal(group["frames"][first:last], sample.frames)
        table = pd.DataFrame({name: _column(file["_clips"][name]) for name in file["_clips"]})
    assert not samples
    rows = told(flow)
    pd.testing.assert_frame_equal(table[rows.columns].astype(rows.dtypes), rows)


def _column(dataset):
    return texts(dataset) if h5py.check_string_dtype(dataset.dtype) else dataset[:]


def test_hdf5_of_ragged_clips_says_where_each_begins(crops, tmp_path):
    export_store(crops, tmp_path / "crops.h5", to="h5")
    samples = expected(crops)
    with h5py.File(tmp_path / "crops.h5") as file:
        for group in file["toy"].values():
            starts = group["data_offsets"][:]
            for row, clip in enumerate(texts(group["clip"])):
                sample = samples.pop(clip)
                np.testing.assert_array_equal(group["data"][starts[row] : starts[row + 1]], sample.data)
                assert group["measures/residual"][row] == sample.measures["residual"]
    assert not samples


def test_hdf5_joins_measures_that_have_a_value_per_frame(tmp_path):
    def curved(row: dict) -> Sample:
        sample = _of_length(row)
        curve = np.arange(len(sample.frames), dtype=np.float32)
        return replace(sample, measures={"residual": np.float64(1), "apex_curve": curve})

    table = clip_table(persons=1)
    store, axes = tmp_path / "stores" / "crops", ("time", "y", "x", "channel")
    write_store(store, table, curved, kind="align", axes=axes, dtype="uint8", ragged=True)
    export_store(store, tmp_path / "crops.h5", to="h5")
    with h5py.File(tmp_path / "crops.h5") as file:
        group = file["toy"][subject_key("s00")]
        starts = group["frames_offsets"][:]
        assert group["measures/residual"].shape == (3,)
        for begin, end in itertools.pairwise(starts):
            np.testing.assert_array_equal(group["measures/apex_curve"][begin:end], np.arange(end - begin))


def test_npz_opens_without_pickle(flow, tmp_path):
    export_store(flow, tmp_path / "flow.npz", to="npz")
    rows = told(flow)
    with np.load(tmp_path / "flow.npz", allow_pickle=False) as arrays:
        samples = [expected(flow)[clip] for clip in arrays["clip_id"].tolist()]
        np.testing.assert_array_equal(arrays["data"], np.stack([it.data for it in samples]), strict=True)
        np.testing.assert_array_equal(
            arrays["landmarks"], np.stack([it.landmarks for it in samples]), strict=True
        )
        np.testing.assert_array_equal(arrays["frames"], np.concatenate([it.frames for it in samples]))
        assert arrays["missing"].tolist() == ["toy/s02/c2@12"]
        table = pd.DataFrame({name: arrays[name] for name in rows.columns})
        assert json.loads(str(arrays["about"]))["datasets"]["toy"]["kind"] == "tvl1"
    pd.testing.assert_frame_equal(table.astype(rows.dtypes), rows)


def test_parquet_has_a_row_per_clip(flow, tmp_path):
    export_store(flow, tmp_path / "flow.parquet", to="parquet")
    table = pq.read_table(tmp_path / "flow.parquet")
    about = json.loads(table.schema.metadata[b"mestore"])
    rows = told(flow)
    pd.testing.assert_frame_equal(table.select(list(rows.columns)).to_pandas().astype(rows.dtypes), rows)
    assert about["shape"] == [5, 7, 3] and about["missing"] == ["toy/s02/c2@12"]
    flat = np.asarray(table["data"].combine_chunks().flatten())
    samples = expected(flow)
    stacked = np.stack([samples[clip].data for clip in rows["clip_id"]])
    np.testing.assert_array_equal(flat.reshape(-1, *about["shape"]), stacked, strict=True)


def test_tif_has_a_page_per_frame_or_channel(flow, crops, tmp_path):
    for store in (flow, crops):
        target = tmp_path / store.name
        export_store(store, target, to="tif")
        table = pd.read_csv(target / "clips.csv", keep_default_na=False)
        samples = expected(store)
        assert table["clip_id"].tolist() == list(samples)
        for file, sample in zip(table["file"], samples.values(), strict=True):
            images = tifffile.imread(target / file)
            # OpenCV is another reader of TIFF; it gives colours as blue, green, red.
            [*others] = cv2.imreadmulti(str(target / file), flags=cv2.IMREAD_UNCHANGED)[1]
            if store is crops:
                np.testing.assert_array_equal(images, sample.data, strict=True)
                np.testing.assert_array_equal(np.stack(others)[..., ::-1], sample.data)
            else:
                np.testing.assert_array_equal(images.transpose(1, 2, 0), sample.data, strict=True)
                np.testing.assert_array_equal(np.stack(others, axis=-1), sample.data)


@pytest.mark.parametrize("form", ["npz", "parquet"])
def test_ragged_clips_are_refused_naming_the_formats_that_take_them(crops, tmp_path, form):
    with pytest.raises(StoreError, match=r"differ in length or shape.*--to h5.*--to tif"):
        export_store(crops, tmp_path / "out", to=form)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stores"]


def test_vectors_are_no_images(tmp_path):
    write_vectors(tmp_path / "vector", clip_table(persons=1))
    with pytest.raises(StoreError, match="is no image"):
        export_store(tmp_path / "vector", tmp_path / "out", to="tif")


@pytest.mark.parametrize("form", ["h5", "npz", "parquet", "tif"])
def test_equal_stores_give_equal_bytes_also_in_another_process(flow, tmp_path, form):
    export_store(flow, tmp_path / "a", to=form)
    command = [sys.executable, "-m", "mestore", "export", str(flow), str(tmp_path / "b"), "--to", form]
    subprocess.run(command, check=True, capture_output=True)
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")


def _bytes(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else sorted(it for it in path.rglob("*") if it.is_file())
    return {str(it.relative_to(path)): it.read_bytes() for it in files}


def test_what_is_there_stays_unless_forced(flow, tmp_path):
    target = tmp_path / "out"
    target.write_text("mine")
    with pytest.raises(MEStoreError, match="--force"):
        export_store(flow, target, to="npz")
    assert target.read_text() == "mine"
    export_store(flow, target, to="npz", force=True)
    assert zipfile.is_zipfile(target)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "mine").write_text("mine")
    for form in ("tif", "h5"):
        with pytest.raises(MEStoreError, match="did not make"):
            export_store(flow, folder, to=form, force=True)
    assert (folder / "mine").read_text() == "mine"
    shutil.rmtree(folder)
    export_store(flow, folder, to="tif")
    export_store(flow, folder, to="tif", force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "out", "stores"]


def test_what_cannot_be_written_is_said_and_nothing_is_left(flow, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(MEStoreError, match="cannot be written"):
        export_store(flow, tmp_path / "file" / "out.h5", to="h5")
    with pytest.raises(MEStoreError, match="no format 'mat'; there are: h5, npz, parquet, tif"):
        export_store(flow, tmp_path / "out.mat", to="mat")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "stores"]


def test_a_damaged_store_is_not_exported(flow, tmp_path):
    shard = next(it for it in (flow / "toy.zarr/s01/data/c").rglob("*") if it.is_file())
    content = bytearray(shard.read_bytes())
    content[50] ^= 1
    shard.write_bytes(content)
    with pytest.raises(StoreError, match="has changed since it was written"):
        export_store(flow, tmp_path / "out", to="h5")
    assert not (tmp_path / "out").exists()


def test_clips_of_two_parts_with_one_name_are_two_files(tmp_path):
    table = clip_table(persons=1, clips_each=2).assign(clip="same", onset=10, part=["a", "b"])
    table["clip_id"] = "toy-" + table["part"] + "/s00/same@10"
    axes = ("y", "x", "channel")
    write_store(tmp_path / "flow", table, flow_sample, kind="tvl1", axes=axes, dtype="float32", ragged=False)
    export_store(tmp_path / "flow", tmp_path / "out", to="tif")
    names = [path.name for path in sorted((tmp_path / "out/toy/s00").iterdir())]
    assert names == ["a-same%4010.tif", "b-same%4010.tif"]


@pytest.mark.parametrize("form", ["h5", "tif"])
def test_hostile_names_stay_inside(tmp_path, form):
    table = clip_table(persons=len(HOSTILE), clips_each=len(HOSTILE))
    names = [(subject, clip) for subject in HOSTILE for clip in HOSTILE]
    table["subject"] = [subject for subject, _ in names]
    table["clip"] = [clip for _, clip in names]
    table["clip_id"] = [f"toy/{subject}/{clip}@{n}" for n, (subject, clip) in enumerate(names)]
    table["subject"] = table["subject"].str.slice(0, 60)  # the store's own folders end at 255 bytes
    table = table[table["subject"].map(lambda it: len(subject_key(it)) < 250)]
    axes = ("y", "x", "channel")
    store = tmp_path / "stores" / "flow"
    write_store(store, table, flow_sample, kind="tvl1", axes=axes, dtype="float32", ragged=False)
    target = tmp_path / "deep" / "out"
    export_store(store, target, to=form)
    assert [path.name for path in tmp_path.iterdir() if path.name != "stores"] == ["deep"]
    assert [path.name for path in target.parent.iterdir()] == ["out"]
    if form == "tif":
        files = pd.read_csv(target / "clips.csv")["file"]
        assert files.nunique() == len(table)
        assert all((target / file).resolve().is_relative_to(target.resolve()) for file in files)
    else:
        with h5py.File(target) as file:
            subjects = {group.attrs["subject"] for group in file["toy"].values()}
            assert subjects == set(table["subject"])
            assert sorted(file) == ["_clips", "_missing", "toy"]
