"""Identity: which subjects of which datasets share people, and which clips show one event.

The rules are data, each with its source: identity.csv beside this file. A lab's own persons.csv stands above
them (`mestore.datasets.persons`).
"""

import csv
from functools import cache
from importlib.resources import files

from mestore.datasets.row import Row

FILE = "identity.csv"


@cache
def _families() -> dict[tuple[str, str], str]:
    lines = files("mestore.datasets").joinpath(FILE).read_text(encoding="utf-8").splitlines()
    return {(line["reader"], line["part"]): line["family"] for line in csv.DictReader(lines)}


def family(reader: str, *, part: str, dataset: str) -> str:
    """Return the name of those whose subject ids mean the same people.

    A dataset of the field is itself under whatever name, and in whatever copy, a lab has it; recordings of a
    lab's own (reader `table`) are a family by their name in params.yaml.

    Examples
    --------
    >>> family("samm_lv", part="", dataset="longvideos"), family("table", part="", dataset="mylab")
    ('samm', 'mylab')
    """
    return _families().get((reader, part)) or _families().get((reader, "")) or dataset


def event(row: Row, *, family: str) -> str:
    """Return the moment that a row shows, the same in every modality and release that show it.

    Where the reader knows no name of the event, clip and onset make one.
    """
    name = row.entry.event or f"{row.entry.clip}@{row.onset}"
    return f"{family}/{row.entry.subject}/{name}"
