"""Free texts of pages: in a page to be sent on, no path of a machine is left."""

import pandas as pd
import pytest

from mestore.report.texts import failures, without_paths, worded


@pytest.mark.parametrize(
    "path",
    [
        "/home/ada/faces/x.png",
        "/home/ada/My faces/of all/x.png",
        "~/ada/x.png",
        "$HOME/ada/x.png",
        "file:///home/ada/x.png",
        "smb://nas/ada/x.png",
        r"C:\Users\ada\x.png",
        r"C:\Users\Smith, ada\x.png",
        "D:/ada/x.png",
        r"\\nas01\ada\x.png",
        "//nas01/ada/x.png",
        "/Volumes/Ann's ada/faces/x.png",
        "/home/ada//faces///x.png",
        r"%USERPROFILE%\ada\x.png",
    ],
)
@pytest.mark.parametrize("text", ["{}", "'{}' is not there", "no {} and (more)", "PosixPath('{}')", "at:{}"])
def test_of_an_absolute_path_the_last_name_is_left(text, path):
    said = without_paths(text.format(path))
    assert "ada" not in said and "nas" not in said
    assert "x.png" in said


@pytest.mark.parametrize(
    "text",
    [
        "demo/sub01/EP01_01f@115: onset/apex/offset 1 / 2 / 3",
        "0.3 px / frame, 3/4 of n/a",
        "see docs/faces.md, ./a/b, ../a and https://example.org/a/b",
        "a folder … / or none",
        "",
    ],
)
def test_what_is_no_absolute_path_stays(text):
    assert without_paths(text) == text


def test_only_free_texts_are_changed_and_only_where_asked():
    table = pd.DataFrame([{"clip_id": "/a/b@1", "excluded": "see /nas/a.txt"}])
    assert worded(table, paths=True) is table
    assert worded(table, paths=False).to_dict("records") == [{"clip_id": "/a/b@1", "excluded": "see …/a.txt"}]


def test_without_stores_there_are_no_failures():
    assert failures([], "toy", paths=False) == []
