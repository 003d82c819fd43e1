"""Sheets as nobody should write them: a clear error, a failure, or what the cell says. Never a wrong row."""

import copy
import datetime
import re
import shutil
import struct
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import xlrd
from fixtures.all import FIXTURES
from fixtures.cas_me2 import BOOK, write_cas_me2_book
from fixtures.casme2 import CLASS_SHEET, CLASSES, CLIPS, LINES, SHEET, write_casme2
from fixtures.smic_e import write_book
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from recordings import CASME2_HEADER, TABLE_HEADER, index, write_csv, write_frames, write_xlsx

from mestore import aus
from mestore.clips import clip_id
from mestore.datasets import READERS
from mestore.datasets.casme2 import Casme2Options
from mestore.datasets.entry import Annotation
from mestore.datasets.index import Index, index_dataset
from mestore.datasets.persons import same_id
from mestore.datasets.row import emotion, objective_class, understand
from mestore.datasets.samm_lv import round_half_up
from mestore.datasets.table_io import write_parquet
from mestore.errors import AnnotationError

Grid = list[list[object]]


@dataclass(frozen=True, kw_only=True)
class Coding:
    """One coding sheet of a fixture: its file, worksheet, row of the header (0: none), columns by field."""

    reader: str
    path: str
    title: str
    header: int = 1
    columns: dict[str, int]
    optional: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.reader}-{self.title}"


def at(text: str) -> dict[str, int]:
    """Return the place of each field that `text` names; "-" is a column that is not read."""
    return {name: place for place, name in enumerate(text.split()) if name != "-"}


CODINGS = (
    Coding(
        reader="cas_me2",
        path="CAS(ME)^2code_final.xlsx",
        title="CASFEcode_final",
        header=0,
        columns=at("subject clip onset apex offset aus emotion kind -"),
    ),
    Coding(
        reader="casme",
        path="CASME-coded-20190721.xls",
        title="Sheet 1",
        columns=at("subject clip - onset apex - offset - - - aus emotion"),
    ),
    Coding(
        reader="casme2",
        path="CASME2-coding-20140508.xlsx",
        title="Sheet1",
        columns=at("subject clip - onset apex offset - aus emotion"),
    ),
    Coding(
        reader="casme3",
        path="annotation/partA/cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx",
        title="label",
        columns=at("subject clip onset apex offset aus objective_class emotion"),
        optional=("objective_class",),
    ),
    Coding(
        reader="casme3",
        path="annotation/CAS(ME)3_part_C_ME.xlsx",
        title="mockCrimeME",
        columns=at("subject clip onset offset aus emotion"),
    ),
    Coding(
        reader="dfme",
        path="training_full_with_AU.xlsx",
        title="Sheet1",
        columns=at("subject clip onset apex offset emotion - fps aus"),
        optional=("emotion", "aus"),
    ),
    Coding(
        reader="fourdme",
        path="4DME_Labelling_Micro_release v1.xlsx",
        title="Sheet1",
        columns=at("subject split clip emotion onset apex offset aus - - - - - - - - -"),
        optional=("split",),
    ),
    Coding(
        reader="mmew",
        path="MMEW_Micro_Exp.xlsx",
        title="Sheet1",
        columns=at("subject clip onset apex offset aus emotion -"),
    ),
    Coding(
        reader="samm",
        path="SAMM_Micro_FACS_Codes_v2.xlsx",
        title="MICRO_ONLY",
        header=14,
        columns=at("subject clip - onset apex offset - - aus emotion objective_class -"),
        optional=("emotion", "objective_class"),
    ),
    Coding(
        reader="samm_lv",
        path="SAMM_LongVideos_V1_Release.xlsx",
        title="FACS_Movement_Only",
        header=10,
        columns=at("subject clip - onset apex offset - kind aus -"),
    ),
    Coding(
        reader="smic_e",
        path="SMIC-E_raw image/HS_long/SMIC-HS-E_annotation.xlsx",
        title="HS",
        columns=at("subject clip - onset offset second second - - - - - - emotion -"),
        optional=("second", "emotion"),
    ),
    Coding(
        reader="smic_e",
        path="SMIC-E_raw image/NIR_long/SMIC-NIR-E_annotation.xlsx",
        title="NIR",
        columns=at("subject clip - - onset offset - emotion"),
        optional=("emotion",),
    ),
)


