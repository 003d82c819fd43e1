"""End to end: the real `dvc repro` in a checkout of its own, unactivated, over the demo and real faces."""

import json
import shutil
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

import mestore
from checkout import Checkout, shared_media
from mestore.scores.baselines import linear_svm, smaller
from mestore.scores.settings import BASELINES
from mestore.store.layout import Description

FLOW_FEATURES = ("flow", "mdmo")


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Checkout:
    """The README's demo: its recordings, and `dvc repro` over them."""
    checkout = Checkout(tmp_path_factory.mktemp("demo") / "mestore")
    checkout.run(".venv/bin/mestore", "demo", "data/raw/demo")
    checkout.dvc("repro")
    return checkout


@pytest.fixture
def clean(small):
    """The small workspace, put back after a test as it was."""
    yield small
    small.git("checkout", "-q", "--", ".")
    small.dvc("checkout", "-q", "--force")


def scores(checkout: Checkout) -> dict:
    record = json.loads((checkout.folder / "data/scores/loso/scores.json").read_text())
    return {name: it["scores"] for name, it in record["baselines"].items()}


def ran(output: str) -> list[str]:
    """Return the stages that DVC ran, those aside that always run."""
    stages = [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]
    return [stage for stage in stages if stage not in ("index", "code")]


def test_every_clip_is_in_every_store(demo):
    store = mestore.open_store(demo.folder / "data/stores")
    table = store.clips()
    assert len(table) == 40 and table["subject"].nunique() == 8 and table["person"].nunique() == 2
    for name in ("crops", "clips", "flow", "flow_seq", "lbp_top", "mdmo"):
        batch = store.read(name, set(table["person"]), check=True)
        assert batch.clips["clip_id"].tolist() == table["clip_id"].tolist()
        assert store.feature(name).failures.empty
        assert all(np.isfinite(sample.data).all() for sample in batch.samples)


@pytest.mark.parametrize("baseline", BASELINES)
def test_the_flow_features_beat_the_baselines_without_features(demo, baseline):
    its = scores(demo)
    for feature in FLOW_FEATURES:
        assert its[feature]["uf1"] > its[baseline]["uf1"] + 0.2
        assert its[feature]["uar"] > its[baseline]["uar"] + 0.2


@pytest.mark.parametrize("feature", ["flow", "lbp_top", "mdmo"])
def test_with_shuffled_labels_every_feature_falls_to_chance(demo, feature):
    store = mestore.open_store(demo.folder / "data/stores")
    folds = mestore.load_folds(demo.folder / "data/folds/loso.json")
    truth = store.clips().set_index("clip_id")["emotion"]
    rng = np.random.default_rng(0)
    hits = []
    for fold in folds:
        train = smaller(store.read(feature, fold.train, clips=folds.clips))
        test = smaller(store.read(feature, fold.test, clips=folds.clips))
        seen, unseen = (np.asarray(it.data).reshape(len(it.data), -1) for it in (train, test))
        for _ in range(60):
            labels = rng.permutation(train.clips["emotion"].to_numpy())
            predicted = linear_svm().fit(seen, labels).predict(unseen)
            hits.append((predicted == truth[test.clips["clip_id"]].to_numpy()).mean())
    # Five classes of equal size; the standard error of the mean is .007 to .013.
    assert abs(np.mean(hits) - 1 / 5) < 0.05


def test_a_second_repro_does_nothing(demo):
    before = demo.stores()
    assert ran(demo.dvc("repro")) == []
    assert demo.stores() == before


def test_git_sees_nothing_but_the_lock_file(demo):
    assert demo.git("status", "--porcelain", "--untracked-files=all").split() == ["??", "dvc.lock"]


