"""`mestore add`: from what a lab was sent to a workspace that builds."""

import shutil
import zipfile
from pathlib import Path

import pytest
import yaml
from fixtures.casme2 import write_casme2

from mestore.add import add_dataset
from mestore.datasets.recognise import recognise
from mestore.errors import AnnotationError, MEStoreError, ParamsError
from mestore.params import load_params
from mestore.workspace import Workspace

PARAMS = Path(__file__).parents[1] / "params.yaml"


@pytest.fixture
def workspace(tmp_path):
    root = tmp_path / "workspace"
    root.mkdir()
    shutil.copyfile(PARAMS, root / "params.yaml")
    return Workspace(root=root, raw=root / "data/raw", cache=tmp_path / "cache")


@pytest.fixture
def delivery(tmp_path):
    root = tmp_path / "nas/what we got/CASME II"
    root.mkdir(parents=True)
    write_casme2(root)
    return root


def test_the_recordings_stay_where_they_are_and_params_gain_one_line(workspace, delivery):
    before = workspace.params.read_text()
    found = add_dataset(workspace, delivery, reader="casme2")
    assert (workspace.raw / "casme2").is_symlink()
    assert (workspace.raw / "casme2").samefile(delivery)
    assert found.options == {"layout": "raw"}
    new = "  casme2: {reader: casme2, options: {layout: raw}}\n"
    assert workspace.params.read_text().replace(new, "") == before
    assert load_params(workspace.params).datasets["casme2"].options == {"layout": "raw"}


def test_it_begins_further_down(workspace, delivery):
    assert add_dataset(workspace, delivery.parent.parent, reader="casme2").root.samefile(delivery)


def test_twice_is_as_once(workspace, delivery):
    add_dataset(workspace, delivery, reader="casme2")
    once = workspace.params.read_text()
    add_dataset(workspace, delivery, reader="casme2")
    assert workspace.params.read_text() == once


def test_another_name_and_some_subjects(workspace, delivery):
    add_dataset(workspace, delivery, reader="casme2", name="copy2", subjects=["sub01"])
    dataset = load_params(workspace.params).datasets["copy2"]
    assert (dataset.reader, dataset.subjects) == ("casme2", ["sub01"])


def test_a_zip_file_is_unpacked_with_the_sheet_beside_it(workspace, delivery, tmp_path):
    folder = tmp_path / "download"
    folder.mkdir()
    with zipfile.ZipFile(folder / "CASME2_RAW_selected.zip", "w") as archive:
        for path in sorted(delivery.rglob("*")):
            if path.suffix == ".jpg":
                archive.write(path, path.relative_to(delivery))
    for path in delivery.glob("*.xlsx"):
        shutil.copyfile(path, folder / path.name)
    found = add_dataset(workspace, folder / "CASME2_RAW_selected.zip", reader="casme2")
    assert found.there == recognise(delivery, reader="casme2").there > 0
    assert (workspace.raw / "casme2").samefile(workspace.raw / "casme2.unpacked")
    add_dataset(workspace, folder / "CASME2_RAW_selected.zip", reader="casme2")


def test_a_folder_that_is_something_else_says_what_was_looked_for_and_seen(workspace, tmp_path):
    (tmp_path / "holiday/beach").mkdir(parents=True)
    before = workspace.params.read_text()
    with pytest.raises(AnnotationError) as caught:
        add_dataset(workspace, tmp_path / "holiday", reader="casme2")
    assert "is not CASME II" in str(caught.value)
    assert "it holds 'beach'" in str(caught.value)
    assert "looked for one of the folders ['CASME2_RAW_selected']" in str(caught.value)
    assert workspace.params.read_text() == before
    assert not workspace.raw.exists()


def test_another_dataset_is_called_by_its_name(workspace, delivery):
    with pytest.raises(AnnotationError, match=r"is not SAMM .* It looks like casme2 \(CASME II\)\."):
        add_dataset(workspace, delivery, reader="samm")


def test_what_cannot_be_added(workspace, delivery, tmp_path):
    with pytest.raises(ParamsError, match=r"no dataset 'casme9'; expected one of: casme \(CASME\)"):
        add_dataset(workspace, delivery, reader="casme9")
    with pytest.raises(ParamsError, match=r"cannot be called '\.\./x'"):
        add_dataset(workspace, delivery, reader="casme2", name="../x")
    with pytest.raises(MEStoreError, match="there is nothing at"):
        add_dataset(workspace, tmp_path / "nowhere", reader="casme2")
    with pytest.raises(ParamsError, match=r"has datasets\.demo already"):
        add_dataset(workspace, delivery, reader="casme2", name="demo", subjects=["sub01"])
    (workspace.raw / "casme2").mkdir(parents=True)
    before = yaml.safe_load(workspace.params.read_text())
    with pytest.raises(MEStoreError, match="is there already and is not"):
        add_dataset(workspace, delivery, reader="casme2")
    assert yaml.safe_load(workspace.params.read_text()) == before
