"""Similarity: rotation, scale and shift of the plane, as (2, 3) arrays that take points to points."""

import numpy as np
from numpy.typing import NDArray


def similarity(source: NDArray[np.floating], target: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the similarity that takes `source` to `target` with least squares.

    Rotation, scale and shift; never a reflection. In the plane a similarity is z -> a z + b over complex
    numbers, so least squares has the closed form a = <z, w> / <z, z> of the centred points.

    Parameters
    ----------
    source, target : ndarray, shape (N, 2)
        Matching points (x, y), at least two different ones.

    Returns
    -------
    ndarray of float64, shape (2, 3)
        [[a, -b, x], [b, a, y]], as `apply` and `warp` read it.

    Raises
    ------
    ValueError
        If the shapes differ, are not (N, 2), hold what is not finite, or the points of `source` or of
        `target` coincide.

    References
    ----------
    .. [1] S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
       IEEE TPAMI 13(4), 1991.

    Examples
    --------
    >>> square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    >>> apply(similarity(square, 2 * square + [3, 4]), np.array([[0.5, 0.5]])).tolist()
    [[4.0, 5.0]]
    """
    z, w = _complex(source, "source"), _complex(target, "target")
    if z.shape != w.shape:
        raise ValueError(f"source has {len(z)} points and target {len(w)}; expected as many")
    centred, goal = z - z.mean(), w - w.mean()
    factor = np.vdot(centred, goal) / np.vdot(centred, centred)
    shift = w.mean() - factor * z.mean()
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def _complex(points: NDArray[np.floating], name: str) -> NDArray[np.complex128]:
    points = np.asarray(points, np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2:
        raise ValueError(f"{name} has shape {points.shape}; expected (N, 2) with N of at least 2")
    if not np.isfinite(points).all():
        raise ValueError(f"{name} holds values that are not finite; expected pixels")
    if (points == points[0]).all():
        raise ValueError(f"the points of {name} coincide; expected at least two different ones")
    return np.asarray(points @ [1, 1j], np.complex128)


def apply(transform: NDArray[np.float64], points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return points (..., 2) carried through a transform (2, 3).

    Examples
    --------
    >>> apply(np.array([[2.0, 0, 3], [0, 2, 4]]), np.array([[1, 1]])).tolist()
    [[5.0, 6.0]]
    """
    return np.asarray(points @ transform[:, :2].T + transform[:, 2], np.float64)


def inverse(transform: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the transform (2, 3) that undoes another.

    Examples
    --------
    >>> inverse(np.array([[2.0, 0, 3], [0, 2, 4]])).tolist()
    [[0.5, 0.0, -1.5], [0.0, 0.5, -2.0]]
    """
    linear = np.linalg.inv(transform[:, :2])
    return np.concatenate([linear, -linear @ transform[:, 2:]], axis=1)


def scale(transform: NDArray[np.float64]) -> float:
    """Return by what a similarity (2, 3) multiplies lengths.

    Examples
    --------
    >>> scale(np.array([[0.0, -3, 1], [3, 0, 2]]))
    3.0
    """
    return float(np.hypot(transform[0, 0], transform[1, 0]))


def compose(second: NDArray[np.float64], first: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the transform (2, 3) that does `first`, then `second`.

    Examples
    --------
    >>> compose(np.array([[2.0, 0, 0], [0, 2, 0]]), np.array([[1.0, 0, 3], [0, 1, 4]])).tolist()
    [[2.0, 0.0, 6.0], [0.0, 2.0, 8.0]]
    """
    return np.concatenate([second[:, :2] @ first[:, :2], apply(second, first[:, 2])[:, None]], axis=1)


def shifted(transform: NDArray[np.float64], shift: float) -> NDArray[np.float64]:
    """Return the transform (2, 3) that goes on to move both coordinates by `shift`.

    Examples
    --------
    >>> shifted(np.array([[2.0, 0, 3], [0, 2, 4]]), 10).tolist()
    [[2.0, 0.0, 13.0], [0.0, 2.0, 14.0]]
    """
    moved = transform.copy()
    moved[:, 2] += shift
    return moved


def fit_whole(shape: tuple[int, ...], size: int) -> NDArray[np.float64]:
    """Return the transform (2, 3) that scales an image (y, x, ...) to fit the crop, centred, not stretched.

    Examples
    --------
    >>> fit_whole((100, 50), 200).tolist()
    [[2.0, 0.0, 50.5], [0.0, 2.0, 0.5]]
    """
    height, width = shape[:2]
    factor = size / max(height, width)
    shift = (size - 1) / 2 - factor * (np.array([width, height]) - 1) / 2
    return np.array([[factor, 0, shift[0]], [0, factor, shift[1]]])
