"""Smooth displacement fields of the plane and their numerical inverse."""

import cv2
import numpy as np
from numpy.typing import NDArray

ROUNDS = 4
"""Of the fixed point; each multiplies the error by the field's largest derivative, here below 0.2."""


def bumps(
    points: NDArray[np.float64],
    *,
    centres: NDArray[np.float64],
    vectors: NDArray[np.float64],
    widths: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return a sum of Gaussian displacements at `points`.

    Parameters
    ----------
    points : ndarray of float64, shape (N, 2)
        (x, y) in pixels.
    centres, vectors : ndarray of float64, shape (K, 2)
        Where each Gaussian stands, and the displacement at its centre, in pixels.
    widths : ndarray of float64, shape (K,)
        Standard deviations, in pixels.

    Returns
    -------
    ndarray of float64, shape (N, 2)

    Examples
    --------
    >>> origin, right = np.zeros((1, 2)), np.array([[2.0, 0.0]])
    >>> bumps(origin, centres=origin, vectors=right, widths=np.ones(1))
    array([[2., 0.]])
    """
    field = np.zeros_like(points)
    for centre, vector, width in zip(centres, vectors, widths, strict=True):
        distance2 = ((points - centre) ** 2).sum(axis=1)
        field += np.exp(-distance2 / (2 * width**2))[:, None] * vector
    return field


def pixel_grid(height: int, width: int) -> NDArray[np.float64]:
    """Return the (x, y) of every pixel, row by row, shape (height * width, 2)."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y], axis=-1).reshape(-1, 2).astype(np.float64)


def sample(
    image: NDArray[np.float32], points: NDArray[np.float32], *, interpolation: int = cv2.INTER_LINEAR
) -> NDArray[np.float32]:
    """Return an image's values at `points` (y, x, 2); beyond its edge, those of the edge."""
    x, y = cv2.split(points)
    return np.asarray(cv2.remap(image, x, y, interpolation, borderMode=cv2.BORDER_REPLICATE), np.float32)


def inverse(
    displacement: NDArray[np.float32], goal: NDArray[np.float32], *, rounds: int = ROUNDS
) -> NDArray[np.float32]:
    """Return for each goal y the point x with x + displacement(x) = y.

    Parameters
    ----------
    displacement : ndarray of float32, shape (y, x, 2)
        A smooth field sampled at every pixel, (right, down), in pixels.
    goal : ndarray of float32, shape (y, x, 2)
        (x, y) of the points asked for.
    rounds : int
        Fixed-point steps.

    Returns
    -------
    ndarray of float32, shape (y, x, 2)

    Examples
    --------
    >>> shift = np.full((4, 4, 2), 0.25, np.float32)
    >>> goal = pixel_grid(4, 4).reshape(4, 4, 2).astype(np.float32)
    >>> float(inverse(shift, goal)[1, 2, 0])
    1.75
    """
    origin = goal - displacement
    for _ in range(rounds - 1):
        origin = goal - sample(displacement, origin)
    return np.asarray(origin, np.float32)
