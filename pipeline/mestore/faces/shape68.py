"""The iBUG 68-point shape: its mirror image, the mean of several shapes, the reference face."""

import csv
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

RIGHT_EYE = slice(36, 42)
"""The eye on the left of the image."""

LEFT_EYE = slice(42, 48)
"""The eye on the right of the image."""

STABLE = (36, 39, 42, 45, 27, 28, 29, 30, 31, 33, 35)
"""Landmarks that no expression moves: eye corners, bridge and base of the nose."""

_PAIRS = (
    [(i, 16 - i) for i in range(8)]  # jaw
    + [(17 + i, 26 - i) for i in range(5)]  # brows
    + [(31, 35), (32, 34)]  # nose base
    + [(36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]  # eyes
    + [(48, 54), (49, 53), (50, 52), (59, 55), (58, 56)]  # outer lips
    + [(60, 64), (61, 63), (67, 65)]  # inner lips
)


def _mirror_order() -> tuple[int, ...]:
    order = list(range(68))
    for left, right in _PAIRS:
        order[left], order[right] = right, left
    return tuple(order)


MIRROR = _mirror_order()
"""Landmark i of the mirrored face is landmark MIRROR[i] of the face."""


def mirror(landmarks: NDArray[np.float64], *, width: float) -> NDArray[np.float64]:
    """Return the landmarks of the mirrored image.

    Parameters
    ----------
    landmarks : ndarray of float64, shape (68, 2)
        (x, y) in pixels.
    width : float
        Of the image, in pixels: a point at x goes to width - 1 - x.

    Returns
    -------
    ndarray of float64, shape (68, 2)

    Raises
    ------
    ValueError
        If `landmarks` has another shape.

    Examples
    --------
    >>> face = np.zeros((68, 2))
    >>> face[36] = 10, 5
    >>> mirror(face, width=100)[45]
    array([89.,  5.])
    """
    if landmarks.shape != (68, 2):
        raise ValueError(f"landmarks have shape {landmarks.shape}; expected (68, 2)")
    return np.asarray([width - 1, 0] + landmarks[list(MIRROR)] * [-1, 1], np.float64)


def eye_centres(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the mean of each eye's six landmarks, shape (2, 2): the image's left eye first."""
    eyes = np.asarray(landmarks, np.float64)
    return np.stack([eyes[RIGHT_EYE].mean(axis=0), eyes[LEFT_EYE].mean(axis=0)])


def eye_distance(landmarks: NDArray[np.floating]) -> float:
    """Return the distance between the eye centres, in the unit of the landmarks.

    Examples
    --------
    >>> round(eye_distance(reference_shape(200)), 3)
    80.0
    """
    right, left = eye_centres(landmarks)
    return float(np.hypot(*(left - right)))


def mean_shape(shapes: Sequence[NDArray[np.float64]], *, rounds: int = 20) -> NDArray[np.float64]:
    """Return the symmetric mean of several faces, free of their places, sizes and tilts.

    Generalised Procrustes analysis: every shape is fitted to the mean by a similarity, the mean is taken
    anew, and so on; the result is averaged with its own mirror image.

    Parameters
    ----------
    shapes : sequence of ndarray of float64, shape (68, 2)
        Landmarks, (x, y).
    rounds : int
        Of fitting; the mean of a handful of faces settles within ten.

    Returns
    -------
    ndarray of float64, shape (68, 2)
        Symmetric about x = 0; eye centres at (-0.5, 0) and (0.5, 0).

    Raises
    ------
    ValueError
        If there is no shape.

    References
    ----------
    .. [1] J. C. Gower, "Generalized Procrustes analysis", Psychometrika 40, 1975.

    Examples
    --------
    >>> face = np.random.default_rng(0).normal(size=(68, 2))
    >>> shape = mean_shape([face, 3 * face + 7])
    >>> np.allclose(shape, mirror(shape, width=1))
    True
    """
    if not shapes:
        raise ValueError("no shapes; expected at least one (68, 2) array of landmarks")
    faces = [_centred(shape) for shape in shapes]
    mean = faces[0]
    for _ in range(rounds):
        mean = _centred(sum((_fitted(face, mean) for face in faces), np.zeros((68, 2))) / len(faces))
    symmetric = (_level(mean) + mirror(_level(mean), width=1)) / 2
    return _level(symmetric)


def reference_shape(size: int) -> NDArray[np.float64]:
    """Return the 68 landmarks of the reference face in a square crop.

    Eye centres are at 0.30 and 0.70 of the width and 0.36 of the height, edges counted: fraction f is at
    f * size - 0.5 where pixel centres are whole numbers. The shape is its own mirror image in the crop.

    Parameters
    ----------
    size : int
        Width and height of the crop, in pixels.

    Returns
    -------
    ndarray of float64, shape (68, 2)
        (x, y) in pixels of the crop.

    Raises
    ------
    ValueError
        If `size` is not positive.

    Examples
    --------
    >>> reference_shape(200)[36:42].mean(axis=0).round(3).tolist()
    [59.5, 71.5]
    """
    if size <= 0:
        raise ValueError(f"size is {size}; expected a positive number of pixels")
    return _reference() * size - 0.5


@cache
def _reference() -> NDArray[np.float64]:
    table = files("mestore").joinpath("faces/reference68.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(table.splitlines()))
    return np.array([(float(row["x"]), float(row["y"])) for row in rows])


def _centred(shape: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = shape - shape.mean(axis=0)
    return np.asarray(centred / np.linalg.norm(centred), np.float64)


def _fitted(shape: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    # A centred plane similarity is one complex factor.
    source, goal = shape @ [1, 1j], target @ [1, 1j]
    fitted = source * (np.vdot(source, goal) / np.vdot(source, source))
    return np.stack([fitted.real, fitted.imag], axis=1)


def _level(shape: NDArray[np.float64]) -> NDArray[np.float64]:
    right, left = eye_centres(shape) @ [1, 1j]
    level = (shape @ [1, 1j] - (right + left) / 2) / (left - right)
    return np.stack([level.real, level.imag], axis=1)
