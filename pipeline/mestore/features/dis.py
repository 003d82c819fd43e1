"""DIS optical flow (dense inverse search), by OpenCV: the fastest, and the coarsest."""

from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mestore.features.flow import Flow, FlowParams, check_pair, flow_sample
from mestore.sample import Sample

Preset = Literal["ultrafast", "fast", "medium"]

_LEAST_SIDE = 32  # px; under it OpenCV 5.0 reads outside its pyramid and may crash
_PRESETS = dict(zip(get_args(Preset), range(3), strict=True))  # the numbers OpenCV gives them


class DisParams(FlowParams):
    """Parameters of kind `dis`."""

    preset: Preset = Field(default="medium", description="OpenCV's ultrafast, fast or medium")


def dis(prev: NDArray[np.uint8], next: NDArray[np.uint8], *, preset: Preset = "medium") -> Flow:
    """Return the DIS optical flow from `prev` to `next`.

    Parameters
    ----------
    prev, next : ndarray of uint8, shape (y, x)
        Grey levels; sides of at least 32 px.
    preset : {"ultrafast", "fast", "medium"}
        OpenCV's trade of accuracy for speed.

    Returns
    -------
    ndarray of float32, shape (y, x, 2)
        (u to the right, v down) in pixels.

    Raises
    ------
    ValueError
        If the images are not such a pair, or the preset is another.

    References
    ----------
    T. Kroeger, R. Timofte, D. Dai, L. Van Gool, "Fast optical flow using dense inverse search", ECCV 2016.

    Examples
    --------
    >>> still = np.full((32, 32), 128, dtype=np.uint8)
    >>> float(np.abs(dis(still, still)).max())
    0.0
    """
    check_pair(prev, next, least=_LEAST_SIDE)
    if preset not in _PRESETS:
        raise ValueError(f"found preset {preset!r}; expected one of {get_args(Preset)}")
    # One solver per call: it keeps its buffers, so that sharing one between threads mixes their flows.
    solver = cv2.DISOpticalFlow_create(_PRESETS[preset])  # type: ignore[attr-defined] # not in its stubs
    flow: Flow = solver.calc(np.ascontiguousarray(prev), np.ascontiguousarray(next), None)
    return flow


def dis_sample(sample: Sample, params: DisParams) -> Sample:
    """Return the DIS flows of a clip with their strain; see `flow.flow_sample`."""
    return flow_sample(sample, params, lambda first, second, _: dis(first, second, preset=params.preset))
