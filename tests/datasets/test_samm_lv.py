from decimal import ROUND_HALF_UP, Decimal

import pytest
from fixtures import samm as twin
from fixtures.samm_lv import HEADER, LINES, SHEET, write_samm_lv
from hypothesis import given
from hypothesis import strategies as st
from recordings import index, write_xlsx

from mestore.datasets.samm_lv import round_half_up
from mestore.errors import AnnotationError


@pytest.fixture
def root(tmp_path):
    write_samm_lv(tmp_path / "samm_lv")
    return tmp_path / "samm_lv"


def lines_of(root, lines):
    write_xlsx(root / SHEET, [HEADER, *[(*line[:6], 1, *line[6:]) for line in lines]])
    return root


def test_the_quirks_of_a_delivery(root):
    found = index(root, "samm_lv")
    table = found.clips
    columns = ["clip_id", "video", "onset", "apex", "offset", "aus", "apex_source", "gaps"]
    # datasets.md 4.10: ten rows of preamble; video = first two tokens of Filename; several clips per video
    assert [tuple(row) for row in table[columns].itertuples(index=False)] == [
        # 3: intensity in doubt
        ("samm_lv/006/006_1_1@1", "006_1", 1, 3, 5, "4B/C+7B", "annotated", False),
        # 4.10: joined by (Filename, Type): a macro-expression with the name of a micro-expression
        ("samm_lv/006/006_1_2@2", "006_1", 2, 4, 6, "12B+17B+(23 or 24)", "annotated", False),
        # 4.10: frame cells that are not whole are rounded half up
        ("samm_lv/006/006_1_2@8", "006_1", 8, 9, 11, "(R6 or R12)+R15", "annotated", False),
        # 4.10: onset 0, a macro-expression that was under way before
        ("samm_lv/006/006_1_3@-1", "006_1", -1, 4, 9, "7D+all of the above", "annotated", True),
        # 4.10: -1 for a missing offset
        ("samm_lv/007/007_7_1@3", "007_7", 3, 5, -1, "(8+25) or 50", "annotated", True),
        # 4.10: 010_1 macro 89/721: corrected in editions of 502 rows, which this is not
        ("samm_lv/010/010_1_2@89", "010_1", 89, 721, 92, "80+big swallow", "annotated", True),
        # 4.10: -1 for a missing apex
        ("samm_lv/010/010_1_3@90", "010_1", 90, 91, 92, "12A+ref(24)", "estimated:middle", False),
        # An offset behind the last frame of the video, as in 020_6_5; 6.9: apex 0 is none
        ("samm_lv/010/010_1_4@90", "010_1", 90, 93, 120, "4+glare", "estimated:middle", True),
        # 4.10: an apex out of range, in a clip that no correction names
        ("samm_lv/028/028_4_9@5", "028_4", 5, 8, 7, "7B+ref(43)", "annotated", True),
        ("samm_lv/030/030_2_1@1", "030_2", 1, 2, 3, "1D/E", "annotated", True),
        ("samm_lv/030/030_4_1@1", "030_4", 1, 2, 3, "45", "annotated", True),
    ]
    assert table.frames[7] == [90, 91, 92, 93]
    assert table.paths[2] == [f"SAMM_longvideos/006_1/006_1_{n:04d}.jpg" for n in range(8, 12)]
    # 4.10: 200 fps, grey, no emotion
    assert set(table.fps[table.onset >= 0]) == {200.0}
    assert (set(table.modality), set(table.emotion)) == ({"gray"}, {""})


