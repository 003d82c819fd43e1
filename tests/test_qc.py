"""`mestore qc`: stores with quality numbers in, the clips to look at out, and exclusions.csv from them."""

import csv
import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from conftest import clip_table, crop_sample, write_store
from mestore.datasets.exclusions import exclusions_of
from mestore.datasets.own import Places
from mestore.params import QualityParams, load_params
from mestore.qc import PIXELS, REMEDIES, looks, qc_text, quality_table, write_looks
from mestore.sample import Sample
from mestore.store.reader import open_store
from test_cli import no_traceback, run

GOOD = {
    "residual": 2.0,
    "drift_px": 0.3,
    "sharpness": 0.2,
    "exposure": 140.0,
    "clipped": 0.01,
    "flicker": 0.3,
    "missing": 0.0,
    "confidence": 1.1,
    "repeat": 0.01,
}
BAD = {
    "toy/s00/c0@10": {"drift_px": 3.5, "sharpness": 0.01},
    "toy/s01/c1@11": {"missing": 0.25},
    "toy/s02/c0@10": {"exposure": 20.0},
}
NOISY = "toy/s02/c2@12"
SIDE = 224


def crops(row):
    measures = {**GOOD, **BAD.get(row["clip_id"], {})}
    sample = crop_sample(row)
    return replace(
        sample,
        data=np.zeros((len(sample.data), SIDE, SIDE, 3), np.uint8),
        measures={name: np.float64(value) for name, value in measures.items()},
    )


def flow(row):
    floor = 2.0 if row["clip_id"] == NOISY else 0.1
    return Sample(
        data=np.zeros((SIDE, SIDE, 3), np.float32),
        frames=np.array([[row["onset"], row["apex"]]], float),
        onset=row["onset"],
        apex=row["apex"],
        offset=row["offset"],
        measures={"noise_floor_px": np.float64(floor)},
    )


PARAMS = {
    "datasets": {"toy": {"reader": "table"}},
    "stores": {
        "crops": {"kind": "align", "input": "index"},
        "flow": {"kind": "dis", "input": "stores/crops"},
        "unbuilt": {"kind": "farneback", "input": "stores/crops"},
    },
    "protocols": {"loso": {"kind": "loso"}},
    "evaluate": {"loso": {"features": []}},
}


def workspace(folder, table, **sections):
    """Write params.yaml, crops and flow."""
    stores = folder / "data" / "stores"
    axes = ("time", "y", "x", "channel")
    write_store(stores / "crops", table, crops, kind="align", axes=axes, dtype="uint8", ragged=True)
    write_store(stores / "flow", table, flow, kind="dis", axes=axes[1:], dtype="float32", ragged=False)
    (folder / "params.yaml").write_text(yaml.safe_dump({**PARAMS, **sections}))
    return folder


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    return workspace(tmp_path_factory.mktemp("lab"), clip_table(persons=3))


def table_of(rows):
    frame = pd.DataFrame(rows).reindex(columns=["clip_id", "dataset", "store", "side", *REMEDIES])
    return frame.assign(dataset="toy")


# numbers and thresholds


def test_the_table_has_a_row_for_each_clip_and_store_that_has_numbers(lab):
    found = quality_table(open_store(lab / "data" / "stores"))
    assert len(found) == 2 * 9 and list(found.columns) == ["clip_id", "dataset", "store", "side", *REMEDIES]
    rows = found.set_index(["store", "clip_id"])
    assert dict(rows.loc[("crops", "toy/s00/c0@10"), list(GOOD)]) == {**GOOD, **BAD["toy/s00/c0@10"]}
    assert rows.loc[("flow", NOISY), "noise_floor_px"] == 2
    assert rows.loc["flow", list(GOOD)].isna().all(axis=None)
    assert set(found["side"]) == {224}


def test_a_store_without_numbers_has_no_rows(stores):
    found = quality_table(open_store(stores, names=["vector"]))
    assert found.empty and found["drift_px"].dtype == "float64"


def test_every_threshold_is_of_a_number_and_every_number_has_one():
    keys = [key.partition("_") for key in QualityParams.model_fields]
    assert {kind for kind, _, _ in keys} == {"max", "min"}
    assert {number for _, _, number in keys} == set(REMEDIES)
    assert set(PIXELS) <= set(REMEDIES)


