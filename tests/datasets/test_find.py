"""The coding sheet and the frames are found by what they are usually called; nothing is chosen between."""

import pytest
from recordings import write_csv, write_xlsx

from mestore.datasets.find import find_frames, find_sheet, find_sheets
from mestore.errors import AnnotationError

LINES = [("Subject", "Onset"), ("1", "2")]
HOW = {"columns": ("subject", "onset")}


def test_the_only_sheet_with_the_columns(tmp_path):
    write_csv(tmp_path / "notes.csv", [("who", "what")])
    write_csv(tmp_path / "persons.csv", [("subject", "onset"), ("a", "b")])
    (tmp_path / "below").mkdir()
    write_xlsx(tmp_path / "below/coding.xlsx", LINES)
    assert find_sheet(tmp_path, folders=("", "below", "absent"), **HOW).name == "coding.xlsx"
    with pytest.raises(AnnotationError, match=r"found none in .*\n- .*notes\.csv has no row"):
        find_sheet(tmp_path, **HOW)


def test_a_sheet_that_cannot_be_read_may_be_the_one_that_counts(tmp_path):
    write_xlsx(tmp_path / "old.xlsx", LINES)
    (tmp_path / "new.xlsx").write_bytes(b"PK\x03\x04 cut off")
    for find in (find_sheet, find_sheets):
        with pytest.raises(AnnotationError, match=r"new\.xlsx cannot be read.*option 'sheet'"):
            find(tmp_path, **HOW)
    assert find_sheet(tmp_path, option="old.xlsx", **HOW).name == "old.xlsx"


def test_frames_are_below_one_folder_of_their_names(tmp_path):
    (tmp_path / "RAW/sub01").mkdir(parents=True)
    how = {"usual": ("RAW", "Raw2"), "holds": r"sub\d+", "example": "sub01"}
    assert find_frames(tmp_path, **how) == "RAW"
    (tmp_path / "Raw2").mkdir()
    with pytest.raises(AnnotationError, match=r"found \['RAW', 'Raw2'\]"):
        find_frames(tmp_path, **how)
    with pytest.raises(AnnotationError, match="Raw2 holds nothing; expected sub01"):
        find_frames(tmp_path, option="Raw2", **how)
