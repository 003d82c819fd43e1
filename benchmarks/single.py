"""Kernels without a peer: MDMO, strain and the crop."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.table import Row
from mestore.bench.timing import Effort, interleave
from mestore.faces.shape68 import reference_shape
from mestore.features.mdmo import mdmo
from mestore.features.strain import strain
from mestore.similarity import similarity
from mestore.synthetic.warps import bumps, pixel_grid
from mestore.warp import warp

_MDMO_MS = 40


def rows(effort: Effort) -> list[Row]:
    """Return one row per kernel."""
    count, height, width, side, frame = (3, 68, 56, 32, 48) if effort.toy else (49, 170, 140, 224, 320)
    flows = _flows(count, height, width)
    landmarks = np.asarray(reference_shape(width), np.float64)
    flow = _flows(1, side, side)[0]
    image = np.random.default_rng(6).integers(0, 256, (frame, frame, 3), dtype=np.uint8)
    corner = np.array([[0.0, 0], [1, 0]])
    transform = similarity(corner * frame, corner * side)
    cases = {
        f"MDMO, {count} flows of {height} x {width}": lambda: mdmo(flows, landmarks),
        f"strain, a flow of {side} x {side}": lambda: strain(flow),
        f"crop of {side} x {side}, a colour frame of {frame} x {frame}": lambda: warp(image, transform, side),
    }
    return [
        Row(
            case=case,
            method="mestore",
            minimum=found.minimum,
            median=found.median,
            at_most_ms=_MDMO_MS if case.startswith("MDMO") else None,
        )
        for case, found in interleave(cases, effort).items()
    ]


def _flows(count: int, height: int, width: int) -> NDArray[np.float32]:
    """Return flows (count, height, width, 2) that grow from nothing to 1 px, with a hundredth of noise."""
    field = bumps(
        pixel_grid(height, width),
        centres=np.array([[0.3, 0.3], [0.6, 0.7]]) * [width, height],
        vectors=np.array([[0.6, -0.8], [-1.0, 0.0]]),
        widths=np.full(2, 0.2 * width),
    )
    growth = np.linspace(0, 1, count + 1)[1:, None, None, None]
    noise = np.random.default_rng(5).normal(0, 0.01, (count, height, width, 2))
    return (growth * field.reshape(1, height, width, 2) + noise).astype(np.float32)
