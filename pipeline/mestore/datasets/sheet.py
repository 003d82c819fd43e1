"""Coding sheets: csv, xlsx and xls as text, the header row found by its column names."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import xlrd

from mestore.errors import AnnotationError, ClipFault
from mestore.store.layout import subject_key

SUFFIXES = (".csv", ".xlsx", ".xls")

MISSING = frozenset({"", "/", "\\"})
"""How coding sheets say that there is no such frame."""

_LONGEST_KEY = 200  # bytes of a name as a folder of a store; file systems take 255, with what is added to it

Cells = list[list[str]]


@dataclass(frozen=True, kw_only=True)
class SheetRow:
    """One row of a sheet: the text of each cell by column name, and where the row stands.

    Methods that can fail raise `ClipFault`, a fault of this row alone, except `name`: a clip that cannot be
    named cannot be counted, so the whole sheet is refused.
    """

    where: str
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """Return a cell, empty where the sheet has no such column."""
        return self.cells.get(column, "")

    def name(self, column: str) -> str:
        """Return a cell that becomes part of a clip's id."""
        name = self.text(column)
        if not name or name in {".", ".."} or not name.isprintable() or set(name) & {"/", "\\"}:
            raise AnnotationError(
                f"{self.where}: {name!r} in column {column!r} is no name; expected text without slashes; "
                "every row needs one (of merged cells only the first counts): mend the cell"
            )
        if (length := len(subject_key(name))) > _LONGEST_KEY:
            raise AnnotationError(
                f"{self.where}: {name!r} in column {column!r} takes {length} bytes as the name of a folder, "
                f"where a letter outside A to Z may take 3 to 12; expected at most {_LONGEST_KEY}: shorten it"
            )
        return name

    def whole_or_none(self, column: str) -> int | None:
        """Return a frame number, None if the cell says there is none."""
        try:
            return parse_whole(self.text(column))
        except ValueError:
            raise self.fault(column, expected="a frame number") from None

    def whole(self, column: str) -> int:
        """Return a frame number."""
        number = self.whole_or_none(column)
        if number is None:
            raise self.fault(column, expected="a frame number")
        return number

    def fault(self, column: str, *, expected: str) -> ClipFault:
        """Return the fault that a cell is not what was expected."""
        return ClipFault(
            found=f"{self.text(column)!r} in column {column!r} of {self.where}",
            expected=expected,
            remedy="mend the cell",
        )


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A coding sheet: its file name, its rows, and the named columns nobody asked for."""

    name: str
    rows: tuple[SheetRow, ...]
    unread: tuple[str, ...]


def parse_whole(text: str) -> int | None:
    r"""Return the whole number in a cell, None where the cell says there is none.

    Raises
    ------
    ValueError
        If the cell holds anything else, or more than 18 digits.

    Examples
    --------
    >>> parse_whole("046"), parse_whole("46.0"), parse_whole("/"), parse_whole("\\")
    (46, 46, None, None)
    """
    if text in MISSING:
        return None
    match = re.fullmatch(r"([0-9]{1,18})(\.0+)?", text)
    if not match:
        raise ValueError(f"{text!r} is no whole number")
    return int(match[1])


def spreadsheets(folder: Path) -> list[str]:
    """Return the names of the sheets in `folder`, without hidden files and Excel's "~$" lock files."""
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(("~$", "."))
    )


