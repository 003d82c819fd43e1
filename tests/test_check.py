"""`mestore check` on invented copies of CASME II: one that is whole, and what may be wrong with one."""

import csv
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mestore.check import COLUMNS, DIFFERENT, NOT_THAT, Report, cell, check
from mestore.check_text import plain
from mestore.datasets import READERS
from mestore.errors import MEStoreError
from stated import fitting

SHEET = "CASME2-coding-20140508.csv"
FOLDER = "CASME2_RAW_selected"

CASME2_HEADER = [
    *("Subject", "Filename", "", "OnsetFrame", "ApexFrame", "OffsetFrame", ""),
    *("Action Units", "Estimated Emotion"),
]
TABLE_HEADER = ["subject", "clip", "path", "onset", "apex", "offset", "fps", "emotion", "aus"]

Line = list[object]


def write_csv(path: Path, lines: Iterable[Line]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(lines)


def write_frames(folder: Path, names: Iterable[str]) -> None:
    """Write empty files: a check lists frames and never reads one."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()


@pytest.fixture
def lines() -> list[Line]:
    """The rows of a sheet that holds what is stated of CASME II's 255 rows (datasets.md 1.1 to 1.3)."""
    table = fitting("casme2", "255-*")
    return [
        [int(row.subject[1:]) + 1, row.clip, None, 9, 10, 12, None, row.aus, row.emotion]
        for row in table.itertuples()
    ]


def write(root: Path, lines: list[Line], *, without: tuple[str, ...] = ()) -> None:
    """Write a copy of CASME II without some clips ("c8") and some frames ("c9/11")."""
    write_csv(root / SHEET, [CASME2_HEADER, *lines])
    for clip, subject in {str(line[1]): line[0] for line in lines}.items():
        numbers = [number for number in range(9, 13) if f"{clip}/{number}" not in without]
        if clip not in without:
            write_frames(root / FOLDER / f"sub{subject:02d}" / clip, [f"img{it}.jpg" for it in numbers])


def run(root: Path, reader: str = "casme2", **options: object) -> Report:
    return check(
        root,
        dataset="mine",
        reader=reader,
        options=READERS[reader].options_model()(**options),
        hashes_folder=root.parent / "cache",
        csv_file=root.parent / "mine.check.csv",
    )


def table(root: Path) -> list[dict[str, str]]:
    with (root.parent / "mine.check.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def root(tmp_path) -> Path:
    (tmp_path / "casme2").mkdir()
    return tmp_path / "casme2"


def without_totals(lines: list[Line]) -> list[Line]:
    """The counts state ten units more than the twelve have; one clip gets them, so that all counts fit."""
    lines[0][7] = "+".join(filter(None, [str(lines[0][7]), *map(str, range(30, 40))]))
    return lines


def test_a_copy_that_holds_what_is_stated_passes(root, lines):
    write(root, without_totals(lines))
    report = run(root)
    *_, last = report.text.splitlines()
    assert last == "mine: 255 clips of 26 subjects; all 22 counts as stated"
    assert report.status == 0
    assert not [line for line in report.text.splitlines() if line.startswith("!")]
    assert ": known\n" in report.text and "none here; 255 expected" in report.text


def test_the_text_shows_found_above_expected_with_the_source(root, lines):
    lines[0][8] = "surprise"
    write(root, without_totals(lines))
    text = run(root).text.splitlines()
    at = next(number for number, line in enumerate(text) if "emotion" in line)
    assert text[at].split() == ["emotion", *_emotions()]
    assert text[at + 1].split() == ["!", "found", "!98", "63", "32", "27", "!26", "7", "2"]
    assert text[at + 2].split() == ["expected", "99", "63", "32", "27", "25", "7", "2", "[3]"]
    assert "  [3] datasets.md 1.2: counted in davidnvq/me_recognition (OBS DNV)" in text
    ends = [max(len(line.partition(" [")[0].rstrip()) for line in [text[at + row]]) for row in range(3)]
    assert len(set(ends)) == 1  # aligned to the right
    assert text[-1] == "mine: 255 clips of 26 subjects; 2 of 22 counts differ"


def _emotions() -> list[str]:
    return ["others", "disgust", "happiness", "repression", "surprise", "sadness", "fear"]


def test_what_is_wrong_with_single_clips_is_told_by_topic(root, lines):
    lines[3][4] = "/"
    lines[4][4] = 5
    lines[5][5] = "12a"
    lines.append([*lines[20]])
    write(root, lines, without=("c8", "c9/9", "c10/11"))
    (root / FOLDER / "sub24" / "EP02_07").mkdir()
    report = run(root)
    assert report.status == DIFFERENT
    said = report.text.splitlines()
    for topic, example in {
        "! 1 row without folder": f"mine/sub09/c8@9  nothing at '{FOLDER}/sub09/c8'",
        "! 1 clip without its onset or apex": "mine/sub10/c9@9  no frame 9 (onset) in",
        "! 1 value out of range": "mine/sub05/c4@9  onset 9, apex 5, offset 12",
        "! 1 row that cannot be used": f"mine/sub06/c5@9  '12a' as offset in {SHEET}, row 7; expected",
        "! 1 row listed twice": "mine/sub21/c20@9#2  one more row with this subject, clip and onset",
        "  1 clip with frames missing, 1 frame": "mine/sub11/c10@9  3 of 4 frames: no 11",
        "  1 folder without row": f"{FOLDER}/sub24/EP02_07",
        "  1 apex estimated": "mine/sub04/c3@9  10, middle",
    }.items():
        assert said[said.index(topic) + 1].strip().startswith(example)
    assert said[-1].endswith("; 5 rows cannot be used")
    rows = {row["value"]: row for row in table(root) if row["topic"] != "count"}
    assert rows["mine/sub09/c8@9"]["remedy"].startswith("copy it there, or mend")
    assert rows["mine/sub09/c8@9"]["verdict"] == "wrong"
    assert rows[f"{FOLDER}/sub24/EP02_07"]["verdict"] == "remark"


def test_one_row_too_few_fails_and_names_the_nearest_edition(root, lines):
    write(root, lines[:-1])
    report = run(root)
    assert report.status == DIFFERENT
    [edition] = [line for line in report.text.splitlines() if line.startswith("! edition")]
    assert "254-" in edition
    assert edition.endswith(": not known (those of 255, 256 rows are); compared with 255 rows")
    [clips] = [row for row in table(root) if row["column"] == "clips"]
    assert (clips["found"], clips["expected"], clips["verdict"]) == ("254", "255", "differs")
    assert clips["source"].startswith("datasets.md 1.1")


def test_a_copy_of_some_subjects_says_so_once(root, lines):
    write(root, lines, without=tuple(str(clip) for subject, clip, *_ in lines if subject not in (1, 2)))
    said = run(root).text.splitlines()
    told = "! no clip can be used of 24 of 26 subjects, as in a part of the dataset: sub03, sub04, sub05, ..."
    assert told in said
    rows = next(line for line in said if "rows without folder" in line)
    assert rows == "! 235 rows without folder"
    assert len(said) < 45


def test_folders_of_some_subjects_and_parts_are_compared_by_their_number_alone(root):
    for subject in ("s1", "s3", "s20"):
        write_frames(root / f"HS/{subject}/micro/negative/{subject}_ne_01", ["image000009.bmp"])
    report = run(root, "smic")
    said = report.text.splitlines()
    assert "  not here: part nir, vis" in said
    assert "! 3 of 16 subjects: part of the dataset; classes are not compared" in said
    assert said[-1] == "mine: 3 clips of 3 subjects; 4 of 4 counts differ"
    absent = dict.fromkeys(("s4", "s8"), "not compared")
    verdicts = {row["value"]: row["verdict"] for row in table(root) if row["column"] == "subject"}
    assert verdicts == {"s1": "not stated", "s3": "differs", "s20": "differs", **absent}


def test_a_folder_of_another_layout_says_which_option_to_set(root, lines):
    write(root, lines)
    (root / FOLDER).rename(root / "Cropped")
    report = run(root)
    assert report.status == NOT_THAT
    assert "looked for one of the folders ['CASME2_RAW_selected'], found none in" in report.text
    assert "with the options {'layout': 'cropped'}: say so in params.yaml" in report.text
    assert not (root.parent / "mine.check.csv").exists()


def test_a_folder_that_is_another_dataset_says_what_it_looks_like(root):
    write_csv(root / "recordings.csv", [TABLE_HEADER, ["a", "c", "a", 1, 2, 3, 50, "others", ""]])
    write_frames(root / "a", ["1.png", "2.png", "3.png"])
    report = run(root)
    assert report.status == NOT_THAT
    assert "It looks like table (a lab's own recordings)." in report.text
    assert report.text.splitlines()[-1] == f"mine: nothing was compared: {root} cannot be read as CASME II"


def test_a_folder_that_is_not_there_is_not_that_dataset(root):
    report = run(root / "nowhere")
    assert report.status == NOT_THAT and "found none; put the dataset there or link it" in report.text


def test_a_lab_s_own_recordings_are_counted(root):
    write_csv(root / "recordings.csv", [TABLE_HEADER, ["a", "c", "a", 1, 2, 40, 50, "others", "4"]])
    write_frames(root / "a", [f"{number}.png" for number in range(1, 41)])
    report = run(root, "table")
    assert report.status == 0
    assert report.text.splitlines()[-1] == "mine: 1 clip of 1 subject, with nothing to compare them with"


@pytest.mark.parametrize(("offset", "long"), [(25, False), (26, True)])
def test_a_clip_longer_than_half_a_second_is_a_remark(root, offset, long):
    # 25 frames at 50 frames a second are half a second; the apex comes too late for the other limit.
    write_csv(root / "recordings.csv", [TABLE_HEADER, ["a", "c", "a", 1, 20, offset, 50, "others", ""]])
    write_frames(root / "a", [f"{number}.png" for number in range(1, offset + 1)])
    report = run(root, "table")
    assert ("  1 clip longer than a micro-expression" in report.text.splitlines()) == long
    assert report.status == 0


def test_a_correction_is_told_with_its_reason(root, lines):
    write(root, without_totals(lines))
    header = ["dataset", "edition", "subject", "clip", "onset", "field", "old", "new", "reason", "source"]
    line: Line = ["mine", "255-*", "sub01", "c0", "", "apex", "10", "11", "slip", "us"]
    write_csv(root / "corrections.csv", [header, line])
    report = run(root)
    assert "    mine/sub01/c0@9  apex: '10' -> '11' (slip; us)" in report.text.splitlines()
    assert report.status == 0


def test_what_a_sheet_says_commands_neither_terminal_nor_spreadsheet(root, lines):
    lines[0][8] = "@HYPERLINK(1)\x1b[31m"
    lines[1][3] = "\x1b]0;title\x07\u202e"
    write(root, lines)
    report = run(root)
    assert all(line.isprintable() for line in report.text.splitlines())
    assert r"\x1b]0;title\x07\u202e" in report.text
    values = {row["value"] for row in table(root)}
    assert "'@hyperlink(1) [31m" in values  # the index has a space for what does not print


@given(st.text())
def test_cells_are_printable_and_no_formulas(text):
    assert plain(text).isprintable()
    assert cell(text)[:1] not in ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def test_a_table_that_cannot_be_written_is_an_error_that_names_it(root, lines):
    write(root, lines[:3])
    (root.parent / "mine.check.csv").mkdir()
    with pytest.raises(MEStoreError, match=r"mine\.check\.csv cannot be written .*--csv"):
        run(root)


def test_the_table_has_every_count_with_its_source(root, lines):
    classes = [[*line[:2], "VII"] for line in lines]
    write_csv(root / "CASME2-ObjectiveClasses.csv", [["Subject", "Filename", "Objective Class"], *classes])
    write(root, lines)
    run(root)
    rows = table(root)
    assert tuple(rows[0]) == COLUMNS
    classes = [row for row in rows if row["column"] == "objective_class"]
    assert [(row["value"], row["found"], row["expected"]) for row in classes] == [
        *[("I", "0", "25"), ("II", "0", "15"), ("III", "0", "99"), ("IV", "0", "26")],
        *[("V", "0", "20"), ("VI", "0", "1"), ("VII", "255", "69")],
    ]
    assert all(row["source"].startswith("datasets.md 1.2") for row in classes)
    assert len([row for row in rows if row["column"] == "subject"]) == 26