def test_the_worst_clip_comes_first_and_its_worst_number_first(lab):
    found = looks(quality_table(open_store(lab / "data" / "stores")), QualityParams())
    assert [(it.clip_id, it.number, it.times) for it in found] == [
        ("toy/s01/c1@11", "missing", 5.0),
        ("toy/s00/c0@10", "drift_px", 3.5),
        ("toy/s00/c0@10", "sharpness", 2.0),
        (NOISY, "noise_floor_px", 2.5),
        ("toy/s02/c0@10", "exposure", 2.0),
    ]
    assert str(found[1]) == "drift_px 3.5, at most 1 (crops)"
    assert str(found[2]) == "sharpness 0.01, at least 0.02 (crops)"


def test_what_equals_a_threshold_is_allowed_and_an_empty_one_asks_nothing():
    table = table_of([{"clip_id": "a", "store": "s", "side": 224, "drift_px": 1.0, "sharpness": 0.02}])
    assert looks(table, QualityParams()) == []
    assert looks(table.assign(drift_px=1.01), QualityParams())
    assert looks(table.assign(drift_px=9.0), QualityParams(max_drift_px=None)) == []


def test_thresholds_in_pixels_go_with_the_side_of_the_crop():
    table = table_of([{"clip_id": "a", "store": "s", "side": 112, "drift_px": 0.6, "flicker": 0.6}])
    (look,) = looks(table, QualityParams())
    assert (look.number, look.threshold, look.times) == ("drift_px", 0.5, pytest.approx(1.2))


def test_a_threshold_of_0_is_beyond_by_infinity():
    table = table_of([{"clip_id": "a", "store": "s", "side": 224, "missing": 0.1}])
    (look,) = looks(table, QualityParams(max_missing=0.0))
    assert look.times == math.inf


def test_the_text_lists_so_many_clips_and_counts_the_rest():
    rows = [{"clip_id": f"c{n}", "store": "s", "side": 224, "drift_px": 2.0 + n} for n in range(5)]
    said = qc_text(looks(table_of(rows), QualityParams()), dataset="toy", clips=9, excluded=2, most=2)
    assert said.splitlines()[0] == "c4" and said.splitlines()[2] == "c3"
    assert said.splitlines()[-2:] == [
        "and 3 clips more",
        "toy: 5 of 9 clips to look at, worst first; 2 more are excluded already",
    ]


# the table, and exclusions.csv from it


def test_the_table_is_an_exclusions_csv_for_the_clips_that_stay_in_it(lab, tmp_path):
    clips = open_store(lab / "data" / "stores").clips()
    found = looks(quality_table(open_store(lab / "data" / "stores")), QualityParams())
    path = tmp_path / "exclusions.csv"
    write_looks(path, found, clips)
    keys = set(zip(clips["part"], clips["subject"], clips["clip"], clips["onset"], strict=True))
    excluded = exclusions_of(Places(root=tmp_path), clips=keys)
    assert list(excluded) == [
        ("", "s01", "c1", 11),
        ("", "s00", "c0", 10),
        ("", "s02", "c2", 12),
        ("", "s02", "c0", 10),
    ]
    assert excluded["", "s00", "c0", 10] == (
        "drift_px 3.5, at most 1 (crops); sharpness 0.01, at least 0.02 (crops)"
    )


def test_names_from_a_dataset_run_in_no_spreadsheet(tmp_path):
    name = "=HYPERLINK(1)"
    table = table_of([{"clip_id": name, "store": "s", "side": 224, "drift_px": 2.0}])
    clips = clip_table(persons=1, clips_each=1).assign(clip_id=name, subject="@s", clip=name)
    write_looks(tmp_path / "qc.csv", looks(table, QualityParams()), clips)
    _, row = csv.reader((tmp_path / "qc.csv").read_text().splitlines())
    assert row[1:3] == ["'@s", "'=HYPERLINK(1)"]


# the command