class Case:
    """A fixture whose sheet is a workbook in memory, and what is found with that sheet as it should be."""

    def __init__(self, coding: Coding, folder: Path) -> None:
        self.coding, self.reader = coding, coding.reader
        self.root, self.cache = folder / self.reader, folder / "cache"
        self.options = READERS[self.reader].options_model()(**FIXTURES[self.reader](self.root))
        self.book = load(self.root / coding.path)
        (self.root / coding.path).unlink()
        # Of an .xls: what is tested here are cells, and all formats give the same ones.
        self.path = (self.root / coding.path).with_suffix(".xlsx")
        write_book(self.path, self.book)
        self.base = self.index()
        self.lines: dict[int, list[str]] = {}
        for entry in self.read().entries:
            match = re.match(
                re.escape(f"{self.path.name}, sheet {coding.title!r}, row ") + r"(\d+)", entry.where
            )
            if match:
                self.lines.setdefault(int(match[1]), []).append(self.id_of(entry))

    @property
    def grid(self) -> Grid:
        return self.book[self.coding.title]

    def read(self) -> Annotation:
        return READERS[self.reader].load()(self.root, dataset=self.reader, options=self.options)

    def id_of(self, entry) -> str:
        return clip_id(
            dataset=self.reader,
            part=entry.part,
            subject=entry.subject,
            clip=entry.clip,
            onset=understand(entry).onset,
        )

    def index(self) -> Index:
        return index_dataset(
            self.root,
            dataset=self.reader,
            reader=self.reader,
            options=self.options,
            hashes_folder=self.cache,
            content=False,
        )

    def tried(self, grid: Grid) -> Index | None:
        """Return what is found with another grid, None if that is an error that names the file."""
        write_book(self.path, self.book | {self.coding.title: grid})
        return self.found()

    def found(self) -> Index | None:
        try:
            return self.index()
        except AnnotationError as error:
            assert self.path.name in str(error)
            return None


def load(path: Path) -> dict[str, Grid]:
    """Return a workbook's cells by worksheet, formulas as text."""
    if path.suffix == ".xls":
        sheets = xlrd.open_workbook(path).sheets()
        return {
            it.name: [[cell.value or None for cell in it.row(i)] for i in range(it.nrows)] for it in sheets
        }
    return {it.title: [list(row) for row in it.values] for it in openpyxl.load_workbook(path).worksheets}


@pytest.fixture(scope="module", params=CODINGS, ids=str)
def case(request, tmp_path_factory) -> Case:
    return Case(request.param, tmp_path_factory.mktemp("hostile"))


# What a mutated cell may change, and to what

RECORDING = {"frames", "paths", "gaps", "landmarks", "digest", "apex", "apex_source"}
NUMBERS = {"onset", "apex", "offset"}
FREE = {
    "subject": {"subject", "person", "video", "event", "objective_class", "corrections", *RECORDING},
    "clip": {"clip", "video", "event", "objective_class", "corrections", *RECORDING, *NUMBERS},
    "onset": {"onset", "event", "corrections", *RECORDING},
    "apex": {"apex", "apex_source", "corrections"},
    "offset": {"offset", "corrections", *RECORDING},
    "fps": {"fps", "part"},
    "kind": {"kind", "event"},
    "aus": {"aus", "aus_given"},
    "emotion": {"emotion"},
    "objective_class": {"objective_class"},
    "split": {"split"},
    "second": {"event", "corrections", *RECORDING, *NUMBERS},
}
"""By the field of a mutated cell: the columns of its row's clip that may differ."""

OF_FAILURES = {*RECORDING, *NUMBERS, "video", "event", "corrections"}
"""What a clip that fails need not have; its labels it keeps."""

NOTHING = {"cas_me2": {"0"}, "samm_lv": {"0", "-1"}}
"""What says "none" in frames' cells of some datasets, beside blanks and slashes."""


