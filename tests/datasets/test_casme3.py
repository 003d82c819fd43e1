import shutil

import pytest
from fixtures.casme3 import (
    LABELS,
    LABELS_V1,
    LINES,
    LINES_C,
    MACRO,
    PART_C,
    VIDEOS,
    write_casme3,
    write_colour,
    write_depth,
    write_labels,
    write_part_c,
    write_sheets,
)
from pydantic import ValidationError
from recordings import index

from mestore.datasets.casme3 import Casme3Options, read
from mestore.datasets.media import read_depth, read_frames
from mestore.errors import AnnotationError

LABELS_NAME = LABELS.rpartition("/")[2]
COLUMNS = ["clip_id", "apex", "offset", "apex_source", "emotion", "objective_class", "aus", "gaps"]
ANNOTATED, MIDDLE = "annotated", "estimated:middle"
TABLE = [
    # 4.7: two expressions in one video, here with one frame missing (gaps: section 2); "Others" is others
    ("casme3-a/spNO.1/a@20", 22, 24, ANNOTATED, "others", "VII", "B28", True),
    # 4.7: the first 7 or 8 frames of a video are lost, which does no harm to this one
    ("casme3-a/spNO.1/a@8", 10, 12, ANNOTATED, "disgust", "III", "4", False),
    # 4.7: onset == apex in 55 rows
    ("casme3-a/spNO.1/b@9", 9, 12, ANNOTATED, "surprise", "II", "1+2", False),
    # 4.7: the onset was not recorded: it fails
    ("casme3-a/spNO.1/c@5", 8, 10, ANNOTATED, "anger", "III", "4+7", True),
    # 4.7: spNo.18 is spNO.18
    ("casme3-a/spNO.18/d@12", 13, 15, ANNOTATED, "happy", "VII", "R12", False),
    ("casme3-a/spNO.18/e@4", 5, 6, ANNOTATED, "disgust", "", "", True),
    ("casme3-a/spNO.210/a@355", 356, 357, ANNOTATED, "fear", "V", "1", False),
    # 4.7: offset 0 (spNO.40/e), and onset > apex (spNO.216/d), which no correction of this edition mends
    ("casme3-a/spNO.3/e@40", 42, 0, ANNOTATED, "happy", "I", "12", True),
    ("casme3-a/spNO.3/e@64", 62, 70, ANNOTATED, "fear", "III", "4", True),
    # 4.7: very long clips
    ("casme3-a/spNO.3/f@9", 20, 808, ANNOTATED, "sad", "VII", "14", True),
    # 4.7: one uppercase J; section 3: T28+14, and a trailing space
    ("casme3-a/spNO.3/j@30", 32, 34, ANNOTATED, "others", "VII", "T28+14", False),
    # 4.7: part C has no apex, and commas between action units, one of them of full width; "13?"
    ("casme3-c/01/1@100", 102, 104, MIDDLE, "negative", "", "2+24", False),
    ("casme3-c/01/2@120", 121, 123, MIDDLE, "surprise", "", "4+11", False),
    ("casme3-c/10/1@7", 8, 9, MIDDLE, "others", "", "13?", False),
    ("casme3-c/10/3@50", 51, 53, MIDDLE, "positive", "", "12", True),
]
FAULTS = {
    "casme3-a/spNO.1/c@5": "no frame 5 (onset) in 'RGB/spNO.1/c/color', which holds 4 frames from 8 to 11",
    "casme3-a/spNO.18/e@4": "nothing at 'RGB/spNO.18/e/color'",
    "casme3-a/spNO.3/e@40": "onset 40, apex 42, offset 0",
    "casme3-a/spNO.3/e@64": "onset 64, apex 62, offset 70",
    "casme3-c/10/3@50": "nothing at 'ME_C/10/3/color'",
}


@pytest.fixture
def root(tmp_path):
    write_casme3(tmp_path / "casme3")
    return tmp_path / "casme3"


def sound(root, **options):
    """Return the clips that did not fail, by id without the dataset's name."""
    found = index(root, "casme3", **options)
    table = found.clips[~found.clips.clip_id.isin(found.failures.clip_id)]
    return table.assign(clip_id=table.clip_id.str.removeprefix("casme3-")).set_index("clip_id")


