"""Stages over a real store: cache, failures, workers."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from conftest import clip_table, crop_sample
from mestore import open_store
from mestore.build import subject as subject_module
from mestore.build.failed import check_failed
from mestore.build.provenance import write_code
from mestore.build.raw import RawClips
from mestore.build.stage import build_store
from mestore.datasets.content import clip_digest
from mestore.errors import BuildError, ParamsError
from mestore.params import Params
from mestore.sample import Sample
from mestore.store.layout import Description
from mestore.store.manifest import Manifest
from mestore.store.writer import write_subject
from mestore.workspace import find_workspace


def parameters(*, n: int = 10, n_jobs: int = 1, max_failed: int | None = None) -> Params:
    return Params.model_validate(
        {
            "datasets": {"toy": {"reader": "table"}},
            "stores": {
                "crops": {"kind": "align", "input": "index"},
                "clips": {"kind": "tim", "input": "stores/crops", "params": {"n": n}},
                "lbp": {"kind": "lbp_top", "input": "stores/clips", "params": {"radii": [1, 1, 2]}},
            },
            "protocols": {"loso": {"kind": "loso"}},
            "evaluate": {"loso": {"features": []}},
            "build": {"max_failed": max_failed},
            "compute": {"n_jobs": n_jobs},
        }
    )


@pytest.fixture
def workspace(stores):
    found = find_workspace(stores.parents[1], environment={})
    write_code(found, parameters())
    return found


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_store_is_built_and_read_by_person(workspace):
    said = build_store(workspace, parameters(), "clips")
    assert said.startswith("clips: 36 of 36 clips, 12 subjects built, 0 found in the cache, 0 failures")
    batch = open_store(workspace.stores).read("clips", ["toy/s04"])
    assert batch.data.shape == (3, 10, 24, 24, 3) and batch.data.dtype == np.uint8
    row = clip_table().iloc[12].to_dict()
    np.testing.assert_array_equal(batch.samples[0].landmarks, crop_sample(row).landmarks)


def test_equal_bytes_whatever_the_number_of_workers(workspace, tmp_path):
    for name in ("clips", "lbp"):
        build_store(workspace, parameters(n_jobs=1), name)
    first = contents(workspace.stores)
    other = replace(workspace, cache=tmp_path / "other")
    for name in ("clips", "lbp"):
        assert "12 subjects built" in build_store(other, parameters(n_jobs=2), name)
    assert contents(workspace.stores) == first


def test_old_parameters_are_found_in_the_cache_and_one_new_subject_is_built_alone(workspace):
    build_store(workspace, parameters(n=10), "clips")
    assert "12 subjects built" in build_store(workspace, parameters(n=8), "clips")
    assert "0 subjects built, 12 found" in build_store(workspace, parameters(n=10), "clips")
    row = next(row for row in clip_table().to_dict("records") if row["subject"] == "s07")
    replace_subject(workspace.stores, "s07", {row["clip_id"]: crop_sample(row | {"clip_id": "other"})})
    assert "1 subjects built, 11 found" in build_store(workspace, parameters(n=10), "clips")


def test_source_that_changed_since_the_code_stage_is_refused(workspace):
    path = workspace.code / "tim.json"
    path.write_text(path.read_text().replace('"digest": "', '"digest": "0'))
    with pytest.raises(BuildError, match="other code than is here now"):
        build_store(workspace, parameters(), "clips")
    path.unlink()
    with pytest.raises(BuildError, match=r"tim\.json is missing"):
        build_store(workspace, parameters(), "clips")


@pytest.mark.parametrize("harm", ["flip", "truncate", "delete"])
def test_a_damaged_subject_in_the_cache_is_built_again(workspace, harm):
    build_store(workspace, parameters(), "clips")
    before = contents(workspace.stores / "clips")
    shard = next(path for path in sorted(workspace.cache.rglob("data/c/**/*")) if path.is_file())
    content = bytearray(shard.read_bytes())
    content[100] ^= 1
    shard.unlink()
    if harm != "delete":
        shard.write_bytes(content if harm == "flip" else content[:50])
    assert "1 subjects built, 11 found" in build_store(workspace, parameters(), "clips")
    assert contents(workspace.stores / "clips") == before


def test_recordings_that_changed_since_the_index_are_not_filed_under_its_digest(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    for number in (1, 2):
        Image.fromarray(np.full((8, 8, 3), number, np.uint8)).save(folder / f"{number}.png")
    paths = {"media": "frames", "frames": [1, 2], "paths": ["1.png", "2.png"]}
    row = {"clip_id": "toy/s/c@1", "onset": 1, "apex": 2, "offset": 2, "modality": "", "landmarks": []}
    row |= paths | {"digest": clip_digest(folder, **paths)}
    ((_, read),) = RawClips.of(folder, pd.DataFrame([row])).clips()
    assert read().data[1, 0, 0].tolist() == [2, 2, 2]
    Image.fromarray(np.full((8, 8, 3), 9, np.uint8)).save(folder / "2.png")
    with pytest.raises(BuildError, match=r"toy/s/c@1.*have changed since the index"):
        read()


def test_an_unknown_store_is_named(workspace):
    with pytest.raises(ParamsError, match="no store 'clps'; it has crops, clips, lbp"):
        build_store(workspace, parameters(), "clps")


def shorten(stores, subject: str, clips: int) -> None:
    """Make some clips of a subject too short for any interpolation: one frame."""
    rows = [row for row in clip_table().to_dict("records") if row["subject"] == subject]
    samples = {row["clip_id"]: crop_sample(row) for row in rows}
    for clip in list(samples)[:clips]:
        sample = samples[clip]
        samples[clip] = replace(sample, data=sample.data[:1], frames=sample.frames[:1])
    replace_subject(stores, subject, samples)


def replace_subject(stores, subject: str, samples: dict[str, Sample]) -> None:
    """Give a subject of the crops other clips."""
    description = Description.read(stores / "crops" / "toy.zarr")
    folder = stores / "crops" / "toy.zarr" / subject
    shutil.rmtree(folder)
    folder.mkdir()
    write_subject(folder, samples, description=description, inputs="none", failures={})
    Manifest.of(stores / "crops").write(stores / "crops")


def test_a_bad_clip_is_a_line_in_the_failures_table_and_is_carried_along(workspace):
    shorten(workspace.stores, "s02", 1)
    assert "35 of 36 clips" in build_store(workspace, parameters(), "clips")
    build_store(workspace, parameters(), "lbp")
    for name in ("clips", "lbp"):
        failures = pd.read_csv(workspace.stores / name / "failures.csv")
        assert failures[["clip_id", "store"]].values.tolist() == [["toy/s02/c0@10", "clips"]]
        assert failures[["found", "expected", "remedy"]].notna().all(axis=None)
    batch = open_store(workspace.stores).read("lbp", ["toy/s02"])
    assert batch.clips["clip_id"].tolist() == ["toy/s02/c1@11", "toy/s02/c2@12"]


def test_a_subject_none_of_whose_clips_could_be_built_is_read_as_empty(workspace):
    shorten(workspace.stores, "s02", 3)
    build_store(workspace, parameters(max_failed=3), "clips")
    assert open_store(workspace.stores).read("clips", ["toy/s02"]).clips.empty


def test_above_max_failed_the_stage_fails_after_building_the_rest(workspace):
    shorten(workspace.stores, "s02", 2)
    with pytest.raises(BuildError, match=r"2 of 36 clips of toy failed, allowed are 1.*toy/s02/c0@10.*kept"):
        build_store(workspace, parameters(), "clips")
    assert "0 subjects built, 12 found" in build_store(workspace, parameters(max_failed=2), "clips")


@pytest.mark.parametrize(("limit", "clips", "failed", "fails"), [
    (None, 10, 1, False), (None, 10, 2, True), (None, 100, 5, False), (None, 100, 6, True), (0, 100, 1, True),
])  # fmt: skip
def test_how_many_may_fail(limit, clips, failed, fails):
    table = pd.DataFrame({"dataset": ["toy"] * clips})
    failures = pd.DataFrame(
        [{"clip_id": "c", "dataset": "toy", "found": "x", "expected": "y", "remedy": "z"}] * failed
    )
    if fails:
        with pytest.raises(BuildError):
            check_failed(failures, table, limit=limit, where="crops")
    else:
        check_failed(failures, table, limit=limit, where="crops")


def test_jobs_hold_their_libraries_to_one_thread():
    import cv2
    from threadpoolctl import threadpool_info

    from mestore.build.threads import single_threaded

    with single_threaded():
        assert cv2.getNumThreads() == 1
        assert {pool["num_threads"] for pool in threadpool_info()} <= {1}
    assert subject_module.single_threaded is single_threaded
