"""TIM: the closed form beside the published one, through the SVD of the clip."""

import numpy as np

from benchmarks.table import Row
from mestore.bench.peers import tim_by_svd
from mestore.bench.timing import Effort, interleave
from mestore.tim import interpolate

_SHAPE, _N = (100, 150, 150), 50
_TOY_SHAPE, _TOY_N = (12, 10, 10), 6


def rows(effort: Effort) -> list[Row]:
    """Return rows of both forms."""
    shape, n = (_TOY_SHAPE, _TOY_N) if effort.toy else (_SHAPE, _N)
    frames = np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8)
    peer, ours = "SVD form", "mestore"
    measured = interleave({peer: lambda: tim_by_svd(frames, n), ours: lambda: interpolate(frames, n)}, effort)
    return [
        Row(
            case=f"TIM, {shape[0]} frames of {shape[1]} x {shape[2]} to {n}",
            method=name,
            minimum=found.minimum,
            median=found.median,
            beside=peer if name == ours else "",
            at_least=60 if name == ours else None,
        )
        for name, found in measured.items()
    ]