def faults(found):
    return dict(zip(found.failures.clip_id, found.failures.found, strict=True))


def entries(root, **options):
    return read(root, dataset="casme3", options=Casme3Options(**options)).entries


def test_the_quirks_of_a_delivery(root):
    found = index(root, "casme3")
    assert list(found.clips[COLUMNS].itertuples(index=False, name=None)) == TABLE
    assert faults(found) == FAULTS
    table = found.clips.set_index("clip_id")
    assert (set(table.fps), set(table.kind), set(table.modality)) == ({30.0}, {"micro"}, {"colour"})
    assert list(table.part) == ["a"] * 11 + ["c"] * 4
    assert table.edition["casme3-a/spNO.1/a@8"].startswith(f"{LABELS_NAME} 11-")
    assert table.edition["casme3-c/01/1@100"].startswith("CAS(ME)3_part_C_ME.xlsx 4-")
    # 4.7: the folder is J, the sheet says j
    assert table.paths["casme3-a/spNO.3/j@30"][0] == "RGB/spNO.3/J/color/30.jpg"
    assert table.frames["casme3-a/spNO.1/a@20"] == [20, 21, 22, 24]
    assert table.frames["casme3-a/spNO.3/f@9"][-3:] == [21, 400, 808]
    assert table.aus_given["casme3-c/01/2@120"] == "4，11"
    assert table.video["casme3-a/spNO.1/a@20"] == "a"
    # 4.7: recordings without a row, which say nothing of micro-expressions
    assert found.unlisted == ["ME_C/10/2/color", "RGB/spNO.18/m/color"]


def test_the_parts_show_unrelated_people(root):
    # 0: CASME3-C "01" collides with other datasets, and whether A and C share people is unknown
    found = index(root, "casme3").clips
    assert set(found.person) == {f"casme3-a/spNO.{k}" for k in (1, 3, 18, 210)} | {
        "casme3-c/01",
        "casme3-c/10",
    }


def test_depth_is_read_in_both_layouts_and_shows_the_events_of_the_colour(root):
    depth = sound(root, modality="depth")
    assert set(depth.modality) == {"depth"}
    # 4.7: depth/spNO.1/a/depth/355.png, or depth/spNO.1/a/355.png for some subjects
    assert depth.paths["a/spNO.1/a@8"][0] == "depth/spNO.1/a/depth/8.png"
    assert depth.paths["a/spNO.210/a@355"][0] == "depth/spNO.210/a/355.png"
    colour = sound(root)
    assert set(depth.index) <= set(colour.index)
    assert list(depth.event) == list(colour.event[depth.index])
    assert list(depth.person) == list(colour.person[depth.index])
    clip = depth.loc["a/spNO.210/a@355"]
    where = {"media": "frames", "frames": clip.frames, "paths": clip.paths}
    assert read_depth(root, **where).dtype == "uint16"
    assert read_frames(root, **where, modality=clip.modality).shape == (3, 24, 32, 3)


def test_a_subject_of_the_depth_tree_may_lack_its_dot(root):
    # RGBD_tensor_construction.py has subjects whose depth folder is called spNO210
    (root / "depth/spNO.210").rename(root / "depth/spNO210")
    assert sound(root, modality="depth").paths["a/spNO.210/a@355"][0] == "depth/spNO210/a/355.png"


def test_colour_and_depth_may_lie_side_by_side(tmp_path):
    home = tmp_path / "casme3/part_A/data/part_A_split/part_A"
    write_sheets(tmp_path / "casme3")
    write_colour(home / "spNO.1/a/color", range(8, 13))
    write_depth(home / "spNO.1/a/depth", range(8, 13))
    for modality, last in {"colour": "color/8.jpg", "depth": "depth/8.png"}.items():
        table = sound(tmp_path / "casme3", modality=modality)
        assert list(table.index) == ["a/spNO.1/a@8"]
        assert table.paths.iloc[0][0] == f"part_A/data/part_A_split/part_A/spNO.1/a/{last}"


