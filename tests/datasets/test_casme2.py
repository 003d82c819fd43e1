import shutil
from dataclasses import replace

import pytest
from fixtures.casme2 import CLASS_SHEET, LINES, SHEET, write_casme2, write_tree
from recordings import CASME2_HEADER, index, write_csv, write_xls, write_xlsx

from mestore.datasets.casme2 import Casme2Options, read
from mestore.errors import AnnotationError

FINGERPRINT = "1fb11776"
"""sha256 of the sorted lines 'sub01/EP01_2', ..., by sha256sum."""


@pytest.fixture
def root(tmp_path):
    write_casme2(tmp_path / "casme2")
    return tmp_path / "casme2"


def test_the_quirks_of_a_delivery(root):
    found = index(root, "casme2")
    table = found.clips.set_index("clip_id")
    assert list(table.index) == [
        "casme2/sub01/EP01_2@9",
        "casme2/sub01/EP02_01f@9",
        "casme2/sub04/EP02_01f@9",
        "casme2/sub04/EP09f@9",
        "casme2/sub17/EP06_02_01@9",
        "casme2/sub17/EP08_1@9",
    ]
    assert list(table.apex) == [10, 10, 9, 10, 12, 11]
    middle = "estimated:middle"
    assert list(table.apex_source) == [middle, "annotated", "annotated", middle, "annotated", "annotated"]
    assert list(table.aus) == ["4+L10", "12", "R6+R12", "?", "", "4"]
    assert list(table.emotion) == ["others", "happiness", "surprise", "disgust", "repression", "sadness"]
    assert set(table.fps) == {200.0}
    assert set(table.edition) == {f"{SHEET} 6-{FINGERPRINT}"}
    # datasets.md 4.2: CASME2-ObjectiveClasses.xlsx, int 1-7, its keys those of the coding sheet
    assert list(table.objective_class) == ["III", "I", "VII", "VII", "V", "IV"]
    assert table.frames.iloc[0] == [9, 10, 11, 12]
    assert table.paths.iloc[0] == [f"CASME2_RAW_selected/sub01/EP01_2/img{n}.jpg" for n in (9, 10, 11, 12)]


def test_a_row_without_folder_fails_and_a_folder_without_row_is_noted(root):
    found = index(root, "casme2")
    assert list(found.failures.clip_id) == ["casme2/sub17/EP08_1@9"]
    assert found.failures.found[0] == "nothing at 'CASME2_RAW_selected/sub17/EP08_1'"
    assert found.unlisted == ["CASME2_RAW_selected/sub09/EP02_02f"]


def test_seven_columns_csv_and_xls_read_like_nine_in_xlsx(root):
    entries = read(root, dataset="x", options=Casme2Options()).entries
    for name, write in {"a.csv": write_csv, "a.xls": write_xls}.items():
        (root / SHEET).unlink(missing_ok=True)
        write(
            root / name,
            [[cell for i, cell in enumerate(line) if i not in (2, 6)] for line in [CASME2_HEADER, *LINES]],
        )
        again = read(root, dataset="x", options=Casme2Options()).entries
        (root / name).unlink()
        assert [replace(entry, edition="", where="") for entry in again] == [
            replace(entry, edition="", where="") for entry in entries
        ]


def test_objective_classes_are_joined_by_subject_and_clip(root):
    lines = [
        ("Subject", "Filename", "Objective Class"),
        ("01", "EP02_01f", 1),
        (4, "EP02_01f", "VII"),
        (4, "EP09f", 8),
    ]
    write_xlsx(root / "CASME2-ObjectiveClasses.xlsx", lines)
    found = index(root, "casme2")
    classes = found.clips.set_index("clip_id").objective_class
    assert classes["casme2/sub01/EP02_01f@9"] == "I"
    assert classes["casme2/sub04/EP02_01f@9"] == "VII"
    assert classes["casme2/sub01/EP01_2@9"] == ""
    assert (
        "'8' as objective_class in CASME2-coding-20140508.xlsx, sheet 'Sheet1', row 4 "
        "(CASME2-ObjectiveClasses.xlsx, sheet 'Sheet1', row 4)"
    ) in set(found.failures.found)


def test_a_clip_of_two_objective_classes_is_refused_with_both_rows(root):
    lines = [("Subject", "Filename", "Objective Class"), ("01", "EP02_01f", 1), (4, "EP09f", 2)]
    write_xlsx(root / CLASS_SHEET, [*lines, (1, "EP02_01f", 1)])
    assert index(root, "casme2").clips.set_index("clip_id").objective_class["casme2/sub01/EP02_01f@9"] == "I"
    write_xlsx(root / CLASS_SHEET, [*lines, (1, "EP02_01f", 4)])
    with pytest.raises(AnnotationError) as caught:
        index(root, "casme2")
    places = [f"{CLASS_SHEET}, sheet 'Sheet1', row {number}" for number in (4, 2)]
    assert all(place in str(caught.value) for place in places)


def test_objective_classes_of_no_clip_are_noted(root):
    lines = [("Subject", "Filename", "Objective Class"), ("01", "EP02_01f", 1), (9, "EP02_02f", 2)]
    write_xlsx(root / CLASS_SHEET, [*lines, (1, "EP2_1f", 4)])
    assert index(root, "casme2").notes == [
        f"casme2: 2 clips of {CLASS_SHEET} are not in {SHEET}: sub01/EP2_1f, sub09/EP02_02f"
    ]


