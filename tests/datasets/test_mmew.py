import shutil

import pytest
from fixtures.mmew import HEADER, LINES, SHEET, write_mmew
from recordings import index, write_frames, write_xlsx

from mestore.errors import AnnotationError


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "mmew"
    write_mmew(root)
    return root


def rewrite(root, *lines):
    write_xlsx(root / SHEET, [HEADER, *lines])


def test_the_clip_table_of_a_delivery(root):
    found = index(root, "mmew")
    table = found.clips.set_index("clip_id")
    columns = ["subject", "onset", "apex", "offset", "emotion", "aus", "apex_source"]
    assert [(name, *row) for name, row in zip(table.index, table[columns].values.tolist(), strict=True)] == [
        # datasets.md 4.5: rows with wrong or missing apex and offset
        ("mmew/S01/S01-01-001@1", "S01", 1, -1, -1, "happiness", "6+12", ""),
        # datasets.md 4.5: "others" in the sheet, folder named repression; frames are positions 1..N
        ("mmew/S01/S01-05-001@1", "S01", 1, 5, 12, "others", "4+7", "annotated"),
        # datasets.md 4.5: another reader claims absolute numbers; these fit the folder in no way
        ("mmew/S02/S02-02-001@201", "S02", 201, 203, 209, "anger", "4", "annotated"),
        # datasets.md 4.5: absolute numbers, detected per clip
        ("mmew/S02/S02-03-001@1", "S02", 1, 3, 5, "surprise", "1+2", "annotated"),
        ("mmew/S02/S02-04-001@2", "S02", 2, 3, 5, "disgust", "9", "annotated"),
        ("mmew/S13/S13-06-001@1", "S13", 1, 2, 4, "sadness", "1+15", "annotated"),
        ("mmew/S13/S13-06-002@1", "S13", 1, 2, 4, "sadness", "15+17", "annotated"),
    ]
    assert set(table.loc[table.onset >= 0, "fps"]) == {90.0}  # datasets.md 1.1
    assert set(table.modality) == {"colour"}  # datasets.md 4.5: face crops 231x231 colour
    assert set(table.kind) == {"micro"}
    assert list(table.person) == [f"mmew/{subject}" for subject in table.subject]
    assert set(table.edition) == {f"{SHEET} 7-c696c3ab"}
    assert list(table.corrections[table.corrections != ""].index) == ["mmew/S02/S02-03-001@1"]
    assert table.corrections["mmew/S02/S02-03-001@1"].startswith("frame numbers: 100 less")


def test_unpadded_frames_are_in_the_order_of_their_numbers(root):
    table = index(root, "mmew").clips.set_index("clip_id")
    # datasets.md 8.5: sort 1, 2, 10
    assert table.frames["mmew/S01/S01-05-001@1"] == list(range(1, 13))
    assert table.paths["mmew/S01/S01-05-001@1"][9] == "Micro_Expression/repression/S01-05-001/10.jpg"


def test_the_name_of_a_clip_is_its_event(root):
    table = index(root, "mmew").clips
    assert list(table.event) == list("mmew/" + table.subject + "/" + table["clip"])


def test_what_failed_what_no_row_names_and_what_is_not_read(root):
    found = index(root, "mmew")
    assert list(zip(found.failures.clip_id, found.failures.found, strict=True)) == [
        ("mmew/S01/S01-01-001@1", f"'' as offset in {SHEET}, sheet 'Sheet1', row 3"),
        (
            "mmew/S02/S02-02-001@201",
            "no frame 201 (onset) in 'Micro_Expression/anger/S02-02-001', which holds 4 frames from 1 to 4",
        ),
        ("mmew/S13/S13-06-002@1", "nothing at 'Micro_Expression/*/S13-06-002'"),
    ]
    assert found.unlisted == ["Micro_Expression/fear/S13-07-001"]
    # datasets.md 4.5: macro annotation file: no source
    assert found.notes == [
        "mmew: Macro_Expression is not read: no source shows a sheet of its onsets, apices and offsets"
    ]


@pytest.mark.parametrize("variant", [{"place": "MMEW_Final"}, {"subject_level": True}])
def test_layouts_differ_in_where_the_frames_are_only(root, tmp_path, variant):
    # datasets.md 4.5: MMEW_Final/Micro_Expression; one reader accepts an extra subject level
    other = tmp_path / "other"
    write_mmew(other, **variant)
    one, two = index(root, "mmew"), index(other, "mmew")
    same = [name for name in one.clips if name != "paths"]
    assert one.clips[same].equals(two.clips[same])
    assert len(one.failures) == len(two.failures)
    assert len(two.unlisted) == 1
    assert two.clips.paths[1][0] == {
        "place": "MMEW_Final/Micro_Expression/repression/S01-05-001/1.jpg",
        "subject_level": "Micro_Expression/repression/S01/S01-05-001/1.jpg",
    }.get(*variant)


def test_subjects_above_emotions_are_fine(root):
    for path in list((root / "Micro_Expression").glob("*/*")):
        target = root / "Micro_Expression" / path.name[:3] / path.parent.name / path.name
        shutil.move(path, target)
    for path in (root / "Micro_Expression").iterdir():
        if not any(path.iterdir()):
            path.rmdir()
    found = index(root, "mmew")
    assert found.clips.paths[1][0] == "Micro_Expression/S01/repression/S01-05-001/1.jpg"
    assert len(found.failures) == 3