def read_sheet(path: Path, *, columns: Sequence[str], optional: Sequence[str] = ()) -> Sheet:
    """Return the first worksheet of `path` that has all of `columns`.

    The header is the first row that names them all, in any order: titles above it, nameless columns and
    other worksheets are passed over. Names are compared without case, spaces and punctuation.

    Parameters
    ----------
    path : Path
        A .csv (UTF-8; comma, semicolon or tab), .xlsx or .xls file.
    columns, optional : sequence of str
        The columns that must be there, and those that may.

    Raises
    ------
    AnnotationError
        If the file cannot be read or no row names all `columns`; the message shows the nearest row.
    """
    wanted = {_key(column): column for column in (*columns, *optional)}
    nearest: tuple[int, str] = (-1, "it has no rows")
    for title, cells in _worksheets(path):
        for number, row in enumerate(cells, 1):
            missing = [column for column in columns if _key(column) not in map(_key, row)]
            place = f"{path.name}{f', sheet {title!r}' if title else ''}"
            if not missing:
                _refuse_twice(row, wanted, where=f"{place}, row {number}")
                return _sheet(path.name, cells, header=number, wanted=wanted, place=place)
            seen = ", ".join(repr(cell) for cell in row if cell)
            score = len(columns) - len(missing)
            if seen and score > nearest[0]:
                nearest = (score, f"the nearest, {place}, row {number}, has {seen} and lacks {missing}")
    raise AnnotationError(
        f"{path} has no row with the column names {list(columns)}: {nearest[1]}; "
        "rename its columns, or put the right file there"
    )


def _key(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def _refuse_twice(header: list[str], wanted: Mapping[str, str], *, where: str) -> None:
    keys = [_key(name) for name in header]
    twice = [column for key, column in wanted.items() if keys.count(key) > 1]
    if twice:
        raise AnnotationError(f"{where}: column {twice[0]!r} stands there twice; remove or rename one")


def _sheet(name: str, cells: Cells, *, header: int, wanted: Mapping[str, str], place: str) -> Sheet:
    at = {wanted[_key(cell)]: i for i, cell in enumerate(cells[header - 1]) if _key(cell) in wanted}
    rows = tuple(
        SheetRow(
            where=f"{place}, row {number}",
            cells={column: row[i] if i < len(row) else "" for column, i in at.items()},
        )
        for number, row in enumerate(cells[header:], header + 1)
        if any(row)
    )
    unread = tuple(cell for cell in cells[header - 1] if cell and _key(cell) not in wanted)
    return Sheet(name=name, rows=rows, unread=unread)


def _worksheets(path: Path) -> list[tuple[str, Cells]]:
    """Return title and cells of each worksheet."""
    if path.suffix.lower() not in SUFFIXES:
        raise AnnotationError(f"{path} is no sheet; expected a file ending in one of {SUFFIXES}")
    content = path.read_bytes()
    load = {".csv": _csv, ".xlsx": _xlsx, ".xls": _xls}[path.suffix.lower()]
    try:
        return load(content)
    except MemoryError:
        raise
    except Exception as error:
        # The bytes are in memory, so whatever these libraries raise (KeyError, BadZipFile, AssertionError,
        # struct.error, ...) is about the content of the file.
        raise AnnotationError(
            f"{path} cannot be read as {path.suffix.lower()} ({type(error).__name__}: {error}); "
            "open it in a spreadsheet program and save it again, as .xlsx or as UTF-8 .csv"
        ) from error


def _csv(content: bytes) -> list[tuple[str, Cells]]:
    text = content.decode("utf-8-sig")
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    # Strict: an unclosed quote would otherwise swallow all rows after it.
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return [("", [[cell.strip() for cell in row] for row in rows])]


def _xlsx(content: bytes) -> list[tuple[str, Cells]]:
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    worksheets = []
    for sheet in book.worksheets:
        # The dimensions that a file states for itself are sometimes wrong, and then rows would be cut off.
        sheet.reset_dimensions()
        cells = [[_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
        worksheets.append((sheet.title, cells))
    return worksheets


def _xls(content: bytes) -> list[tuple[str, Cells]]:
    # xlrd writes remarks about odd files to a log; nobody would read them.
    book = xlrd.open_workbook(file_contents=content, logfile=io.StringIO())
    return [
        (sheet.name, [[_text(cell.value) for cell in sheet.row(i)] for i in range(sheet.nrows)])
        for sheet in book.sheets()
    ]


def _text(value: object) -> str:
    """Return a cell's value as a user sees it: 46.0 is 46."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