def shown(value: object) -> str:
    """Return a cell's text, as a user sees it."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def numbers(value: object, *, reader: str) -> set[int]:
    """Return the frame number in a cell, if it says one."""
    text = unicodedata.normalize("NFKC", shown(value)).strip()
    text = round_half_up(text) if reader == "samm_lv" else text
    return {int(text.partition(".")[0])} if re.fullmatch(r"[0-9]+(\.0+)?", text, re.ASCII) else set()


def is_no_value(value: object) -> bool:
    """Return whether a cell is none of a label: a formula that nobody computed, an error, a date, a truth."""
    if isinstance(value, str):
        return value.startswith(("=", "#"))
    return isinstance(value, bool | datetime.date | datetime.time | datetime.timedelta)


def assert_honest(got: pd.Series, *, field: str, value: object, reader: str) -> None:
    """Assert that a clip without a failure says in `field` what the cell says."""
    text = shown(value)
    if field in NUMBERS:
        if got.corrections and field in got.corrections:
            return
        said = numbers(value, reader=reader)
        if text in {"", "/", "\\", *NOTHING.get(reader, ())}:
            assert field == "apex" and got.apex_source.startswith("estimated")
        else:
            shift = re.search(r"frame numbers: (-?\d+) less", got.corrections)
            assert {number - int(shift[1] if shift else 0) for number in said} == {got[field]}
    elif field == "subject":
        folders = {"1": "15", "2": "16"} if reader == "cas_me2" else {}
        digits = same_id(re.sub(r"^(sub|spno\.?|s)(?=\d)", "", text, flags=re.IGNORECASE))
        found = same_id(re.sub(r"^(sub|spno\.?|s)(?=\d)", "", got.subject, flags=re.IGNORECASE))
        assert folders.get(digits, digits) == found
    elif field == "clip":
        assert same_id(got["clip"]) == same_id(text) or reader == "smic_e"
    elif field == "fps":
        assert got.fps == float(text)
    elif field == "kind":
        assert text.casefold().startswith(got.kind)
    elif field == "objective_class":
        assert got.objective_class == objective_class(text)
    elif not is_no_value(value) and reader != "smic_e":
        said = {"emotion": emotion(text), "aus": aus.to_text(aus.parse(text)), "split": text}
        assert field not in said or got[field] == said[field]
        assert field != "aus" or got.aus_given == text


def rows(index: Index) -> dict[str, pd.Series]:
    return {row.clip_id: row for _, row in index.clips.iterrows()}


def told(index: Index) -> dict[str, tuple[str, ...]]:
    return {row.clip_id: tuple(row) for row in index.failures.itertuples(index=False)}


def assert_others_are_as_before(case: Case, found: Index, *, touched: Iterable[str]) -> list[pd.Series]:
    """Assert that every clip but those `touched` is as it was; return the rows of the others."""
    before, after = rows(case.base), rows(found)
    failed, fails = told(case.base), told(found)
    others = before.keys() - set(touched)
    for name in others:
        if f"{name}#2" in fails:  # the mutated row took its place, and says so
            continue
        assert name in after, f"{name} is gone"
        differ = [column for column in before[name].index if before[name][column] != after[name][column]]
        # Of two SAMM-LV rows with one name nobody knows which is SAMM's clip of that name: a note says so.
        unsure = {"event"} if case.reader == "samm_lv" and found.notes != case.base.notes else set()
        assert set(differ) <= {"edition"} | unsure, f"{name}: {differ} differ"
        assert _anywhere(fails.get(name)) == _anywhere(failed.get(name))
    return [row for name, row in after.items() if name not in others]


def _anywhere(failure: tuple[str, ...] | None) -> str:
    return re.sub(r"row \d+", "row", str(failure))


def assert_no_wrong_row(case: Case, found: Index, *, row: int, column: int, value: object) -> None:
    """Assert that a mutated cell changed no row but its own, and there no more than what it says."""
    touched = case.lines.get(row, [])
    field = next((name for name, place in case.coding.columns.items() if place == column), "")
    if case.reader == "smic_e" and column in (5, 6):
        field = "second"
    before, failed, fails = rows(case.base), told(case.base).keys(), told(found)
    theirs = assert_others_are_as_before(case, found, touched=touched)
    if case.reader != "smic_e":
        again = {name.partition("#")[0] for name in fails if "#" in name}
        assert len(theirs) == len(touched) or again, "a row without trace"
    free = {*FREE.get(field, ()), "clip_id", "edition"}
    if case.reader == "smic_e" and field in ("clip", "emotion"):
        free = free - {"emotion"} if field == "emotion" else free | {"emotion"}  # the clip's name says it
        free |= {"corrections"}
    if case.reader == "cas_me2" and field == "apex":
        free |= {"offset", *RECORDING}  # which is the apex where there is none
    # Of SMIC-E a row's second expression is another row's, if that row says so; else it is a clip.
    seconds = {tuple(line[5:7]) for line in case.grid} if case.reader == "smic_e" else set()
    for got in theirs:
        if (got.onset, got.offset) in seconds and got.clip_id not in touched:
            continue
        fault = got.clip_id in fails
        may = free | OF_FAILURES if fault or failed & {*touched} else free
        if "frame numbers:" in got.corrections:
            may = may | NUMBERS  # MMEW: a row that counts otherwise than its files, told in the clip table
        fixed = [name for name in got.index if name not in may]
        was = min((before[it] for it in touched), key=lambda it: sum(got[name] != it[name] for name in fixed))
        assert [(name, was[name], got[name]) for name in fixed if got[name] != was[name]] == []
        if not fault and field != "second" and len(theirs) == 1:
            assert_honest(got, field=field, value=value, reader=case.reader)


# Cells

DATE = datetime.datetime(2026, 4, 12)
CELLS = [
    *(None, "", " ", "\u00a0", 0, -1, 1, 3, 9, 10, 46.5, 7.5, 12.0, 1e300, 10**17, True, False),
    *(DATE, DATE.date(), datetime.time(12, 30), datetime.timedelta(days=2), "#REF!", "#N/A", "=A1", "=A12*4"),
    *("'9", "９", "４，11", "1,5", "1 000", "\u00a09\u00a0", "9\u200b", "0x9", "1_0", "1e1", "٣", "²", "-3"),
    *(
        "1" * 30,
        "9.0",
        "9.5",
        "09",
        "9-10",
        "9/10",
        "9\n10",
        "_x0000_",
        "_x0007_9",
        "字" * 40,
        "x" * 300,
        "—",
        "n/a",
    ),
    *("sub01", "S02", "spNO.1", "04", "17", "III", "8", "Macro", "micro", "Other ", "+".join(["4"] * 99)),
]
TEXTS = st.text(max_size=12).filter(lambda text: not ILLEGAL_CHARACTERS_RE.search(text))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mutated_cell_is_a_failure_or_what_it_says_and_changes_no_other_row(case, data):
    lines = [number for number in range(case.coding.header + 1, len(case.grid) + 1) if case.lines.get(number)]
    row = data.draw(st.sampled_from(lines), label="row")
    width = max(map(len, case.grid[case.coding.header :]))
    column = data.draw(st.integers(0, width - 1), label="column")
    theirs = [line[column] for line in case.grid[case.coding.header :] if column < len(line)]
    value = data.draw(st.sampled_from(CELLS) | st.sampled_from(theirs) | TEXTS, label="cell")
    grid = copy.deepcopy(case.grid)
    grid[row - 1] += [None] * (width - len(grid[row - 1]))
    grid[row - 1][column] = value
    found = case.tried(grid)
    if found:
        assert_no_wrong_row(case, found, row=row, column=column, value=value)


# Columns and rows


def without(grid: Grid, column: int) -> Grid:
    return [[cell for place, cell in enumerate(line) if place != column] for line in grid]


def labels(index: Index, *, but: Iterable[str] = ()) -> list[tuple[object, ...]]:
    kept = [name for name in index.clips.columns if name not in {*but, "edition"}]
    return [tuple(row[name] for name in kept) for _, row in index.clips.iterrows()]


def test_a_column_that_is_left_out_is_missed_or_empties_its_own_field_alone(case):
    for place, name in {place: name for name, place in case.coding.columns.items()}.items():
        found = case.tried(without(case.grid, place))
        if found and not case.coding.header:
            assert told(found).keys() >= rows(found).keys()
            continue
        assert found is None or name in case.coding.optional, name
        if found and name != "second":
            but = {*FREE[name], "corrections"}
            assert labels(found, but=but) == labels(case.base, but=but)
            assert {row[name] for row in rows(found).values()} <= {
                "",
                *(row[name] for row in rows(case.base).values()),
            }


def test_columns_that_are_not_read_may_come_and_go(case):
    if not case.coding.header:
        return
    width = max(map(len, case.grid))
    extra = [[*line, *[None] * (width - len(line)), DATE] for line in case.grid]
    extra[case.coding.header - 1][-1] = "checked on"
    first = [["=A1", *line] for line in extra]
    found = case.tried(first)
    assert found
    assert labels(found) == labels(case.base)


def test_a_column_that_is_there_twice_is_refused(case):
    if not case.coding.header:
        return
    for place in case.coding.columns.values():
        twice = [[*line, line[place] if place < len(line) else None] for line in case.grid]
        assert case.tried(twice) is None


def test_headers_that_changed_places_are_taken_at_their_word(case):
    """Nobody can know better: it is as if the cells below had changed places."""
    if not case.coding.header:
        return
    places = list(case.coding.columns.values())
    for one, other in zip(places[1::2], places[2::2], strict=False):
        headers, cells = copy.deepcopy(case.grid), copy.deepcopy(case.grid)
        for number, line in enumerate(case.grid):
            if number < case.coding.header - 1 or max(one, other) >= len(line):
                continue
            changed = headers if number == case.coding.header - 1 else cells
            changed[number][one], changed[number][other] = line[other], line[one]
        told_by_headers, told_by_cells = case.tried(headers), case.tried(cells)
        assert (told_by_headers is None) == (told_by_cells is None)
        if told_by_headers:
            assert labels(told_by_headers) == labels(told_by_cells)


def test_a_row_may_be_left_out(case):
    for number, touched in list(case.lines.items())[::3]:
        found = case.tried([line for i, line in enumerate(case.grid, 1) if i != number])
        assert found
        if case.reader != "smic_e":  # there a row may be told by another one's second columns
            assert assert_others_are_as_before(case, found, touched=touched) == []


def test_a_row_that_is_there_twice_fails_and_the_first_is_as_before(case):
    number = max(case.lines)
    found = case.tried([*case.grid[:number], case.grid[number - 1], *case.grid[number:]])
    assert found
    assert labels(found) == labels(case.base)
    assert {f"{name}#2" for name in case.lines[number]} <= told(found).keys()


def test_blank_rows_change_nothing_and_rows_of_junk_are_told_of(case):
    header = case.coding.header
    blank = [[None, " ", "\u00a0"]]
    found = case.tried([*blank, *case.grid[:header], *blank * 3, *case.grid[header:], *blank])
    assert found
    assert labels(found) == labels(case.base)
    junk: Grid = [["checked by Ann"], [None, "total", 5], [None] * 4 + [12]]
    for line in junk:
        found = case.tried([*case.grid, line])
        if found:
            assert assert_others_are_as_before(case, found, touched=()) == []
            assert found.notes != case.base.notes, line


@pytest.mark.parametrize("field", ["subject", "clip"])
def test_of_merged_cells_the_first_counts(case, field):
    """The others are empty, and a clip without a name cannot be counted."""
    number = max(case.lines)
    grid = copy.deepcopy(case.grid)
    grid[number - 1][case.coding.columns[field]] = None
    assert case.tried(grid) is None


# Files


def test_a_truncated_workbook_is_an_error(case):
    case.tried(case.grid)
    content = case.path.read_bytes()
    for length in (0, 1, 100, len(content) // 2, len(content) - 30, len(content) - 1):
        case.path.write_bytes(content[:length])
        assert case.found() is None
    case.path.write_bytes(content)


CLIMBING = ("..", "/etc", "sub01/../../..", "..\\..", "C:\\x", "_x0000_")


@pytest.mark.parametrize("field", ["subject", "clip"])
def test_a_name_that_climbs_out_is_refused(case, field):
    number = max(case.lines)
    for name in CLIMBING:
        grid = copy.deepcopy(case.grid)
        grid[number - 1][case.coding.columns[field]] = name
        found = case.tried(grid)
        if found:
            theirs = assert_others_are_as_before(case, found, touched=case.lines[number])
            assert theirs
            assert all(row.clip_id in told(found) and row.paths == [] for row in theirs), name


# One dataset by itself


@pytest.fixture
def root(tmp_path) -> Path:
    write_casme2(tmp_path / "casme2")
    return tmp_path / "casme2"


def casme2(root: Path, **options: object) -> Index:
    return index(root, "casme2", **options)


def mended(lines: Grid, *, row: int, column: int, value: object) -> Grid:
    lines = [list(line) for line in lines]
    lines[row][column] = value
    return lines


def as_csv(root: Path, lines: Iterable[Iterable[object]] = (CASME2_HEADER, *LINES), **how: object) -> Path:
    """Put a csv in the place of the workbook."""
    (root / SHEET).unlink(missing_ok=True)
    write_csv(root / "coding.csv", lines, **how)
    return root / "coding.csv"


AU, EMOTION = 7, 8


@pytest.mark.parametrize("column", [AU, EMOTION])
@pytest.mark.parametrize("value", ["=A12*4", "#REF!", "#N/A", DATE, True], ids=str)
def test_a_cell_without_value_is_no_label(root, column, value):
    """Excel makes a date of 12/4, and openpyxl gives the formula where no program has computed it."""
    write_xlsx(root / SHEET, [CASME2_HEADER, *mended(LINES, row=0, column=column, value=value)])
    assert "casme2/sub01/EP02_01f@9" in set(casme2(root).failures.clip_id)


def write_xls_errors(path: Path, lines: Iterable[Iterable[object]], *, codes: dict[str, int]) -> None:
    """Write BIFF2 (see `recordings.write_xls`) with errors and truths in cells of their own type."""
    records = [struct.pack("<HHHH", 0x0009, 4, 2, 0x0010)]
    for y, line in enumerate(lines):
        for x, cell in enumerate(line):
            place = struct.pack("<HH3x", y, x)
            if isinstance(cell, bool) or cell in codes:
                code = struct.pack("<BB", codes.get(str(cell), cell is True), cell in codes)
                records.append(struct.pack("<HH", 0x0005, 9) + place + code)
            elif isinstance(cell, str):
                body = place + struct.pack("<B", len(cell)) + cell.encode("latin-1")
                records.append(struct.pack("<HH", 0x0004, len(body)) + body)
            elif cell is not None:
                records.append(struct.pack("<HH", 0x0003, 15) + place + struct.pack("<d", cell))
    path.write_bytes(b"".join([*records, struct.pack("<HH", 0x000A, 0)]))


@pytest.mark.parametrize(
    ("value", "column"),
    [
        ("#DIV/0!", 3),
        (True, 4),
        ("#N/A", AU),
        ("#REF!", EMOTION),
    ],
)
def test_errors_and_truths_of_an_xls_are_no_numbers(root, value, column):
    """Their codes are: #DIV/0! is 7, #N/A is 42, TRUE is 1."""
    (root / SHEET).unlink()
    lines = [(*line[:3], 1, 8, 12, *line[6:]) for line in LINES]
    for number in range(1, 9):
        shutil.copy(root / FRAMES / "img9.jpg", root / FRAMES / f"img{number}.jpg")
    lines = [CASME2_HEADER, *mended(lines, row=0, column=column, value=value)]
    write_xls_errors(root / "coding.xls", lines, codes={"#DIV/0!": 7, "#N/A": 42, "#REF!": 23})
    assert "casme2/sub01/EP02_01f" in {name.partition("@")[0] for name in casme2(root).failures.clip_id}


