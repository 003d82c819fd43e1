"""What a lab was sent becomes stores: `mestore add`, a first `dvc repro` over some subjects, then all."""

import numpy as np
import pandas as pd
import pytest
from fixtures.casme3 import write_casme3
from fixtures.samm import write_samm
from fixtures.samm_lv import write_samm_lv
from recordings import index, write_csv

import mestore
from checkout import Checkout
from mestore.datasets.landmarks import COLUMNS
from mestore.faces.shape68 import reference_shape
from mestore.store.tables import read_failures

WRITERS = {"samm": write_samm, "samm_lv": write_samm_lv, "casme3": write_casme3}


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Checkout:
    """Three deliveries of noise with landmarks.csv, added and built: no face backend would find a face."""
    sent = tmp_path_factory.mktemp("sent")
    checkout = Checkout(tmp_path_factory.mktemp("lab") / "mestore")
    checkout.set_params(
        {
            "stores": {
                "crops": {"kind": "align", "input": "index", "params": {"side": 32}},
                "flow": {"kind": "tvl1-fast", "input": "stores/crops", "params": {"pairs": "onset-apex"}},
            },
            "evaluate": {"loso": {"features": ["flow"]}},
            "build.max_failed": 20,
            "compute.n_jobs": 1,
        }
    )
    for reader, write in WRITERS.items():
        root = sent / reader
        root.mkdir()
        options = write(root)
        clips = index(root, reader, cache=sent / "cache", **options).clips
        face = (reference_shape(22) + np.array([5, 1])).ravel()
        readable = clips[clips["digest"] != ""]
        write_csv(
            root / "landmarks.csv",
            [COLUMNS, *((it.subject, it.clip, it.onset, *face) for it in readable.itertuples())],
        )
        said = checkout.run(".venv/bin/mestore", "add", reader, "--raw", str(root), check=False)
        assert f"{reader}: to build " in said  # the check before it finds the fixture's faults, status 1
    checkout.set_params({"datasets.demo": None})
    return checkout


def failures(checkout: Checkout) -> pd.DataFrame:
    return read_failures(checkout.folder / "data/stores/flow/failures.csv")


def test_some_subjects_first_then_all_and_what_was_built_stays(lab):
    lab.set_params({"datasets.samm.subjects": ["006", "010"]})
    lab.dvc("repro", "store@flow")
    table = mestore.open_store(lab.folder / "data/stores").clips()
    assert set(table.loc[table["dataset"] == "samm", "subject"]) == {"006", "010"}
    lab.set_params({"datasets.samm.subjects": None})
    output = lab.dvc("repro")
    table = mestore.open_store(lab.folder / "data/stores").clips()
    assert len(set(table.loc[table["dataset"] == "samm", "subject"])) > 2
    assert " found" in output  # in the build cache
    assert "didn't change" in lab.dvc("repro")


def test_every_clip_that_could_be_read_is_in_the_stores(lab):
    lost = failures(lab)
    assert set(lost["store"]) <= {"index"}, lost.loc[
        lost["store"] != "index", ["clip_id", "found"]
    ].to_string()


def test_two_datasets_of_the_same_people_are_on_one_side_of_a_fold(lab):
    table = mestore.open_store(lab.folder / "data/stores").clips()
    shared = table[table["person"] == "samm/006"]
    assert set(shared["dataset"]) == {"samm", "samm_lv"}
    for fold in mestore.load_folds(lab.folder / "data/folds/loso.json"):
        assert not set(fold.train) & set(fold.test)


def test_the_report_lists_corrections_and_editions(lab):
    page = (lab.folder / "data/reports/casme3/index.html").read_text()
    assert '<h2 id="corrections">' in page
    assert "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx" in page