def test_macro_expressions_come_from_the_other_sheet(root):
    found = index(root, "casme3", macro=True)
    macro = found.clips[found.clips.kind == "macro"].set_index("clip_id")
    # 4.7: AU+Emotion has the expressions' type and no emotion; its micro rows are those of sheet label
    assert list(macro.index) == ["casme3-a/spNO.1/a@13", "casme3-a/spNO.18/m@7"]
    assert list(macro.objective_class) == ["I", "III"]
    assert list(macro.aus) == ["12", "4+7"]
    assert list(macro.emotion) == ["", ""]
    assert len(found.clips) == len(TABLE) + 2
    assert "casme3: 1 micro-expressions of CAS(ME)3_part_A_v2.xls are left out: another sheet has them" in (
        found.notes
    )
    assert faults(found) == FAULTS


def test_the_first_version_is_left_out_where_the_second_is_there(root):
    # 4.7: v1 has 921 rows, some of which the owners took back
    assert f"casme3: {LABELS_V1.rpartition('/')[2]} is left out: version 2 is there too" in (
        index(root, "casme3").notes
    )
    first = index(root, "casme3", sheet=LABELS_V1, parts=("a",))
    assert first.clips.edition[0].startswith(f"{LABELS_V1.rpartition('/')[2]} 12-")
    assert not any("version 2" in note for note in first.notes)
    (root / LABELS).unlink()
    assert list(index(root, "casme3", parts=("a",)).clips.edition) == list(first.clips.edition)


def test_sheets_may_lie_anywhere_usual(root):
    table = index(root, "casme3").clips
    for path in (LABELS, PART_C):
        shutil.move(root / path, root)
    assert index(root, "casme3").clips.equals(table)


def test_rows_in_another_order_give_the_same_table(root):
    table = index(root, "casme3").clips
    write_labels(root / LABELS, LINES[::-1])
    write_part_c(root / PART_C, LINES_C[::-1])
    assert index(root, "casme3").clips.equals(table)


def test_in_mebs_copy_the_second_expression_of_a_video_has_its_own_folder(tmp_path):
    root = tmp_path / "casme3"
    write_sheets(root)
    first = ("spNO.1", "e", "8", "10", "12", "4", "III", "fear")
    lines = [first, (*first[:2], "20", "22", "24", *first[5:]), (*first[:2], "30", "31", "32", *first[5:])]
    write_labels(root / LABELS, [*lines, ("spNO.2", *first[1:])])
    for folder, onset in {"spNO.1/e": 8, "spNO.1/e2": 20, "spNO.1/e3": 30, "spNO.2/e": 8}.items():
        write_colour(root / "ME_A" / folder / "color", range(onset, onset + 5))
    found = index(root, "casme3")
    assert found.failures.empty
    assert found.unlisted == []
    # 4.7: e, e2, e3 ... are one video's; the clips are called as in the other layouts
    assert dict(zip(found.clips.clip_id, [paths[0] for paths in found.clips.paths], strict=True)) == {
        "casme3-a/spNO.1/e@20": "ME_A/spNO.1/e2/color/20.jpg",
        "casme3-a/spNO.1/e@30": "ME_A/spNO.1/e3/color/30.jpg",
        "casme3-a/spNO.1/e@8": "ME_A/spNO.1/e/color/8.jpg",
        "casme3-a/spNO.2/e@8": "ME_A/spNO.2/e/color/8.jpg",
    }
    # Rows that are mixed up are looked for in a wrong folder, which holds other numbers: none is read wrong.
    write_labels(root / LABELS, [lines[1], lines[0]])
    assert set(index(root, "casme3").failures.clip_id) == {"casme3-a/spNO.1/e@20", "casme3-a/spNO.1/e@8"}


@pytest.mark.parametrize("home", ["Part_A_ME_clip", "Part_A_ME_clip/Part_A_ME_clip"])
def test_the_owners_clips_have_a_folder_for_each_subject_video_and_onset(tmp_path, home):
    root = tmp_path / "casme3"
    write_sheets(root)
    for clip, numbers in {"spNO.1_a_8": range(8, 13), "spNo.3_J_30": range(30, 35)}.items():
        write_colour(root / home / "frame" / clip, numbers)
        write_depth(root / home / "depth" / clip, numbers)
    colour = index(root, "casme3")
    assert list(sound(root).index) == ["a/spNO.1/a@8", "a/spNO.3/j@30"]
    assert sound(root).paths["a/spNO.3/j@30"][0] == f"{home}/frame/spNo.3_J_30/30.jpg"
    assert faults(colour)["casme3-a/spNO.1/a@20"] == f"nothing at '{home}/frame/spNO.1_a_20'"
    assert sound(root, modality="depth").paths["a/spNO.1/a@8"][0] == f"{home}/depth/spNO.1_a_8/8.png"


