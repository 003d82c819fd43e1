"""Face mesh: MediaPipe's 468 points of a face, of which 68 stand for the iBUG landmarks; OpenCV runs it.

Points are fractions of a pixel and steadier than those of dlib's trees. The weights are under the Apache
licence and were not trained on iBUG 300-W.
"""

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mestore.faces.box import for_dlib, tilted
from mestore.faces.shape68 import MIRROR
from mestore.faces.spec import Face, check_image
from mestore.faces.weights import weights_file
from mestore.similarity import apply, inverse
from mestore.warp import warp

INPUT = 192
"""Width and height of what the network sees, in pixels."""

PASSES = 3
"""How often the face is looked at: each time as the points of the last one place it, so that the detector's
box matters less. docs/faces.md has the figures."""

_MARGIN = 1.5
"""Side of what the network sees, over that of the face (MediaPipe's own)."""

_EYES = (33, 263)
"""Outer corners of the eyes: the one on the left of the image first."""

POINTS = (
    *(127, 234, 132, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 361, 454, 356),  # jaw
    *(46, 63, 105, 66, 107, 336, 296, 334, 293, 276),  # brows
    *(168, 197, 5, 4, 75, 97, 2, 326, 305),  # nose
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),  # eyes
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),  # outer lips
    *(78, 82, 13, 312, 308, 317, 14, 87),  # inner lips
)
"""Point of the mesh that stands for each landmark, of those in use for this; mirror images of each other."""


def landmarks(image: NDArray[np.uint8], face: Face) -> NDArray[np.float64]:
    """Find the 68 landmarks of a face.

    Parameters
    ----------
    image : ndarray of uint8, shape (y, x, 3)
        RGB.
    face : Face
        Of any detector.

    Returns
    -------
    ndarray of float64, shape (68, 2)
        (x, y) in pixels, in iBUG order.

    Raises
    ------
    ModelError
        If the weights are absent, or not the pinned ones.
    ValueError
        If `image` is not uint8 RGB, or is empty, or the box lies outside.

    References
    ----------
    .. [1] Y. Kartynnik et al., "Real-time facial surface geometry from monocular video on mobile GPUs", CVPR
       workshop on computer vision for augmented and virtual reality, 2019.
    """
    check_image(image)
    place = _of_box(face)
    for _ in range(PASSES - 1):
        place = _of_points(_mesh(*_view(image, *place)))
    crop, transform = _view(image, *place)
    points = _mesh(crop, transform)[list(POINTS)]
    # A mirrored image moves the network's points by up to 2 px of its own; so both are asked.
    mirrored = _mesh(np.ascontiguousarray(crop[:, ::-1]), _mirrored(transform))[list(POINTS)]
    return (points + mirrored[list(MIRROR)]) / 2


def _of_box(face: Face) -> tuple[NDArray[np.float64], float, float]:
    """Return the centre of the face, the side of its square, and how far it is turned, in radians."""
    if head := tilted(face):
        return np.array([head.x, head.y]), head.side, float(np.radians(head.degrees))
    x, y, width, height = for_dlib(face)
    return np.array([x + (width - 1) / 2, y + (height - 1) / 2]), width, 0.0


def _of_points(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], float, float]:
    low, high = points.min(axis=0), points.max(axis=0)
    across = points[_EYES[1]] - points[_EYES[0]]
    return (low + high) / 2, float((high - low).max()), float(np.arctan2(across[1], across[0]))


def _view(
    image: NDArray[np.uint8], centre: NDArray[np.float64], side: float, angle: float
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return what the network sees of a turned square, and the transform (2, 3) to it from the image."""
    factor = INPUT / (_MARGIN * side)
    turn = factor * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    shift = (INPUT - 1) / 2 - turn @ centre
    transform = np.concatenate([turn, shift[:, np.newaxis]], axis=1)
    return warp(image, transform, INPUT), transform


def _mirrored(transform: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the transform to the mirrored view."""
    return transform * [[-1], [1]] + [[0, 0, INPUT - 1], [0, 0, 0]]


def _mesh(view: NDArray[np.uint8], transform: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the 468 points (x, y) that the network finds in a view, in pixels of the image."""
    network = _network()
    network.setInput(cv2.dnn.blobFromImage(view.astype(np.float32) / 255))
    seen = np.asarray(network.forward(), np.float64).reshape(-1, 3)[:, :2]
    return apply(inverse(transform), seen)


@cache
def _network() -> Any:
    return cv2.dnn.readNetFromTFLite(str(weights_file("facemesh")))