def test_one_clip_is_one_event_whatever_onset_an_edition_gives(root):
    before = index(root, "casme2").clips
    write_xlsx(root / SHEET, [CASME2_HEADER, *[(*line[:3], 10, *line[4:]) for line in LINES]])
    after = index(root, "casme2").clips
    assert list(before.event) == list(after.event)
    assert before.event[1] == "casme2/sub01/EP02_01f"


@pytest.mark.parametrize("cell", ["", "/", "\\"])
def test_the_missing_apex_of_the_updated_sheet_is_corrected_however_it_is_written(root, cell):
    # datasets.md 4.2: row 29 of 256, `/` or a backslash by edition
    others = [(1, f"EP01_{n}", None, 9, 10, 12, None, 4, "others") for n in range(255)]
    write_xlsx(root / SHEET, [CASME2_HEADER, *others, (4, "EP12_01f", None, 270, cell, 290, None, 4, "fear")])
    row = index(root, "casme2").clips.set_index("clip").loc["EP12_01f"]
    assert (row.apex, row.apex_source) == (279, "corrected")


@pytest.mark.parametrize("folder", ["Cropped", "Cropped_original", "Cropped-updated/Cropped"])
def test_cropped_layouts(root, folder):
    write_tree(root, folder, prefix="reg_img")
    found = index(root, "casme2", layout="cropped")
    assert found.clips.paths[0][0] == f"{folder}/sub01/EP01_2/reg_img9.jpg"
    assert len(found.failures) == 1


def test_the_full_layout_leaves_out_the_frames_around(root):
    write_tree(root, "CASME2-RAW", first=1, last=20)
    found = index(root, "casme2", layout="full")
    assert found.clips.frames[0] == [9, 10, 11, 12]
    assert not found.clips.gaps[0]


def test_a_folder_of_another_name_can_be_named(root):
    (root / "CASME2_RAW_selected").rename(root / "frames")
    assert len(index(root, "casme2", folder="frames").failures) == 1


def test_the_sheet_is_found_among_others_or_named(root):
    write_csv(root / "persons.csv", [("dataset", "subject", "person"), ("casme2", "sub01", "anna")])
    write_csv(root / "notes.csv", [("who", "what")])
    (root / f"~${SHEET}").write_bytes(b"lock")
    assert index(root, "casme2").clips.person[0] == "anna"
    shutil.copy(root / SHEET, root / "CASME2-coding-updated.xlsx")
    with pytest.raises(
        AnnotationError, match=r"found \['CASME2-coding-20140508.xlsx', 'CASME2-coding-updated.xlsx'\]"
    ):
        index(root, "casme2")
    assert set(index(root, "casme2", sheet="CASME2-coding-updated.xlsx").clips.edition) == {
        f"CASME2-coding-updated.xlsx 6-{FINGERPRINT}"
    }


def test_wrong_folders_say_what_was_looked_for_and_seen(root):
    with pytest.raises(
        AnnotationError, match=r"one of the folders \['CASME2-RAW'\], found none in .*'CASME2-coding"
    ):
        index(root, "casme2", layout="full")
    with pytest.raises(AnnotationError, match=r"found no x\.xlsx in"):
        index(root, "casme2", sheet="x.xlsx")
    write_tree(root, "Cropped")
    write_tree(root, "Cropped_original")
    with pytest.raises(AnnotationError, match=r"found \['Cropped', 'Cropped_original'\]"):
        index(root, "casme2", layout="cropped")
    (root / "empty").mkdir()
    with pytest.raises(AnnotationError, match="empty holds nothing; expected sub01"):
        index(root, "casme2", folder="empty")


def test_a_sheet_of_wrong_columns_is_shown(root):
    header = ["Onset" if name == "OnsetFrame" else name for name in CASME2_HEADER]
    write_xlsx(root / SHEET, [header, *LINES])
    with pytest.raises(AnnotationError) as caught:
        index(root, "casme2")
    assert "looked for one coding sheet" in str(caught.value)
    assert "lacks ['OnsetFrame']" in str(caught.value)


def test_no_sheet(root):
    (root / SHEET).unlink()
    with pytest.raises(
        AnnotationError, match=r"looked for one coding sheet .* found none in .*'CASME2_RAW_selected'"
    ):
        index(root, "casme2")


@pytest.mark.parametrize(
    ("subject", "clip"), [("x", "EP01"), (None, "EP01"), ("01", None), ("01", "../EP01")]
)
def test_a_clip_that_cannot_be_named_stops_all(root, subject, clip):
    write_xlsx(root / SHEET, [CASME2_HEADER, LINES[0], (subject, clip, None, 1, 2, 3, None, 4, "others")])
    with pytest.raises(AnnotationError, match=r"CASME2-coding-20140508\.xlsx, sheet 'Sheet1', row 3"):
        index(root, "casme2")


def test_a_clip_called_dots_or_a_link_that_leaves_is_unsafe(root, tmp_path):
    folder = root / "CASME2_RAW_selected/sub04"
    folder.rename(tmp_path / "outside")
    folder.symlink_to(tmp_path / "outside")
    found = index(root, "casme2")
    unsafe = found.failures[found.failures.subject == "sub04"]
    assert len(unsafe) == 2
    assert unsafe.found.str.contains("passes a link that leaves").all()
    assert len(found.failures) == 3
