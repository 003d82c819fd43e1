"""Says: what the command line prints: text that commands no terminal, JSON, tables."""

import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

BROKEN_PIPE = 141
"""Exit status where whoever read the output has gone, as shells have it (128 + SIGPIPE)."""


def on_terminal() -> bool:
    """Return whether a person reads what is printed: both streams are a terminal that can be drawn on."""
    streams = sys.stdout, sys.stderr
    return all(it is not None and it.isatty() for it in streams) and os.environ.get("TERM") != "dumb"


def say(text: str, *, error: bool = False) -> None:
    """Print lines that may hold names from a dataset, which shall not command the terminal."""
    said = "\n".join(_plain(line) for line in text.split("\n"))
    _write(said, sys.stderr if error else sys.stdout)


def say_json(value: Any) -> None:
    """Print a value as JSON, for programs: ASCII, and null for what is no number."""
    _write(json.dumps(_finite(value), indent=1, default=str, allow_nan=False), sys.stdout)


def say_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: drawn on a terminal, columns of text elsewhere; numbers are aligned to the right."""
    right = [all(_is_number(row[column]) for row in rows) for column in range(len(head))]
    if on_terminal():
        _draw(head, rows, right)
        return
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        cells = [
            cell.rjust(width) if its else cell.ljust(width)
            for cell, width, its in zip(row, widths, right, strict=True)
        ]
        say("  ".join(cells).rstrip())


def _draw(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for name, its in zip(head, right, strict=True):
        table.add_column(Text(_plain(name)), justify="right" if its else "left")
    for row in rows:
        table.add_row(*(Text(_plain(cell)) for cell in row))  # Text: brackets of a name are no markup
    Console().print(table)


def _plain(line: str) -> str:
    if line.isprintable():  # most are; what escapes the others imports much
        return line
    from mestore.check_text import plain

    return plain(line)


def _write(text: str, stream: TextIO) -> None:
    # Names may hold characters that the terminal's encoding, or UTF-8, has not.
    encoding = stream.encoding or "utf-8"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
    except BrokenPipeError:
        # Or Python complains when it flushes what is left at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        sys.exit(BROKEN_PIPE)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(its) for key, its in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_finite(its) for its in value]
    return value


def _is_number(cell: str) -> bool:
    return cell.replace(".", "").replace(",", "").strip().isdigit() or not cell
