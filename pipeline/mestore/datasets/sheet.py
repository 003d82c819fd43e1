"""Coding sheets: csv, xlsx and xls as text, the header row found by its column names."""

import csv
import datetime
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import xlrd

from mestore.errors import AnnotationError

SUFFIXES = (".csv", ".xlsx", ".xls")

Cells = list[list[str]]

_LARGEST = 500_000_000  # bytes of a workbook unpacked; 100,000 rows of a coding sheet take a tenth of it


class AnotherSheet(AnnotationError):
    """A sheet that can be read has not the columns or the worksheet that were looked for."""


class NoWorksheet(AnotherSheet):
    """A workbook has no worksheet of the title that was looked for."""


@dataclass(frozen=True, kw_only=True)
class SheetRow:
    """One row of a sheet: the text of each cell by column name, and where the row stands."""

    where: str
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """Return a cell, empty where the sheet has no such column."""
        return self.cells.get(column, "")


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A coding sheet: its file name, its rows, and the named columns nobody asked for."""

    name: str
    rows: tuple[SheetRow, ...]
    unread: tuple[str, ...]

    def lacking(self, columns: Sequence[str]) -> list[str]:
        """Return, in a sentence, which of the optional `columns` are not there; nothing if all are."""
        absent = [column for column in columns if self.rows and column not in self.rows[0].cells]
        others = f"; not read are {', '.join(self.unread)}" if self.unread else ""
        return [f"{self.name} has no column for {', '.join(absent)}{others}"] if absent else []


def spreadsheets(folder: Path) -> list[str]:
    """Return the names of the sheets in `folder`, without hidden files and Excel's "~$" lock files."""
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(("~$", "."))
    )


def read_sheet(
    path: Path,
    *,
    columns: Sequence[str],
    optional: Sequence[str] = (),
    names: Mapping[str, Sequence[str]] = {},
    title: str = "",
) -> Sheet:
    """Return the worksheet of `path` that has all of `columns`.

    The header is the first row that names them all, in any order: titles above it, nameless columns and
    other worksheets are passed over. Names are compared without case, spaces and punctuation.

    Parameters
    ----------
    path : Path
        A .csv (UTF-8; comma, semicolon or tab), .xlsx or .xls file.
    columns, optional : sequence of str
        The columns that must be there, and those that may.
    names : mapping
        What editions of the sheet call a column, where that is not the column itself.
    title : str
        The only worksheet to look at; empty for all.

    Raises
    ------
    AnnotationError
        If the file cannot be read, or no row names all `columns` (the message shows the nearest), or rows of
        two worksheets do.
    """
    wanted = {column: tuple(names.get(column, (column,))) for column in (*columns, *optional)}
    nearest: tuple[int, str] = (-1, "it has no rows")
    worksheets, found = _worksheets(path), []
    for its_title, cells in _titled(path, worksheets, [title]) if title else worksheets:
        for number, row in enumerate(cells, 1):
            place = f"{path.name}{f', sheet {its_title!r}' if its_title else ''}"
            at = _places(row, wanted, where=f"{place}, row {number}")
            missing = [_or(wanted[column]) for column in columns if column not in at]
            if not missing:
                found.append(_sheet(path.name, cells, header=number, at=at, place=place))
                break
            seen = ", ".join(repr(cell) for cell in row if cell)
            score = len(columns) - len(missing)
            if seen and score > nearest[0]:
                nearest = (score, f"the nearest, {place}, row {number}, has {seen} and lacks {missing}")
    if not found:
        raise AnotherSheet(
            f"{path} has no row with the column names {[_or(wanted[column]) for column in columns]}: "
            f"{nearest[1]}; rename its columns, or put the right file there"
        )
    return _only(found, path)


def _only(found: Sequence[Sheet], path: Path) -> Sheet:
    """Return the sheet that has rows; refuse to choose between two."""
    filled = [sheet for sheet in found if sheet.rows]
    if len(filled) > 1:
        raise AnnotationError(
            f"{path} has two worksheets with these columns: {filled[0].rows[0].where} and "
            f"{filled[1].rows[0].where} on; expected one: remove the other, or its header"
        )
    return filled[0] if filled else found[0]


def read_grids(path: Path, *, titles: Sequence[Sequence[str]]) -> list[list[SheetRow]]:
    """Return worksheets that have no header: their cells are called "1", "2", and so on.

    Parameters
    ----------
    path : Path
        As for `read_sheet`.
    titles : sequence of sequence of str
        What each of them may be called; compared like the names of columns.

    Raises
    ------
    AnnotationError
        If the file cannot be read, or not one worksheet has one of a sheet's titles.
    """
    worksheets = _worksheets(path)
    return [_grid(path.name, *_titled(path, worksheets, names)[0]) for names in titles]