def test_the_summary_names_what_is_there_and_its_commands_work(demo):
    said = demo.run(".venv/bin/mestore", "summary")
    for path in ("data/stores", "data/scores/loso/metrics.json", "data/reports/demo/index.html"):
        assert path in said and (demo.folder / path).exists()
    assert "mdmo" in demo.dvc("metrics", "show")
    for example in ("train.py", "baselines.py"):
        assert "UF1" in demo.run(".venv/bin/python", f"examples/{example}")


def test_dvc_shows_one_number_a_feature(demo):
    (its,) = json.loads(demo.dvc("metrics", "show", "--json"))[""]["data"].values()
    shown = {name: it["uf1"] for name, it in its["data"]["loso"].items()}
    assert set(shown) == {"flow", "lbp_top", "mdmo"}
    assert shown == {name: round(scores(demo)[name]["uf1"], 4) for name in shown}
    # A row of 100 columns holds them.
    assert max(map(len, demo.dvc("metrics", "show").splitlines())) <= 100
    assert json.loads(demo.dvc("params", "diff", "--json")) == {}


def test_dvc_plots_confusions_and_motion(demo):
    demo.dvc("plots", "show")
    assert "mean motion since the onset" in (demo.folder / "dvc_plots" / "index.html").read_text()
    shown = json.loads(demo.dvc("plots", "show", "--json"))["data"]
    confusions = {
        f"data/scores/loso/confusion/{name}.csv" for name in ("majority", "flow", "lbp_top", "mdmo")
    }
    assert set(shown) == {*confusions, "data/motion/demo.csv"}
    columns = {name: set(plots[0]["content"]["data"]["values"][0]) - {"rev"} for name, plots in shown.items()}
    assert columns.pop("data/motion/demo.csv") == {"time", "motion_px", "emotion", "clips"}
    assert all(its == {"actual", "predicted"} for its in columns.values())
    motion = pd.read_csv(demo.folder / "data/motion/demo.csv")
    assert len(motion) == 5 * 21 and set(motion["clips"]) == {8}
    ends = motion.pivot(index="time", columns="emotion", values="motion_px").loc[[0, 1]]
    assert (ends.loc[0] == 0).all() and (ends.loc[1] > 0.1).all()


def test_the_report_shows_every_clip(demo):
    folder = demo.folder / "data/reports/demo"
    clips = mestore.open_store(demo.folder / "data/stores").clips()
    for subject, clip in zip(clips["subject"], clips["clip_id"], strict=True):
        assert clip in (folder / "subjects" / f"{subject}.html").read_text()
    assert len(list((folder / "img").glob("*/*-play.webp"))) == len(clips) == 40


def test_equal_bytes_whatever_the_number_of_workers(clean, tmp_path):
    before = clean.stores()
    clean.set_params({"compute.n_jobs": 2})
    cold = {"MESTORE_CACHE": str(tmp_path / "cache")}
    shutil.rmtree(clean.folder / "data/stores")
    output = clean.dvc("repro", "--force", "store", **cold)
    assert "0 found in the cache" in output and len(ran(output)) == 6
    assert clean.stores() == before


def test_another_list_of_features_or_another_protocol_runs_evaluate_and_report_alone(clean):
    clean.set_params({"evaluate.loso.features": ["mdmo"]})
    assert ran(clean.dvc("repro")) == ["evaluate@loso", "report@demo"]
    assert set(scores(clean)) == {*BASELINES, "mdmo"}
    assert "loso.flow.uf1" in clean.dvc("metrics", "diff")
    assert "evaluate.loso.features" in clean.dvc("params", "diff")
    table = clean.dvc("exp", "show", "--csv", "--only-changed", "--drop", "data/.*")
    assert {"rev", "loso.lbp_top.uf1", "evaluate.loso.features"} <= set(table.splitlines()[0].split(","))
    units = {"kind": "kfold", "label": "au_cd6me", "params": {"k": 2}}
    clean.set_params({"protocols.units": units, "evaluate.units": {"features": []}})
    assert ran(clean.dvc("repro")) == ["folds@units", "evaluate@units", "report@demo"]
    assert ">units</h3>" in (clean.folder / "data/reports/demo/index.html").read_text()
    assert (clean.folder / "data/scores/units/predictions/constant.csv").is_file()
    clean.set_params({"evaluate.units": None})
    assert ran(clean.dvc("repro")) == ["report@demo"]
    assert ">units</h3>" not in (clean.folder / "data/reports/demo/index.html").read_text()


