"""Curves: a clip's motion over time as the geometry of a small chart, in units of its viewBox."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mestore.quality import face_mask
from mestore.sample import Sample

HIGH = 95
"""Percentile of the upper line."""

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 400, 44, 12, 34, 40
"""Of a chart, in units of its viewBox; text is 11 of them high."""

_TEXT = 110  # width that a mark's text takes
_LOW = 150  # height under which a chart has few ticks


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a chart: what it is, and its points."""

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """An upright line of a chart at a frame number."""

    kind: str
    at: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Tick:
    """Where an axis says what, and below it what else."""

    at: float
    text: str
    below: str = ""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart, ready to be drawn: all numbers are units of the viewBox, all texts are plain."""

    height: int
    lines: tuple[tuple[str, str], ...]
    marks: tuple[tuple[str, float, str, str, int], ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    x_title: str
    y_title: str


@dataclass(frozen=True, kw_only=True)
class Time:
    """The axis of time: frame numbers that must be on it, the one at 0 ms, and frames per second or NaN."""

    first: float
    last: float
    onset: float
    fps: float


def motion(sequence: Sample) -> list[Line]:
    """Return how long the flows from the onset are in each frame, over the face: mean and 95th percentile.

    Parameters
    ----------
    sequence : Sample
        Flows from the onset to each other frame, (pairs, y, x, 2 or more) in px; the face is the hull of the
        landmarks, or all there is where there are none.

    Returns
    -------
    list of Line
        Over frame numbers, in px; 0 at the first frame.
    """
    flows = sequence.data
    face = np.ones(flows.shape[1:3], bool)
    if sequence.landmarks is not None:
        face = face_mask(sequence.landmarks, flows.shape[1:3])
    rows = [_lengths(flow, face) for flow in flows]  # one at a time: a sequence may be large
    mean, high = np.array([(0.0, 0.0), *rows]).T
    x = np.concatenate([sequence.frames[:1, 0], sequence.frames[:, 1]])
    return [Line(name="mean", x=x, y=mean), Line(name=f"{HIGH}th percentile", x=x, y=high)]


def _lengths(flow: NDArray[np.floating], face: NDArray[np.bool_]) -> tuple[float, float]:
    length = np.hypot(flow[..., 0][face], flow[..., 1][face])
    return float(length.mean()), float(np.percentile(length, HIGH))


def chart(
    lines: Sequence[Line],
    *,
    time: Time,
    marks: Sequence[Mark],
    y_title: str,
    height: int = 190,
) -> Chart:
    """Return a chart of lines over frame numbers.

    Parameters
    ----------
    lines : sequence of Line
        Their y must not be negative.
    time : Time
        Without milliseconds where the frames per second are NaN or 0.
    marks : sequence of Mark
    y_title : str
        With the unit.
    height : int
        Of the viewBox.
    """
    low = min(time.first, *(float(line.x.min()) for line in lines))
    high = max(time.last, *(float(line.x.max()) for line in lines), low + 1)
    top = max(*(float(line.y.max()) for line in lines), 1e-3) * 1.05
    floor = height - BOTTOM

    def across(value: float) -> float:
        return round(LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT), 1)

    def up(value: float) -> float:
        return round(floor - value / top * (floor - TOP), 1)

    timed = bool(np.isfinite(time.fps) and time.fps > 0)

    def ms(frame: float) -> str:
        return f"{(frame - time.onset) / time.fps * 1000:.0f}" if timed else ""

    return Chart(
        height=height,
        lines=tuple(
            (line.name, " ".join(f"{across(x)},{up(y)}" for x, y in zip(line.x, line.y, strict=True)))
            for line in lines
        ),
        marks=tuple(_placed(marks, across)),
        x_ticks=tuple(
            Tick(
                at=across(x),
                text=f"{x:g}",
                below=ms(x),
            )
            for x in _ticks(low, high, about=6, whole=True)
        ),
        y_ticks=tuple(Tick(at=up(y), text=f"{y:g}") for y in _ticks(0, top, about=4 if height > _LOW else 2)),
        x_title="frame / ms after the onset" if timed else "frame",
        y_title=y_title,
    )


def _placed(
    marks: Sequence[Mark], across: Callable[[float], float]
) -> Iterator[tuple[str, float, str, str, int]]:
    """Give kind, place, text, anchor and row of each mark.

    Texts stand above the lines, one below another, and away from each other: the first to the left of its
    line, the last to the right, where there is room.
    """
    named = sorted(mark.at for mark in marks if mark.text)
    row = 0
    for mark in marks:
        at = across(mark.at)
        left = at > WIDTH / 2 if len(named) < 2 else mark.at == named[0]
        left = (left or at > WIDTH - _TEXT) and at > LEFT + _TEXT
        yield mark.kind, at, mark.text, "end" if left else "start", row
        row += bool(mark.text)


def _ticks(low: float, high: float, *, about: int, whole: bool = False) -> Iterator[float]:
    """Give round numbers from low to high, about so many.

    Examples
    --------
    >>> list(_ticks(115, 146, about=6, whole=True))
    [115, 120, 125, 130, 135, 140, 145]
    >>> list(_ticks(0, 1.9, about=4))
    [0.0, 0.5, 1.0, 1.5]
    """
    rough = max((high - low) / about, 1e-9)
    magnitude = 10.0 ** np.floor(np.log10(rough))
    step = min((factor * magnitude for factor in (1, 2, 5, 10)), key=lambda it: abs(np.log(it / rough)))
    if whole:
        step = max(1, round(step))
    for number in range(int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9)) + 1):
        yield number * step if whole else round(float(number * step), 9)
