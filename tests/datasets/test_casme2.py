import shutil

import pytest
from recordings import CASME2_HEADER, index, write_csv, write_frames, write_xls, write_xlsx

from mestore.datasets.casme2 import Casme2Options, read
from mestore.errors import AnnotationError

LINES = [
    ("01", "EP02_01f", None, 9, 10, 12, None, 12, "happiness"),
    (1, "EP01_2", None, "9", "/", "12", None, "4+L10", "Others "),
    ("04", "EP09f ", None, 9, "\\", 12, None, "?", "disgust"),
    ("04", "EP02_01f", None, 9, 9, 12, None, "R6+R12", "surprise"),
    (17, "EP06_02_01", None, 9, 12, 12, None, None, "repression"),
    ("17", "EP08_1", None, 9, 11, 12, None, 4, "sadness"),
]
CLIPS = ["sub01/EP02_01f", "sub01/EP01_2", "sub04/EP09f", "sub04/EP02_01f", "sub17/EP06_02_01"]
SHEET = "CASME2-coding-20140508.xlsx"


def tree(root, folder="CASME2_RAW_selected", *, prefix="img", first=9, last=12):
    for clip in [*CLIPS, "sub09/EP02_02f"]:
        write_frames(root / folder / clip, [f"{prefix}{number}.jpg" for number in range(first, last + 1)])


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "casme2"
    tree(root)
    write_xlsx(root / SHEET, [CASME2_HEADER, *LINES])
    return root


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
    assert set(table.edition) == {SHEET}
    assert set(table.objective_class) == {""}
    assert table.frames.iloc[0] == [9, 10, 11, 12]
    assert table.paths.iloc[0] == [f"CASME2_RAW_selected/sub01/EP01_2/img{n}.jpg" for n in (9, 10, 11, 12)]


def test_a_row_without_folder_fails_and_a_folder_without_row_is_noted(root):
    found = index(root, "casme2")
    assert list(found.failures.clip_id) == ["casme2/sub17/EP08_1@9"]
    assert found.failures.found[0] == "nothing at 'CASME2_RAW_selected/sub17/EP08_1'"
    assert found.notes == [
        "casme2: 'CASME2_RAW_selected/sub09/EP02_02f' has no row in the coding sheet, so it is left out"
    ]


def test_seven_columns_csv_and_xls_read_like_nine_in_xlsx(root):
    rows = read(root, dataset="x", options=Casme2Options()).rows
    for name, write in {"a.csv": write_csv, "a.xls": write_xls}.items():
        (root / SHEET).unlink(missing_ok=True)
        write(
            root / name,
            [[cell for i, cell in enumerate(line) if i not in (2, 6)] for line in [CASME2_HEADER, *LINES]],
        )
        again = read(root, dataset="x", options=Casme2Options()).rows
        (root / name).unlink()
        assert [(row.subject, row.clip, row.onset, row.apex, row.offset, row.aus) for row in again] == [
            (row.subject, row.clip, row.onset, row.apex, row.offset, row.aus) for row in rows
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
    assert "'8' in column 'Objective Class' of CASME2-ObjectiveClasses.xlsx, sheet 'Sheet1', row 4" in set(
        found.failures.found
    )


@pytest.mark.parametrize("folder", ["Cropped", "Cropped_original", "Cropped-updated/Cropped"])
def test_cropped_layouts(root, folder):
    tree(root, folder, prefix="reg_img")
    found = index(root, "casme2", layout="cropped")
    assert found.clips.paths[0][0] == f"{folder}/sub01/EP01_2/reg_img9.jpg"
    assert len(found.failures) == 1


def test_the_full_layout_leaves_out_the_frames_around(root):
    tree(root, "CASME2-RAW", first=1, last=20)
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
        "CASME2-coding-updated.xlsx"
    }


def test_wrong_folders_say_what_was_looked_for_and_seen(root):
    with pytest.raises(
        AnnotationError, match=r"found none of the folders \['CASME2-RAW'\] .* in 'CASME2-coding"
    ):
        index(root, "casme2", layout="full")
    with pytest.raises(AnnotationError, match=r"found no x\.xlsx in"):
        index(root, "casme2", sheet="x.xlsx")
    tree(root, "Cropped")
    tree(root, "Cropped_original")
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
        AnnotationError, match=r"looked for one coding sheet .* found none in 'CASME2_RAW_selected'"
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
