import shutil

import pytest
from fixtures.cas_me2 import BOOK, LINES, RULE1, RULE2, write_cas_me2, write_cas_me2_book
from recordings import index, write_csv, write_frames, write_xlsx

from mestore.errors import AnnotationError

ANGER = "rawpic/s15/15_0401girlcrashing"


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "cas_me2"
    write_cas_me2(root)
    return root


def test_the_quirks_of_a_delivery(root):
    table = index(root, "cas_me2").clips.set_index("clip_id")
    columns = ["kind", "video", "onset", "apex", "offset", "apex_source", "emotion", "aus"]
    annotated = "annotated"
    assert {key: tuple(row) for key, row in table[columns].iterrows()} == {
        # datasets.md 4.6: subject and video are joined by the naming rules; code 401 is 0401; both kinds in
        # one video.
        "cas_me2/s15/anger1_1@3": ("micro", "0401", 3, 5, 8, annotated, "negative", "4"),
        "cas_me2/s15/anger1_2@97": ("macro", "0401", 97, 99, 102, annotated, "negative", "4+L9"),
        # 4.6: offset 0 in 44 rows, all macro; the apex as offset (HEY, SOFT).
        "cas_me2/s15/anger1_3@5": ("macro", "0401", 5, 8, 8, annotated, "others", "4"),
        # 4.6: apex 0 in one row; the middle.
        "cas_me2/s15/disgust1_1@2": ("micro", "0101", 2, 4, 6, "estimated:middle", "surprise", "4+9"),
        "cas_me2/s16/happy3_1@1": ("micro", "0505", 1, 3, 4, annotated, "positive", "6+12"),
        # Joined to nothing: they fail, and count.
        "cas_me2/s16/happy9_1@1": ("macro", "happy9", 1, 3, 4, annotated, "positive", "12"),
        "cas_me2/3/anger1_1@1": ("macro", "0401", 1, 3, 4, annotated, "negative", "4"),
        "cas_me2/s16/disgust1_2@1": ("macro", "0101", 1, 3, 4, annotated, "negative", "9"),
    }
    # 4.6: three digits below 100, then as many as it takes.
    assert table.paths["cas_me2/s15/anger1_2@97"] == [
        f"{ANGER}/img{number}.jpg" for number in ("097", "098", "099", "100", "101", "102")
    ]
    assert set(table.fps) == {30.0}
    assert set(table.modality) == {"colour"}
    assert table.corrections["cas_me2/s15/anger1_3@5"] == "offset: '0' -> '8' (none in the sheet; apex)"
    assert set(table.edition.str.partition(" 8-")[0]) == {BOOK}
    assert not table.gaps["cas_me2/s15/anger1_2@97"]


def test_what_no_naming_rule_joins_fails_alone(root):
    found = index(root, "cas_me2")
    place = f"in {BOOK}, sheet 'CASFEcode_final', row"
    assert dict(zip(found.failures.clip_id, found.failures.found, strict=True)) == {
        "cas_me2/3/anger1_1@1": f"'3' {place} 7, which worksheet 'naming rule1' does not name",
        "cas_me2/s16/disgust1_2@1": "nothing like 16_0101... in 'rawpic/s16'",
        "cas_me2/s16/happy9_1@1": f"'happy9_1' {place} 6, which worksheet 'naming rule2' does not name",
    }
    assert found.unlisted == ["rawpic/s16/16_0502funnyerrors"]
    assert found.notes == []


def test_a_name_that_is_unique_is_the_event(root):
    table = index(root, "cas_me2").clips.set_index("clip_id")
    assert table.event["cas_me2/s15/anger1_3@5"] == "cas_me2/s15/anger1_3"
    assert table.event.is_unique


def test_two_expressions_of_one_name_are_two_events(root):
    line = [1, "anger1_1", 3, 5, 8, "4", "negative", "micro-expression", "anger"]
    write_cas_me2_book(root / BOOK, [line, [1, "anger1_1", 97, 99, 102, *line[5:]]])
    assert list(index(root, "cas_me2").clips.event) == [f"cas_me2/s15/anger1_1@{onset}" for onset in (3, 97)]
    write_cas_me2_book(root / BOOK, [line, line])  # one row twice is one expression
    assert list(index(root, "cas_me2").clips.event) == ["cas_me2/s15/anger1_1"]


def test_a_workbook_that_cannot_be_read_is_not_passed_over(root):
    (root / "broken.xlsx").write_bytes((root / BOOK).read_bytes()[:-100])
    with pytest.raises(AnnotationError, match=r"broken\.xlsx.*or name the workbook in the option 'sheet'"):
        index(root, "cas_me2")
    assert not index(root, "cas_me2", sheet=BOOK).clips.empty


def test_one_subject_in_two_folders_is_refused(root):
    (root / "rawpic/s015").mkdir()
    with pytest.raises(AnnotationError, match=r"'rawpic/s015' and 'rawpic/s15' are both of subject s15"):
        index(root, "cas_me2")


def test_without_offset(root):
    mirrored = index(root, "cas_me2", without_offset="mirror").clips.set_index("clip_id")
    assert mirrored.offset["cas_me2/s15/anger1_3@5"] == 11
    failing = index(root, "cas_me2", without_offset="fault").failures.set_index("clip_id").found
    assert failing["cas_me2/s15/anger1_3@5"].startswith("'0' as offset in")


