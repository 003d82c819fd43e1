"""Mapped rows: what Zarr reads, without a copy, and never zeros for what is lost."""

import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.codecs import BytesCodec, Crc32cCodec, ShardingCodec

from mestore import StoreError, open_store
from mestore.store.mapped import map_rows
from mestore.store.subject import open_subject
from written import noise, write_clips, write_noise

SHAPES = st.lists(st.integers(1, 5), min_size=0, max_size=3).map(tuple)


@settings(max_examples=60, deadline=None)
@given(
    inner=SHAPES,
    lengths=st.lists(st.integers(0, 6), min_size=1, max_size=5),
    dtype=st.sampled_from(["uint8", "float32"]),
    shard_bytes=st.sampled_from([1, 40, 200, 10**6]),
    landmarks=st.booleans(),
    compressor=st.sampled_from(["none", "none", "zstd"]),
)
def test_ragged_clips_are_read_as_zarr_reads_them(
    tmp_path_factory, inner, lengths, dtype, shard_bytes, landmarks, compressor
):
    folder = tmp_path_factory.mktemp("ragged") / "s"
    samples = {
        f"c{number}": noise((length, *inner), seed=number, dtype=dtype, landmarks=landmarks)
        for number, length in enumerate(lengths)
    }
    axes = ("time", *"yxc"[: len(inner)])
    write_clips(folder, samples, shard_bytes=shard_bytes, axes=axes, dtype=dtype, compressor=compressor)
    check_against_zarr(folder, samples, ragged=True, mapped=compressor == "none")


@settings(max_examples=60, deadline=None)
@given(
    shape=SHAPES.filter(len),
    count=st.integers(1, 7),
    dtype=st.sampled_from(["uint8", "float32", "float64", "int16"]),
    shard_bytes=st.sampled_from([1, 40, 200, 10**6]),
    compressor=st.sampled_from(["none", "none", "zstd"]),
)
def test_clips_of_one_shape_are_read_as_zarr_reads_them(
    tmp_path_factory, shape, count, dtype, shard_bytes, compressor
):
    folder = tmp_path_factory.mktemp("fixed") / "s"
    samples = {f"c{number}": noise(shape, seed=number, dtype=dtype) for number in range(count)}
    axes = tuple("tyxc"[: len(shape)])
    write_clips(
        folder,
        samples,
        shard_bytes=shard_bytes,
        axes=axes,
        dtype=dtype,
        ragged=False,
        compressor=compressor,
    )
    check_against_zarr(
        folder, samples, ragged=False, mapped=compressor == "none" and dtype in ("uint8", "float32")
    )


def check_against_zarr(folder, samples, *, ragged, mapped):
    rows = map_rows(folder / "data")
    expected = zarr.open_array(folder / "data", mode="r")[...]
    assert (rows is not None) == mapped
    if rows is not None:
        np.testing.assert_array_equal(rows.read(0, len(expected)), expected)
    for opened in (open_subject(folder, ragged=ragged), open_subject(folder, ragged=ragged, mapped=False)):
        for clip, sample in samples.items():
            found = opened.sample(clip)
            np.testing.assert_array_equal(found.data, sample.data)
            assert found.data.dtype == sample.data.dtype and not found.data.flags.writeable
            np.testing.assert_array_equal(found.frames, sample.frames)
            assert found.measures == sample.measures
            if sample.landmarks is None:
                assert found.landmarks is None
            else:
                np.testing.assert_array_equal(found.landmarks, sample.landmarks)