FRAMES = "CASME2_RAW_selected/sub01/EP02_01f"


def test_another_encoding_is_an_error_or_changes_nothing(root):
    lines = [CASME2_HEADER, *mended(LINES, row=0, column=EMOTION, value="fröhlich")]
    path = as_csv(root, lines)
    before = labels(casme2(root))
    text = path.read_bytes().decode()
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "latin-1", "utf-32", "cp850"):
        path.write_bytes(text.encode(encoding))
        with pytest.raises(AnnotationError, match=path.name):
            casme2(root)
    path.write_bytes(text.encode("utf-8-sig"))
    assert labels(casme2(root)) == before


def test_nul_and_control_characters_of_a_csv_make_no_name(root):
    for text in ("EP01\0_2", "EP01_2\x07", "EP01\u202e_2", "\ud7ffEP01_2\ue000"):
        as_csv(root, [CASME2_HEADER, *mended(LINES, row=1, column=1, value=text)])
        with pytest.raises(AnnotationError, match=r"coding\.csv, row 3"):
            casme2(root)


def test_a_csv_that_ends_within_a_row_is_an_error(root):
    """Only where it ends within the last cell can nobody know."""
    path = as_csv(root, [CASME2_HEADER, *LINES[1:5], LINES[0]])
    whole = path.read_bytes().rstrip()
    for end in range(whole.rindex(b"\n") + 2, whole.rindex(b",") + 1):
        path.write_bytes(whole[:end])
        try:
            found = casme2(root)
            assert told(found).keys() == rows(found).keys() - {*UNCUT}, whole[end - 40 : end]
        except AnnotationError as error:
            assert path.name in str(error)


