"""Where a dataset lies and how it is read, by its name; and where the table about it may go."""

from pathlib import Path

import pytest
from fixtures.casme2 import write_casme2

from mestore.delivery import find_delivery, near, table_of
from mestore.errors import MEStoreError, ParamsError
from mestore.workspace import Workspace

PARAMS = """
datasets: {mine: {reader: casme2, options: {layout: cropped, sheet: a.csv}}}
stores: {}
protocols: {loso: {kind: loso}}
evaluate: {loso: {features: []}}
"""


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Workspace:
    root = tmp_path / "workspace"
    (root / "data/raw/mine").mkdir(parents=True)
    (root / "params.yaml").write_text(PARAMS)
    monkeypatch.chdir(root)
    return Workspace(root=root, raw=root / "data/raw", cache=tmp_path / "cache")


def test_options_come_on_top_of_those_of_params_yaml(workspace):
    delivery = find_delivery(workspace, "mine", options={"layout": "raw"})
    assert delivery.options.model_dump() == {"layout": "raw", "sheet": "a.csv", "folder": ""}


def test_options_come_on_top_of_the_layout_that_is_found(workspace, tmp_path):
    root = tmp_path / "sent"
    root.mkdir()
    write_casme2(root)
    [sheet] = [path.name for path in root.iterdir() if path.is_file() and "bjective" not in path.name]
    delivery = find_delivery(workspace, "casme2", raw=tmp_path, options={"sheet": sheet})
    assert delivery.root == root
    assert delivery.options.model_dump() == {"layout": "raw", "sheet": sheet, "folder": ""}


def test_unknown_options_are_refused_as_in_params_yaml(workspace, tmp_path):
    for name in ("mine", "casme2"):
        with pytest.raises(ParamsError, match=r"options of casme2: 'x' is unknown; allowed here: layout"):
            find_delivery(workspace, name, raw=tmp_path, options={"x": 1})


@pytest.mark.parametrize("name", ["typo", "x.rar", "link"])
def test_what_is_no_folder_is_left_to_who_reads_it(workspace, tmp_path, name):
    (tmp_path / "x.rar").touch()
    (tmp_path / "link").symlink_to("unmounted")
    assert find_delivery(workspace, "casme2", raw=tmp_path / name).root == tmp_path / name


def test_no_table_is_written_into_the_dataset_s_own_folder(workspace, tmp_path, monkeypatch):
    delivery = find_delivery(workspace, "mine")
    assert table_of(delivery, None) == Path("mine.check.csv")
    (tmp_path / "link").symlink_to(delivery.root)
    with pytest.raises(MEStoreError, match=r"would lie in the dataset's own folder .* with --csv"):
        table_of(delivery, tmp_path / "link/x.csv")
    monkeypatch.chdir(delivery.root)
    with pytest.raises(MEStoreError, match="with --csv"):
        table_of(delivery, None)
    assert table_of(delivery, tmp_path / "x.csv") == tmp_path / "x.csv"


def test_paths_are_said_as_seen_from_here(workspace, tmp_path):
    assert near(workspace.raw / "mine") == Path("data/raw/mine")
    assert near(tmp_path / "nas") == tmp_path / "nas"
    assert near(Path("../nas")) == Path("../nas")
