"""Rest: what a flow shows where a face keeps still: its noise floor."""

import numpy as np
from numpy.typing import NDArray

from mestore.faces.shape68 import eye_distance

REGIONS = ((27, 28, 29), (1, 2, 41), (15, 14, 46))
"""Landmarks whose mean is the middle of a region: the bridge of the nose and the two outer cheeks."""

_RADIUS = 0.12  # of a region, in eye distances


def noise_floor(flows: NDArray[np.floating], landmarks: NDArray[np.floating]) -> float:
    """Return the root mean square of a flow's length where most expressions move nothing, in pixels.

    It is taken in three regions, and their median is the result: one region that the expression moves does
    not count. AU 6 moves both cheeks: the number is then that motion, not noise.

    Parameters
    ----------
    flows : ndarray, shape (y, x, channel) or (pairs, y, x, channel)
        Channels u, v, and whatever comes after. Of several flows all are taken together.
    landmarks : ndarray, shape (68, 2)
        (x, y) in pixels; a region outside the flow is taken at its edge.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes are others.

    Examples
    --------
    >>> from mestore.faces.shape68 import reference_shape
    >>> noise_floor(np.full((64, 64, 2), [3.0, 4.0]), reference_shape(64))
    5.0
    """
    if flows.ndim not in (3, 4) or flows.shape[-1] < 2 or landmarks.shape != (68, 2):
        raise ValueError(
            f"found flows {flows.shape} and landmarks {landmarks.shape}; expected (y, x, channel) or "
            "(pairs, y, x, channel) with u and v, and (68, 2)"
        )
    height, width = flows.shape[-3:-1]
    radius = max(_RADIUS * eye_distance(landmarks), 1.0)  # so that a region holds a pixel
    y, x = np.ogrid[:height, :width]
    floors = []
    for region in REGIONS:
        centre = np.clip(landmarks[list(region)].mean(axis=0), 0, [width - 1, height - 1])
        vectors = flows[..., np.hypot(x - centre[0], y - centre[1]) <= radius, :2]
        floors.append(np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=-1).mean()))
    return float(np.median(floors))