def test_an_onset_of_0_is_none_and_kinds_are_checked(root):
    write_cas_me2_book(
        root / BOOK,
        [
            [1, "anger1_1", 0, 5, 8, "4", "negative", "micro-expression"],
            [1, "anger1_2", 3, 5, 8, "4", "negative", "Macro-expression"],
            [1, "anger1_3", 4, 5, 8, "4", "negative", "blink"],
        ],
    )
    found = index(root, "cas_me2")
    assert list(found.clips.kind) == ["micro", "macro", "micro"]
    assert [text.partition(" in ")[0] for text in found.failures.found] == ["'0' as onset", "'blink' as kind"]


def test_an_archive_unpacked_into_a_folder_of_its_name(tmp_path):
    root = tmp_path / "cas_me2"
    write_cas_me2(root, folder="rawpic/rawpic")
    assert index(root, "cas_me2").clips.paths[1][0] == f"rawpic/{ANGER}/img003.jpg"


def test_videos_of_cropped_faces(tmp_path):
    root = tmp_path / "cas_me2"
    write_cas_me2(root, folder="longVideoFaceCropped", pattern="img_{}.jpg")  # datasets.md 4.6: img_1.jpg
    found = index(root, "cas_me2", layout="faces")
    assert found.clips.paths[1][0] == "longVideoFaceCropped/s15/15_0401girlcrashing/img_3.jpg"
    assert len(found.failures) == 3


@pytest.mark.parametrize("layout", ["cropped", "selectedpic"])
def test_layouts_with_a_folder_for_each_expression(root, layout):
    write_frames(root / layout / "s15/anger1_1", [f"img{number}.jpg" for number in range(3, 9)])
    table = index(root, "cas_me2", layout=layout).clips.set_index("clip_id")
    row = table.loc["cas_me2/s15/anger1_1@3"]
    assert row.paths[0] == f"{layout}/s15/anger1_1/img3.jpg"
    assert (row.video, row.gaps) == ("0401", False)


def test_the_workbook_is_found_among_others_or_named(root):
    write_xlsx(root / "CAS(ME)^2blink-code.xlsx", [(1, "anger1", 3)])
    write_csv(root / "persons.csv", [("dataset", "subject", "person"), ("cas_me2", "s15", "anna")])
    assert set(index(root, "cas_me2").clips.person) == {"anna", "cas_me2/s16", "cas_me2/3"}
    write_cas_me2_book(root / "code_final.xlsx", title="CASMEcode_final")
    with pytest.raises(AnnotationError, match=r"found \['CAS\(ME\)\^2code_final.xlsx', 'code_final.xlsx'\]"):
        index(root, "cas_me2")
    assert index(root, "cas_me2", sheet="code_final.xlsx").clips.edition[0].startswith("code_final.xlsx 8-")


def test_wrong_folders_say_what_was_looked_for_and_seen(root):
    with pytest.raises(AnnotationError, match=r"one of the folders \['cropped'\], found none in 'CAS\(ME\)"):
        index(root, "cas_me2", layout="cropped")
    with pytest.raises(AnnotationError, match=r"found no a\.xlsx in"):
        index(root, "cas_me2", sheet="a.xlsx")
    write_xlsx(root / BOOK, [LINES[0]], title="CASFEcode_final")
    with pytest.raises(AnnotationError) as caught:
        index(root, "cas_me2")
    assert "looked for one workbook with the worksheets" in str(caught.value)
    assert "has the worksheets ['CASFEcode_final', 'Sheet2']; expected one called 'naming rule1'" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["Subject", "Video", "Onset"], "'Subject' as subject"),
        ([None, "anger1_1", 1, 2, 3], "'' as subject"),
        ([1, None, 1, 2, 3], "'' as clip is no name"),
        ([1, "../anger1_1", 1, 2, 3], "'../anger1_1' as clip is no name"),
    ],
)
def test_an_expression_that_cannot_be_named_stops_all(root, line, message):
    write_cas_me2_book(root / BOOK, [LINES[0], line])
    with pytest.raises(AnnotationError, match=rf"sheet 'CASFEcode_final', row 2: .*{message}"):
        index(root, "cas_me2")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"rule1": [*RULE1, [17, "s17", 1]]}, r"'naming rule1', row 3: '1' is 's17' here and 's15' above"),
        ({"rule2": [*RULE2, [402, "anger1"]]}, r"'naming rule2', row 4: 'anger1' is '0402' here and '0401'"),
    ],
)
def test_naming_rules_that_contradict_themselves_stop_all(root, rules, message):
    write_cas_me2_book(root / BOOK, **rules)
    with pytest.raises(AnnotationError, match=message):
        index(root, "cas_me2")


def test_two_folders_of_one_video_are_not_chosen_between(root):
    shutil.copytree(root / ANGER, root / "rawpic/s15/15_0401again")
    found = index(root, "cas_me2").failures.set_index("clip_id").found
    assert found["cas_me2/s15/anger1_1@3"] == f"'rawpic/s15/15_0401again' and '{ANGER}'"


def test_names_of_rules_that_climb_name_no_folder_and_links_that_leave_are_refused(root, tmp_path):
    write_cas_me2_book(root / BOOK, rule1=[[15, "s15", 1], [16, "../../x", 2]])
    found = index(root, "cas_me2").failures.set_index("clip_id").found
    assert "which worksheet 'naming rule1' does not name" in found["cas_me2/2/happy3_1@1"]
    (root / ANGER).rename(tmp_path / "outside")
    (root / ANGER).symlink_to(tmp_path / "outside")
    (tmp_path / "link").symlink_to(root)
    found = index(tmp_path / "link", "cas_me2").failures.set_index("clip_id").found
    assert "passes a link that leaves" in found["cas_me2/s15/anger1_1@3"]
    with pytest.raises(AnnotationError, match=r"has '\.\.' in it"):
        index(root, "cas_me2", folder="../rawpic")
