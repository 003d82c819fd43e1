import shutil

import pytest
from fixtures.dfme import CLIPS, HEADER, SHEETS, write_dfme
from pydantic import ValidationError
from recordings import index, write_xlsx

from mestore.datasets.dfme import DfmeOptions
from mestore.errors import AnnotationError

TRAIN, TEST_A, TEST_B = SHEETS


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "dfme"
    write_dfme(root)
    return root


def rewrite(root, name, *lines, header=HEADER):
    write_xlsx(root / name, [header, *lines])


def only_train(root):
    for name in (TEST_A, TEST_B):
        (root / name).unlink()


def test_the_clip_table_of_the_challenge(root):
    found = index(root, "dfme")
    columns = ["clip_id", "onset", "apex", "offset", "fps", "part", "split", "emotion", "aus"]
    assert [tuple(row) for row in found.clips[columns].values.tolist()] == [
        # datasets.md 4.9: Fps 500/300/200 = Part A/B/C; onset may be 0; AD38
        ("dfme-a/sub0010/sub0010_01@0", 0, 0, 3, 500.0, "a", "train", "anger", "AD38"),
        ("dfme-a/sub0010/sub0010_02@0", 0, 1, 3, 500.0, "a", "train", "anger", "R4+AD38"),
        ("dfme-a/sub0200/sub0200_01@2", 2, 3, 4, 500.0, "a", "testB", "happiness", "R12"),
        ("dfme-b/sub0101/sub0101_01@0", 0, 1, 3, 300.0, "b", "testA", "contempt", "M58"),
        # datasets.md 4.9: AU cell int or text; L1+L2+L5
        ("dfme-c/sub0003/sub0003_01@0", 0, 2, 4, 200.0, "c", "train", "disgust", "4"),
        ("dfme-c/sub0003/sub0003_02@1", 1, 3, 5, 200.0, "c", "train", "surprise", "L1+L2+L5"),
        # datasets.md 4.9: clips longer than 0.5 s are legal (102 frames of 200 fps, apex at 0.25 s)
        ("dfme-c/sub0003/sub0003_03@0", 0, 50, 101, 200.0, "c", "train", "fear", "4+AD39"),
        ("dfme/sub0200/sub0200_02@0", 0, 3, 4, 250.0, "", "testB", "sadness", ""),
    ]
    assert set(found.clips.modality) == {"colour"}
    assert list(found.clips.edition) == [
        *[f"{TRAIN} 5-d0a5370a"] * 2,
        f"{TEST_B} 2-5894598e",
        f"{TEST_A} 1-0f522dca",
        *[f"{TRAIN} 5-d0a5370a"] * 3,
        f"{TEST_B} 2-5894598e",
    ]
    assert found.clips.frames[0] == [0, 1, 2, 3]
    # datasets.md 4.9: 5-digit zero-padded png from 00000; test_data_B/test_data_B
    assert found.clips.paths[0][0] == "DFME_train/sub0010_01/00000.png"
    assert found.clips.paths[2][0] == "test_data_B/test_data_B/sub0200_01/00002.png"
    assert found.notes == []


def test_the_name_of_a_clip_is_its_event(root):
    table = index(root, "dfme").clips
    assert list(table.event) == list("dfme/" + table.subject + "/" + table["clip"])


def test_what_failed_and_what_no_row_names(root):
    found = index(root, "dfme")
    assert list(zip(found.failures.clip_id, found.failures.found, strict=True)) == [
        ("dfme-a/sub0010/sub0010_02@0", "nothing at 'DFME_train/sub0010_02'"),
        ("dfme/sub0200/sub0200_02@0", f"'250' as Fps in {TEST_B}, sheet 'Sheet1', row 3"),
    ]
    assert found.unlisted == ["test_data_A/sub0101_02"]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train.xlsx", "train"),
        ("DFME_Training_labels.xlsx", "train"),
        ("testA_full_with_AU.xlsx", "testA"),
        ("test_A.xlsx", "testA"),
        ("test_data_B.xlsx", "testB"),
        ("Test-b labels.xlsx", "testB"),
        ("test_annotations.xlsx", ""),
        ("labels.xlsx", ""),
        ("train_testA.xlsx", ""),
    ],
)
def test_the_split_is_told_by_the_sheets_name_or_asked_for(root, name, split):
    only_train(root)
    (root / TRAIN).rename(root / name)
    if split:
        assert set(index(root, "dfme").clips.split) == {split}
    else:
        with pytest.raises(AnnotationError, match=rf"{name} has the columns .* set the option 'sheet'"):
            index(root, "dfme")
    assert set(index(root, "dfme", sheet={"train": name}).clips.split) == {"train"}


def test_two_sheets_of_one_split_must_be_chosen_from(root):
    shutil.copy(root / TRAIN, root / "train_v2.xlsx")
    with pytest.raises(
        AnnotationError, match=f"train_v2.xlsx and {TRAIN} are both sheets of train; expected one"
    ):
        index(root, "dfme")
    found = index(root, "dfme", sheet={"testA": TEST_A, "train": "train_v2.xlsx"})
    assert set(found.clips.split) == {"train", "testA"}


