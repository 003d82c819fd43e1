import pytest
from fixtures.samm import HEADER, LINES, SHEET, write_samm, write_sheet
from recordings import index, write_csv, write_xlsx

from mestore.errors import AnnotationError


@pytest.fixture
def root(tmp_path):
    write_samm(tmp_path / "samm")
    return tmp_path / "samm"


def test_the_quirks_of_a_delivery(root):
    found = index(root, "samm")
    table = found.clips
    columns = ["clip_id", "onset", "apex", "offset", "emotion", "objective_class", "apex_source", "gaps"]
    # datasets.md 4.3: header in row 14; emotions capitalised; objective classes int 1-7
    assert [tuple(row) for row in table[columns].itertuples(index=False)] == [
        ("samm/006/006_1_2@998", 998, 999, 1001, "happiness", "I", "annotated", False),
        # 4.3: an apex outside onset..offset in a clip that no correction names
        ("samm/010/010_2_1@9998", 9998, 10005, 10001, "sadness", "VII", "annotated", True),
        # 2: "Other" -> "others"
        ("samm/011/011_4_2@30", 30, 31, 33, "others", "IV", "annotated", False),
        ("samm/011/011_4_3@40", 40, 41, 43, "contempt", "VII", "annotated", False),
        # 4.3, known errors of the edition of 159 rows, which this is not
        ("samm/028/028_4_1@1103", 1103, 1140, 1106, "anger", "III", "annotated", True),
        ("samm/032/032_3_1@4943", 4943, 1931, 4946, "surprise", "II", "annotated", True),
        ("samm/032/032_3_2@5126", 5126, 5127, 5131, "fear", "VI", "annotated", False),
        ("samm/037/037_3_1@7", 7, 8, 9, "disgust", "V", "annotated", True),
    ]
    # 3: alternatives, a space at the end, uncertain intensity, free text, asymmetric units, reference
    assert list(table.aus) == [
        "(R6 or R12)+R15",
        "12+15",
        "10A/B",
        "R14+17+soft focus",
        "A12+A7",
        "ref(7B)+43",
        "4",
        "20",
    ]
    # 4.3: four and five digits in one clip
    assert table.paths[0] == [f"SAMM/006/006_1_2/006_{n}.jpg" for n in ("0998", "0999", "01000", "01001")]
    assert table.frames[0] == [998, 999, 1000, 1001]
    # 4.3: 200 fps, grey; a clip is named subject_video_index
    assert (set(table.fps), set(table.modality), set(table.kind)) == ({200.0}, {"gray"}, {"micro"})
    assert (table.video[0], table.event[0], table.person[0]) == ("006_1", "samm/006/006_1_2", "samm/006")
    assert all(edition.startswith(f"{SHEET} 8-") for edition in table.edition)


FILLING = [("006", f"006_9_{n}", 1, n, n, n + 1, 4, "Fear", 6, None) for n in range(159 - len(LINES))]
"""Rows that make the sheet as long as the delivered one (datasets.md 1.1)."""


def test_known_errors_of_the_delivered_sheet_are_corrected(root):
    write_sheet(root / SHEET, lines=[*LINES, *FILLING])
    table = index(root, "samm").clips.set_index("clip")
    # datasets.md 4.3, known errors: apexes of 028_4_1, 032_3_1 and 032_3_2
    assert [table.apex[clip] for clip in ("028_4_1", "032_3_1", "032_3_2")] == [1105, 4945, 5130]
    assert list(table.index[table.apex_source == "corrected"]) == ["028_4_1", "032_3_1", "032_3_2"]
    assert not table.gaps["028_4_1"]
    corrections = table.corrections
    assert "'1105' (apex outside onset to offset; datasets.md 4.3" in corrections["028_4_1"]
    assert "apex: '5127' -> '5130' (apex one frame after the onset;" in corrections["032_3_2"]
    assert corrections["006_1_2"] == ""


def test_cells_that_a_lab_has_mended_are_left_alone(root):
    lines = [(*line[:4], line[3] + 2, *line[5:]) for line in [*LINES, *FILLING]]
    write_sheet(root / SHEET, lines=lines)
    table = index(root, "samm").clips
    assert set(table.apex_source) == {"annotated"}
    assert set(table.corrections) == {""}


