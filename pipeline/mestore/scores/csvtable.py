"""CsvTable: a CSV file that came from anywhere, as text by column; hostile until it was checked."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mestore.errors import ScoreError

_LARGEST = 200_000_000  # bytes; 10,000 clips with twelve labels and ten seeds are a tenth of it
_SHOWN = 60  # characters of a cell in a message
_REMEDY = "save it as CSV in UTF-8, with commas"

Numbered = Iterator[tuple[int, list[str]]]
"""The line that each row begins on, and its cells."""


@dataclass(frozen=True, kw_only=True)
class CsvTable:
    """The rows of a file that are not blank.

    Parameters
    ----------
    path : Path
    columns : tuple of str
        As the first line names them, each once.
    rows : sequence of (int, mapping of str to str)
        The line of each row, and its cells by column, without spaces around them.
    """

    path: Path
    columns: tuple[str, ...]
    rows: Sequence[tuple[int, Mapping[str, str]]]


def read_csv_table(path: Path, *, expected: str) -> CsvTable:
    """Read a UTF-8 file with commas between its cells and names in its first line.

    Parameters
    ----------
    path : Path
    expected : str
        What its header may be, for messages.

    Raises
    ------
    ScoreError
        If it is another kind of file; the message names the line.
    """
    rows = _numbered(path, _text(path))
    line, header = next(rows, (0, []))
    if not header:
        raise ScoreError(f"{path} is empty; expected a header such as {expected}")
    if len(header) == 1 and any(sign in header[0] for sign in ";\t|"):
        raise ScoreError(
            f"{path}, line {line}: found {shown(header[0])}, one column; expected {expected}: {_REMEDY}"
        )
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise ScoreError(
            f"{path}, line {line}: found column {shown(twice[0])} twice; expected once: remove one"
        )
    return CsvTable(
        path=path,
        columns=tuple(filter(None, header)),
        rows=[(line, dict(zip(header, row, strict=True))) for line, row in _of_width(path, header, rows)],
    )


def shown(cell: str) -> str:
    """Return a cell for a message."""
    return repr(cell if len(cell) <= _SHOWN else cell[:_SHOWN] + "...")


def _text(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise ScoreError(f"{path} is no regular file; expected a table with a row per clip")
    size = path.stat().st_size
    if size > _LARGEST:
        raise ScoreError(f"{path} has {size / 1e6:.0f} MB; expected a table with a row per clip")
    content = path.read_bytes()
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ScoreError(f"{path} is a workbook of a spreadsheet program; {_REMEDY}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        found = "UTF-16" if utf16 else f"byte {content[error.start]:#04x}"
        raise ScoreError(f"{path}, line {line}: found {found}; expected text in UTF-8: {_REMEDY}") from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise ScoreError(f"{path}, line {line}: found a zero byte; expected text in UTF-8: {_REMEDY}")
    return text


def _numbered(path: Path, text: str) -> Numbered:
    # Strict: an unclosed quote would otherwise swallow all rows after it.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    before = 0
    try:
        for row in reader:
            line, before = before + 1, reader.line_num
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield line, cells
    except csv.Error as error:
        raise ScoreError(
            f"{path}, line {before + 1}: cannot be read as CSV ({error}); expected cells with commas between "
            "them: look at its quotes"
        ) from None


def _of_width(path: Path, header: Sequence[str], rows: Numbered) -> Numbered:
    for line, row in rows:
        if len(row) != len(header):
            raise ScoreError(
                f"{path}, line {line}, {shown(row[0])}: found {len(row)} cells; expected {len(header)}, as "
                "the header has: put a cell that holds a comma into quotes"
            )
        yield line, row
