"""Target: what a protocol asks of each clip: one class, or which of several labels it has."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mestore.aus import POLICIES, vector
from mestore.clips import LABELS
from mestore.errors import MEStoreError
from mestore.labels.maps import JOINT, MAPS, apply_map

if TYPE_CHECKING:
    import pandas as pd

NONE = "none"
"""Stands for "none of the labels" of a clip that was coded."""

Coded = frozenset[tuple[str, str]]
"""Datasets and parts whose clips were coded by action units."""

_UNITS = "au_"
_JOINT_MAPS = frozenset({"fourdme"})


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is predicted.

    Parameters
    ----------
    name : str
        A column of labels of the clip table, a label map, or "au_<policy>" for action units.
    classes : tuple of str
        In order; of a column those that its clips have.
    several : bool
        Whether a clip may have several of them (joined by "+"), or none (`NONE`).
    """

    name: str
    classes: tuple[str, ...]
    several: bool


def names() -> list[str]:
    """Return what may be predicted."""
    return [*(column for column in LABELS if column != "aus_given"), *MAPS, *(_UNITS + it for it in POLICIES)]


def coded_parts(table: "pd.DataFrame") -> Coded:
    """Return the datasets and parts of a clip table of which a clip has action units."""
    rows = table[table["aus"] != ""]
    return frozenset(zip(rows["dataset"], rows["part"], strict=True))


def aim(table: "pd.DataFrame", name: str, *, coded: Coded | None = None) -> "tuple[Target, pd.Series[str]]":
    """Return a target and the truth of every clip, empty where it has none.

    Parameters
    ----------
    table : DataFrame
        The clip table, or some of its rows.
    name : str
        One of `names()`.
    coded : frozenset of (str, str), optional
        `coded_parts` of the whole clip table, where `table` holds some of its rows.

    Raises
    ------
    MEStoreError
        If there is no such target.
    AnnotationError
        If a label map does not know a value.

    Notes
    -----
    Action units: a clip is without truth if no clip of its dataset and part was coded; a coded clip without
    any unit of the policy is `NONE`.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", "casme2", "R12+25", "x"), ("b", "casme2", "38", "y"), ("c", "smic", "", "z")]
    >>> table = pd.DataFrame(rows, columns=["clip_id", "reader", "aus", "clip"]).assign(part="", dataset="d")
    >>> table["dataset"] = table["reader"]
    >>> target, truth = aim(table, "au_cd6me")
    >>> truth.tolist(), target.classes[:3], target.several
    (['AU12', 'none', ''], ('AU1', 'AU2', 'AU4'), True)
    """
    if name not in names():
        raise MEStoreError(f"label is {name!r}; allowed: {', '.join(names())}")
    if name.startswith(_UNITS):
        return _units(table, name, coded_parts(table) if coded is None else coded)
    if name in MAPS:
        truth = apply_map(table, name)
        return Target(name=name, classes=MAPS[name].classes, several=name in _JOINT_MAPS), truth
    truth = table[name].astype("str")
    return Target(name=name, classes=tuple(sorted(set(truth) - {""})), several=False), truth


def _units(table: "pd.DataFrame", name: str, coded: Coded) -> "tuple[Target, pd.Series[str]]":
    import pandas as pd

    policy = name.removeprefix(_UNITS)
    classes = tuple(f"AU{unit}" for unit in POLICIES[policy].units)
    truth = [
        joined(
            [
                label
                for label, there in zip(classes, vector(aus, policy=policy, clip=clip), strict=True)
                if there
            ]
        )
        if (dataset, part) in coded
        else ""
        for dataset, part, aus, clip in table[["dataset", "part", "aus", "clip"]].itertuples(index=False)
    ]
    return Target(name=name, classes=classes, several=True), pd.Series(truth, index=table.index, dtype="str")


def joined(labels: "list[str]") -> str:
    """Return labels as one text: "AU1+AU4", or `NONE`."""
    return JOINT.join(labels) or NONE


def parted(text: str) -> tuple[str, ...]:
    """Return the labels of a text that `joined` made.

    Examples
    --------
    >>> parted("AU1+AU4"), parted("none")
    (('AU1', 'AU4'), ())
    """
    return () if text == NONE else tuple(text.split(JOINT))