def test_rows_that_fail_and_a_folder_without_row(root):
    found = index(root, "samm")
    assert dict(zip(found.failures.clip_id, found.failures.found, strict=True)) == {
        "samm/010/010_2_1@9998": "onset 9998, apex 10005, offset 10001",
        "samm/028/028_4_1@1103": "onset 1103, apex 1140, offset 1106",
        "samm/032/032_3_1@4943": "onset 4943, apex 1931, offset 4946",
        "samm/037/037_3_1@7": "nothing at 'SAMM/037/037_3_1'",
    }
    assert found.unlisted == ["SAMM/036/036_7_1"]
    assert found.notes == []


def test_a_trimmed_copy_with_numbers_as_subjects_reads_the_same(root):
    table = index(root, "samm").clips
    # datasets.md 4.3: a trimmed copy with the header in row 1; 2: Excel gives ids as text or int
    write_sheet(root / SHEET, preamble=(), lines=[(int(line[0]), *line[1:]) for line in LINES])
    assert index(root, "samm").clips.equals(table)


def test_the_older_workbook_has_neither_emotions_nor_classes(root):
    # datasets.md 4.3: SAMM_Micro_FACS_Codes.xlsx, 11 rows of preamble, without those columns
    header = [name for name in HEADER if name not in ("Estimated Emotion", "Objective Classes")]
    lines = [(*line[:6], 4, "Micro - 1/2", line[6], line[9]) for line in LINES]
    (root / SHEET).unlink()
    write_xlsx(root / "SAMM_Micro_FACS_Codes.xlsx", [*[(str(n),) for n in range(10)], header, *lines])
    table = index(root, "samm").clips
    assert (set(table.emotion), set(table.objective_class)) == ({""}, {""})
    assert table.aus[0] == "(R6 or R12)+R15"


def test_subjects_beside_the_workbook(tmp_path):
    options = write_samm(tmp_path / "SAMM", folder=".")
    found = index(tmp_path / "SAMM", "samm", **options)
    assert found.clips.paths[0][0] == "006/006_1_2/006_0998.jpg"
    assert found.unlisted == ["036/036_7_1"]


def test_the_workbook_among_the_subjects(root):
    (root / SHEET).rename(root / "SAMM" / SHEET)
    assert len(index(root, "samm").failures) == 4


def test_crops_of_a_lab_s_own(root):
    # datasets.md 4.3: SAMM_CROP and SAMM_CROP2 are lab-made
    (root / "SAMM").rename(root / "SAMM_CROP2")
    assert index(root, "samm", layout="cropped").clips.paths[0][0].startswith("SAMM_CROP2/006/006_1_2/")
    (root / "SAMM_CROP2").rename(root / "crops")
    assert len(index(root, "samm", layout="cropped", folder="crops").failures) == 4


def test_a_clip_of_two_subjects_fails(root):
    write_sheet(root / SHEET, lines=[("007", *LINES[0][1:]), *LINES[1:]])
    failures = index(root, "samm").failures
    assert failures.found[0] == f"clip '006_1_2' of subject '007' in {SHEET}, sheet 'MICRO_ONLY', row 15"


def test_wrong_folders_say_what_was_looked_for_and_seen(root):
    with pytest.raises(
        AnnotationError, match=r"\['SAMM_CROP', 'SAMM_CROP2'\], found none in 'SAMM', 'SAMM_M"
    ):
        index(root, "samm", layout="cropped")
    (root / "empty").mkdir()
    with pytest.raises(AnnotationError, match=r"empty holds nothing; expected 006, 007"):
        index(root, "samm", folder="empty")
    (root / SHEET).unlink()
    write_csv(root / "other.csv", [("Subject", "Filename", "Onset")])
    with pytest.raises(AnnotationError, match=r"lacks \['Onset Frame', 'Apex Frame', 'Offset Frame', 'Act"):
        index(root, "samm")


@pytest.mark.parametrize(
    ("subject", "clip"), [("x", "006_1_2"), (None, "006_1_2"), ("006", None), ("006", "../006/006_1_2")]
)
def test_a_clip_that_cannot_be_named_stops_all(root, subject, clip):
    write_sheet(root / SHEET, lines=[LINES[1], (subject, clip, *LINES[0][2:])])
    with pytest.raises(AnnotationError, match=r"sheet 'MICRO_ONLY', row 16"):
        index(root, "samm")


def test_the_root_may_be_a_link_and_nothing_below_it(root, tmp_path):
    (tmp_path / "link").symlink_to(root)
    assert len(index(tmp_path / "link", "samm").failures) == 4
    (root / "SAMM/006").rename(tmp_path / "outside")
    (root / "SAMM/006").symlink_to(tmp_path / "outside")
    failures = index(root, "samm").failures
    assert "passes a link that leaves" in failures.set_index("clip_id").found["samm/006/006_1_2@998"]