def test_part_c_may_come_as_whole_recordings(tmp_path):
    root = tmp_path / "casme3"
    write_sheets(root)
    home = root / "part_C/RGB_Depth/part_C/part_C"
    write_colour(home / "01/a/color", range(90, 130))
    write_depth(home / "01/a/depth", range(90, 130))
    table = sound(root)
    assert list(table.index) == ["c/01/1@100", "c/01/2@120"]
    assert table.frames.iloc[0] == [100, 101, 102, 103, 104]
    assert list(sound(root, modality="depth").index) == ["c/01/1@100", "c/01/2@120"]


def test_parts_can_be_chosen(root):
    assert set(index(root, "casme3", parts=("c",)).clips.part) == {"c"}
    assert set(index(root, "casme3", parts=("a",)).clips.part) == {"a"}
    shutil.rmtree(root / "ME_C")
    assert any("part c is not there (looked for ['ME_C'" in note for note in index(root, "casme3").notes)
    with pytest.raises(AnnotationError, match=r"one of the folders \['ME_C', .* found none"):
        index(root, "casme3", parts=("a", "c"))


def test_part_b_has_no_clips(root):
    assert "casme3: part_B is left out: part b has no annotation" in index(root, "casme3").notes
    with pytest.raises(AnnotationError, match=r"part b of CAS\(ME\)\^3 has recordings and no annotation"):
        index(root, "casme3", parts=("a", "b"))


@pytest.mark.parametrize(
    "options", [{"folder": "x"}, {"sheet": "x.csv", "parts": ["a", "c"]}, {"macro": True, "parts": ["c"]}]
)
def test_options_that_cannot_go_together_are_refused(options):
    with pytest.raises(ValidationError, match="parts"):
        Casme3Options(**{name: tuple(v) if name == "parts" else v for name, v in options.items()})


def test_wrong_folders_say_what_was_looked_for_and_seen(root, tmp_path):
    with pytest.raises(AnnotationError) as caught:
        index(tmp_path / "casme3/annotation", "casme3")
    assert "looked for colour frames of part a in one of the folders ['part_A/data" in str(caught.value)
    assert "of part c in ['ME_C'" in str(caught.value)
    assert "CAS(ME)3_part_A_v2.xls" in str(caught.value)
    write_colour(root / "ME_A/spNO.1/a/color", [8])
    with pytest.raises(AnnotationError, match=r"found \['RGB', 'ME_A'\]"):
        index(root, "casme3")
    assert len(index(root, "casme3", parts=("a",), folder="RGB").clips) == 11
    (root / LABELS).unlink()
    (root / LABELS_V1).unlink()
    with pytest.raises(AnnotationError, match="looked for one coding sheet"):
        index(root, "casme3", parts=("a",), folder="RGB")


def test_two_folders_of_one_video_are_refused(root):
    write_colour(root / "RGB/spNo.3/j/color", [30])
    with pytest.raises(AnnotationError, match=r"spNO\.3/J/color' and 'RGB/spNo\.3/j/color' are both 'j'"):
        index(root, "casme3")


@pytest.mark.parametrize(
    ("subject", "video"), [("", "a"), ("18", "a"), ("spNO.1_a", "a"), ("spNO.1", ""), ("spNO.1", "../../a")]
)
def test_a_clip_that_cannot_be_named_stops_all(root, subject, video):
    write_labels(root / LABELS, [LINES[0], (subject, video, *LINES[0][2:])])
    with pytest.raises(AnnotationError, match=r"v2\.xlsx, sheet 'label', row 3"):
        index(root, "casme3")