UNCUT = [f"casme2/{name}@9" for name in CLIPS[1:]]


def test_a_long_cell_is_an_error_or_what_it_says(root):
    before = casme2(root)
    for column in range(9):
        for text in ("x" * 40_000, "1" * 40_000, "(" * 40_000):
            as_csv(root, [CASME2_HEADER, *mended(LINES, row=5, column=column, value=text)])
            try:
                found = casme2(root)
            except AnnotationError as error:
                assert "coding.csv" in str(error)
                continue
            assert labels(found)[:5] == labels(before)[:5]
            assert found.clips.clip_id[5] in set(found.failures.clip_id)


@pytest.mark.parametrize("megabytes", [20])
def test_a_cell_of_many_spaces_is_read_as_blank_space(root, megabytes):
    """A workbook that grows a thousandfold when unpacked: it costs memory and time, and changes no row."""
    before = labels(casme2(root))
    with zipfile.ZipFile(root / SHEET) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    spaces = b" " * (megabytes << 20)
    with zipfile.ZipFile(root / SHEET, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part.replace(b"surprise<", b"surprise" + spaces + b"<"))
    assert (root / SHEET).stat().st_size < 100_000
    assert labels(casme2(root)) == before


def test_a_sheet_of_100_000_rows_is_read(root):
    many = [(f"{i % 26:02d}", f"EP{i:06d}", None, 9, 10, 12, None, "4+L10", "disgust") for i in range(99_994)]
    as_csv(root, [CASME2_HEADER, *LINES, *many])
    entries = READERS["casme2"].load()(root, dataset="casme2", options=Casme2Options()).entries
    assert len(entries) == 100_000
    assert entries[-1].clip == "EP099993"
    assert entries[-1].where == "coding.csv, row 100001"