def test_an_edited_callee_rebuilds_what_it_computes_and_nothing_else(clean):
    clean.edit(
        "pipeline/mestore/features/strain.py", "import numpy as np", "import numpy as np\n\nHALF = 0.5"
    )
    output = clean.dvc("repro")
    assert not {"store@crops", "store@clips", "store@lbp_top"} & set(ran(output))
    for name in ("flow", "flow_seq"):
        assert f"{name}: 4 of 4 clips, 2 subjects built" in output
    # The new code gives the same flow: what reads it finds every subject in the cache.
    assert "mdmo: 4 of 4 clips, 0 subjects built, 2 found in the cache" in output


def test_a_changed_parameter_of_the_crops_is_computed_and_not_taken_from_dvcs_run_cache(clean):
    # DVC's run cache overlooks keys called "size" (features/spec.py), so this looks at the result.
    clean.set_params({"stores.crops.params.side": 64})
    assert "2 subjects built" in clean.dvc("repro", "store@crops")
    crops = mestore.open_store(clean.folder / "data/stores", names=["crops"]).read("crops", ["astronaut"])
    assert {data.shape[1:] for data in crops.data} == {(64, 64, 3)}
    clean.set_params({"stores.crops.params.side": 96})
    clean.dvc("repro", "store@crops")
    crops = mestore.open_store(clean.folder / "data/stores", names=["crops"]).read("crops", ["astronaut"])
    assert {data.shape[1:] for data in crops.data} == {(96, 96, 3)}


def test_a_queued_experiment_computes_with_the_code_it_was_queued_with(clean):
    # DVC starts its queue's worker by the name "dvc", so that one must be on PATH.
    path = f"{clean.folder / '.venv' / 'bin'}:/usr/bin:/bin"
    code = Description.read(clean.folder / "data/stores/clips/demo.zarr").code
    clean.dvc("exp", "run", "--queue", "--name", "six", "-S", "stores.clips.params.n=6")
    clean.edit("pipeline/mestore/tim.py", "import numpy as np", "import numpy as np\n\nraise SystemExit(9)")
    output = clean.dvc("exp", "run", "--run-all", PATH=path)
    assert {"store@clips", "store@lbp_top"} <= set(ran(output)) and "store@crops" not in ran(output)
    clean.git("checkout", "-q", "--", "pipeline")
    clean.dvc("exp", "apply", "six")
    assert Description.read(clean.folder / "data/stores/clips/demo.zarr").code == code
    clips = mestore.open_store(clean.folder / "data/stores").read("clips", ["astronaut"])
    assert clips.data.shape[1] == 6
    assert ran(clean.dvc("repro")) == []


def test_an_experiment_in_a_copy_shares_the_build_cache_with_the_workspace(clean):
    # --temp runs in a copy under .dvc/tmp, as the queue does.
    clean.dvc("exp", "run", "--temp", "--name", "smoother", "-S", "stores.flow.params.lambda=0.2")
    clean.set_params({"stores.flow.params.lambda": 0.2})
    assert "0 subjects built, 2 found in the cache" in clean.stage("store", "flow")


def test_a_member_without_the_recordings_keeps_the_table(clean, tmp_path):
    table = clean.folder / "data/index/demo.parquet"
    before = table.read_bytes()
    output = clean.dvc("repro", MESTORE_RAW=str(tmp_path / "nothing"))
    assert "no recordings here, table kept" in output and ran(output) == []
    assert table.read_bytes() == before


