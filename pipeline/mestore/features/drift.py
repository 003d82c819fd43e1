"""Drift: the motion of the whole head, taken out of a flow."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mestore.features.bilinear import bilinear
from mestore.features.rois import STABLE

Drift = Literal["none", "median", "affine", "robust"]

_LINES = 32  # rows and columns that are looked at: a flow is smooth, and all pixels tell no more
_ROUNDS = 20
_LIMIT = 2.0  # medians of the residual; what moves otherwise by more is no part of the head's motion
_TINY = 1e-6  # px; under any noise, over the rounding of float32 flow


def without_drift(
    flow: NDArray[np.floating], *, how: Drift, landmarks: NDArray[np.floating] | None = None
) -> NDArray[np.float32]:
    """Return a flow less the motion of the head.

    Parameters
    ----------
    flow : ndarray of floats, shape (y, x, 2)
        (u to the right, v down) in pixels.
    how : {"none", "median", "affine", "robust"}
        median: the median of u and that of v at 13 stable landmarks; affine: the affine motion that fits
        the flow there with least squares; robust: the affine motion that most of the image shares (equation
        30 of docs/formulas.md), for which no landmarks are needed.
    landmarks : ndarray of floats, shape (68, 2), optional
        (x, y) in pixels of the flow's first image, iBUG order; those outside the image are left out.

    Returns
    -------
    ndarray of float32, shape (y, x, 2)

    Raises
    ------
    ValueError
        If `how` is another, or it needs landmarks and there are none, or fewer than 3 of the stable ones, or
        only ones in a line, lie in the image.

    Examples
    --------
    >>> drifting = np.full((64, 64, 2), np.float32([0.3, -0.2]))
    >>> bool(without_drift(drifting, how="robust").any())
    False
    """
    if how not in get_args(Drift):
        raise ValueError(f"found drift {how!r}; expected one of {get_args(Drift)}")
    if how == "none":
        return flow.astype(np.float32, copy=False)
    height, width = flow.shape[:2]
    points = _lattice(width, height) if how == "robust" else _stable(landmarks, width, height)
    seen = bilinear(flow, points)
    if how == "median":
        return np.asarray(flow - np.median(seen, axis=0).astype(np.float32), np.float32)
    # Centred: the fit stays well conditioned, whatever the size of the crop.
    middle = np.array([width, height]) / 2
    design = np.column_stack([points - middle, np.ones(len(points))])
    motion = _robust(design, seen) if how == "robust" else _fitted(design, seen, np.ones(len(design)))
    x, y = np.arange(width) - middle[0], np.arange(height)[:, None] - middle[1]
    head = x[..., None] * motion[0] + y[..., None] * motion[1] + motion[2]
    return np.asarray(flow - head.astype(np.float32), np.float32)


def _stable(landmarks: NDArray[np.floating] | None, width: int, height: int) -> NDArray[np.float64]:
    """Return the stable landmarks that lie in the image, shape (N, 2)."""
    if landmarks is None:
        raise ValueError("found no landmarks; expected 68, to see the head drift, or drift: robust")
    points = np.asarray(landmarks, np.float64)[list(STABLE)]
    points = points[((points >= 0) & (points <= [width - 1, height - 1])).all(axis=1)]
    if len(points) < 3 or np.linalg.matrix_rank(points - points.mean(axis=0), tol=1e-6 * width) < 2:
        raise ValueError(
            f"found {len(points)} of the {len(STABLE)} landmarks {STABLE} in the image of {width} x {height} "
            "px; expected at least 3 that are not in one line, to see the head drift; use a larger crop, or "
            "drift: robust"
        )
    return points


def _lattice(width: int, height: int) -> NDArray[np.float64]:
    """Return (x, y) of evenly spaced points of an image, half a step from its edge, shape (N, 2)."""
    x, y = ((np.arange(_LINES) + 0.5) * length / _LINES - 0.5 for length in (width, height))
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def _robust(design: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the affine motion (3, 2) that most of the vectors `seen` (N, 2) share.

    Least squares, weighted again and again by Tukey's biweight of the residual.
    """
    motion = np.array([[0, 0], [0, 0], np.median(seen, axis=0)], np.float64)
    for _ in range(_ROUNDS):
        left = np.hypot(*(seen - design @ motion).T)
        limit = max(_LIMIT * float(np.median(left)), _TINY)
        motion = _fitted(design, seen, np.maximum(1 - (left / limit) ** 2, 0))
    return motion


def _fitted(
    design: NDArray[np.float64], seen: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the solution of weighted least squares; `weights` are the roots of those of the squares."""
    motion, *_ = np.linalg.lstsq(design * weights[:, None], seen * weights[:, None])
    return np.asarray(motion, np.float64)
