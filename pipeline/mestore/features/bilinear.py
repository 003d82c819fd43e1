"""Bilinear: a flow read between its pixels."""

import numpy as np
from numpy.typing import NDArray


def bilinear(flows: NDArray[np.floating], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (u, v) of flows at points inside them.

    Parameters
    ----------
    flows : ndarray of floats, shape (..., y, x, 2 or more)
        At least 2 x 2 pixels; further channels are left alone.
    points : ndarray of float64, shape (N, 2)
        (x, y) in pixels.

    Returns
    -------
    ndarray of float64, shape (..., N, 2)

    Examples
    --------
    >>> ramp = np.arange(4.0).reshape(2, 2, 1) + np.zeros(2)
    >>> bilinear(ramp, np.array([[0.5, 1.0]])).tolist()
    [[2.5, 2.5]]
    """
    # The last pixel starts no cell: a point on it is the end of the cell before.
    last = np.array([flows.shape[-2], flows.shape[-3]]) - 2
    x0, y0 = np.minimum(np.floor(points), last).astype(int).T
    x, y = (points - np.stack([x0, y0], axis=1)).T[..., None]
    values = flows[..., :2].astype(np.float64, copy=False)
    upper = values[..., y0, x0, :] * (1 - x) + values[..., y0, x0 + 1, :] * x
    lower = values[..., y0 + 1, x0, :] * (1 - x) + values[..., y0 + 1, x0 + 1, :] * x
    mixed: NDArray[np.float64] = upper * (1 - y) + lower * y
    return mixed
