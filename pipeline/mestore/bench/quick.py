"""Quick: the kernels beside their peers on simulated input, in less than a minute; for `mestore bench`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mestore.bench import peers
from mestore.bench.timing import Effort, interleave
from mestore.build.threads import single_threaded
from mestore.faces.shape68 import reference_shape
from mestore.features.lbp_top import lbp_top
from mestore.features.mdmo import mdmo
from mestore.features.strain import strain
from mestore.features.tvl1 import tvl1, tvl1_fast
from mestore.synthetic.warps import bumps, pixel_grid, sample
from mestore.tim import interpolate

QUICK = Effort(least=5, most=20, budget_s=1.0, slice_s=0.02)

Methods = Mapping[str, Callable[[], Any]]


@dataclass(frozen=True, kw_only=True)
class Timed:
    """One method on one case.

    Parameters
    ----------
    case, method : str
    min_ms, median_ms : float
    beside : str
        The peer it is compared with; empty where there is none.
    times_as_fast : float or None
        Ratio of the minima.
    """

    case: str
    method: str
    min_ms: float
    median_ms: float
    beside: str = ""
    times_as_fast: float | None = None


def measure(effort: Effort = QUICK, *, started: Callable[[str], None] = lambda case: None) -> list[Timed]:
    """Return the times of every kernel, all libraries held to one thread.

    Parameters
    ----------
    effort : Effort
    started : callable
        Told each case when it begins.

    Returns
    -------
    list of Timed
        The peer, where there is one, is the first of its case.
    """
    found = []
    with single_threaded():
        for case, methods, peer in _cases(effort):
            started(case)
            measured = interleave(methods, effort)
            found += [
                Timed(
                    case=case,
                    method=name,
                    min_ms=1000 * its.minimum,
                    median_ms=1000 * its.median,
                    beside=peer if name != peer else "",
                    times_as_fast=measured[peer].minimum / its.minimum if peer and name != peer else None,
                )
                for name, its in measured.items()
            ]
    return found


def _cases(effort: Effort) -> Iterator[tuple[str, Methods, str]]:
    """Give the cases: what is computed, how by whom, and who is the peer."""
    side = 32 if effort.toy else 112
    prev, next_, flow = _pair(side)
    flows: dict[str, Callable[..., Any]] = {
        "OpenCV DualTVL1": peers.dual_tvl1,
        "scikit-image TV-L1": peers.skimage_tvl1,
        "mestore tvl1": tvl1,
        "mestore tvl1-fast": tvl1_fast,
    }
    yield (
        f"TV-L1 flow, {side} x {side}",
        {name: partial(its, prev, next_) for name, its in flows.items()},
        "OpenCV DualTVL1",
    )
    shape = (8, 24, 20) if effort.toy else (50, 170, 140)
    clip = np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8)
    yield (
        f"LBP-TOP, {shape[0]} frames of {shape[1]} x {shape[2]}",
        {
            "scikit-image LBP, codes alone": lambda: peers.lbp_by_planes(clip),
            "mestore bilinear": lambda: lbp_top(clip, grid=(5, 5), radii=(1, 1, 2), sampling="bilinear"),
        },
        "scikit-image LBP, codes alone",
    )
    count = shape[0] // 2
    yield (
        f"TIM, {shape[0]} frames of {shape[1]} x {shape[2]} to {count}",
        {"SVD form": lambda: peers.tim_by_svd(clip, count), "mestore": lambda: interpolate(clip, count)},
        "SVD form",
    )
    landmarks = np.asarray(reference_shape(side), np.float64)
    many = np.linspace(0, 1, 11, dtype=np.float32)[1:, None, None, None] * flow
    yield f"MDMO, 10 flows of {side} x {side}", {"mestore": lambda: mdmo(many, landmarks)}, ""
    yield f"strain, a flow of {side} x {side}", {"mestore": lambda: strain(flow)}, ""


def _pair(side: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]:
    """Return two grey frames of a texture that bumps of 1 px move, and their flow (y, x, 2)."""
    noise = np.random.default_rng(7).normal(size=(side, side)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.0)
    image = (128 + 50 * smooth / smooth.std()).astype(np.float32)
    grid = pixel_grid(side, side)
    field = bumps(
        grid,
        centres=np.array([[0.3, 0.3], [0.6, 0.7]]) * side,
        vectors=np.array([[0.6, -0.8], [-1.0, 0.0]]),
        widths=np.full(2, 0.15 * side),
    ).reshape(side, side, 2)
    # To first order: what lies at x in the second frame was at x - field(x) in the first.
    points = (grid.reshape(side, side, 2) - field).astype(np.float32)
    moved = sample(image, points, interpolation=cv2.INTER_CUBIC).reshape(side, side)
    prev, next_ = (np.clip(np.rint(its), 0, 255).astype(np.uint8) for its in (image, moved))
    return prev, next_, field.astype(np.float32)
