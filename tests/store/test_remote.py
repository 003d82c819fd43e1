"""Stores behind a URL: what a disk gives, they give; what is lost there is an error too."""

import fsspec
import numpy as np
import pytest
from upath import UPath

from mestore import StoreError, open_store
from written import write_noise

URL = "memory://lab/stores"


@pytest.fixture(params=["none", "zstd"])
def both(request, tmp_path):
    """A local store and the same one behind a URL."""
    write_noise(tmp_path / "crops", shape=(5, 20, 30), compressor=request.param)
    memory = fsspec.filesystem("memory")
    memory.put(f"{tmp_path}/crops", "/lab/stores/crops", recursive=True)
    yield open_store(tmp_path), memory
    memory.rm("/lab", recursive=True)


@pytest.mark.parametrize("url", [URL, UPath(URL)])
def test_what_a_disk_gives_a_url_gives(both, url):
    local, _ = both
    remote = open_store(url)
    assert remote.clips().equals(local.clips())
    everybody = sorted(set(local.clips()["person"]))
    ours, its = (store.read("crops", everybody, check=True) for store in (local, remote))
    assert ours.clips.equals(its.clips)
    for one, other in zip(ours.samples, its.samples, strict=True):
        np.testing.assert_array_equal(one.data, other.data)
        assert (one.onset, one.measures) == (other.onset, other.measures)
    assert remote.feature("crops").subjects("toy") == ["s00", "s01", "s02", "s03"]


@pytest.mark.parametrize("harm", ["delete", "empty", "truncate"])
@pytest.mark.parametrize("name", ["commit.json", "zarr.json", "data/zarr.json", "data/c/0/0/0"])
def test_a_lost_or_short_file_is_an_error_that_names_its_subject(both, name, harm):
    _, memory = both
    path = f"/lab/stores/crops/toy.zarr/s01/{name}"
    content = memory.cat_file(path)
    memory.rm(path)
    if harm != "delete":
        memory.pipe_file(path, b"" if harm == "empty" else content[:-1])
    store = open_store(URL)
    with pytest.raises(StoreError, match="s01"):
        store.read("crops", ["toy/s01"])
    assert len(store.read("crops", ["toy/s02"]).data) == 3


def test_a_flipped_byte_is_found_by_check(both):
    _, memory = both
    path = "/lab/stores/crops/toy.zarr/s01/data/c/0/0/0"
    content = memory.cat_file(path)
    memory.pipe_file(path, bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(StoreError, match=r"s01.*checksum"):
        open_store(URL).read("crops", ["toy/s01"], check=True)
    with pytest.raises(StoreError, match=r"s01.*damaged"):  # Zarr compares its own, of every chunk
        open_store(URL).read("crops", ["toy/s01"])


def test_a_shard_that_is_lost_after_opening_is_an_error_and_not_zeros(both):
    _, memory = both
    chosen = open_store(URL).select("crops", ["toy/s01"])
    assert chosen[0].data.any()
    memory.rm("/lab/stores/crops/toy.zarr/s01/data/c/0/0/0")
    with pytest.raises(StoreError, match=r"s01.*open the store again"):
        chosen[1]


def test_a_url_without_stores_says_so():
    with pytest.raises(StoreError, match="no store below memory://nobody"):
        open_store("memory://nobody")


def test_a_file_url_is_a_path(tmp_path):
    write_noise(tmp_path / "crops", persons=2)
    assert open_store(f"file://{tmp_path}").path == tmp_path
