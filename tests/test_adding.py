"""docs/adding.md is followed: its files written, its lines put into their registries, `dvc repro` run."""

import re

import pandas as pd
import pytest
import yaml
from recordings import pixels, write_csv, write_video

import mestore
from checkout import ROOT, Checkout

PAGE = (ROOT / "docs/adding.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL)


def register(checkout: Checkout, place: str, lines: str) -> None:
    """Put a line into a registry: `place` is 'FILE, in NAME'."""
    path, _, name = place.partition(", in ")
    file = checkout.folder / path
    text = file.read_text(encoding="utf-8")
    (head,) = re.findall(rf"^{name}: dict\[.*\] = {{\n", text, re.MULTILINE)
    file.write_text(text.replace(head, head + lines), encoding="utf-8")


@pytest.fixture(scope="module")
def added(tmp_path_factory) -> Checkout:
    """A copy of the repository in which the page was followed, with a small demo and two videos, built."""
    checkout = Checkout(tmp_path_factory.mktemp("added") / "mestore")
    checkout.run(".venv/bin/mestore", "demo", "data/raw/demo", "--subjects", "2", "--clips", "2")
    checkout.set_params({f"stores.{name}": None for name in ("flow", "flow_seq", "lbp_top", "mdmo")})
    checkout.set_params({"stores.crops.params.side": 96, "evaluate": {}, "compute.n_jobs": 1})
    params = yaml.safe_load((checkout.folder / "params.yaml").read_text())
    for place, text in BLOCKS:
        if place == "params.yaml":
            for section, entries in yaml.safe_load(text).items():
                params[section] |= entries
        elif ", in " in place:
            register(checkout, place, text)
        else:
            assert not (checkout.folder / place).exists()
            (checkout.folder / place).write_text(text, encoding="utf-8")
    (checkout.folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    checkout.dvc("repro")
    return checkout


def own(checkout: Checkout) -> dict[str, str]:
    """Return what lets a command import the copy's code, as its stages do, and not this checkout's."""
    return {"PYTHONPATH": str(checkout.folder / "pipeline")}


def test_every_block_has_its_place():
    """So that none is left out here."""
    assert len(BLOCKS) == len(re.findall(r"^```\w+", PAGE, re.MULTILINE)) >= 12


def test_the_feature_is_built(added):
    store = mestore.open_store(added.folder / "data/stores")
    batch = store.read("difference", ["astronaut", "grace_hopper"], check=True)
    assert batch.data.shape == (4, 96, 96) and batch.data.max() > 1


def test_the_detector_and_the_apex_method_are_used(added):
    store = mestore.open_store(added.folder / "data/stores")
    assert store.feature("crops_rig").failures.empty
    assert len(store.read("crops_rig", ["astronaut", "grace_hopper"]).clips) == 4


def test_the_protocol_is_scored(added):
    script = "import mestore; print([it.train for it in mestore.load_folds('data/folds/halves.json')])"
    found = added.run(".venv/bin/python", "-c", script, **own(added))
    assert found.strip() == "[('astronaut',), ('grace_hopper',)]"
    assert "difference.uf1" in added.dvc("metrics", "show")


def test_the_new_code_passes_its_doctests_lint_and_types(added):
    files = [place for place, _ in BLOCKS if place.endswith(".py")]
    added.run(".venv/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, **own(added))
    added.run(".venv/bin/ruff", "check", "--no-cache", *files)
    added.run(".venv/bin/ruff", "format", "--no-cache", "--check", *files)


def test_the_dataset_is_added_and_indexed(added):
    root = added.folder / "delivery"
    write_video(root / "videos/poker.mp4", [pixels(seed) for seed in range(6)])
    write_csv(
        root / "labels.csv",
        [
            ("Subject", "Filename", "Onset", "Offset", "Emotion", "AUs"),
            ("7", "poker", 1, 4, "Surprise", "1+2"),
        ],
    )
    # Its exit status is that of `check`: nobody published counts of MEVIEW.
    added.run(".venv/bin/mestore", "add", "meview", "--raw", "delivery", check=False, **own(added))
    added.stage("index")
    (clip,) = pd.read_parquet(added.folder / "data/index/meview.parquet").to_dict("records")
    assert (clip["clip_id"], list(clip["frames"])) == ("meview/7/poker@1", [1, 2, 3, 4])
    assert (clip["aus"], clip["apex_source"], clip["emotion"]) == ("1+2", "estimated:middle", "surprise")
