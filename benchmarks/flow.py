"""Optical flow: TV-L1 beside OpenCV's and scikit-image's, and beside OpenCV's quicker methods."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from benchmarks.scenes import PICTURES, Scene, end_point_error, inside, scene
from benchmarks.table import Row
from mestore.bench.peers import dis, dual_tvl1, farneback, skimage_tvl1
from mestore.bench.timing import Effort, Measured, interleave
from mestore.features.tvl1 import tvl1, tvl1_fast
from mestore.synthetic.stills import STILLS

Flow = Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.floating]]

PEER = "OpenCV DualTVL1"


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What a method of ours is to reach beside OpenCV's DualTVL1: times as fast, and share of its EPE."""

    at_least: float | None = None
    errors_at_most: float | None = None


GOALS: Mapping[str, Goal] = {
    "mestore tvl1": Goal(at_least=10, errors_at_most=1.0),
    "mestore tvl1-fast": Goal(at_least=50, errors_at_most=1.2),
}

_SIZES = {(112, 112): (*STILLS, *PICTURES), (224, 224): (*STILLS, *PICTURES), (480, 640): PICTURES}
_TOY_SIZES = {(48, 48): (*STILLS, *PICTURES), (48, 64): PICTURES}
_LARGE = 100_000  # pixels; from here OpenCV takes seconds a pair
_LARGE_ROUNDS = 3


def rows(effort: Effort) -> list[Row]:
    """Return one row per size and method, and two cases hard on TV-L1: times are means over the pictures."""
    found = [
        row
        for size, names in (_TOY_SIZES if effort.toy else _SIZES).items()
        for row in _size_rows(size, [scene(name, size) for name in names], effort)
    ]
    side = 48 if effort.toy else 224
    few = replace(effort, least=min(effort.least, _LARGE_ROUNDS))
    for case, change in (("still", _still), ("1 grey level brighter", _brighter)):
        scenes = [change(scene(name, (side, side))) for name in (*STILLS, *PICTURES)]
        found += _size_rows((side, side), scenes, few, case)
    return found


def methods() -> dict[str, Flow]:
    """Return every method by its name: (prev, next) -> flow (y, x, 2)."""
    return {
        PEER: dual_tvl1,
        "scikit-image TV-L1": skimage_tvl1,
        "OpenCV DIS, medium": dis,
        "OpenCV Farneback": farneback,
        "mestore tvl1": tvl1,
        "mestore tvl1-fast": tvl1_fast,
    }


def _still(one: Scene) -> Scene:
    """Return a scene in which nothing moves: the first frame twice, each with noise of 1 grey level."""
    noise = np.random.default_rng(17).standard_normal((2, *one.prev.shape))
    prev, next_ = np.clip(np.rint(one.prev + noise), 0, 255).astype(np.uint8)
    return replace(one, prev=prev, next=next_, truth=np.zeros_like(one.truth))


def _brighter(one: Scene) -> Scene:
    """Return a scene whose second frame is a grey level brighter."""
    return replace(one, next=np.minimum(one.next, 254) + np.uint8(1))


def _size_rows(size: tuple[int, int], scenes: list[Scene], effort: Effort, case: str = "") -> list[Row]:
    if size[0] * size[1] >= _LARGE:
        effort = replace(effort, least=min(effort.least, _LARGE_ROUNDS))
    measured = [
        interleave({name: partial(flow, one.prev, one.next) for name, flow in methods().items()}, effort)
        for one in scenes
    ]
    title = f"flow, {size[1]} x {size[0]}" + (f", {case}" if case else "")
    return [_row(title, name, scenes, [found[name] for found in measured]) for name in methods()]


def _row(case: str, method: str, scenes: list[Scene], measured: list[Measured]) -> Row:
    goal = GOALS.get(method, Goal()) if case.count(",") == 1 else Goal()  # goals are for the plain scenes
    return Row(
        case=case,
        method=method,
        minimum=mean(found.minimum for found in measured),
        median=mean(found.median for found in measured),
        beside="" if method == PEER else PEER,
        at_least=goal.at_least,
        errors={one.name: errors(one, found.result) for one, found in zip(scenes, measured, strict=True)},
        errors_at_most=goal.errors_at_most,
    )


def errors(one: Scene, flow: NDArray[np.floating]) -> list[float]:
    """Return a flow's EPE away from the border and, on a face, in the region of the expression."""
    where = [inside(one.prev.shape), *([one.region] if one.name in STILLS else [])]
    return [end_point_error(flow, one.truth, mask) for mask in where]