def test_qc_lists_writes_nothing_and_ends_with_status_1(lab):
    before = sorted(lab.iterdir())
    done = run("qc", cwd=lab)
    assert done.returncode == 1 and no_traceback(done)
    lines = done.stdout.splitlines()
    assert lines[0] == "toy/s01/c1@11" and lines[2] == "toy/s00/c0@10"
    assert lines[3].startswith("  drift_px 3.5, at most 1 (crops): the head moves after the onset")
    assert lines[-2] == "toy: 4 of 9 clips to look at, worst first"
    assert lines[-1].startswith("`mestore qc toy --csv FILE` writes a table of them: look at these clips")
    assert sorted(lab.iterdir()) == before


def test_qc_writes_the_table_that_is_named_and_leaves_one_that_was_worked_on(lab, tmp_path):
    path = tmp_path / "mine.csv"
    done = run("qc", "toy", "--csv", str(path), cwd=lab)
    assert done.returncode == 1 and done.stdout.splitlines()[-1].startswith(f"{path}: look at these clips")
    whole = path.read_bytes()
    assert len(whole.splitlines()) == 1 + 4
    assert run("qc", "toy", "--csv", str(path), cwd=lab).stderr == ""  # the same once more
    worked_on = b"\n".join(whole.splitlines()[:-1]) + b"\n"
    path.write_bytes(worked_on)
    done = run("qc", "toy", "--csv", str(path), cwd=lab)
    assert done.returncode == 1 and no_traceback(done)
    assert "is there already, and differs" in done.stderr and "--force" in done.stderr
    assert path.read_bytes() == worked_on
    assert run("qc", "toy", "--json", "--csv", str(path), cwd=lab).stdout == ""
    run("qc", "toy", "--csv", str(path), "--force", cwd=lab)
    assert path.read_bytes() == whole


def test_qc_prints_json_and_then_writes_nothing(lab, tmp_path):
    before = sorted(lab.iterdir())
    done = run("qc", "toy", "--json", cwd=lab)
    found = json.loads(done.stdout)["findings"]
    assert done.returncode == 1 and len(found) == 5 and found[0]["clip_id"] == "toy/s01/c1@11"
    assert set(found[0]) == {"clip_id", "store", "number", "found", "threshold", "bound", "times", "remedy"}
    assert sorted(lab.iterdir()) == before


def test_qc_goes_by_params_yaml_and_leaves_out_what_is_excluded(tmp_path):
    table = clip_table(persons=3)
    table.loc[table["clip_id"].isin(["toy/s00/c0@10", "toy/s01/c1@11"]), "excluded"] = "seen"
    folder = workspace(tmp_path, table, quality={"min_exposure": 10, "max_noise_floor_px": None})
    done = run("qc", "toy", "--csv", "toy.csv", cwd=folder)
    assert done.stdout.splitlines() == ["toy: 0 of 7 clips to look at; 2 more are excluded already"]
    assert done.returncode == 0
    assert (folder / "toy.csv").read_text().count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("other",), "no dataset is called 'other'; there are: toy"),
        (("toy", "--csv", "data/raw/toy/exclusions.csv"), "in which mestore writes nothing"),
        (("toy", "--csv", "params.yaml/x.csv"), "params.yaml"),
    ],
)
def test_what_qc_refuses_is_one_paragraph(lab, arguments, message):
    done = run("qc", *arguments, cwd=lab)
    assert done.returncode == 1 and no_traceback(done)
    assert message in done.stderr.splitlines()[-1]


def test_qc_without_stores_says_what_builds_them(tmp_path):
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(PARAMS))
    done = run("qc", cwd=tmp_path)
    assert done.returncode == 1 and "build one with `dvc repro`" in done.stderr and no_traceback(done)


@pytest.mark.parametrize(
    ("quality", "message"),
    [
        ({"max_drift": 1}, "'quality.max_drift' is unknown; allowed here: max_residual, max_drift_px"),
        ({"max_drift_px": "1"}, "'quality.max_drift_px' is '1'"),
    ],
)
def test_a_wrong_threshold_is_named(tmp_path, quality, message):
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({**PARAMS, "quality": quality}))
    with pytest.raises(Exception, match=message):
        load_params(tmp_path / "params.yaml")
