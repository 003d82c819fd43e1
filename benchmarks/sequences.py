"""Sequences of flows: warm starts beside cold ones."""

from functools import partial
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from benchmarks.flow import errors
from benchmarks.scenes import Scene, face_scenes
from benchmarks.table import Row
from mestore.bench.timing import Effort, interleave
from mestore.features.tvl1 import Tvl1Params, tvl1_sample
from mestore.sample import Sample
from mestore.synthetic.stills import STILLS

COLD, WARM = "mestore tvl1", "mestore tvl1, warm_start"

_SIDE, _TOY_SIDE = 224, 48
_FRAMES = range(46, 87, 4)  # onset to offset
_NO_WORSE = 1.01  # the noise of these sequences moves a ratio by as much


def rows(effort: Effort) -> list[Row]:
    """Return a row for cold and one for warm starts: times are means over the faces, of a whole sequence."""
    side = _TOY_SIDE if effort.toy else _SIDE
    sequences = {name: face_scenes(name, side, frames=_FRAMES) for name in STILLS}
    found = {name: interleave(_methods(scenes), effort) for name, scenes in sequences.items()}
    return [
        Row(
            case=f"{len(_FRAMES) - 1} flows from the onset, {side} x {side}",
            method=method,
            minimum=mean(found[name][method].minimum for name in STILLS),
            median=mean(found[name][method].median for name in STILLS),
            beside=COLD if method == WARM else "",
            errors={name: _mean_errors(sequences[name], found[name][method].result) for name in STILLS},
            errors_at_most=_NO_WORSE if method == WARM else None,
        )
        for method in (COLD, WARM)
    ]


def _methods(scenes: list[Scene]) -> dict[str, partial[NDArray[np.float32]]]:
    frames = np.stack([scenes[0].prev, *(one.next for one in scenes)])
    numbers = np.asarray(_FRAMES, np.float64)
    clip = Sample(data=frames, frames=numbers, onset=_FRAMES[0], apex=60, offset=_FRAMES[-1])
    return {
        method: partial(_flows, clip, Tvl1Params(pairs="onset-each", warm_start=method == WARM))
        for method in (COLD, WARM)
    }


def _flows(clip: Sample, params: Tvl1Params) -> NDArray[np.float32]:
    return tvl1_sample(clip, params).data[..., :2]


def _mean_errors(scenes: list[Scene], flows: NDArray[np.float32]) -> list[float]:
    """Return the means over the pairs of the errors of each region."""
    each = [errors(one, flow) for one, flow in zip(scenes, flows, strict=True)]
    return [float(region) for region in np.mean(each, axis=0)]
