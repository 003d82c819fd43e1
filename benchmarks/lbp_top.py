"""LBP-TOP beside scikit-image's LBP, plane by plane."""

import numpy as np

from benchmarks.table import Row
from mestore.bench.peers import lbp_by_planes
from mestore.bench.timing import Effort, interleave
from mestore.features.lbp_top import lbp_top

_RADII = (1, 1, 2)
_GRID = (5, 5)
_SHAPE, _TOY_SHAPE = (50, 170, 140), (8, 24, 20)


def rows(effort: Effort) -> list[Row]:
    """Return rows of both samplings; the peer is not asked for histograms, blocks or a radius in time."""
    shape = _TOY_SHAPE if effort.toy else _SHAPE
    clip = np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8)
    peer, nearest, bilinear = "scikit-image LBP, codes alone", "mestore nearest", "mestore bilinear"
    measured = interleave(
        {
            peer: lambda: lbp_by_planes(clip),
            nearest: lambda: lbp_top(clip, grid=_GRID, radii=_RADII),
            bilinear: lambda: lbp_top(clip, grid=_GRID, radii=_RADII, sampling="bilinear"),
        },
        effort,
    )
    goals = {nearest: 10.0, bilinear: round(4000 * measured[nearest].minimum, 1)}
    return [
        Row(
            case=f"LBP-TOP, {shape[0]} frames of {shape[1]} x {shape[2]}, 5 x 5 blocks",
            method=name,
            minimum=found.minimum,
            median=found.median,
            beside=peer if name == bilinear else "",  # it samples bilinearly
            at_most_ms=goals.get(name),
        )
        for name, found in measured.items()
    ]
