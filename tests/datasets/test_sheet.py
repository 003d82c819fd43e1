import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import write_csv, write_xls, write_xlsx

from mestore.datasets.sheet import MISSING, SUFFIXES, parse_whole, read_sheet, spreadsheets
from mestore.errors import AnnotationError, ClipFault

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
    write_csv(tmp_path / "a.csv", [("a", "b"), ("1,5", "two\nlines"), ("3",)])
    rows = read_sheet(tmp_path / "a.csv", columns=("a", "b")).rows
    assert [dict(row.cells) for row in rows] == [{"a": "1,5", "b": "two\nlines"}, {"a": "3", "b": ""}]
    assert rows[1].where == "a.csv, row 3"


def test_a_formula_has_its_cached_value_or_none(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.active.append([1, "=A2+1"])
    book.save(tmp_path / "a.xlsx")
    assert read_sheet(tmp_path / "a.xlsx", columns=("a", "b")).rows[0].cells == {"a": "1", "b": ""}


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


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("46", 46),
        (46, 46),
        (46.0, 46),
        ("046", 46),
        ("46.0", 46),
        ("/", None),
        ("\\", None),
        (None, None),
        (0, 0),
    ],
)
def test_whole_numbers_in_any_cell_type(tmp_path, value, number):
    write_xlsx(tmp_path / "a.xlsx", [("name", "n"), ("x", value)])
    assert read_sheet(tmp_path / "a.xlsx", columns=("name", "n")).rows[0].whole_or_none("n") == number


@pytest.mark.parametrize("value", ["46a", 46.5, "4,6", "-1", -1, "1e3", "n/a", "#REF!", True, "٤٦", "9" * 19])
def test_anything_else_is_a_fault_naming_sheet_row_and_column(tmp_path, value):
    write_xlsx(tmp_path / "a.xlsx", [("name", "n"), ("x", value)], title="coding")
    row = read_sheet(tmp_path / "a.xlsx", columns=("name", "n")).rows[0]
    with pytest.raises(ClipFault, match=r"in column 'n' of a\.xlsx, sheet 'coding', row 2") as caught:
        row.whole_or_none("n")
    assert repr(str(value)) in caught.value.found


def test_a_needed_number_may_not_be_missing(tmp_path):
    write_csv(tmp_path / "a.csv", [("name", "n"), ("x", "/")])
    with pytest.raises(ClipFault, match="'/' in column 'n'"):
        read_sheet(tmp_path / "a.csv", columns=("name", "n")).rows[0].whole("n")


@pytest.mark.parametrize("value", ["", ".", "..", "a/b", "a\\b", "a\tb"])
def test_a_name_must_be_one(tmp_path, value):
    write_csv(tmp_path / "a.csv", [("name", "n"), (value, "1")])
    with pytest.raises(AnnotationError, match=r"a\.csv, row 2: .* in column 'name' is no name"):
        read_sheet(tmp_path / "a.csv", columns=("name", "n")).rows[0].name("name")


@pytest.mark.parametrize("longest", ["a" * 200, "\u4e2d" * 22, "%" * 66])
def test_a_name_must_fit_into_a_folder_of_a_store(tmp_path, longest):
    write_csv(tmp_path / "a.csv", [("name", "n"), (longest, "1"), (longest + longest[0], "1")])
    fits, exceeds = read_sheet(tmp_path / "a.csv", columns=("name", "n")).rows
    assert fits.name("name") == longest
    with pytest.raises(AnnotationError, match=r"a\.csv, row 3: .* in column 'name' takes 20[0-9] bytes"):
        exceeds.name("name")


@given(st.text(max_size=20))
def test_any_text_is_a_whole_number_or_missing_or_refused(text):
    try:
        number = parse_whole(text)
    except ValueError:
        assert text not in MISSING
        assert not (text.isascii() and text.isdigit() and len(text) <= 18)
    else:
        assert (number is None) == (text in MISSING)
        assert number is None or number == float(text)


@given(st.integers(0, 10**18 - 1), st.sampled_from(["", ".0", ".000"]), st.integers(0, 3))
def test_numbers_are_read_exactly(number, tail, zeros):
    if len(str(number)) + zeros <= 18:
        assert parse_whole("0" * zeros + str(number) + tail) == number


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
