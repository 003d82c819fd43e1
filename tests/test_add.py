"""`mestore add`: from what a lab was sent to a workspace that builds."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
import yaml
from fixtures.casme2 import write_casme2
from fixtures.fourdme import write_fourdme
from recordings import write_csv, write_xlsx

from mestore.add import Added, add_dataset, parsed_options
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
    found = add_dataset(workspace, delivery, reader="casme2").found
    assert (workspace.raw / "casme2").is_symlink()
    assert (workspace.raw / "casme2").samefile(delivery)
    assert found.options == {"layout": "raw"}
    new = "  casme2: {reader: casme2, options: {layout: raw}}\n"
    assert workspace.params.read_text().replace(new, "") == before
    assert load_params(workspace.params).datasets["casme2"].options == {"layout": "raw"}


def test_it_begins_further_down(workspace, delivery):
    assert add_dataset(workspace, delivery.parent.parent, reader="casme2").found.root.samefile(delivery)


def test_twice_is_as_once(workspace, delivery):
    add_dataset(workspace, delivery, reader="casme2")
    once = workspace.params.read_text()
    add_dataset(workspace, delivery, reader="casme2")
    assert workspace.params.read_text() == once


def test_another_name_and_some_subjects(workspace, delivery):
    add_dataset(workspace, delivery, reader="casme2", name="copy2", subjects=["sub01"])
    dataset = load_params(workspace.params).datasets["copy2"]
    assert (dataset.reader, dataset.subjects) == ("casme2", ["sub01"])


def test_a_subject_that_the_dataset_does_not_have_is_refused(workspace, delivery):
    before = workspace.params.read_bytes()
    with pytest.raises(ParamsError, match=r"casme2 has no subject 'sub1'; expected of 'sub01', 'sub\d\d'"):
        add_dataset(workspace, delivery, reader="casme2", subjects=["sub1", "sub01"])
    assert workspace.params.read_bytes() == before and not workspace.raw.exists()


def write_zip(path: Path, root: Path, *, below: str = "", sheets: bool = True) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*")):
            if file.is_file() and (sheets or file.suffix == ".jpg"):
                archive.write(file, f"{below}{file.relative_to(root)}")
    return path


@pytest.fixture
def downloads(delivery, tmp_path):
    """A folder with a zip file of the frames, the sheet beside it, and sheets of something else."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    write_csv(folder / "a salaries.csv", [("name", "salary"), ("ann", 1)])
    write_zip(folder / "CASME2.ZIP", delivery, sheets=False)
    [sheet] = [path for path in delivery.iterdir() if path.is_file() and "bjective" not in path.name]
    shutil.copyfile(sheet, folder / sheet.name)
    return folder


@pytest.mark.parametrize("below", ["", "CASME2/"])
def test_of_the_sheets_beside_a_zip_file_the_one_that_belongs_to_it_is_taken(
    workspace, delivery, downloads, below
):
    archive = write_zip(downloads / "CASME2.ZIP", delivery, below=below, sheets=False)
    added = add_dataset(workspace, archive, reader="casme2")
    assert added.found.there == recognise(delivery, reader="casme2").there > 0
    assert (downloads / added.sheet).is_file() and (added.found.root / added.sheet).is_file()
    assert not list(workspace.raw.rglob("*salaries*"))
    assert (workspace.raw / "casme2").samefile(workspace.raw / "casme2.unpacked" / below)
    assert add_dataset(workspace, archive, reader="casme2") == Added(found=added.found)


def test_a_sheet_of_the_zip_file_is_not_overwritten(workspace, delivery, downloads):
    [sheet] = [path for path in delivery.iterdir() if path.is_file() and "bjective" not in path.name]
    archive = write_zip(downloads / "CASME2.ZIP", delivery)
    write_csv(downloads / sheet.name, [("name", "salary")])
    added = add_dataset(workspace, archive, reader="casme2")
    assert added.sheet == "" and (added.found.root / sheet.name).read_bytes() == sheet.read_bytes()


def test_a_zip_file_of_another_dataset_leaves_nothing_so_that_the_right_one_can_follow(
    workspace, delivery, downloads, tmp_path
):
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday/beach.jpg").touch()
    wrong = write_zip(downloads / "holiday.zip", tmp_path / "holiday")
    with pytest.raises(AnnotationError, match=r"(?s)is not CASME II .*That folder is removed again"):
        add_dataset(workspace, wrong, reader="casme2")
    assert list(workspace.raw.iterdir()) == []
    assert add_dataset(workspace, downloads / "CASME2.ZIP", reader="casme2").found.there > 0