def test_types_are_kinds(root):
    table = index(root, "samm_lv").clips
    # datasets.md 4.10: Type is "Micro - 1/2" or "Macro"; a row that cannot be read is of its kind too
    assert dict(zip(table.clip_id, table.kind, strict=True)) == {
        "samm_lv/006/006_1_1@1": "macro",
        "samm_lv/006/006_1_2@2": "macro",
        "samm_lv/006/006_1_2@8": "micro",
        "samm_lv/006/006_1_3@-1": "macro",
        "samm_lv/007/007_7_1@3": "macro",
        "samm_lv/010/010_1_2@89": "macro",
        "samm_lv/010/010_1_3@90": "micro",
        "samm_lv/010/010_1_4@90": "macro",
        "samm_lv/028/028_4_9@5": "micro",
        "samm_lv/030/030_2_1@1": "macro",
        "samm_lv/030/030_4_1@1": "micro",
    }


def test_rows_that_fail_and_a_video_without_row(root):
    found = index(root, "samm_lv")
    place = f"{SHEET}, sheet 'FACS_Movement_Only', row"
    assert dict(zip(found.failures.clip_id, found.failures.found, strict=True)) == {
        "samm_lv/006/006_1_3@-1": f"'0' as onset in {place} 14",
        "samm_lv/007/007_7_1@3": f"'-1' as offset in {place} 15",
        "samm_lv/010/010_1_2@89": "onset 89, apex 721, offset 92",
        "samm_lv/028/028_4_9@5": "onset 5, apex 8, offset 7",
        "samm_lv/030/030_2_1@1": "nothing at 'SAMM_longvideos/030_2'",
        "samm_lv/030/030_4_1@1": f"'Eye blink' as kind in {place} 21",
    }
    assert found.unlisted == ["SAMM_longvideos/037_1"]
    assert found.notes == []
    # datasets.md 4.10: frame cells may be non-integer, HEY rounds half up
    assert found.clips.set_index("clip_id").corrections["samm_lv/006/006_1_2@8"] == (
        "onset: '7.5' -> '8' (rounded half up); offset: '11.25' -> '11' (rounded half up)"
    )


def test_macro_expressions_under_way_before_can_be_left_out(root):
    found = index(root, "samm_lv", under_way="leave_out")
    assert "samm_lv/006/006_1_3@-1" not in set(found.clips.clip_id)
    assert len(found.clips) == len(LINES) - 1
    # datasets.md 4.10: onset 0 is excluded by SOFT and MEAN
    assert "samm_lv: 1 macro-expressions were under way before and are left out: 006_1_3" in found.notes


def test_a_micro_expression_with_onset_0_fails_whatever_is_left_out(root):
    lines_of(root, [(6, "006_1_1", 1, 0, 3, 5, "Micro - 1/2", "4", None)])
    assert "'0' as onset" in index(root, "samm_lv", under_way="leave_out").failures.found[0]


@pytest.mark.parametrize(("rule", "offset"), [("apex", 5), ("mirror", 7)])
def test_a_clip_without_offset_can_be_given_one(root, rule, offset):
    clips = index(root, "samm_lv", without_offset=rule).clips.set_index("clip_id")
    assert clips.offset["samm_lv/007/007_7_1@3"] == offset


@pytest.mark.parametrize("rule", ["fault", "leave_out"])
def test_known_apexes_out_of_range_are_taken_away(root, rule):
    # datasets.md 4.10, quirks of V1; offsets and frames are invented
    known = [
        ("026", "026_2_5", 2, 2049, 2980, 2052, "Macro", "7", None),
        ("028", "028_4_1", 4, 1071, 1143, 1074, "Micro - 1/2", "7", None),
        ("032", "032_3_1", 3, 1896, -1069, 1899, "Micro - 1/2", "7", None),
        ("036", "036_6_2", 6, 1672, 3714, 1675, "Macro", "7", None),
        ("036", "036_6_3", 6, 2450, 4119, 2453, "Macro", "7", None),
    ]
    # 1.1: 502 rows, of which ten have onset 0 (4.10)
    others = [("006", f"006_1_{n}", 1, max(n - 9, 0), n + 1, n + 2, "Macro", 4, None) for n in range(497)]
    lines_of(root, [*known, *others])
    for _, clip, _, onset, *_ in known:
        video = clip[:5]
        twin.write_gray(
            root / "SAMM_longvideos" / video,
            [f"{video}_{number:04d}.jpg" for number in range(onset, onset + 4)],
        )
    table = index(root, "samm_lv", under_way=rule).clips
    assert len(table) == {"fault": 502, "leave_out": 492}[rule]
    table = table[table.subject != "006"]
    assert list(table.apex) == [2050, 1072, 1897, 1673, 2451]
    assert set(table.apex_source) == {"estimated:middle"}
    assert all(table.corrections.str.startswith("apex: '"))


