import datetime
import zipfile

import openpyxl
import pytest
import xlrd
from hypothesis import given
from hypothesis import strategies as st
from recordings import write_csv, write_xls, write_xlsx

from mestore.datasets.sheet import SUFFIXES, _xls_text, read_grids, read_sheet, spreadsheets
from mestore.errors import AnnotationError

COLUMNS = ("Subject", "OnsetFrame", "Action Units")
LINES = [
    ("A title", None, None, None),
    ("Action Units", "Subject", None, "OnsetFrame"),
    (12, " 01 ", None, 46),
    ("4+R12 ", 2, None, "9"),
    (None, None, None, None),
    ("?", "03", None, "/"),
]
WRITERS = {
    "a.xlsx": write_xlsx,
    "a.xls": write_xls,
    "a.csv": write_csv,
    "semicolon.csv": lambda path, lines: write_csv(path, lines, delimiter=";"),
    "tab.csv": lambda path, lines: write_csv(path, lines, delimiter="\t"),
    "bom.csv": lambda path, lines: write_csv(path, lines, bom=True),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_text(tmp_path, name):
    WRITERS[name](tmp_path / name, LINES)
    sheet = read_sheet(tmp_path / name, columns=COLUMNS)
    assert [row.cells for row in sheet.rows] == [
        {"Subject": "01", "OnsetFrame": "46", "Action Units": "12"},
        {"Subject": "2", "OnsetFrame": "9", "Action Units": "4+R12"},
        {"Subject": "03", "OnsetFrame": "/", "Action Units": "?"},
    ]
    assert [row.where.rpartition(" ")[2] for row in sheet.rows] == ["3", "4", "6"]
    assert all(row.where.startswith(name) for row in sheet.rows)


def test_names_are_compared_without_case_spaces_and_punctuation(tmp_path):
    write_csv(tmp_path / "a.csv", [("subject", "onset frame", "ACTION_UNITS", "Notes"), ("1", "2", "3", "x")])
    sheet = read_sheet(tmp_path / "a.csv", columns=COLUMNS, optional=("Apex",))
    assert sheet.rows[0].cells == {"Subject": "1", "OnsetFrame": "2", "Action Units": "3"}
    assert sheet.rows[0].text("Apex") == ""
    assert sheet.unread == ("Notes",)


def test_cells_with_quoted_delimiters_and_line_breaks(tmp_path):
    write_csv(tmp_path / "a.csv", [("a", "b"), ("1,5", "two\nlines"), ("3", "")])
    rows = read_sheet(tmp_path / "a.csv", columns=("a", "b")).rows
    assert [dict(row.cells) for row in rows] == [{"a": "1,5", "b": "two\nlines"}, {"a": "3", "b": ""}]
    assert rows[1].where == "a.csv, row 3"


def test_a_formula_without_a_stored_value_is_its_own_text(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["a", "b", "c"])
    book.active.append([1, "=A2+1", None])
    book.save(tmp_path / "a.xlsx")
    [row] = read_sheet(tmp_path / "a.xlsx", columns=("a", "b", "c")).rows
    assert row.cells == {"a": "1", "b": "=A2+1", "c": ""}


def test_a_formula_has_the_value_that_was_stored(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active.append([1, "=A2+1"])
    book.save(tmp_path / "plain.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "plain.xlsx") as plain,
        zipfile.ZipFile(tmp_path / "a.xlsx", "w") as stored,
    ):
        for name in plain.namelist():
            text = plain.read(name).replace(b"<f>A2+1</f><v></v>", b"<f>A2+1</f><v>2</v>")
            stored.writestr(name, text.replace(b"<f>A2+1</f><v />", b"<f>A2+1</f><v>2</v>"))
    assert read_sheet(tmp_path / "a.xlsx", columns=("a", "b")).rows[0].cells == {"a": "1", "b": "2"}


def test_a_column_goes_by_the_first_of_its_names_that_is_there(tmp_path):
    names = {"onset": ("OnsetFrame", "OnsetF")}
    write_csv(tmp_path / "a.csv", [("Onset", "OnsetF"), ("150", "73")])
    assert read_sheet(tmp_path / "a.csv", columns=("onset",), names=names).rows[0].cells == {"onset": "73"}
    write_csv(tmp_path / "a.csv", [("Onset",), ("150",)])
    with pytest.raises(AnnotationError, match=r"lacks \['OnsetFrame or OnsetF'\]"):
        read_sheet(tmp_path / "a.csv", columns=("onset",), names=names)


def test_a_worksheet_is_asked_for_by_its_title(tmp_path):
    book = openpyxl.Workbook()
    for title, value in {"HS": 1, "VIS": 2}.items():
        sheet = book.create_sheet(title)
        sheet.append(["a"])
        sheet.append([value])
    book.save(tmp_path / "a.xlsx")
    assert read_sheet(tmp_path / "a.xlsx", columns=("a",), title="vis").rows[0].text("a") == "2"
    [[header, row]] = read_grids(tmp_path / "a.xlsx", titles=[("hs", "h_s")])
    assert (header.cells, row.text("1"), row.where) == ({"1": "a"}, "1", "a.xlsx, sheet 'HS', row 2")
    with pytest.raises(AnnotationError, match=r"has the worksheets .* expected one called 'NIR'"):
        read_grids(tmp_path / "a.xlsx", titles=[("HS",), ("NIR",)])


def test_the_second_worksheet_is_found(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["scrap"])
    second = book.create_sheet("coding")
    second.append(["a"])
    second.append(["x"])
    book.save(tmp_path / "a.xlsx")
    assert read_sheet(tmp_path / "a.xlsx", columns=("a",)).rows[0].where == "a.xlsx, sheet 'coding', row 2"


def test_wrong_columns_say_what_was_looked_for_and_seen(tmp_path):
    write_xlsx(tmp_path / "a.xlsx", [("Title",), ("Subject", "Onset", "Action Units"), ("1", 2, 3)])
    with pytest.raises(AnnotationError) as caught:
        read_sheet(tmp_path / "a.xlsx", columns=COLUMNS)
    message = str(caught.value)
    assert "['Subject', 'OnsetFrame', 'Action Units']" in message
    assert "sheet 'Sheet1', row 2, has 'Subject', 'Onset', 'Action Units' and lacks ['OnsetFrame']" in message
    assert "rename" in message


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.csv", b"", "has no rows"),
        ("a.csv", b"a,a\n1,2\n", "'a' stands there twice"),
        ("a.csv", b'a,b\n"unclosed,2\n3,4\n', "cannot be read as .csv"),
        ("a.csv", "a,b\nKäse,2\n".encode("cp1252"), "UTF-8"),
        ("a.csv", "a,b\n1,2\n".encode("utf-16"), "UTF-8"),
        ("a.xlsx", b"not a zip archive", "cannot be read as .xlsx"),
        ("a.xlsx", b"PK\x03\x04 cut off", "cannot be read as .xlsx"),
        ("a.xls", b"neither", "cannot be read as .xls"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut off", "cannot be read as .xls"),
        ("a.txt", b"a,b\n", "is no sheet"),
    ],
)
def test_unreadable_sheets_are_named(tmp_path, name, content, word):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AnnotationError, match=word) as caught:
        read_sheet(tmp_path / name, columns=("a",))
    assert name in str(caught.value)