def test_an_unpacked_folder_is_of_one_archive(workspace, delivery, downloads):
    add_dataset(workspace, downloads / "CASME2.ZIP", reader="casme2")
    other = write_zip(downloads / "newer.zip", delivery)
    with pytest.raises(
        AnnotationError, match=r"unpacked from \d+ bytes of CASME2\.ZIP, not from .*newer\.zip"
    ):
        add_dataset(workspace, other, reader="casme2")


def test_a_name_that_is_taken_is_refused_before_unpacking(workspace, delivery, downloads):
    add_dataset(workspace, delivery, reader="casme2")
    with pytest.raises(MEStoreError, match=r"casme2 is there already and is not .*casme2\.unpacked"):
        add_dataset(workspace, downloads / "CASME2.ZIP", reader="casme2")
    assert [path.name for path in workspace.raw.iterdir()] == ["casme2"]


def test_a_sheet_or_an_archive_of_another_kind_is_no_delivery(workspace, delivery, tmp_path):
    write_xlsx(tmp_path / "sheet.xlsx", [("a", "b")])  # a zip file too
    (tmp_path / "x.rar").write_bytes(b"Rar!")
    (tmp_path / "text.zip").write_text("not a zip file")
    for name, said in {"sheet.xlsx": "is no folder", "x.rar": "is no folder", "text.zip": "unpacked"}.items():
        with pytest.raises(AnnotationError, match=said):
            add_dataset(workspace, tmp_path / name, reader="casme2")
    assert not list(workspace.raw.glob("*"))
    assert add_dataset(workspace, delivery, reader="casme2").found.there > 0


def test_with_two_sheets_an_option_says_which(workspace, delivery):
    [sheet] = [path for path in delivery.iterdir() if path.is_file() and "bjective" not in path.name]
    shutil.copyfile(sheet, delivery / f"copy of {sheet.name}")
    with pytest.raises(AnnotationError, match="set the option 'sheet'"):
        add_dataset(workspace, delivery, reader="casme2")
    options = parsed_options([f"sheet={sheet.name}"])
    add_dataset(workspace, delivery, reader="casme2", options=options)
    there = load_params(workspace.params).datasets["casme2"].options
    assert there == {"layout": "raw", "sheet": sheet.name}


def test_options_are_those_of_params_yaml(workspace, delivery):
    with pytest.raises(ParamsError, match=r"'shet' is unknown; allowed here: layout, folder, sheet"):
        add_dataset(workspace, delivery, reader="casme2", options={"shet": "x"})
    with pytest.raises(ParamsError, match=r"option 'layout' is not of the form key=value"):
        parsed_options(["layout"])
    assert parsed_options(["a=[1, 2]", "b={subject}/{clip}", "c=true", "d="]) == {
        "a": [1, 2],
        "b": "{subject}/{clip}",
        "c": True,
        "d": None,
    }


def test_recordings_of_4dme_whose_layout_no_source_tells_are_added_by_options(workspace, tmp_path):
    root = tmp_path / "4dme"
    root.mkdir()
    write_fourdme(root)
    (root / "gray_micro").rename(root / "colour")
    given = ["modality=rgb", "layout=colour/{subject}/{clip}", "kinect_numbers=as_gray"]
    found = add_dataset(workspace, root, reader="fourdme", options=parsed_options(given)).found
    assert found.there > 0
    assert load_params(workspace.params).datasets["fourdme"].options == parsed_options(given)


def test_a_link_that_leads_nowhere_is_named(workspace, delivery, tmp_path):
    workspace.raw.parent.mkdir()
    workspace.raw.symlink_to(tmp_path / "unmounted")
    with pytest.raises(AnnotationError, match=r"data/raw is a link to .*unmounted, where nothing is"):
        add_dataset(workspace, delivery, reader="casme2")


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


def test_what_a_killed_add_leaves_is_nothing_that_git_would_add(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    shutil.copyfile(PARAMS.with_name(".gitignore"), tmp_path / ".gitignore")
    left = [".params.yaml.1.tmp", "casme2.check.csv", ".casme2.check.csv.1.tmp"]
    done = subprocess.run(["git", "check-ignore", *left], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines() == left
