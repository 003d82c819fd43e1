"""One copy on the disk: build cache, DVC's cache and the workspace are hard links of each other."""

import os
import shutil
from dataclasses import replace
from hashlib import md5
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from checkout import Checkout
from conftest import clip_table, crop_sample, write_store
from mestore import clips, open_store
from mestore.build.provenance import write_code
from mestore.build.stage import build_store
from mestore.build.workers import run_tasks
from mestore.params import ComputeParams
from mestore.store.tables import write_tables
from mestore.workspace import find_workspace
from toys import contents, parameters, toy_checkout, toy_task


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Checkout:
    """A checkout with a store that the real DVC has built and committed."""
    return toy_checkout(tmp_path_factory.mktemp("one") / "mestore")


def files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def arrays(folder: Path) -> list[Path]:
    return [path for path in files(folder) if "c" in path.parts]


def test_three_places_share_the_blocks(built):
    places = [built.folder / it for it in ("data/stores/clips", ".dvc/mestore/subjects", ".dvc/cache/files")]
    stored, cached, _ = (arrays(place) for place in places)
    nodes = [{path.stat().st_ino for path in found} for found in (stored, cached, files(places[2]))]
    # 6 subjects with data and landmarks each.
    assert len(stored) == len(cached) == 12 and nodes[0] == nodes[1] <= nodes[2]
    once = {path.stat().st_ino: path.stat().st_blocks for place in places for path in files(place)}
    thrice = sum(path.stat().st_blocks for place in places for path in files(place))
    shared = sum(path.stat().st_blocks for path in stored)
    assert sum(once.values()) <= thrice - 2 * shared


def test_what_dvc_protects_is_not_written_by_a_stage_run_by_hand(built):
    before = {path: (path.stat().st_ino, path.read_bytes()) for path in files(built.folder / ".dvc/cache")}
    assert {oct(path.stat().st_mode)[-3:] for path in files(built.folder / "data/stores/clips")} == {"444"}
    for stage in (["code"], ["store", "clips"]):
        built.stage(*stage)
    assert {path: (path.stat().st_ino, path.read_bytes()) for path in before} == before
    assert "up to date" in built.dvc("status", "store@clips")


def test_a_byte_flipped_in_the_shared_file_is_mended_in_all_places(built):
    store = built.folder / "data/stores/clips"
    undisturbed = contents(store)
    victim = arrays(store)[3]
    with victim.open("r+b") as stream:
        stream.seek(100)
        byte = stream.read(1)
        stream.seek(100)
        stream.write(bytes([byte[0] ^ 1]))
    assert contents(store) != undisturbed
    # DVC trusts what is read-only, and would hand out the damaged object of its own cache.
    assert "is cached" in built.dvc("repro", "--single-item", "store@clips")
    assert contents(store) != undisturbed
    output = built.dvc("repro", "--single-item", "--force", "store@clips")
    assert "1 subjects built, 5 found" in output
    assert contents(store) == undisturbed
    for path in files(built.folder / ".dvc/cache/files/md5"):
        assert md5(path.read_bytes()).hexdigest() == path.parent.name + path.name.removesuffix(".dir")
    assert victim.stat().st_ino in {
        path.stat().st_ino for path in arrays(built.folder / ".dvc/mestore/subjects")
    }


def test_an_experiments_copy_of_the_checkout_takes_subjects_from_the_same_cache(built, tmp_path):
    # What `dvc exp run --queue` does: the commands run in a copy, and DVC_ROOT names the main checkout.
    copy = tmp_path / "copy"
    shutil.copytree(built.folder, copy, symlinks=True, ignore=shutil.ignore_patterns(".dvc", "clips"))
    environment = {"DVC_ROOT": str(built.folder)}
    output = built.run("sh", str(copy / "stages/run"), "store", "clips", **environment)
    assert "0 subjects built, 6 found" in output
    assert contents(copy / "data/stores/clips") == contents(built.folder / "data/stores/clips")


def test_a_compressor_is_another_store_with_the_same_numbers(built):
    store = built.folder / "data/stores"
    before, plain = open_store(store, names=["clips"]).read("clips", ["toy/s02"]), contents(store / "clips")
    built.set_params({"store.compressor": "zstd"})
    try:
        assert "6 subjects built" in built.dvc("repro", "--single-item", "store@clips")
        after = open_store(store, names=["clips"]).read("clips", ["toy/s02"], check=True)
        np.testing.assert_array_equal(after.data, before.data)
        assert contents(store / "clips") != plain
    finally:
        built.set_params({"store.compressor": "none"})
    built.dvc("repro", "--single-item", "store@clips")
    assert contents(store / "clips") == plain


def test_one_subject_more_in_700_is_one_subject_built(tmp_path):
    folder = tmp_path / "data/stores/crops"
    table = clip_table(persons=701, clips_each=1)
    axes = ("time", "y", "x", "channel")

    def tiny(row):
        sample = crop_sample(row)
        return replace(sample, data=sample.data[:, :2, :2], landmarks=None)

    write_store(folder, table, tiny, kind="align", axes=axes, dtype="uint8", ragged=True)
    new = folder / "toy.zarr/s700"
    aside = tmp_path / "s700"
    new.rename(aside)
    listed = [folder / "clips.csv", folder / "manifest.json"]
    whole = [path.read_bytes() for path in listed]
    write_tables(folder, table[table["subject"] != "s700"], pd.DataFrame(columns=list(clips.FAILURES)))
    workspace = find_workspace(tmp_path, environment={})
    write_code(workspace, parameters())
    assert "700 subjects built, 0 found" in build_store(workspace, parameters(n=2), "clips")
    aside.rename(new)
    for path, content in zip(listed, whole, strict=True):
        path.write_bytes(content)
    assert "1 subjects built, 700 found" in build_store(workspace, parameters(n=2), "clips")


def test_a_labs_folder_mode_holds_for_everything_below_the_cache(tmp_path):
    task = toy_task(tmp_path, 0)
    (tmp_path / "cache").chmod(0o2770)
    run_tasks([task], compute=ComputeParams(n_jobs=1), title="toy")
    found = {oct(Path(folder).stat().st_mode)[-4:] for folder, *_ in os.walk(tmp_path / "cache")}
    assert found == {"2770"}