def test_recordings_elsewhere_are_found_and_rebuild_nothing(clean, tmp_path):
    # Copied, so that every modification time is new.
    shutil.copytree(clean.folder / "data/raw", tmp_path / "nas", copy_function=shutil.copyfile)
    assert ran(clean.dvc("repro", MESTORE_RAW=str(tmp_path / "nas"))) == []


def test_a_dataset_comes_into_the_stores_and_goes(clean):
    raw = clean.folder / "data/raw"
    folder = next((raw / "demo/CASME2_RAW_selected/sub01").iterdir())
    numbers = sorted(int(path.stem.removeprefix("img")) for path in folder.iterdir())
    lab = raw / "lab"
    lab.mkdir()
    try:
        shutil.copytree(folder, lab / "frames")
        row = {"subject": "x", "clip": "c", "path": "frames", "onset": numbers[0], "apex": numbers[9]}
        row |= {"offset": numbers[-1], "fps": 200, "emotion": "surprise", "aus": "1+2", "person": "astronaut"}
        pd.DataFrame([row]).to_csv(lab / "recordings.csv", index=False)
        clean.set_params({"datasets.lab": {"reader": "table"}})
        output = clean.dvc("repro", "store@flow", "store@lbp_top", "folds@loso")
        # One subject more is one subject built.
        assert "5 of 5 clips, 1 subjects built, 2 found in the cache" in output
        stores = clean.folder / "data/stores"
        assert (stores / "flow/lab.zarr/x").is_dir()
        clean.set_params({"datasets.lab": None})
        output = clean.dvc("repro", "store@flow", "store@lbp_top", "folds@loso")
        assert not list(stores.glob("*/lab.zarr"))
        assert (clean.folder / "data/index/lab.parquet").is_file()
        assert "1 subjects built" not in output
    finally:
        shutil.rmtree(lab)


@pytest.fixture
def broken(clean):
    """The small workspace; its recordings are put back after the test."""
    raw, safe = clean.folder / "data/raw/demo", clean.folder / "data/raw/.demo"
    shutil.copytree(raw, safe)
    yield clean
    shutil.rmtree(raw)
    safe.rename(raw)


def clip_folders(checkout: Checkout) -> list[Path]:
    return sorted((checkout.folder / "data/raw/demo/CASME2_RAW_selected").glob("*/*"))


def test_a_missing_folder_is_a_line_in_the_table_and_the_rest_is_built(broken):
    shutil.rmtree(clip_folders(broken)[0])
    output = broken.dvc("repro", "store@crops")
    assert "crops: 3 of 4 clips" in output and "1 failures" in output
    (failure,) = pd.read_csv(broken.folder / "data/stores/crops/failures.csv").to_dict("records")
    assert failure["store"] == "index" and clip_folders(broken)[0].parent.name in failure["clip_id"]
    assert all(failure[key] for key in ("found", "expected", "remedy"))


def test_stores_taken_out_of_params_and_a_hostile_label(broken):
    """What lies in data/stores and is named no more disturbs nothing; text from a sheet stays text."""
    hostile = "</script><script>alert(1)</script>"
    sheet = broken.folder / "data/raw/demo/CASME2-coding-20140508.xlsx"
    book = openpyxl.load_workbook(sheet)
    book["Sheet1"].cell(row=2, column=9).value = hostile
    book.save(sheet)
    gone = {f"stores.{name}": None for name in ("flow", "flow_seq", "mdmo")}
    broken.set_params(gone | {"evaluate.loso.features": ["lbp_top"]})
    broken.dvc("repro")
    assert (broken.folder / "data/stores/mdmo").is_dir()
    assert set(scores(broken)) == {*BASELINES, "lbp_top"}
    assert "(crops, clips, lbp_top)" in broken.run(".venv/bin/mestore", "summary")
    broken.dvc("plots", "show")
    for page in ("dvc_plots/index.html", "data/reports/demo/index.html"):
        text = (broken.folder / page).read_text()
        assert "alert(1)" in text and "<script>alert" not in text


