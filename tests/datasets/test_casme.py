import pytest
from fixtures.casme import CLIPS, HEADER, LINES, SHEET, write_casme
from recordings import index, write_xls, write_xlsx

from mestore.errors import AnnotationError


@pytest.fixture
def root(tmp_path):
    write_casme(tmp_path / "casme")
    return tmp_path / "casme"


def test_the_quirks_of_a_delivery(root):
    found = index(root, "casme")
    table = found.clips
    columns = ["clip_id", "onset", "apex", "offset", "emotion", "aus", "apex_source", "gaps"]
    # datasets.md 4.1, line by line:
    assert [tuple(row) for row in table[columns].itertuples(index=False)] == [
        # Rows 0-91 are not padded; Subject is an int; Onset and Total are durations in ms, not frames.
        ("casme/sub01/EP01_5@98", 98, 99, 101, "tense", "4", "annotated", False),
        # A missing value is a lone backslash: no apex.
        ("casme/sub01/EP03_1@46", 46, 47, 49, "surprise", "L1+2", "estimated:middle", False),
        # A lone backslash as offset: the row cannot be read, but counts.
        ("casme/sub08/EP01_1@20", 20, 21, -1, "happiness", "R12", "annotated", True),
        # An offset that disagrees with the folder: frames 57 to 60 are there.
        ("casme/sub08/EP02_2@57", 57, 58, 75, "repression", "15", "annotated", True),
        # Rows from 92 on are padded to three digits; ApexF2 is a backslash; the apex is ApexF1.
        ("casme/sub08/EP12_3@8", 8, 9, 11, "disgust", "4+9", "annotated", False),
        # A row without folder.
        ("casme/sub19/EP04_4@30", 30, 31, 33, "contempt", "14", "annotated", True),
    ]
    # datasets.md 4.1: the last run of digits is the number, whatever the padding
    assert table.paths[0] == [f"CASME_raw_selected/sub01/EP01_5/EP01_5-{n}.jpg" for n in range(98, 102)]
    assert table.paths[4] == [f"CASME_raw_selected/sub08/EP12_3/EP12_3-{n:03d}.jpg" for n in range(8, 12)]
    assert table.frames[3] == [57, 58, 59, 60]
    # datasets.md 1.1: 60 fps; 4.1: colour; 2: no objective classes
    assert set(table.fps[table.onset >= 0]) == {60.0}
    assert (set(table.modality), set(table.objective_class)) == ({"colour"}, {""})
    # datasets.md 0: CASME's "01" is nobody else's
    assert table.person[0] == "casme/sub01"
    assert set(table.corrections) == {""}


def test_the_name_of_a_clip_is_its_event(root):
    table = index(root, "casme").clips
    assert list(table.event) == list("casme/" + table.subject + "/" + table["clip"])


def test_rows_that_fail_and_a_folder_without_row(root):
    found = index(root, "casme")
    assert dict(zip(found.failures.clip_id, found.failures.found, strict=True)) == {
        "casme/sub08/EP01_1@20": f"'\\\\' as offset in {SHEET}, sheet 'Sheet 1', row 5",
        "casme/sub19/EP04_4@30": "nothing at 'CASME_raw_selected/sub19/EP04_4'",
    }
    assert found.unlisted == ["CASME_raw_selected/sub19/EP09_9"]
    assert found.notes == []


def test_a_clip_without_offset_can_end_as_long_after_the_apex_as_it_began_before(root):
    clips = index(root, "casme", without_offset="mirror").clips.set_index("clip_id")
    # datasets.md 4.1: public code puts 2*apex-onset for the backslash
    assert clips.offset["casme/sub08/EP01_1@20"] == 22
    assert clips.corrections["casme/sub08/EP01_1@20"] == r"offset: '\\' -> '22' (none in the sheet; mirror)"


def test_cropped_frames(tmp_path):
    options = write_casme(tmp_path / "casme", layout="cropped")
    table = index(tmp_path / "casme", "casme", **options).clips
    # datasets.md 4.1: Cropped/sub<SS>/<Filename>/reg_<Filename>-<n>.jpg
    assert table.paths[0][0] == "Cropped/sub01/EP01_5/reg_EP01_5-98.jpg"


