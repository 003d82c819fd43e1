"""Label maps: the classes of each protocol and dataset, as data (maps.csv)."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

from mestore.errors import AnnotationError, MEStoreError

if TYPE_CHECKING:
    import pandas as pd

JOINT = "+"
"""Stands between the classes of a clip that has two (4DME)."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a label map does with the clips of one dataset.

    Parameters
    ----------
    column : str
        Column of the clip table that it reads.
    labels : mapping of str to str
        Every value that the column may have there, and its label; empty: the clip is left out.
    """

    column: str
    labels: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class LabelMap:
    """From the values of the clip table to the classes of a protocol.

    Parameters
    ----------
    name : str
        Name of the map.
    classes : tuple of str
        Its classes; the number of a class is its place.
    rules : mapping of str to Rule
        By reader, which says which dataset a clip is of.
    """

    name: str
    classes: tuple[str, ...]
    rules: Mapping[str, Rule]


def apply_map(table: "pd.DataFrame", name: str) -> "pd.Series[str]":
    """Return the label of every clip.

    Parameters
    ----------
    table : DataFrame
        Clip table: the columns clip_id, reader and kind, and those that the map reads.
    name : str
        Name of a map in `MAPS`.

    Returns
    -------
    Series of str
        With the index of `table`. Empty where the map leaves the value out, where it has no rule for the
        dataset, and for a macro-expression without a value. A 4DME clip may have two classes, joined by "+".

    Raises
    ------
    MEStoreError
        If there is no such map.
    AnnotationError
        If a value is in neither the map nor its list of values to leave out: a slip in a cell would
        otherwise take the clip out of the protocol, and nobody would know.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("casme2", "disgust"), ("casme2", "fear"), ("samm", "contempt"), ("smic", "surprise")]
    >>> table = pd.DataFrame(rows, columns=["reader", "emotion"]).assign(kind="micro", clip_id="a/s/c@1")
    >>> apply_map(table, "megc2019").tolist()
    ['negative', '', 'negative', 'surprise']
    >>> MAPS["megc2019"].classes
    ('negative', 'positive', 'surprise')
    """
    import pandas as pd

    if name not in MAPS:
        raise MEStoreError(f"there is no label map {name!r}; expected one of {', '.join(sorted(MAPS))}")
    chosen = MAPS[name]
    labels = pd.Series("", index=table.index, dtype="str", name=name)
    for reader, rule in chosen.rules.items():
        rows = (table["reader"] == reader) & ~((table["kind"] == "macro") & (table[rule.column] == ""))
        given = table.loc[rows, rule.column]
        _refuse_unknown(table.loc[rows], chosen, reader=reader)
        # By place: tables that were put together may have an index with repeats.
        labels[rows.to_numpy()] = given.map(dict(rule.labels)).to_numpy()
    return labels


def _refuse_unknown(rows: "pd.DataFrame", chosen: LabelMap, *, reader: str) -> None:
    rule = chosen.rules[reader]
    unknown = rows[~rows[rule.column].isin(list(rule.labels))]
    if unknown.empty:
        return
    clip, given = unknown["clip_id"].iloc[0], unknown[rule.column].iloc[0]
    more = f" (and {len(unknown) - 1} more such clips)" if len(unknown) > 1 else ""
    kept = ", ".join(repr(it) for it, label in rule.labels.items() if label)
    dropped = ", ".join(repr(it) for it, label in rule.labels.items() if not label)
    raise AnnotationError(
        f"{clip}: {rule.column} is {given!r}{more}, which the label map {chosen.name!r} does not know of "
        f"{reader}; expected {kept}{', or, to be left out, ' if dropped else ''}{dropped}; "
        "mend the cell of the coding sheet, or add a correction"
    )


def _read() -> dict[str, LabelMap]:
    text = files("mestore").joinpath("labels/maps.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return {name: _map(name, [row for row in rows if row["map"] == name]) for name in _first(rows, "map")}


def _map(name: str, rows: list[dict[str, str]]) -> LabelMap:
    joint = [label for row in rows for label in row["label"].split(JOINT) if label]
    rules = {
        reader: _rule([row for row in rows if row["reader"] == reader]) for reader in _first(rows, "reader")
    }
    return LabelMap(name=name, classes=tuple(dict.fromkeys(joint)), rules=MappingProxyType(rules))


def _rule(rows: list[dict[str, str]]) -> Rule:
    (column,) = _first(rows, "column")
    labels = {row["given"]: row["label"] for row in rows}
    if len(labels) < len(rows):
        raise ValueError(f"maps.csv gives a value of {rows[0]['reader']} twice in map {rows[0]['map']}")
    return Rule(column=column, labels=MappingProxyType(labels))


def _first(rows: list[dict[str, str]], column: str) -> list[str]:
    return list(dict.fromkeys(row[column] for row in rows))


MAPS: Mapping[str, LabelMap] = MappingProxyType(_read())
"""Every label map by its name.

The classes of a map stand in the order in which maps.csv first names them, which is their published order
where there is one: negative 0, positive 1, surprise 2 in MEGC2019, EmotionId in DFME.
"""