def test_frames_of_a_split_stand_once_or_twice_below_its_folder(root):
    before = index(root, "dfme").clips
    inner, outer = root / "test_data_B/test_data_B", root / "test_data_B"
    inner.rename(root / "inner")
    outer.rmdir()
    (root / "inner").rename(outer)
    (root / "DFME_train").rename(root / "inner")
    (root / "DFME_train").mkdir()
    (root / "inner").rename(root / "DFME_train/DFME_train")
    found = index(root, "dfme")
    assert found.clips.paths[0][0] == "DFME_train/DFME_train/sub0010_01/00000.png"
    assert found.clips.paths[2][0] == "test_data_B/sub0200_01/00002.png"
    assert found.clips.drop(columns="paths").equals(before.drop(columns="paths"))


def test_frames_without_a_sheet_are_unlisted_and_a_sheet_without_frames_is_refused(root):
    (root / TEST_A).unlink()
    assert index(root, "dfme").unlisted == ["test_data_A/sub0101_01", "test_data_A/sub0101_02"]
    shutil.rmtree(root / "test_data_B")
    (root / "test_data_B").mkdir()
    with pytest.raises(
        AnnotationError, match=rf"{TEST_B} needs the clips of test_data_B, found 'DFME_train', .*; unpack"
    ):
        index(root, "dfme")
    assert set(index(root, "dfme", sheet={"train": TRAIN}).clips.split) == {"train"}


def test_sheets_without_labels_are_read_and_said(root):
    only_train(root)
    lines = [line[:5] + line[7:8] for line in SHEETS[TRAIN]]
    rewrite(root, TRAIN, *lines, header=HEADER[:5] + HEADER[7:8])
    found = index(root, "dfme")
    assert set(found.clips.emotion) == set(found.clips.aus) == {""}
    assert found.notes == [
        f"dfme: {TRAIN} has no column {column!r}: its clips have no such labels"
        for column in ("Emotion", "AU")
    ]


def test_the_full_release_is_read_by_a_layout(root):
    # datasets.md 4.9: the full release's Part A/B/C folder layout: no source
    parts = {500: "a", 300: "b", 200: "c"}
    lines = [line for name in SHEETS for line in SHEETS[name]]
    for name in SHEETS:
        (root / name).unlink()
    rewrite(root, "DFME_annotations.xlsx", *lines)
    for path in CLIPS:
        clip = path.rpartition("/")[2]
        fps = next((line[7] for line in lines if line[1] == clip), 300)
        if fps in parts:
            (root / "DFME" / parts[fps] / clip[:7]).mkdir(parents=True, exist_ok=True)
            (root / path).rename(root / "DFME" / parts[fps] / clip[:7] / clip)
    found = index(root, "dfme", layout="DFME/{part}/{subject}/{clip}")
    assert set(found.clips.split) == {""}
    assert found.clips.paths[0][0] == "DFME/a/sub0010/sub0010_01/00000.png"
    assert len(found.failures) == 2
    assert found.unlisted == ["DFME/b/sub0101/sub0101_02"]
    with pytest.raises(AnnotationError, match="its name tells none of"):
        index(root, "dfme", layout="{split}/{clip}")


@pytest.mark.parametrize("layout", ["{clip:5}", "{Fps}/{clip}", "{part}", "/{clip}"])
def test_a_layout_that_is_no_template_is_refused(layout):
    with pytest.raises(ValidationError, match="layout"):
        DfmeOptions(layout=layout)


def test_an_unknown_split_is_refused():
    with pytest.raises(ValidationError, match="train"):
        DfmeOptions(sheet={"valid": "x.xlsx"})


def test_subjects_are_as_in_their_clips_names(root):
    only_train(root)
    rewrite(root, TRAIN, (3, "sub0003_01", 0, 2, 4, "disgust", 2, "200.0", 4))
    assert list(index(root, "dfme").clips.clip_id) == ["dfme-c/sub0003/sub0003_01@0"]
    rewrite(root, TRAIN, ("sub0004", "sub0003_01", 0, 2, 4, "disgust", 2, 200, 4))
    with pytest.raises(AnnotationError, match="row 2: subject sub0004 has the clip 'sub0003_01'"):
        index(root, "dfme")


@pytest.mark.parametrize(
    ("subject", "clip", "word"),
    [
        ("x", "c", "as subject; expected an id like sub0003"),
        (None, "c", "as subject"),
        ("sub0003", "../..", "as clip is no name"),
        ("sub0003", "/etc", "as clip is no name"),
        ("sub0003", None, "as clip is no name"),
    ],
)
def test_a_clip_that_cannot_be_named_stops_all(root, subject, clip, word):
    only_train(root)
    rewrite(root, TRAIN, (subject, clip, 0, 2, 4, "disgust", 2, 200, 4))
    with pytest.raises(AnnotationError, match=f"row 2: .*{word}"):
        index(root, "dfme")


def test_a_link_that_leaves_is_unsafe_and_the_root_may_be_one(root, tmp_path):
    (tmp_path / "link").symlink_to(root)
    folder = root / "DFME_train/sub0003_01"
    folder.rename(tmp_path / "outside")
    folder.symlink_to(tmp_path / "outside")
    found = index(tmp_path / "link", "dfme")
    [unsafe] = [text for text in found.failures.found if "passes a link that leaves" in text]
    assert "DFME_train/sub0003_01" in unsafe


def test_a_folder_of_something_else_says_what_was_looked_for_and_seen(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/video.mp4").touch()
    with pytest.raises(AnnotationError, match=r"looked for coding sheets .*'Fps'.*found none in 'video.mp4'"):
        index(tmp_path / "other", "dfme")