# Sheets beside the coding sheet


def test_two_objective_classes_of_one_clip_are_an_error(root):
    write_xlsx(root / CLASS_SHEET, [*CLASSES, ("01", "EP02_01f", 2)])
    with pytest.raises(AnnotationError, match=CLASS_SHEET):
        casme2(root)


def test_an_objective_class_of_no_clip_is_told_of(root):
    write_xlsx(root / CLASS_SHEET, [*CLASSES[:-1], ("17", "EP8_1", 4)])
    assert any(CLASS_SHEET in note for note in casme2(root).notes)


def test_an_old_edition_does_not_stand_in_for_one_that_cannot_be_read(root):
    (root / "CASME2-coding-updated.xlsx").write_bytes((root / SHEET).read_bytes()[:-1])
    try:
        assert any("CASME2-coding-updated.xlsx" in note for note in casme2(root).notes)
    except AnnotationError as error:
        assert "CASME2-coding-updated.xlsx" in str(error)


def test_frames_per_second_are_what_the_cell_says(tmp_path):
    write_frames(tmp_path / "lab/s1", ["1.png", "2.png"])
    write_csv(tmp_path / "lab/recordings.csv", [TABLE_HEADER, ("s1", "c", "s1", 1, 1, 2, "2_00", "", "")])
    assert len(index(tmp_path / "lab", "table").failures) == 1