def test_a_view_cannot_be_written_and_cannot_be_made_writable(tmp_path):
    folder = tmp_path / "s"
    write_clips(folder, {"c": noise((40, 60, 60))})
    data = open_subject(folder, ragged=True).sample("c").data
    with pytest.raises(ValueError, match="read-only"):
        data[0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        data.flags.writeable = True


def test_a_view_outlives_what_it_came_from(tmp_path):
    folder = tmp_path / "s"
    sample = noise((40, 60, 60))
    write_clips(folder, {"c": sample})
    data = open_subject(folder, ragged=True).sample("c").data[3:]
    shutil.rmtree(folder)
    np.testing.assert_array_equal(data, sample.data[3:])


def test_frames_are_views_with_a_stride_of_a_frame_and_its_checksum(tmp_path):
    folder = tmp_path / "s"
    write_clips(folder, {"a": noise((3, 40, 600), dtype="float32")}, dtype="float32")
    data = open_subject(folder, ragged=True).sample("a").data
    assert data.strides == (40 * 600 * 4 + 4, 600 * 4, 4) and data.flags.aligned and not data.flags.owndata


def test_views_of_what_nobody_touches_take_no_memory(tmp_path):
    table = write_noise(tmp_path / "crops", persons=6, shape=(20, 100, 100))
    store = open_store(tmp_path)
    everybody = sorted(set(table["person"]))
    store.read("crops", everybody[:1])
    tracemalloc.start()
    batch = store.read("crops", everybody)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(batch.data) == 18 and peak < 18 * 20 * 100 * 100 / 5


def test_more_subjects_than_a_process_may_open_files(tmp_path):
    write_noise(tmp_path / "crops", persons=60, shape=(5, 100, 100))
    code = (
        "import resource, sys, mestore; resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40));"
        "store = mestore.open_store(sys.argv[1]); chosen = store.select('crops', set(store.clips().person));"
        "print(sum(int(sample.data[0, 0, 0]) >= 0 for sample in chosen))"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True)
    assert done.stdout.strip() == "180", done.stderr


def test_chunks_in_another_order_are_copied_into_place(tmp_path):
    """The specification lets a writer put chunks anywhere in the shard."""
    folder = tmp_path / "s"
    sample = noise((4, 3, 3))
    write_clips(folder, {"c": sample})
    shard = folder / "data" / "c" / "0" / "0" / "0"
    write_shard(shard, [shard.read_bytes()[i * 13 : i * 13 + 13] for i in range(4)], order=[2, 0, 3, 1])
    np.testing.assert_array_equal(zarr.open_array(folder / "data", mode="r")[...], sample.data)
    rows = map_rows(folder / "data")
    np.testing.assert_array_equal(rows.read(1, 4), sample.data[1:4])


@pytest.mark.parametrize("harm", ["no chunk", "short chunk", "far chunk"])
def test_a_whole_index_of_chunks_that_are_not_there_is_an_error(tmp_path, harm):
    folder = tmp_path / "s"
    write_clips(folder, {"c": noise((4, 3, 3))})
    shard = folder / "data" / "c" / "0" / "0" / "0"
    chunks = [shard.read_bytes()[i * 13 : i * 13 + 13] for i in range(4)]
    changed = {"no chunk": (2**64 - 1, 2**64 - 1), "short chunk": (13, 12), "far chunk": (2**40, 13)}[harm]
    write_shard(shard, chunks, order=range(4), entries={1: changed})
    with pytest.raises(StoreError, match="lacks chunks"):
        map_rows(folder / "data")


def write_shard(path: Path, chunks, *, order, entries=None):
    """Write a shard as the specification lays it out."""
    import google_crc32c

    content, index = b"", np.zeros((len(chunks), 2), "<u8")
    for chunk in order:
        index[chunk] = len(content), len(chunks[chunk])
        content += chunks[chunk]
    for chunk, entry in (entries or {}).items():
        index[chunk] = entry
    raw = index.tobytes()
    path.write_bytes(content + raw + google_crc32c.value(raw).to_bytes(4, "little"))


@pytest.mark.parametrize(
    "codecs",
    [
        [BytesCodec(endian="big")],
        [ShardingCodec(chunk_shape=(1, 2), codecs=[BytesCodec(), Crc32cCodec()])],
        [ShardingCodec(chunk_shape=(1, 4), codecs=[BytesCodec()])],
        [ShardingCodec(chunk_shape=(1, 4), codecs=[BytesCodec(), Crc32cCodec()], index_location="start")],
    ],
)
def test_what_is_laid_out_otherwise_is_left_to_zarr(tmp_path, codecs):
    array = zarr.create(
        store=tmp_path, shape=(4, 4), chunks=(2, 4), dtype="float32", codecs=codecs, zarr_format=3
    )
    array[:] = 1
    assert map_rows(tmp_path) is None
