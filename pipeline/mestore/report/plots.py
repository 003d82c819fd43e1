"""Plots: the geometry of histograms, drawn as SVG by plots.j2: text stays text, colours follow the page."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 320, 132
"""Of the drawing, in its own units: at most as many px as a phone is wide."""
LEFT, RIGHT, TOP, BOTTOM = 30, 304, 24, 108
"""Edges of the bars' field; above it is room for marks, below for numbers."""

_BINS = 28
_TAIL = 3.0  # an axis ends where the 99th percentile lies three times: one outlier leaves room for the rest
_MARKS = 60  # that are drawn: all that stand out are in the list


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A clip that stands out.

    Parameters
    ----------
    value : float
    name : str
        The clip's id.
    address : str
        Of the clip on its subject's page; empty where it has no picture.
    """

    value: float
    name: str
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A number at an axis, at `place` in units of the drawing."""

    place: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A rectangle: so many clips lie from `low` to `high`."""

    x: float
    y: float
    width: float
    height: float
    low: float
    high: float
    clips: int


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A mark at its place in the drawing."""

    x: float
    y: float
    mark: Mark


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """A histogram of one number of the clips.

    Parameters
    ----------
    title, unit : str
    clips : int
        How many have the number.
    median, low, high : float
        Of all of them.
    beyond : int
        How many lie beyond the axis; their marks are at its end.
    bars : sequence of Bar
    ticks, counts : sequence of Tick
        Of the axis of values, and of the axis of clips.
    limits : sequence of Tick
        Those thresholds that lie near the values.
    thresholds : sequence of str
        All of them, in words.
    store : str
        Whose clips; empty where it is the clip table's.
    dots : sequence of Dot
        The worst of the marks.
    marks : sequence of Mark
        All of them, worst first.
    """

    title: str
    unit: str
    clips: int
    median: float
    low: float
    high: float
    beyond: int
    bars: Sequence[Bar]
    ticks: Sequence[Tick]
    counts: Sequence[Tick]
    limits: Sequence[Tick]
    thresholds: Sequence[str]
    store: str
    dots: Sequence[Dot]
    marks: Sequence[Mark]


def histogram(
    values: NDArray[np.float64],
    *,
    title: str,
    unit: str,
    limits: Sequence[tuple[str, float]] = (),
    marks: Sequence[Mark] = (),
    whole: bool = False,
    store: str = "",
) -> Histogram:
    """Return the histogram of at least one finite value.

    Parameters
    ----------
    values : ndarray of float64, shape (clips,)
    title, unit : str
    limits : sequence of (str, float)
        Thresholds: "at most" or "at least", and what.
    marks : sequence of Mark
        Clips that stand out, worst first.
    whole : bool
        Values are whole numbers.
    store : str
        Whose clips they are.

    Examples
    --------
    >>> its = histogram(np.array([1.0, 1.0, 2.0, 4.0]), title="frames", unit="", whole=True)
    >>> [(bar.low, bar.clips) for bar in its.bars]
    [(1.0, 2), (2.0, 1), (4.0, 1)]
    >>> [tick.text for tick in its.ticks]
    ['1', '2', '3', '4']
    """
    edges = _edges(values, [limit for _, limit in limits], whole=whole)
    # A whole number lies half a unit inside the edges of its bar.
    shift = 0.5 if whole else 0.0
    inside = np.clip(values, edges[0], edges[-1])
    clips = np.histogram(inside, edges)[0].tolist()
    steps = _nice(0, max(clips), count=3, whole=True)
    top = max(steps[-1], max(clips))
    return Histogram(
        title=title,
        unit=unit,
        clips=len(values),
        median=float(np.median(values)),
        low=float(values.min()),
        high=float(values.max()),
        beyond=int((values > edges[-1]).sum()),
        bars=list(_bars(edges, clips, top=top, shift=shift)),
        ticks=[
            Tick(place=_x(it, edges), text=f"{it:g}")
            for it in _nice(edges[0] + shift, edges[-1] - shift, count=5, whole=whole)
        ],
        counts=[Tick(place=_y(it, top), text=f"{it:g}") for it in steps if it],
        limits=[Tick(place=_x(it, edges), text=f"{it:g}") for _, it in limits if edges[0] <= it <= edges[-1]],
        thresholds=[f"{bound} {it:.4g}" for bound, it in limits],
        store=store,
        # Three rows, so that neighbours can be told apart and hit.
        dots=[
            Dot(x=_x(mark.value, edges), y=TOP - 6 - 6 * (place % 3), mark=mark)
            for place, mark in enumerate(marks[:_MARKS])
        ],
        marks=marks,
    )


def _x(value: float, edges: Sequence[float]) -> float:
    """Return the place of a value; what lies beyond the axis is at its end."""
    inside = min(max(value, edges[0]), edges[-1])
    return round(LEFT + (inside - edges[0]) / (edges[-1] - edges[0]) * (RIGHT - LEFT), 1)


def _y(clips: float, top: float) -> float:
    return round(BOTTOM - clips / top * (BOTTOM - TOP), 1)


def _bars(edges: Sequence[float], clips: Sequence[int], *, top: float, shift: float) -> Iterator[Bar]:
    for low, high, number in zip(edges[:-1], edges[1:], clips, strict=True):
        if number:
            x, y = _x(low, edges), _y(number, top)
            yield Bar(
                x=x,
                y=y,
                width=round(max(_x(high, edges) - x - 0.6, 0.6), 1),
                height=round(BOTTOM - y, 1),
                low=low + shift,
                high=high - shift,
                clips=number,
            )


def _edges(values: NDArray[np.float64], limits: Sequence[float], *, whole: bool) -> list[float]:
    """Return the edges of the bins: of the values but for a long tail, and of limits that are not far."""
    low, high = float(values.min()), float(values.max())
    tail = low + _TAIL * (float(np.percentile(values, 99)) - low)
    if high > tail > low:
        high = tail
    span = high - low
    near = [it for it in limits if low - span <= it <= high + span]
    low, high = min([low, *near]), max([high, *near])
    if whole:
        low, high = math.floor(low), math.ceil(high)
        step = max(1, math.ceil((high - low + 1) / _BINS))
        bins = math.ceil((high - low + 1) / step)
        return [low - 0.5 + step * place for place in range(bins + 1)]
    if high == low:
        low, high = low - abs(low or 1) / 2, high + abs(high or 1) / 2
    return [float(edge) for edge in np.linspace(low, high, _BINS + 1)]


def _nice(low: float, high: float, *, count: int, whole: bool) -> list[float]:
    """Return about `count` round numbers from `low` to `high`.

    Examples
    --------
    >>> _nice(0, 97, count=3, whole=True), _nice(0.1, 0.45, count=4, whole=False)
    ([0.0, 50.0], [0.1, 0.2, 0.3, 0.4])
    """
    raw = max((high - low) / count, 1e-12)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    step = max(step, 1.0) if whole else step
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]
