"""The store: what is written is read, and what is lost is said."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import zarr

from conftest import clip_table, crop_sample, vector_sample
from mestore import StoreError, open_store
from mestore.clips import FAILURES
from mestore.store.layout import Commit, subject_key, subject_name
from mestore.store.tables import write_tables
from mestore.store.writer import _compare
from written import described, noise, write_clips, write_noise


def test_reads_what_was_written_by_person_and_in_the_order_of_the_table(stores):
    store = open_store(stores)
    table = clip_table()
    batch = store.read("vector", ["toy/s03", "toy/s01"])
    rows = table[table["person"].isin(["toy/s01", "toy/s03"])].to_dict("records")
    assert batch.clips["clip_id"].tolist() == [row["clip_id"] for row in rows]
    np.testing.assert_array_equal(batch.data, [vector_sample(row).data for row in rows])
    assert [sample.apex for sample in batch.samples] == [row["apex"] for row in rows]


def test_ragged_clips_are_a_list_with_landmarks_and_measures(stores):
    batch = open_store(stores).read("crops", ["toy/s00"], check=True)
    for row, data, sample in zip(clip_table().to_dict("records"), batch.data, batch.samples, strict=False):
        expected = crop_sample(row)
        np.testing.assert_array_equal(data, expected.data)
        np.testing.assert_array_equal(sample.landmarks, expected.landmarks)
        np.testing.assert_array_equal(sample.frames, expected.frames)
        assert sample.measures["residual"] == expected.measures["residual"]


def test_the_table_has_a_row_per_clip_with_its_person_and_no_paths(stores):
    table = open_store(stores).clips()
    assert len(table) == 36 and table["person"].nunique() == 12
    assert not {"paths", "frames"} & set(table.columns)


def test_no_clip_has_the_shape_of_the_others(stores):
    store = open_store(stores)
    assert store.read("vector", ["toy/s00"], clips=[]).data.shape == (0, 6)
    assert store.read("crops", [], clips=[]).data == []


def test_only_the_clips_that_are_asked_for(stores):
    batch = open_store(stores).read("vector", ["toy/s00", "toy/s01"], clips=["toy/s01/c2@12"])
    assert batch.clips["clip_id"].tolist() == ["toy/s01/c2@12"] and batch.data.shape == (1, 6)


def test_stores_that_disagree_name_the_one_to_delete_and_a_choice_leaves_it_out(stores):
    other = clip_table().replace({"emotion": {"disgust": "anger"}})
    write_tables(stores / "vector", other, pd.DataFrame(columns=list(FAILURES)))
    with pytest.raises(StoreError, match=r"different clip tables.*delete"):
        open_store(stores).clips()
    assert len(open_store(stores, names=["crops"]).clips()) == 36


def test_stores_may_differ_in_apexes_and_what_holds_for_all_is_without_them(stores):
    other = clip_table().assign(apex_source="estimated:flow")
    write_tables(stores / "vector", other, pd.DataFrame(columns=list(FAILURES)))
    store = open_store(stores)
    assert store.clips().equals(store.clips("crops").drop(columns=["apex", "apex_source"]))
    assert set(store.clips("vector")["apex_source"]) == {"estimated:flow"}
    assert set(open_store(stores, names=["vector"]).clips()["apex_source"]) == {"estimated:flow"}


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "\x00\x01"])
def test_a_damaged_clip_table_is_one_sentence(stores, text):
    (stores / "vector" / "clips.csv").write_text(text)
    with pytest.raises(StoreError, match="dvc repro"):
        open_store(stores).clips("vector")


def test_the_clip_table_comes_back_as_it_was(stores):
    from mestore import clips

    expected = clip_table().drop(columns=list(clips.SOURCES))
    assert open_store(stores).clips().equals(expected)
    assert clips.digest(expected) == clips.digest(clip_table())


def test_any_zarr_reader_opens_it(stores):
    array = zarr.open_array(stores / "vector" / "toy.zarr" / "s00" / "data", mode="r")
    assert array.shape == (3, 6)
    assert array.metadata.dimension_names == ("clip", "value")


@pytest.mark.parametrize("harm", ["delete", "empty", "truncate", "commit"])
def test_a_lost_file_is_an_error_that_names_it_and_never_zeros(stores, harm):
    subject = stores / "vector" / "toy.zarr" / "s05"
    shard = subject / ("commit.json" if harm == "commit" else "data/c/0/0")
    if harm in ("delete", "commit"):
        shard.unlink()
    else:
        shard.write_bytes(shard.read_bytes()[: 0 if harm == "empty" else -1])
    store = open_store(stores)
    with pytest.raises(StoreError, match="s05"):
        store.read("vector", ["toy/s05"])
    assert len(store.read("vector", ["toy/s04"]).data) == 3


def test_a_flipped_bit_is_found_by_check(stores):
    shard = stores / "vector" / "toy.zarr" / "s05" / "data" / "c" / "0" / "0"
    content = bytearray(shard.read_bytes())
    content[3] ^= 1
    shard.write_bytes(content)
    with pytest.raises(StoreError, match="checksum"):
        open_store(stores).read("vector", ["toy/s05"], check=True)


def test_a_subject_that_is_gone_is_an_error(stores):
    shutil.rmtree(stores / "vector" / "toy.zarr" / "s05")
    with pytest.raises(StoreError, match="s05"):
        open_store(stores).read("vector", ["toy/s05"])


def test_unknown_names_say_what_there_is(stores):
    store = open_store(stores)
    with pytest.raises(StoreError, match=r"no store 'flwo'.*crops, vector"):
        store.read("flwo", ["toy/s00"])
    with pytest.raises(StoreError, match="no person 's00'"):
        store.read("vector", ["s00"])
    with pytest.raises(StoreError, match="expected several"):
        store.read("vector", "toy/s00")


def test_an_empty_folder_says_what_to_do(tmp_path):
    with pytest.raises(StoreError, match="dvc repro"):
        open_store(tmp_path)


def test_another_schema_is_refused(stores):
    path = stores / "vector" / "toy.zarr" / "zarr.json"
    meta = json.loads(path.read_text())
    meta["attributes"]["schema"] = 99
    path.write_text(json.dumps(meta))
    store = open_store(stores)
    for entrance in (
        lambda: store.clips("vector"),
        lambda: store.read("vector", ["toy/s00"]),
        lambda: store.feature("vector").failures,
        lambda: store.feature("vector").samples("toy", "s00"),
    ):
        with pytest.raises(StoreError, match=r"schema 99; this mestore reads 3; rebuild it with `dvc repro`"):
            entrance()
    assert len(store.clips("crops")) == 36


def test_equal_input_gives_equal_bytes(stores, tmp_path):
    first = Commit.read(stores / "crops" / "toy.zarr" / "s00")
    shutil.rmtree(stores)
    # The fixture's own code again, into the same place.
    from conftest import write_store

    axes = ("time", "y", "x", "channel")
    write_store(
        stores / "crops", clip_table(), crop_sample, kind="align", axes=axes, dtype="uint8", ragged=True
    )
    assert Commit.read(stores / "crops" / "toy.zarr" / "s00") == first


@pytest.mark.parametrize("compressor", ["none", "zstd"])
def test_equal_input_gives_equal_bytes_whatever_the_compressor(tmp_path, compressor):
    for name in ("a", "b"):
        write_noise(tmp_path / name / "crops", persons=2, compressor=compressor)
    files = [
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tmp_path / "a", tmp_path / "b")
    ]
    assert files[0] == files[1] and len(files[0]) == 2 * 4 + 4
    assert b"consolidated_metadata" not in b"".join(files[0].values())


def test_a_compressed_store_is_smaller_and_any_zarr_reader_opens_it(tmp_path):
    sizes = {}
    for compressor in ("none", "zstd"):
        folder = tmp_path / compressor
        write_clips(
            folder,
            {"c": replace(noise((9, 20, 20)), data=np.ones((9, 20, 20), np.uint8))},
            compressor=compressor,
        )
        assert (zarr.open_array(folder / "data", mode="r")[...] == 1).all()
        sizes[compressor] = (folder / "data/c/0/0/0").stat().st_size
    assert sizes["zstd"] < sizes["none"] / 5


def test_what_does_not_read_back_as_it_was_written_is_refused(tmp_path):
    """A disk that gives back other bytes, which no test can have: here, a sample that changes."""
    samples = {"c": noise((3, 4, 4))}
    write_clips(tmp_path / "s", samples)
    with pytest.raises(StoreError, match="clip c does not read back"):
        _compare(tmp_path / "s", {"c": noise((3, 4, 4), seed=1)}, described())


def test_a_kind_that_gives_landmarks_to_some_clips_only_is_a_bug(tmp_path):
    with pytest.raises(TypeError, match="1 of 2 clips have landmarks"):
        write_clips(tmp_path / "s", {"a": noise((1, 2, 2), landmarks=True), "b": noise((1, 2, 2))})


@pytest.mark.parametrize(
    "name", ["sub01", "spNO.1", "../../etc", ".hidden", "a/b", "<script>", "__x", "é 1", "zarr.json"]
)
def test_a_subject_is_one_folder_name_whatever_it_is_called(name):
    key = subject_key(name)
    assert "/" not in key and not key.startswith((".", "__")) and key != "zarr.json"
    assert subject_name(key) == name


def test_importing_mestore_loads_nothing_heavy():
    heavy = ["cv2", "numba", "skimage", "torch", "dvc", "dlib", "sklearn", "matplotlib"]
    code = f"import mestore, sys; print([name for name in {heavy} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_a_flipped_byte_in_a_clips_record_is_refused_unasked(stores):
    path = stores / "vector" / "toy.zarr" / "s05" / "zarr.json"
    path.write_bytes(path.read_bytes().replace(b'"onset"', b'"onseT"'))
    with pytest.raises(StoreError, match=r"s05/zarr\.json has changed"):
        open_store(stores).read("vector", ["toy/s05"])


def test_a_text_in_the_place_of_names_or_a_url_of_no_kind_is_refused(stores):
    with pytest.raises(StoreError, match="names is the text 'vector'"):
        open_store(stores, names="vector")
    with pytest.raises(StoreError, match="foo://x cannot be opened"):
        open_store("foo://x")
