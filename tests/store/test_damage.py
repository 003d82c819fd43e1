"""Damage: whatever happens to a file of a store, reading it is an error that names it, and never zeros."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from mestore import StoreError, open_store
from mestore.store.feature import Feature
from mestore.store.layout import COMMIT, Commit
from mestore.store.subject import open_subject
from written import write_noise

SUBJECT = Path("crops/toy.zarr/s01")
FILES = ["commit.json", "zarr.json", "data/zarr.json", "data/c/0/0/0"]
BESIDE = ["crops/clips.csv", "crops/failures.csv", "crops/manifest.json", "crops/toy.zarr/zarr.json"]
COMPRESSORS = ["none", "zstd"]


@pytest.fixture(params=COMPRESSORS)
def written(request, tmp_path):
    write_noise(tmp_path / "crops", shape=(5, 20, 30), compressor=request.param)
    return tmp_path


def everybody(path, **options):
    store = open_store(path)
    return store.read("crops", set(store.clips()["person"]), **options)


@pytest.mark.parametrize("harm", ["delete", "empty", "truncate", "lengthen", "folder"])
@pytest.mark.parametrize("name", FILES)
def test_a_lost_or_short_file_of_a_subject_is_an_error_that_names_it(written, name, harm):
    path = written / SUBJECT / name
    content = path.read_bytes()
    path.unlink()
    if harm == "folder":
        path.mkdir()
    elif harm != "delete":
        path.write_bytes({"empty": b"", "truncate": content[:-1], "lengthen": content + b"x"}[harm])
    with pytest.raises(StoreError, match=r"s01"):
        everybody(written)
    others = open_store(written).read("crops", ["toy/s00", "toy/s02"])
    assert len(others.data) == 6


@pytest.mark.parametrize("harm", ["delete", "empty", "truncate", "flip"])
@pytest.mark.parametrize("name", BESIDE)
def test_a_lost_or_changed_file_beside_the_subjects_is_an_error_that_names_it(written, name, harm):
    path = written / name
    content = path.read_bytes()
    path.unlink()
    if harm != "delete":
        changed = content[:20] + bytes([content[20] ^ 1]) + content[21:]
        path.write_bytes({"empty": b"", "truncate": content[:-1], "flip": changed}[harm])
    expected = "no store below" if (name, harm) == ("crops/clips.csv", "delete") else Path(name).parent.name
    with pytest.raises(StoreError, match=expected):
        everybody(written)


@pytest.mark.parametrize("name", FILES)
def test_flipped_bits_are_found_by_check(written, name):
    path = written / SUBJECT / name
    content = path.read_bytes()
    for place in np.random.default_rng(0).integers(0, len(content), 40):
        changed = bytearray(content)
        changed[place] ^= 1 << int(place) % 8
        path.write_bytes(changed)
        with pytest.raises(StoreError, match="s01"):
            everybody(written, check=True)
    path.write_bytes(content)
    assert len(everybody(written, check=True).data) == 12


def test_every_flipped_bit_of_the_index_is_found_without_check(tmp_path):
    write_noise(tmp_path / "crops", shape=(5, 20, 30))
    path = tmp_path / SUBJECT / "data/c/0/0/0"
    content = path.read_bytes()
    for place in range(15 * 604, len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])
        with pytest.raises(StoreError, match="index"):
            open_subject(tmp_path / SUBJECT, ragged=True)


def test_every_flipped_byte_of_a_commit_record_is_found_without_check(tmp_path):
    write_noise(tmp_path / "crops", persons=2)
    feature = Feature(tmp_path / "crops")
    path = tmp_path / SUBJECT / COMMIT
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 32]) + content[place + 1 :])
        with pytest.raises(StoreError, match="s01"):
            feature.open("toy", "s01")
    path.write_bytes(content)
    feature.open("toy", "s01")


@pytest.mark.parametrize("mapped", [True, False])
def test_a_shard_that_is_lost_after_its_subject_was_opened(written, mapped):
    """What is mapped lives on; what would be read later is an error, not the zeros that Zarr makes of it."""
    chosen = open_store(written, mapped=mapped).select("crops", ["toy/s01"])
    first = chosen[0].data.copy()
    is_mapped = chosen[0].data.strides[0] > 600
    (written / SUBJECT / "data/c/0/0/0").unlink()
    if is_mapped:
        np.testing.assert_array_equal(chosen[0].data, first)
        assert chosen[1].data.any()
    else:
        with pytest.raises(StoreError, match=r"s01.*open the store again"):
            chosen[1]


def test_a_dataset_or_subject_that_is_gone_is_an_error(written):
    shutil.rmtree(written / SUBJECT)
    with pytest.raises(StoreError, match="s01"):
        everybody(written)
    shutil.rmtree(written / "crops/toy.zarr")
    with pytest.raises(StoreError, match=r"toy\.zarr is missing"):
        everybody(written)


def test_a_clip_that_is_nowhere_is_an_error(tmp_path):
    """The table names it, no array holds it, and no failure explains it."""
    write_noise(tmp_path / "crops", persons=2)
    opened = Feature(tmp_path / "crops").open("toy", "s01")
    with pytest.raises(StoreError, match=r"no clip 'toy/s01/c9@1'.*failures\.csv"):
        opened.sample("toy/s01/c9@1")


def test_a_store_that_vanishes_says_to_open_it_again(written):
    store = open_store(written)
    chosen = store.select("crops", ["toy/s01"])
    (written / "crops").rename(written / "gone")
    with pytest.raises(StoreError, match="open the store again"):
        chosen[0]
    with pytest.raises(StoreError, match="open the store again"):
        store.read("crops", ["toy/s02"])


def test_a_replaced_store_gives_no_mixture(written):
    """Same clips, same description, other arrays: as when the recordings of one subject were replaced."""
    store = open_store(written)
    compressor = store.feature("crops").descriptions["toy"].compressor
    chosen = store.select("crops", ["toy/s00", "toy/s01"])
    before = chosen[0].data
    kept = before.copy()
    write_noise(written / "new" / "crops", shape=(5, 20, 30), seed=5, compressor=compressor)
    (written / "crops").rename(written / "old")
    (written / "new" / "crops").rename(written / "crops")
    np.testing.assert_array_equal(before, kept)
    if compressor == "none":
        np.testing.assert_array_equal(chosen[0].data, kept)
    else:  # read when it is asked for: the bytes of the other version are refused
        with pytest.raises(StoreError, match=r"s00.*open the store again"):
            chosen[0]
    with pytest.raises(StoreError, match=r"s01.*open the store again"):
        chosen[3]
    with pytest.raises(StoreError, match="open the store again"):
        store.read("crops", ["toy/s00"])
    again = open_store(written).read("crops", ["toy/s00"]).data[0]
    assert (again != kept).any()


def test_a_subject_replaced_by_an_equal_one_is_read_on(written):
    """As DVC does when it links an output to its cache."""
    chosen = open_store(written).select("crops", ["toy/s01"])
    shutil.copytree(written / SUBJECT, written / "copy")
    shutil.rmtree(written / SUBJECT)
    (written / "copy").rename(written / SUBJECT)
    assert len(list(chosen)) == 3


def test_a_published_link_is_followed_once(tmp_path):
    for number in (1, 2):
        write_noise(tmp_path / f"v{number}" / "crops", persons=2, seed=number)
    link = tmp_path / "current"
    link.symlink_to("v1")
    store = open_store(link)
    expected = store.read("crops", ["toy/s00"]).data[0].copy()
    (tmp_path / "next").symlink_to("v2")
    (tmp_path / "next").rename(link)
    np.testing.assert_array_equal(store.read("crops", ["toy/s00"]).data[0], expected)
    assert (open_store(link).read("crops", ["toy/s00"]).data[0] != expected).any()


def test_a_commit_record_of_another_schema_is_refused_with_what_rebuilds_it(tmp_path):
    write_noise(tmp_path / "crops", persons=2)
    folder = tmp_path / SUBJECT
    for schema in ("1", "4", "null"):
        text = (folder / COMMIT).read_text()
        (folder / COMMIT).write_text(text.replace('"schema": 3', f'"schema": {schema}'))
        with pytest.raises(StoreError, match=r"schema .*dvc repro"):
            Commit.read(folder)
        (folder / COMMIT).write_text(text)
