"""Run every benchmark and write the table: python -m benchmarks."""

import re
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from benchmarks import apex, drift, flow, lbp_top, sequences, single, store, tim
from benchmarks.table import Row, brief, table
from mestore.bench.machine import machine
from mestore.bench.timing import Effort
from mestore.build.threads import single_threaded

BENCHMARKS: tuple[Callable[[Effort], list[Row]], ...] = (
    flow.rows,
    sequences.rows,
    lbp_top.rows,
    tim.rows,
    single.rows,
    store.rows,
)
"""Adding one is a file with a function `rows`, and its name here."""

TEXTS: tuple[Callable[[Effort], str], ...] = (drift.text, apex.text)
"""Benchmarks with a table of their own: a file with a function `text`, and its name here."""

FOLDER = Path(__file__).parent
START, END = "<!-- make bench writes from here -->\n", "<!-- to here -->\n"


def measure(effort: Effort) -> list[Row]:
    """Return the rows of every benchmark, all libraries held to one thread."""
    with single_threaded():
        return [row for rows in BENCHMARKS for row in rows(effort)]


def tell(effort: Effort) -> list[str]:
    """Return the text of every benchmark with a table of its own, likewise."""
    with single_threaded():
        return [text(effort) for text in TEXTS]


def page(rows: list[Row], *, day: date, where: str, texts: Sequence[str] = ()) -> str:
    """Return the tables with what is needed to read them, as Markdown."""
    return (
        f"Measured on {day:%Y-%m-%d}, one thread of {where}.\n\n{table(rows)}\n\n"
        "The methods of a case take turns in one process; *times as fast* is the ratio of the minima. Times "
        "of flow are means over its pictures. EPE is the mean end-point error in px at least 8 px from the "
        "edge and, on a face, also where the expression moves; beside its goal stands the largest ratio.\n"
        + "".join(f"\n{text}\n" for text in texts)
    )


def placed(text: str, results: str) -> str:
    r"""Return a page with what stands between the markers replaced by `results`.

    Examples
    --------
    >>> placed(f"# Speed\n{START}old\n{END}", "new\n") == f"# Speed\n{START}new\n{END}"
    True
    """
    if START not in text or END not in text:
        raise ValueError(f"found a page without {START.strip()} and {END.strip()}; put them back")
    pattern = re.escape(START) + ".*?" + re.escape(END)
    return re.sub(pattern, lambda _: START + results + END, text, flags=re.DOTALL)


def pages(results: str) -> dict[Path, str]:
    """Return what each page shows of the results: docs/speed.md all, the README the rows that have a goal."""
    root = FOLDER.parent
    first, _, rest = results.partition("\n\n")
    return {root / "docs/speed.md": results, root / "README.md": f"{first}\n\n{brief(rest)}\n"}


def main() -> None:
    """Measure, and write results.md, docs/speed.md and the README's section."""
    effort = Effort()
    results = page(measure(effort), day=date.today(), where=machine(), texts=tell(effort))
    (FOLDER / "results.md").write_text(f"# Benchmarks\n\n{results}")
    for path, text in pages(results).items():
        path.write_text(placed(path.read_text(), text))
    sys.stdout.write(results)


if __name__ == "__main__":
    main()
