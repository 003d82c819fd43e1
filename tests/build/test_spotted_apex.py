"""Spotted apexes: from recordings to crops, flow and TIM, whose tables and arrays say the same apex."""

import re

import numpy as np
import openpyxl
import pandas as pd
import pytest

from checkout import ROOT
from mestore import open_store
from mestore.build.provenance import write_code
from mestore.build.stage import build_store
from mestore.build.tables import build_index, read_index
from mestore.clips import SPOTTED
from mestore.params import Params
from mestore.protocols.freeze import make_folds
from mestore.report.dataset.page import write_report
from mestore.store.publish import publish
from mestore.store.tables import write_tables
from mestore.store.verify import verify
from mestore.synthetic.demo import SHEET, read_truth, write_demo
from mestore.workspace import find_workspace

MISSING = "demo/sub01/"  # begins the ids of the clips whose apex the sheet does not give


def parameters(apex_of: str) -> Params:
    spot = {"side": 96, "apex": "flow", "apex_of": apex_of}
    return Params.model_validate(
        {
            "datasets": {"demo": {"reader": "casme2"}},
            "stores": {
                "plain": {"kind": "align", "input": "index", "params": {"side": 96}},
                "crops": {"kind": "align", "input": "index", "params": spot},
                "flow": {"kind": "dis", "input": "stores/crops"},
                "clips": {"kind": "tim", "input": "stores/crops", "params": {"n": 5}},
            },
            "protocols": {"loso": {"kind": "loso"}},
            "evaluate": {"loso": {"features": []}},
            "compute": {"n_jobs": 1},
        }
    )


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spotted")
    demo = write_demo(folder / "data" / "raw" / "demo", subjects=2, clips=2)
    book = openpyxl.load_workbook(demo / SHEET)
    sheet = book.worksheets[0]
    column = next(cell.column for cell in sheet[1] if cell.value == "ApexFrame")
    for row in range(2, sheet.max_row + 1):
        if f"sub{sheet.cell(row, 1).value}" in MISSING:
            sheet.cell(row, column).value = "/"
    book.save(demo / SHEET)
    (folder / "params.yaml").write_text("")
    found = find_workspace(folder, environment={})
    build_index(found, parameters("all"))
    return found


@pytest.fixture(scope="module", params=["all", "missing"])
def built(request, workspace):
    params = parameters(request.param)
    write_code(workspace, params)
    for name in params.stores:
        build_store(workspace, params, name)
    return request.param, open_store(workspace.stores)


def test_every_store_is_whole_and_can_be_published(built, tmp_path):
    _, store = built
    assert verify(store.path) == []
    assert publish(store.path, tmp_path / "published").new


def test_the_table_of_a_store_has_the_apex_that_its_arrays_have_and_whence(built, workspace):
    which, store = built
    index, _ = read_index(workspace, parameters(which))
    given = index.set_index("clip_id")
    assert set(given["apex_source"]) == {"annotated", "estimated:middle"}
    crops = samples(store, "crops")
    found = {clip for clip, sample in crops.items() if sample.measures["apex_spotted"]}
    assert found and all(which == "all" or clip.startswith(MISSING) for clip in found)
    for name in ("crops", "flow", "clips"):
        rows, its = store.clips(name).set_index("clip_id"), samples(store, name)
        for clip, sample in crops.items():
            assert rows.loc[clip, "apex"] == its[clip].apex == sample.apex
            source = "estimated:flow" if clip in found else given.loc[clip, "apex_source"]
            assert rows.loc[clip, "apex_source"] == source
    plain = store.clips("plain").set_index("clip_id")
    assert plain[list(SPOTTED)].equals(given[list(SPOTTED)])


def test_the_flow_goes_to_the_apex_of_its_table(built):
    _, store = built
    table = store.clips("flow").set_index("clip_id")
    for clip, sample in samples(store, "flow").items():
        assert sample.frames.tolist() == [[table.loc[clip, "onset"], table.loc[clip, "apex"]]]


def test_the_spotted_apex_is_nearer_to_the_true_one_than_the_middle(built, workspace):
    _, store = built
    truth = read_truth(workspace.raw / "demo")
    tables = {name: store.clips(name).set_index("clip_id") for name in ("crops", "plain")}
    off = {
        name: sum(
            abs(row["apex"] - truth[f"{row['subject']}/{row['clip']}"].apex)
            for clip, row in table.iterrows()
            if clip.startswith(MISSING)
        )
        for name, table in tables.items()
    }
    assert off["crops"] < off["plain"]


def test_what_holds_for_all_stores_is_without_apexes_and_folds_hold_for_every_store(built):
    _, store = built
    assert not set(SPOTTED) & set(store.clips())
    same = open_store(store.path, names=["crops", "flow", "clips"])
    assert set(SPOTTED) <= set(same.clips())
    folds = make_folds(store.clips(), protocol="loso")
    assert folds.digest == make_folds(same.clips(), protocol="loso").digest
    for name in store.features:
        folds.require(store.clips(name))


def test_the_report_shows_the_source_of_the_apex_that_it_shows(built, workspace):
    which, store = built
    params = parameters(which)
    params = params.model_copy(update={"evaluate": {}})  # no scores here
    write_report(workspace, params, "demo")
    pages = (workspace.reports / "demo" / "subjects").glob("*.html")
    page = "".join(path.read_text() for path in pages)
    shown = store.clips("crops").set_index("clip_id")
    for source, count in shown["apex_source"].value_counts().items():
        assert page.count(f"<dt>apex</dt><dd>{source}</dd>") == count
    assert "estimated:middle" not in page


def test_the_guide_has_the_types_that_a_reader_gets(built):
    _, store = built
    text = (ROOT / "docs/alignment.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| \((.*)\) ((?:uint|int|float)\d+) \|", text, flags=re.MULTILINE)
    assert len(rows) == 11
    sample = next(iter(samples(store, "crops").values()))
    arrays = {**sample.measures, "data": sample.data, "landmarks": sample.landmarks}
    for name, shape, dtype in rows:
        assert arrays[name].dtype == np.dtype(dtype), name
        assert arrays[name].ndim == len([it for it in shape.split(",") if it.strip()]), name


def test_a_table_of_another_apex_is_found_by_verify(built, tmp_path):
    _, store = built
    changed = tmp_path / "stores"
    publish(store.path, changed, names=["flow"])
    folder = next(path for path in changed.glob("*/flow") if not path.parent.is_symlink())
    table = store.clips("flow")
    table.loc[0, "apex"] += 1
    write_tables(folder, table, pd.DataFrame(store.feature("flow").failures))
    (finding,) = verify(folder)
    assert table.loc[0, "clip_id"] in finding.where and "onset, apex, offset" in finding.found


def samples(store, name):
    subjects = store.feature(name).subjects("demo")
    return {
        clip: sample
        for subject in subjects
        for clip, sample in store.feature(name).samples("demo", subject).items()
    }
