"""Which dataset a folder holds, and what is said of one that holds none or cannot be read."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.casme2 import write_casme2
from fixtures.samm import write_samm

from mestore.datasets.recognise import recognise
from mestore.errors import AnnotationError


@pytest.fixture
def delivery(tmp_path) -> Path:
    root = tmp_path / "CASME II"
    root.mkdir()
    write_casme2(root)
    return root


@pytest.fixture
def closed(delivery) -> Iterator[Path]:
    """A copy with a folder that may not be read, seen by a user who is not root."""
    with tempfile.TemporaryDirectory() as name:  # the tests' own folders are closed to others
        folder = Path(name) / "copy"
        shutil.copytree(delivery, folder)
        (folder / "closed").mkdir(mode=0o000)
        Path(name).chmod(0o755)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            os.seteuid(user)
            (folder / "closed").chmod(0o755)


def test_it_says_whose_clips_are_there(delivery):
    found = recognise(delivery, reader="casme2")
    assert found.subjects[0] == "sub01" and list(found.subjects) == sorted(set(found.subjects))
    assert 0 < found.there <= found.clips


def test_options_come_on_top_of_every_layout(delivery):
    assert recognise(delivery, reader="casme2", options={"layout": "raw"}).options == {"layout": "raw"}
    with pytest.raises(AnnotationError, match="looked for one of the folders") as caught:
        recognise(delivery, reader="casme2", options={"layout": "cropped"})
    assert str(caught.value).count("\n- ") == 1  # the other layouts were not tried
    with pytest.raises(AnnotationError, match=r"found no other\.xlsx"):
        recognise(delivery, reader="casme2", options={"sheet": "other.xlsx"})


def test_a_folder_that_may_not_be_read_does_not_hide_the_rest(closed):
    assert recognise(closed, reader="casme2").there > 0
    with pytest.raises(AnnotationError, match=r"closed cannot be read \(Permission denied\)"):
        recognise(closed / "closed", reader="casme2")
    assert recognise(closed.parent, reader="casme2").root == closed


def test_a_wrong_folder_with_one_that_may_not_be_read_is_a_wrong_folder(closed):
    with pytest.raises(AnnotationError, match=r"(?s)is not SMIC .*closed cannot be read"):
        recognise(closed, reader="smic")


def test_what_is_no_folder(tmp_path):
    (tmp_path / "x.rar").touch()
    (tmp_path / "link").symlink_to("unmounted")
    for name, said in {
        "typo": "there is nothing at",
        "x.rar": "is no folder; give the folder of the dataset",
        "x.rar/below": "is no folder",
        "link": "is a link to unmounted, where nothing is; mend the link",
    }.items():
        with pytest.raises(AnnotationError, match=said):
            recognise(tmp_path / name, reader="casme2")


def test_another_dataset_is_named_once_also_where_it_lies_deeper(delivery, tmp_path):
    (tmp_path / "SAMM").mkdir()
    write_samm(tmp_path / "SAMM")
    for folder in (tmp_path / "SAMM", tmp_path):
        with pytest.raises(AnnotationError) as caught:
            recognise(folder, reader="smic")
        [hint] = [line for line in str(caught.value).splitlines() if "It looks like" in line]
        assert hint.count("samm (SAMM)") + hint.count("casme2 (CASME II)") == 1
