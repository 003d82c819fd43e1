"""Repeat: whether a landmark model finds the same points once more where the face stands upright.

It is started from another box, in the frame aligned by what it found at first. Right landmarks come back;
of a face that is tilted too far, covered, or not there, others come back (docs/alignment.md has the figures).
"""

import numpy as np
from numpy.typing import NDArray

from mestore.faces.shape68 import STABLE, eye_distance, reference_shape
from mestore.faces.spec import Face, LandmarkModel
from mestore.similarity import apply, shifted, similarity
from mestore.warp import warp

_SIDE = 224
"""Side of the reference crop, in pixels; the frame is cut out twice as large, for faces over its edge."""

_EYES_IN_BOX = 0.45
"""Eye distance over the side of dlib's box: middle of what was measured on frontal faces, 0.38 to 0.50."""


def repeat_error(image: NDArray[np.uint8], points: NDArray[np.float64], model: LandmarkModel) -> float:
    """Return how far the stable landmarks move when they are looked for once more.

    Parameters
    ----------
    image : ndarray of uint8, shape (y, x, 3)
        RGB.
    points : ndarray of float64, shape (68, 2)
        Landmarks that `model` found in it.
    model : callable

    Returns
    -------
    float
        Root mean square distance over the eye distance.

    Raises
    ------
    ValueError
        If the points lie where the image shows nothing.
    """
    stable, target = list(STABLE), reference_shape(_SIDE)
    margin = _SIDE / 2
    transform = shifted(similarity(points[stable], target[stable]), margin)
    first = apply(transform, points)
    side = eye_distance(target) / _EYES_IN_BOX
    x, y = target.mean(axis=0) + margin - side / 2
    box = Face(box=(x, y, side, side), score=np.inf, outline="hog")
    away = (model(warp(image, transform, 2 * _SIDE), box) - first)[stable]
    return float(np.sqrt((away**2).sum(axis=1).mean()) / eye_distance(target))