@pytest.mark.parametrize(("without_offset", "offset"), [("apex", 3), ("mirror", 5)])
def test_a_clip_without_offset_is_what_the_option_says(root, without_offset, offset):
    rewrite(root, (2, "S02-03-001", 1, 3, None, 4, "surprise", None))
    [clip] = index(root, "mmew", without_offset=without_offset).clips.to_dict("records")
    assert clip["frames"] == list(range(1, offset + 1))
    assert clip["corrections"] == f"offset: '' -> '{offset}' (none in the sheet; {without_offset})"
    assert len(index(root, "mmew").failures) == 1


@pytest.mark.parametrize(
    ("onset", "apex", "offset", "shift"),
    [
        (1, 2, 5, 0),  # positions: the folder has 1 to 5
        (46, 48, 50, 45),  # five frames, from 46
        (2, 3, 6, 1),  # five frames, and the last is none of the folder's
        (46, 48, 49, None),  # four frames of five: which, nobody knows
        (46, 60, 50, None),
        ("x", 2, 5, None),
        (46, 48, None, None),
    ],
)
def test_absolute_numbers_are_told_by_a_folder_that_holds_as_many_frames(root, onset, apex, offset, shift):
    rewrite(root, (2, "S02-03-001", onset, apex, offset, 4, "surprise", None))
    found = index(root, "mmew")
    [clip] = found.clips.to_dict("records")
    assert len(found.failures) == (shift is None)
    assert clip["frames"] == ([] if shift is None else [1, 2, 3, 4, 5])
    assert clip["corrections"].startswith(f"frame numbers: {shift} less" if shift else "")


def test_a_folder_that_numbers_its_frames_absolutely_fits_a_row_of_either_kind(root):
    folder = root / "Micro_Expression/surprise/S02-03-001"
    shutil.rmtree(folder)
    write_frames(folder, [f"{number}.jpg" for number in range(101, 106)])
    for onset in (1, 101):
        rewrite(root, (2, "S02-03-001", onset, onset + 2, onset + 4, 4, "surprise", None))
        assert index(root, "mmew").clips.frames[0] == [101, 102, 103, 104, 105]


def test_a_clip_in_two_folders_or_with_one_frame_twice_is_a_fault(root):
    write_frames(root / "Micro_Expression/fear/S02-03-001", ["1.jpg", "2.jpg"])
    write_frames(root / "Micro_Expression/disgust/S02-04-001", ["01.jpg"])
    found = index(root, "mmew")
    faults = dict(zip(found.failures.clip_id, found.failures.found, strict=True))
    assert faults["mmew/S02/S02-03-001@101"].startswith("two folders of this clip")
    assert faults["mmew/S02/S02-04-001@2"] == "frame 1 twice, as '01.jpg' and '1.jpg'"


def test_a_label_that_contradicts_the_folder_is_noted_and_the_sheet_taken(root):
    rewrite(root, (2, "S02-03-001", 1, 3, 5, 4, "Fear ", None), LINES[0])
    found = index(root, "mmew")
    assert list(found.clips.emotion) == ["others", "fear"]
    assert found.notes[1:] == [
        f"mmew: the sheet was taken where {SHEET}, sheet 'Sheet1', row 2 says 'fear' and the clip's folder "
        "'surprise' (rows like that: 1)"
    ]


def test_subjects_and_names_of_clips_go_together_one_to_one(root):
    rewrite(root, (7, "S02-03-001", 1, 3, 5, 4, "fear", None), (7, "S02-04-001", 1, 2, 3, 4, "fear", None))
    assert set(index(root, "mmew").clips.subject) == {"S07"}
    for other in ((8, "S02-04-001"), (7, "S13-06-001")):
        rewrite(root, (7, "S02-03-001", 1, 3, 5, 4, "fear", None), (*other, 1, 2, 3, 4, "fear", None))
        with pytest.raises(AnnotationError, match=r"row 3: subject .* expected clips of one S<nn>"):
            index(root, "mmew")


@pytest.mark.parametrize("subject", ["x", None, "S1-2", "../S01"])
def test_a_subject_that_is_no_number_stops_all(root, subject):
    rewrite(root, (subject, "S01-05-001", 1, 5, 12, 4, "others", None))
    with pytest.raises(AnnotationError, match=r"row 2: found .* as subject; expected a number like 1 or S01"):
        index(root, "mmew")


@pytest.mark.parametrize("clip", ["../..", "/etc", "a/b", "a\\b", None])
def test_a_clip_that_is_no_name_stops_all(root, clip):
    rewrite(root, (1, clip, 1, 5, 12, 4, "others", None))
    with pytest.raises(AnnotationError, match=r"row 2: .* as clip is no name"):
        index(root, "mmew")


def test_a_link_below_the_root_is_not_followed_and_the_root_may_be_one(root, tmp_path):
    (tmp_path / "link").symlink_to(root)
    folder = root / "Micro_Expression/repression"
    folder.rename(tmp_path / "outside")
    folder.symlink_to(tmp_path / "outside")
    found = index(tmp_path / "link", "mmew")
    assert "nothing at 'Micro_Expression/*/S01-05-001'" in set(found.failures.found)
    assert len(found.failures) == 4


def test_wrong_folders_say_what_was_looked_for_and_seen(root, tmp_path):
    with pytest.raises(AnnotationError, match="x holds nothing; expected happiness"):
        (root / "x").mkdir()
        index(root, "mmew", folder="x")
    (root / SHEET).unlink()
    with pytest.raises(AnnotationError, match=r"looked for one coding sheet .*'Estimated Emotion'"):
        index(root, "mmew")
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        AnnotationError,
        match=r"\['Micro_Expression', 'MMEW_Final/Micro_Expression'\], found none in nothing",
    ):
        index(tmp_path / "empty", "mmew")