def test_the_second_of_two_columns_of_labels_is_never_taken_for_the_first(root):
    for name in ("Estimated Emotion", "estimated_emotion"):
        lines = [[*line, "fear"] for line in LINES]
        write_xlsx(root / SHEET, [[*CASME2_HEADER, name], *lines])
        with pytest.raises(AnnotationError, match="stands there twice"):
            casme2(root)


@pytest.mark.parametrize("column", [0, 1, 2], ids=["subject", "clip", "path"])
def test_a_table_that_climbs_out_is_refused(tmp_path, column):
    write_frames(tmp_path / "lab/s1", ["1.png", "2.png"])
    write_frames(tmp_path / "outside", ["1.png", "2.png"])
    (tmp_path / "lab/link").symlink_to(tmp_path / "outside", target_is_directory=True)
    for text in (
        "..",
        "../outside",
        str(tmp_path / "outside"),
        "s1\\..\\..\\outside",
        "s1/../../outside",
        "link/",
    ):
        line = mended([["s1", "c", "s1", 1, 1, 2, 200, "", ""]], row=0, column=column, value=text)
        write_csv(tmp_path / "lab/recordings.csv", [TABLE_HEADER, *line])
        try:
            found = index(tmp_path / "lab", "table")
        except AnnotationError as error:
            assert "recordings.csv, row 2" in str(error)
            continue
        assert column == 2
        assert len(found.failures) == 1
        assert found.clips.paths[0] == []


