"""Clip tables that hold exactly what is stated of a dataset."""

from collections.abc import Iterable

import pandas as pd

from mestore.datasets.expected import load


def stated(reader: str, edition: str, *, part: str = "", kind: str = "micro") -> dict[tuple[str, str], int]:
    """What one sheet should hold: the first of the accepted counts, by column and value."""
    found: dict[tuple[str, str], int] = {}
    for it in load():
        if (it.reader, it.part, it.kind) == (reader, part, kind) and edition in it.edition.split():
            found.setdefault((it.column, it.value), it.count)
    return found


def spread(counts: Iterable[tuple[str, int]], total: int) -> list[str]:
    labels = [name for name, count in counts for _ in range(count)]
    return labels + [""] * (total - len(labels))


def fitting(
    reader: str, edition: str, *, part: str = "", sheet: str = "x.xlsx", subjects: int = 0
) -> pd.DataFrame:
    """A clip table with all the counts that are stated for one sheet."""
    counts = stated(reader, edition, part=part)
    total = counts.get(("clips", "")) or counts["videos", ""]  # of SMIC-E only the videos are counted
    subjects = subjects or counts["subjects", ""]
    column = {
        name: [(value, count) for (of, value), count in counts.items() if of == name]
        for name in ("emotion", "objective_class", "au")
    }
    # Of 4DME's labels a clip may have two: its combinations say how many clips there are.
    pairs = [(value, count) for (of, value), count in counts.items() if of == "emotions"]
    units: list[list[str]] = [[] for _ in range(total)]
    start = 0
    for unit, count in column["au"]:
        for at in range(start, start + count):
            units[at % total].append(unit)
        start += count
    return pd.DataFrame(
        {
            "subject": [f"s{number % subjects:02d}" for number in range(total)],
            "clip": [f"c{number}" for number in range(total)],
            "video": [f"c{number}" for number in range(total)],
            "part": "" if part == "all" else part,
            "kind": "micro",
            "split": "",
            "emotion": spread(pairs or column["emotion"], total),
            "objective_class": spread(column["objective_class"], total),
            "aus": ["+".join(its) for its in units],
            "edition": f"{sheet} {total}-0123abcd",
        }
    )
