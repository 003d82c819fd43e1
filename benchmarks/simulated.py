"""Simulated clips as the pipeline has them: filmed, cropped on the onset, grey."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mestore.faces.shape68 import STABLE, reference_shape
from mestore.features.grey import grey
from mestore.similarity import apply, similarity
from mestore.synthetic.render import Camera, film
from mestore.synthetic.stills import Face
from mestore.synthetic.truth import Truth, seen_at
from mestore.warp import warp

EXPRESSIONS = ((6, 12), (4, 9), (1, 2), (14, 17), (4, 7), (15, 17), (12,), (9,))
"""Action units that are shown, one after the other."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """Aligned frames, and how they were cut.

    Parameters
    ----------
    images : ndarray of uint8, shape (time, y, x)
        Grey levels.
    landmarks : ndarray of float64, shape (68, 2)
        The true ones of the first frame, in pixels of the crop.
    transform : ndarray of float64, shape (2, 3)
        From the recording to the crop.
    """

    images: NDArray[np.uint8]
    landmarks: NDArray[np.float64]
    transform: NDArray[np.float64]


def filmed(face: Face, truth: Truth, camera: Camera, *, side: int, frames: Sequence[int]) -> Clip:
    """Return the frames of a clip, aligned by the true landmarks of the first of them."""
    points = seen_at(truth, frames[0], face.landmarks)
    stable = list(STABLE)
    transform = similarity(points[stable], reference_shape(side)[stable])
    recorded = film(face, truth, camera, frames=frames)
    return Clip(
        images=grey(np.stack([warp(frame, transform, side) for frame in recorded])),
        landmarks=apply(transform, points),
        transform=transform,
    )