def test_samm_and_samm_lv_show_the_same_people_and_the_same_events(root, tmp_path):
    twin.write_samm(tmp_path / "samm")
    of_samm = index(tmp_path / "samm", "samm").clips.set_index("clip_id")
    of_lv = index(root, "samm_lv").clips.set_index("clip_id")
    # datasets.md 0: the same people; 4.10: the same micro-expressions, by Filename and Type
    one, other = of_samm.loc["samm/006/006_1_2@998"], of_lv.loc["samm_lv/006/006_1_2@8"]
    assert (one.event, one.person) == (other.event, other.person) == ("samm/006/006_1_2", "samm/006")
    assert of_lv.event["samm_lv/006/006_1_2@2"] != one.event
    assert of_lv.event.is_unique


def test_emotions_come_from_a_copy_of_samm_s_workbook(root):
    twin.write_sheet(root / twin.SHEET)
    found = index(root, "samm_lv", samm_sheet=twin.SHEET)
    table = found.clips.set_index("clip_id")
    assert (table.emotion["samm_lv/006/006_1_2@8"], table.objective_class["samm_lv/006/006_1_2@8"]) == (
        "happiness",
        "I",
    )
    # datasets.md 4.10: no emotion of macro-expressions, though one has the name of a micro-expression
    assert table.emotion["samm_lv/006/006_1_2@2"] == ""
    # 4.10: SAMM-LV number = SAMM number - c
    assert "samm_lv: 1 of 1 videos with clips of SAMM count frames from another one on: 006_1" in found.notes
    assert table.onset["samm_lv/006/006_1_2@8"] == 8


def test_numbers_that_are_not_behind_by_a_constant_are_noted(root):
    lines = [
        ("006", f"006_1_{n}", 1, onset, onset, onset + 1, 4, "Fear", 1, None)
        for n, onset in ((1, 101), (2, 107))
    ]
    twin.write_sheet(root / twin.SHEET, lines=lines)
    lines_of(root, [(6, f"006_1_{n}", 1, n, n, n + 1, "Micro - 1/2", "4", None) for n in (1, 2)])
    notes = index(root, "samm_lv", samm_sheet=twin.SHEET).notes
    assert notes[-1] == (
        "samm_lv: 1 videos are behind SAMM's frame numbers by more than one number: 006_1 (100, 105)"
    )


def test_two_rows_of_samm_for_one_clip_are_refused_if_they_differ(root):
    lines = [("006", "006_1_2", 1, 998, 999, 1001, 4, "Fear", 6, None)] * 2
    twin.write_sheet(root / twin.SHEET, lines=lines)
    assert index(root, "samm_lv", samm_sheet=twin.SHEET).clips.emotion[2] == "fear"
    twin.write_sheet(root / twin.SHEET, lines=[lines[0], (*lines[0][:7], "Anger", *lines[0][8:])])
    with pytest.raises(AnnotationError, match=r"row 16: .*'Anger'.* '006_1_2'|row 16: .*Anger.*row 15"):
        index(root, "samm_lv", samm_sheet=twin.SHEET)