def _grid(name: str, title: str, cells: Cells) -> list[SheetRow]:
    return [
        SheetRow(
            where=f"{name}, sheet {title!r}, row {number}",
            cells={str(column): cell for column, cell in enumerate(row, 1)},
        )
        for number, row in enumerate(cells, 1)
        if any(row)
    ]


def _titled(path: Path, worksheets: list[tuple[str, Cells]], names: Sequence[str]) -> list[tuple[str, Cells]]:
    """Return the one worksheet that bears one of `names`."""
    keys = {_key(name) for name in names}
    found = [(title, cells) for title, cells in worksheets if _key(title) in keys]
    if len(found) != 1:
        raise NoWorksheet(
            f"{path} has the worksheets {[title for title, _ in worksheets]}; expected one called "
            f"{_or(names)!r}: put the right file there, or rename its worksheet"
        )
    return found


def _key(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def _or(names: Sequence[str]) -> str:
    return " or ".join(names)


def _places(row: list[str], wanted: Mapping[str, Sequence[str]], *, where: str) -> dict[str, int]:
    """Return at which place of a header each wanted column stands; of several names the first counts."""
    keys = [_key(cell) for cell in row]
    places = {}
    for column, names in wanted.items():
        for name in names:
            if keys.count(_key(name)) > 1:
                raise AnnotationError(f"{where}: column {name!r} stands there twice; remove or rename one")
            if _key(name) in keys:
                places[column] = keys.index(_key(name))
                break
    return places


def _sheet(name: str, cells: Cells, *, header: int, at: Mapping[str, int], place: str) -> Sheet:
    if name.lower().endswith(".csv"):  # in a workbook, remarks beside the table do no harm
        _require_width(cells, header=header, place=place)
    rows = tuple(
        SheetRow(
            where=f"{place}, row {number}",
            cells={column: row[i] if i < len(row) else "" for column, i in at.items()},
        )
        for number, row in enumerate(cells[header:], header + 1)
        if any(row)
    )
    unread = tuple(cell for i, cell in enumerate(cells[header - 1]) if cell and i not in at.values())
    return Sheet(name=name, rows=rows, unread=unread)


def _require_width(cells: Cells, *, header: int, place: str) -> None:
    """Refuse a row that is longer than the header, or shorter: quotes lack, or the file is cut off."""
    width = 1 + max(place for place, cell in enumerate(cells[header - 1]) if cell)
    for number, row in enumerate(cells[header:], header + 1):
        if any(row) and len(row) < width:
            raise AnnotationError(
                f"{place}, row {number}: found {len(row)} cells; expected {width}, as the header has: get "
                "the whole file back, or add the separators of the empty cells"
            )
        if any(row[width:]):
            raise AnnotationError(
                f"{place}, row {number}: {row[width:]} stand beyond the last named column; expected as many "
                'cells as the header has: put a cell that holds the separator into quotes ("4,10"), name it'
            )


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
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > _LARGEST:
        raise ValueError(f"it takes {size / 1e6:.0f} MB unpacked, more than any coding sheet")
    values = _book(content, values=True)
    if not _has_formulas(content):
        return values
    # A formula that no program has computed has no value; its own text says more than an empty cell.
    return [
        (title, [_filled(*both) for both in zip(rows, texts, strict=True)])
        for (title, rows), (_, texts) in zip(values, _book(content, values=False), strict=True)
    ]


def _filled(values: list[str], texts: list[str]) -> list[str]:
    return [value or text for value, text in zip(values, texts, strict=True)]


def _has_formulas(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        return any(re.search(rb"<(\w+:)?f[ />]", archive.read(name)) for name in sheets)


def _book(content: bytes, *, values: bool) -> list[tuple[str, Cells]]:
    """Return the worksheets with the values of formulas, as last stored, or with the formulas."""
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=values)
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
        (sheet.name, [[_xls_text(cell) for cell in sheet.row(i)] for i in range(sheet.nrows)])
        for sheet in book.sheets()
    ]


def _xls_text(cell: xlrd.sheet.Cell) -> str:
    """Return a cell's text; xlrd gives errors and truth values as numbers, #N/A as 42."""
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#ERROR!"))
    if cell.ctype == xlrd.XL_CELL_DATE:
        return f"#DATE {cell.value}"
    return _text(bool(cell.value) if cell.ctype == xlrd.XL_CELL_BOOLEAN else cell.value)


def _text(value: object) -> str:
    """Return a cell's value as a user sees it: 46.0 is 46.

    What no coding sheet holds begins with "#", as Excel's errors do: truth values, and dates, which Excel
    likes to make of 4/12.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return f"#{str(value).upper()}"
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        return f"#DATE {value}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
