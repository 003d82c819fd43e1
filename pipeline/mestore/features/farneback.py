"""Farneback's optical flow, by OpenCV: fast and smooth."""

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mestore.features.flow import Flow, FlowParams, check_pair, flow_sample
from mestore.sample import Sample


class FarnebackParams(FlowParams):
    """Parameters of kind `farneback`."""

    window: int = Field(
        default=15, ge=3, le=255, description="px, side of the window over which motion is taken as one"
    )


def farneback(prev: NDArray[np.uint8], next: NDArray[np.uint8], *, window: int = 15) -> Flow:
    """Return Farneback's optical flow from `prev` to `next`.

    Two levels below the images, each half of the finer one; 3 iterations per level; polynomials over 5 px
    with a standard deviation of 1.2 px, as in OpenCV's own examples.

    Parameters
    ----------
    prev, next : ndarray of uint8, shape (y, x)
        Grey levels; sides of at least 4 px.
    window : int
        Side of the averaging window in px, 3 to 255: larger is smoother.

    Returns
    -------
    ndarray of float32, shape (y, x, 2)
        (u to the right, v down) in pixels.

    Raises
    ------
    ValueError
        If the images are not such a pair, or the window is out of its range.

    References
    ----------
    G. Farneback, "Two-frame motion estimation based on polynomial expansion", SCIA 2003.

    Examples
    --------
    >>> still = np.full((32, 32), 128, dtype=np.uint8)
    >>> float(np.abs(farneback(still, still)).max())
    0.0
    """
    check_pair(prev, next)
    if not 3 <= window <= 255:
        raise ValueError(f"found a window of {window} px; expected 3 to 255")
    images = np.ascontiguousarray(prev), np.ascontiguousarray(next)
    start = np.zeros((*prev.shape, 2), np.float32)
    flow = cv2.calcOpticalFlowFarneback(
        *images,
        start,
        pyr_scale=0.5,
        levels=3,
        winsize=window,
        iterations=3,
        poly_n=5,
        poly_sigma=1.2,
        flags=0,
    )
    return flow.astype(np.float32, copy=False)


def farneback_sample(sample: Sample, params: FarnebackParams) -> Sample:
    """Return Farneback's flows of a clip with their strain; see `flow.flow_sample`."""
    return flow_sample(
        sample, params, lambda first, second, _: farneback(first, second, window=params.window)
    )