def test_clips_of_samm_that_are_not_here_are_noted(root):
    twin.write_sheet(root / twin.SHEET)
    notes = index(root, "samm_lv", samm_sheet=twin.SHEET).notes
    assert any(
        note.startswith(f"samm_lv: 7 clips of {twin.SHEET} are no micro-expressions here: 010_2_1, ")
        for note in notes
    )


def test_two_micro_expressions_of_one_name_are_two_events(root):
    lines_of(root, [(6, "006_1_1", 1, n, n, n + 1, "Micro - 1/2", "4", None) for n in (1, 5)])
    found = index(root, "samm_lv")
    assert list(found.clips.event) == ["samm/006/006_1_1@1", "samm/006/006_1_1@5"]
    assert found.notes == [
        "samm_lv: 1 names are of several micro-expressions, so that SAMM's is not known: 006_1_1"
    ]


@pytest.mark.parametrize("edition", ["V2", "V3"])
def test_other_editions_read_the_same(root, edition):
    table = index(root, "samm_lv").clips
    (root / SHEET).rename(root / f"SAMM_LongVideos_{edition}_Release.xlsx")
    assert index(root, "samm_lv").clips.drop(columns="edition").equals(table.drop(columns="edition"))


def test_a_clip_of_two_subjects_fails(root):
    lines_of(root, [("007", *LINES[0][1:])])
    assert "clip '006_1_1' of subject '007'" in index(root, "samm_lv").failures.found[0]


def test_wrong_folders_say_what_was_looked_for_and_seen(root):
    (root / "SAMM_longvideos").rename(root / "videos")
    with pytest.raises(
        AnnotationError, match=r"\['SAMM_longvideos'\], found none in 'SAMM_Long.*', 'videos'"
    ):
        index(root, "samm_lv")
    assert len(index(root, "samm_lv", folder="videos").failures) == 6
    (root / "empty").mkdir()
    with pytest.raises(AnnotationError, match=r"empty holds nothing; expected 006_1, 006_2"):
        index(root, "samm_lv", folder="empty")
    (root / SHEET).unlink()
    twin.write_sheet(root / twin.SHEET)
    with pytest.raises(AnnotationError, match=r"lacks \['Onset', 'Apex', 'Offset', 'Type'\]"):
        index(root, "samm_lv", folder="videos")


@pytest.mark.parametrize(
    ("subject", "clip"), [("x", "006_1_1"), (None, "006_1_1"), (6, None), (6, "../006_1_1"), (6, "/006_1_1")]
)
def test_a_clip_that_cannot_be_named_stops_all(root, subject, clip):
    lines_of(root, [LINES[0], (subject, clip, *LINES[1][2:])])
    with pytest.raises(AnnotationError, match=r"SAMM_LongVideos_V1_Release\.xlsx, sheet 'Sheet1', row 3"):
        index(root, "samm_lv")


def test_the_root_may_be_a_link_and_nothing_below_it(root, tmp_path):
    (tmp_path / "link").symlink_to(root)
    assert len(index(tmp_path / "link", "samm_lv").failures) == 6
    (root / "SAMM_longvideos/006_1").rename(tmp_path / "outside")
    (root / "SAMM_longvideos/006_1").symlink_to(tmp_path / "outside")
    failures = index(root, "samm_lv").failures
    assert failures.found.str.contains("passes a link that leaves").sum() == 3


@given(st.integers(0, 10**18 - 2), st.from_regex(r"[0-9]{1,40}", fullmatch=True))
def test_numbers_are_rounded_exactly(whole, decimals):
    expected = int(Decimal(f"0.{decimals}").compare(Decimal("0.5")) >= 0)
    assert round_half_up(f"{whole}.{decimals}") in (
        {str(whole + expected)} if int(decimals) else {f"{whole}.{decimals}"}
    )


@given(st.text(max_size=12))
def test_any_other_text_stays_as_it_is(text):
    found = round_half_up(text)
    assert found == text or Decimal(found) == Decimal(text).quantize(Decimal(1), rounding=ROUND_HALF_UP)