def test_the_original_delivery_in_two_sections_with_two_sheets(tmp_path, root):
    options = write_casme(tmp_path / "sections/RAW", layout="sections")
    found = index(tmp_path / "sections/RAW", "casme", **options)
    # datasets.md 4.1: CASME_A/Section A/<sub>/<filename>/*.jpg; older CASME_SectionA.xls
    assert found.clips.paths[0][0] == "CASME_A/Section A/sub01/EP01_5/EP01_5-98.jpg"
    assert found.clips.paths[4][0] == "CASME_B/Section B/sub08/EP12_3/EP12_3-008.jpg"
    assert found.unlisted == ["CASME_B/Section B/sub19/EP09_9"]
    assert [edition.rpartition("-")[0] for edition in found.clips.edition.unique()] == [
        "CASME_SectionA.xls 2",
        "CASME_SectionB.xls 4",
    ]
    whole = index(root, "casme").clips
    assert found.clips.digest.equals(whole.digest)
    assert found.clips.clip_id.equals(whole.clip_id)


def test_two_sections_with_one_sheet_below_a_folder(tmp_path):
    write_casme(tmp_path / "casme/RAW", layout="sections")
    write_xls(tmp_path / "casme" / SHEET, [HEADER, *LINES])
    found = index(tmp_path / "casme", "casme", layout="sections", folder="RAW")
    assert len(found.failures) == 2
    assert found.clips.paths[0][0] == "RAW/CASME_A/Section A/sub01/EP01_5/EP01_5-98.jpg"


def test_a_clip_in_both_sections_fails(tmp_path):
    root = tmp_path / "casme"
    options = write_casme(root, layout="sections")
    (root / "CASME_B/Section B/sub01/EP01_5").mkdir(parents=True)
    failures = index(root, "casme", **options).failures.set_index("clip_id")
    assert (
        "'CASME_A/Section A/sub01/EP01_5', 'CASME_B/Section B/sub01/EP01_5'"
        in (failures.found["casme/sub01/EP01_5@98"])
    )


@pytest.mark.parametrize("subject", [1, "01", "1", "sub01"])
def test_subjects_of_any_edition_are_those_of_the_folders(root, subject):
    write_xlsx(root / "casme.xlsx", [HEADER, (subject, *LINES[0][1:])])
    assert index(root, "casme", sheet="casme.xlsx").clips.clip_id[0] == "casme/sub01/EP01_5@98"


def test_wrong_folders_say_what_was_looked_for_and_seen(root):
    with pytest.raises(AnnotationError, match=r"one of the folders \['Cropped'\], found none in "):
        index(root, "casme", layout="cropped")
    with pytest.raises(
        AnnotationError, match=r"\['CASME_A/Section A', 'Section A'\], found none in 'CASME-c"
    ):
        index(root, "casme", layout="sections")
    (root / "frames").mkdir()
    with pytest.raises(AnnotationError, match=r"frames holds nothing; expected sub01"):
        index(root, "casme", folder="frames")
    (root / SHEET).unlink()
    with pytest.raises(AnnotationError, match=r"'OnsetF', 'ApexF1', .* found none in 'CASME_raw_selected'"):
        index(root, "casme")


@pytest.mark.parametrize(("subject", "clip"), [("x", "EP01"), (None, "EP01"), (1, None), (1, "../EP01_5")])
def test_a_clip_that_cannot_be_named_stops_all(root, subject, clip):
    write_xls(root / SHEET, [HEADER, LINES[0], (subject, clip, *LINES[1][2:])])
    with pytest.raises(AnnotationError, match=r"CASME-coded-20190721\.xls, sheet 'Sheet 1', row 3"):
        index(root, "casme")


def test_the_root_may_be_a_link_and_nothing_below_it(root, tmp_path):
    (tmp_path / "link").symlink_to(root)
    assert len(index(tmp_path / "link", "casme").failures) == 2
    (root / "CASME_raw_selected/sub01").rename(tmp_path / "outside")
    (root / "CASME_raw_selected/sub01").symlink_to(tmp_path / "outside")
    failures = index(root, "casme").failures
    assert failures.found.str.contains("passes a link that leaves").sum() == len(
        [clip for clip in CLIPS if clip.startswith("sub01")]
    )