def test_an_absent_sheet_is_the_machines_fault(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_sheet(tmp_path / "a.csv", columns=("a",))


def test_lock_files_are_no_sheets(tmp_path):
    for name in ["b.xlsx", "a.CSV", "~$b.xlsx", ".c.xls", "d.txt"]:
        (tmp_path / name).touch()
    assert spreadsheets(tmp_path) == ["a.CSV", "b.xlsx"]


@given(
    lines=st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=8),
            min_size=2,
            max_size=2,
        ),
        max_size=5,
    ),
    delimiter=st.sampled_from(",;\t"),
)
def test_csv_cells_come_back_stripped(tmp_path_factory, lines, delimiter):
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    write_csv(path, [("first", "second"), *lines], delimiter=delimiter)
    rows = read_sheet(path, columns=("first", "second")).rows
    stripped = [[cell.strip() for cell in line] for line in lines]
    assert [[*row.cells.values()] for row in rows] == [line for line in stripped if any(line)]


def test_suffixes_are_those_documented():
    assert SUFFIXES == (".csv", ".xlsx", ".xls")


def test_an_unquoted_separator_in_a_cell_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("clip,aus\nc1,4,10\n")
    with pytest.raises(AnnotationError, match=r"a\.csv, row 2: \['10'\] stand beyond the last named column"):
        read_sheet(tmp_path / "a.csv", columns=("clip", "aus"))
    write_xlsx(tmp_path / "a.xlsx", [("clip", "aus"), ("c1", "4", "remark")])
    assert read_sheet(tmp_path / "a.xlsx", columns=("clip", "aus")).rows[0].text("aus") == "4"


