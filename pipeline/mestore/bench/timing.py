"""Timing: several ways to do one thing, taking turns in one process."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

_SLICE_MOST = 10  # runs of a quick method in one round


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is measured.

    Parameters
    ----------
    least, most : int
        Rounds; in every round each method runs at least once.
    budget_s : float
        Seconds after which no round beyond `least` begins.
    slice_s : float
        A method quicker than this runs again in the same round, up to 10 times.
    toy : bool
        Whether inputs are tiny: every row comes out, no number means anything.
    """

    least: int = 5
    most: int = 20
    budget_s: float = 2.0
    slice_s: float = 0.05
    toy: bool = False


TOY = Effort(least=1, most=1, budget_s=0, slice_s=0, toy=True)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a method gave, and the seconds of each of its runs.

    Parameters
    ----------
    result : object
        Of the first run, which is not timed: it compiles, loads and allocates.
    seconds : list of float
    """

    result: Any
    seconds: list[float] = field(default_factory=list)

    @property
    def minimum(self) -> float:
        """Seconds of the quickest run."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """Seconds of the median run."""
        return median(self.seconds)


def interleave(methods: Mapping[str, Callable[[], Any]], effort: Effort) -> dict[str, Measured]:
    """Run methods in turn, round after round, so that a busy moment of the machine hits all of them.

    Parameters
    ----------
    methods : mapping of str to callable
        Name -> what to run.
    effort : Effort

    Returns
    -------
    dict of str to Measured

    Examples
    --------
    >>> found = interleave({"sum": lambda: 1 + 1}, TOY)
    >>> found["sum"].result, len(found["sum"].seconds)
    (2, 1)
    """
    measured = {name: Measured(result=method()) for name, method in methods.items()}
    start = time.perf_counter()
    for done in range(effort.most):
        if done >= effort.least and time.perf_counter() - start > effort.budget_s:
            break
        for name, method in methods.items():
            measured[name].seconds.extend(_slice(method, effort.slice_s))
    return measured


def _slice(method: Callable[[], Any], slice_s: float) -> list[float]:
    seconds: list[float] = []
    while not seconds or (sum(seconds) < slice_s and len(seconds) < _SLICE_MOST):
        start = time.perf_counter()
        method()
        seconds.append(time.perf_counter() - start)
    return seconds