def test_above_max_failed_in_the_index_the_rest_is_built_before_the_first_store_fails(broken):
    for folder in clip_folders(broken)[:2]:
        shutil.rmtree(folder)
    output = broken.dvc("repro", "store@crops", check=False)
    assert "crops: 2 of 4 clips of demo failed, allowed are 1" in output and "Traceback" not in output
    batch = mestore.open_store(broken.folder / "data/stores", names=["crops"])
    assert len(batch.read("crops", ["astronaut", "grace_hopper"]).clips) == 2


def test_an_unreadable_image_is_a_line_in_the_table(broken):
    image = next(iter(clip_folders(broken)[0].iterdir()))
    image.write_bytes(image.read_bytes()[:100])
    broken.dvc("repro", "store@crops")
    (failure,) = pd.read_csv(broken.folder / "data/stores/crops/failures.csv").to_dict("records")
    assert failure["store"] == "crops" and image.name in failure["found"]


def test_above_max_failed_the_stage_fails_with_a_paragraph_and_keeps_the_rest(broken):
    for folder in clip_folders(broken)[:2]:
        image = next(iter(folder.iterdir()))
        image.write_bytes(b"no image")
    output = broken.dvc("repro", "store@crops", check=False)
    assert "2 of 4 clips of demo failed, allowed are 1" in output and "Traceback" not in output
    broken.set_params({"build.max_failed": 2})
    output = broken.dvc("repro", "store@crops")
    assert "2 of 4 clips, 0 subjects built, 2 found in the cache" in output


@pytest.mark.parametrize(
    ("stages", "changes", "says"),
    [
        ("index", {"datasets.nope": {"reader": "table"}}, "nope: looked for a folder"),
        ("index", {"stores.flow.params.lamda": 1}, "'lamda' is unknown; allowed here: pairs"),
        ("store flow", {"datasets": {}}, "'datasets' is empty; put an entry into it"),
    ],
)
def test_what_cannot_be_is_one_paragraph_without_a_traceback(clean, stages, changes, says):
    clean.set_params(changes)
    output = clean.stage(*stages.split(), check=False)
    assert says in output and "Traceback" not in output


def test_real_faces_on_video_go_through_the_whole_chain(tmp_path):
    names = {"ann": "single_face.mp4", "wolfgang": "WolfgangLanger_Pexels.mp4"}
    paths = {subject: shared_media(name) for subject, name in names.items()}
    missing = [names[subject] for subject, path in paths.items() if path is None]
    if missing:
        pytest.skip(f"../shared/media/{missing[0]} is not here")
    checkout = Checkout(tmp_path / "mestore")
    lab = checkout.folder / "data/raw/lab"
    lab.mkdir(parents=True)
    rows = []
    for subject, path in paths.items():
        shutil.copy(path, lab)
        for clip, (onset, emotion) in enumerate([(5, "happiness"), (25, "surprise")]):
            row = {"subject": subject, "clip": f"c{clip}", "path": path.name, "fps": 30, "emotion": emotion}
            rows.append(row | {"onset": onset, "apex": onset + 6, "offset": onset + 11, "aus": "12"})
    pd.DataFrame(rows).to_csv(lab / "recordings.csv", index=False)
    checkout.set_params({"datasets": {"lab": {"reader": "table"}}, "stores.crops.params.side": 96})
    checkout.dvc("repro")
    store = mestore.open_store(checkout.folder / "data/stores")
    batch = store.read("flow", ["lab/ann", "lab/wolfgang"], check=True)
    assert batch.data.shape == (4, 96, 96, 3) and store.feature("mdmo").failures.empty
    assert set(scores(checkout)) == {*BASELINES, "flow", "lbp_top", "mdmo"}
    assert "lab/wolfgang/c1@25" in (checkout.folder / "data/reports/lab/index.html").read_text()