def test_a_shift_under_blank_headings_is_refused_too(tmp_path):
    (tmp_path / "a.csv").write_text("clip,aus,emotion,,\nc1,4,10,disgust,\n")
    with pytest.raises(AnnotationError, match=r"row 2: \['disgust', ''\] stand beyond"):
        read_sheet(tmp_path / "a.csv", columns=("clip", "aus", "emotion"))


def test_two_worksheets_with_the_columns_are_not_chosen_between(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.active.append(["x"])
    second = book.create_sheet("old")
    second.append(["a"])
    book.save(tmp_path / "a.xlsx")
    assert read_sheet(tmp_path / "a.xlsx", columns=("a",)).rows[0].text("a") == "x"
    second.append(["y"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(AnnotationError, match=r"two worksheets .* 'Sheet', row 2 and .* 'old', row 2 on"):
        read_sheet(tmp_path / "a.xlsx", columns=("a",))


def test_errors_and_truth_values_of_an_xls_are_no_numbers():
    cells = [
        xlrd.sheet.Cell(xlrd.XL_CELL_ERROR, 42),
        xlrd.sheet.Cell(xlrd.XL_CELL_ERROR, 15),
        xlrd.sheet.Cell(xlrd.XL_CELL_BOOLEAN, 1),
        xlrd.sheet.Cell(xlrd.XL_CELL_NUMBER, 46.0),
    ]
    assert [_xls_text(cell) for cell in cells] == ["#N/A", "#VALUE!", "#TRUE", "46"]


def test_a_file_that_is_cut_off_in_a_row_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("clip,aus,emotion\nc1,4,disgust\nc2,1")
    with pytest.raises(AnnotationError, match=r"row 3: found 2 cells; expected 3, as the header has"):
        read_sheet(tmp_path / "a.csv", columns=("clip", "aus"))


def test_a_workbook_that_unpacks_to_more_than_any_sheet_is_refused(tmp_path):
    write_xlsx(tmp_path / "a.xlsx", [("a",), ("x",)])
    with (
        zipfile.ZipFile(tmp_path / "a.xlsx", "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/bomb", "w") as member,
    ):
        for _ in range(501):
            member.write(bytes(10**6))
    with pytest.raises(AnnotationError, match=r"takes 501 MB unpacked, more than any coding sheet"):
        read_sheet(tmp_path / "a.xlsx", columns=("a",))


def test_dates_and_truth_values_are_shown_as_what_they_are(tmp_path):
    write_xlsx(tmp_path / "a.xlsx", [("a", "b"), (datetime.date(2026, 4, 12), True)])
    [row] = read_sheet(tmp_path / "a.xlsx", columns=("a", "b")).rows
    assert (row.text("a"), row.text("b")) == ("#DATE 2026-04-12 00:00:00", "#TRUE")