@pytest.mark.parametrize(("subject", "count"), [("spNO.1", 1), ("", 1), (1, None), (1, "../1")])
def test_a_clip_of_part_c_that_cannot_be_named_stops_all(root, subject, count):
    write_part_c(root / PART_C, [LINES_C[0], (subject, count, *LINES_C[0][2:])])
    with pytest.raises(AnnotationError, match=r"part_C_ME\.xlsx, sheet 'mockCrimeME', row 3"):
        index(root, "casme3")


def test_cells_that_are_no_numbers_fail_alone(root):
    bad = [("spNO.1", "b", "../x", "9", "12"), ("spNO.1", "a", "8", "10.5", "12")]
    write_labels(root / LABELS, [LINES[4], *((*line, "4", "III", "fear") for line in bad)])
    found = index(root, "casme3", parts=("a",))
    assert faults(found) == {
        "casme3-a/spNO.1/a@8": f"'10.5' as apex in {LABELS_NAME}, sheet 'label', row 4",
        "casme3-a/spNO.1/b@-1": f"'../x' as onset in {LABELS_NAME}, sheet 'label', row 3",
    }


@pytest.mark.parametrize("link", ["RGB/spNO.1", "RGB/spNO.1/b", "RGB/spNO.1/b/color"])
def test_a_link_that_leaves_is_unsafe(root, tmp_path, link):
    (root / link).rename(tmp_path / "outside")
    (root / link).symlink_to(tmp_path / "outside")
    assert "passes a link that leaves" in faults(index(root, "casme3"))["casme3-a/spNO.1/b@9"]


def test_the_root_itself_may_be_a_link(root, tmp_path):
    (tmp_path / "here").symlink_to(root)
    assert index(tmp_path / "here", "casme3").clips.equals(index(root, "casme3").clips)


def test_the_six_known_errors_of_860_rows_are_mended(tmp_path):
    # 4.7, known errors: clip, cells, and what MEB makes of them
    known = {
        ("spNO.149", "d", "112", "83", "358"): (112, 123, 358, "corrected"),
        ("spNO.214", "c", "5", "5", "3460"): (5, 5, 34, "annotated"),
        ("spNO.216", "d", "3647", "2668", "2694"): (2647, 2668, 2694, "annotated"),
        ("spNO.216", "e", "0", "0", "25"): (1, 1, 25, "corrected"),
        ("spNO.40", "e", "1812", "1824", "0"): (1812, 1824, 1845, "annotated"),
        ("spNO.40", "e", "2327", "2363", "0"): (2327, 2363, 2403, "annotated"),
    }
    root = tmp_path / "casme3"
    write_sheets(root)
    others = [("spNO.1", "a", str(onset), str(onset), str(onset + 2)) for onset in range(854)]
    write_labels(root / LABELS, [(*line, "4", "III", "fear") for line in [*others, *known]])
    for (subject, video, *_), (onset, _, offset, _) in known.items():
        folder = root / "RGB" / subject / video / "color"
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(onset, offset + 1):
            (folder / f"{number}.jpg").touch()
    table = sound(root)
    assert sorted(table[["onset", "apex", "offset", "apex_source"]].itertuples(index=False, name=None)) == (
        sorted(known.values())
    )
    assert set(table.index) == {
        "a/spNO.149/d@112",
        "a/spNO.214/c@5",
        "a/spNO.216/d@2647",
        "a/spNO.216/e@1",
        "a/spNO.40/e@1812",
        "a/spNO.40/e@2327",
    }
    assert table.corrections["a/spNO.149/d@112"].startswith("apex: '83' -> '123' (apex before onset; ")
    # One row more is another edition.
    write_labels(root / LABELS, [(*line, "4", "III", "fear") for line in [*others, others[0], *known]])
    assert set(index(root, "casme3").clips.corrections) == {""}


def test_macro_sheets_are_not_needed_unless_asked_for(root):
    (root / MACRO).unlink()
    assert len(index(root, "casme3").clips) == len(TABLE)
    with pytest.raises(AnnotationError, match="Expression type"):
        index(root, "casme3", macro=True)


def test_every_video_of_the_fixture_is_in_the_delivery(root):
    folders = read(root, dataset="casme3", options=Casme3Options(parts=("a",))).folders
    assert list(folders) == sorted(f"RGB/{video}/color" for video in VIDEOS)
