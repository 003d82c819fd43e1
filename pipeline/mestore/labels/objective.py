"""Objective classes I to VII out of action units, where a dataset ships none (objective.csv)."""

import csv
from collections.abc import Collection, Mapping
from importlib.resources import files
from types import MappingProxyType

CLASSES = ("I", "II", "III", "IV", "V", "VI", "VII")
"""The objective classes; MEGC2018 takes the first five."""

REST = "VII"
"""The class of every set of action units that no other class lists."""


def objective_class(aus: Collection[int]) -> str:
    """Return the objective class of a set of action units.

    Only a fallback: where a dataset ships the class, that one counts.

    Parameters
    ----------
    aus : collection of int
        Numbers of the action units, whatever their sides and intensities.

    Returns
    -------
    str
        One of `CLASSES`; empty where `aus` is, because a clip without coding has no class.

    Notes
    -----
    A set counts only as a whole; any other is class VII. The sets are read off the classes that CASME II,
    SAMM and CAS(ME)^3 ship, which contradict each other here and there: a set that was shipped under two
    classes is VII, unless one of them is plainly the rule. So a doubtful clip stays out of classes I to V,
    those that MEGC2018 scores. objective.csv lists these sets, and marks those that no shipped column shows
    and that are only remembered to be in the paper.

    References
    ----------
    .. [1] A. K. Davison, W. Merghani, M. H. Yap, "Objective Classes for Micro-Facial Expression Recognition",
       Journal of Imaging 4 (10), 2018.

    Examples
    --------
    >>> objective_class({6, 12}), objective_class({12, 4}), objective_class({15})
    ('I', 'VII', 'V')
    """
    return SETS.get(frozenset(aus), REST) if aus else ""


def _read() -> dict[frozenset[int], str]:
    text = files("mestore").joinpath("labels/objective.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    sets = {frozenset(map(int, row["aus"].split("+"))): row["class"] for row in rows}
    if len(sets) < len(rows):
        raise ValueError("objective.csv lists a set of action units twice")
    return sets


SETS: Mapping[frozenset[int], str] = MappingProxyType(_read())
"""Every listed set of action units and its class; class VII: left out on purpose, the note says why."""