@pytest.mark.parametrize(
    ("depth", "name"),
    [
        (0, "s1_ne_01\udcff"),
        (1, "n\udcffgative"),
        (3, "s1\udcff"),
    ],
)
def test_names_of_folders_that_are_no_utf8_are_refused_or_fail(tmp_path, depth, name):
    """The clip table is UTF-8: it could not be written."""
    options = FIXTURES["smic"](tmp_path / "smic")
    clip = tmp_path / "smic/SMIC_all_raw/HS/s1/micro/negative/s1_ne_01"
    folder = (clip, *clip.parents)[depth]
    folder.rename(folder.with_name(name))
    try:
        found = index(tmp_path / "smic", "smic", **options)
    except AnnotationError as error:
        assert "udcff" in str(error)
        return
    write_parquet(found.clips, tmp_path / "clips.parquet")


def test_a_sheet_whose_name_is_no_utf8_is_refused(root):
    (root / SHEET).rename(root / "CASME2\udcff.xlsx")
    try:
        found = casme2(root)
    except AnnotationError:
        return
    write_parquet(found.clips, root / "clips.parquet")


def test_a_comma_that_is_not_quoted_is_an_error_beside_nameless_columns_too(root):
    path = as_csv(root, [[*CASME2_HEADER, None], *LINES[1:]])
    with path.open("a") as file:
        file.write("01,EP02_01f,,9,10,12,,4,10,happiness\r\n")
    with pytest.raises(AnnotationError, match=path.name):
        casme2(root)


@pytest.mark.parametrize(
    "rules",
    [{"rule1": [[15, "s15", 1], [16, "s15", 2]]}, {"rule2": [["0401", "disgust1"], [401, "anger1"]]}],
    ids=["rule1", "rule2"],
)
def test_a_naming_rule_that_gives_two_one_folder_is_an_error(tmp_path, rules):
    """All subjects saw the same videos: frames of the wrong one would be there."""
    root = tmp_path / "cas_me2"
    options = FIXTURES["cas_me2"](root)
    write_cas_me2_book(root / BOOK, **rules)
    with pytest.raises(AnnotationError, match="naming rule"):
        index(root, "cas_me2", **options)


def test_labels_that_are_lost_by_the_name_of_their_column_are_told_of(tmp_path):
    root = tmp_path / "samm"
    options = FIXTURES["samm"](root)
    [path] = root.glob("*.xlsx")
    [(title, grid)] = [(title, grid) for title, grid in load(path).items() if grid]
    write_book(
        path, {title: [["Emotion" if it == "Estimated Emotion" else it for it in line] for line in grid]}
    )
    assert any("Emotion" in note for note in index(root, "samm", **options).notes)
