"""Counted: how many clips of a clip table have each label, in the columns of expected.csv."""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from itertools import compress
from typing import TYPE_CHECKING

from mestore import aus

if TYPE_CHECKING:
    import pandas as pd

_ALL_UNITS = tuple(range(1, 100))  # 0 is a neutral face: no unit


def count(rows: "pd.DataFrame", *, units: Mapping[str, Collection[str]]) -> dict[str, "Counter[str]"]:
    """Return numbers of clips by column of expected.csv and by value; those of no clip are left out.

    Parameters
    ----------
    rows : DataFrame
        Rows of a clip table.
    units : mapping
        Which action units to count as `au` and as `au_static`; without any, `au` counts the twelve of CD6ME.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"clip": "c", "subject": "s", "video": "v", "split": "", "emotion": "surprise+positive"}
    >>> rows = pd.DataFrame([row | {"objective_class": "II", "aus": "AU4(k)+L2"}])
    >>> found = count(rows, units={"au_static": ("4",)})
    >>> found["emotion"], found["emotions"]
    (Counter({'positive': 1, 'surprise': 1}), Counter({'positive+surprise': 1}))
    >>> found["au"], found["au_static"]
    (Counter({'2': 1}), Counter({'4': 1}))
    """
    labels = [tuple(sorted(set(filter(None, re.split(r"\s*[+,]\s*", text))))) for text in rows["emotion"]]
    videos = set(zip(rows["subject"], rows["video"], strict=True))
    moving, with_static = _units(rows, policy="cd6me"), _units(rows, policy="4dme")
    twelve = [str(unit) for unit in aus.POLICIES["cd6me"].units]
    return {
        "clips": Counter({"": len(rows)}),
        "subjects": Counter({"": rows["subject"].nunique()}),
        "videos": Counter({"": len(videos)}),
        "split": Counter(filter(None, rows["split"])),
        "emotion": Counter(label for names in labels for label in names),
        "emotions": Counter("+".join(names) for names in labels if names),
        "objective_class": Counter(filter(None, rows["objective_class"])),
        "au": _only(moving, units.get("au") or twelve),
        "au_static": _only(with_static, units.get("au_static", ())),
        "aus": Counter({"": moving.total()}),
        "au_kinds": Counter({"": len(moving)}),
        "subject": Counter(rows["subject"]),
    }


def _units(rows: "pd.DataFrame", *, policy: str) -> "Counter[str]":
    """Return the number of clips with each action unit."""
    found: Counter[str] = Counter()
    for text, clip in zip(rows["aus"], rows["clip"], strict=True):
        if text:
            there = aus.vector(text, policy=policy, clip=clip, units=_ALL_UNITS)
            found.update(str(unit) for unit in compress(_ALL_UNITS, there))
    return found


def _only(found: "Counter[str]", values: Collection[str]) -> "Counter[str]":
    return Counter({value: found[value] for value in values if found[value]})
