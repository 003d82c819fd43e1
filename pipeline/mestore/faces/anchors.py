"""Anchors: from what a RetinaFace network says about each of its anchors to faces.

Both RetinaFaces share it: the package of the one keeps the five points to itself, and the loops of both over
tens of thousands of anchors take as long as their networks.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mestore.faces.spec import Face

CONFIDENCE = 0.5
"""Least probability of a face that is reported at all; a store's parameters ask for more."""

OVERLAP = 0.4
"""Of two boxes that share more than this part of their union, the less sure one is dropped."""

_STEPS = ((8, (16, 32)), (16, (64, 128)), (32, (256, 512)))
"""Pixels between two anchors, and the sides of the anchors there."""

_PLACE, _SIZE = 0.1, 0.2
"""Units of the network's answers: of an anchor's side, and of the logarithm of its growth."""


def anchors(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the anchors of an image (y, x, ...): shape (N, 3), middle x and y and side in pixels.

    Examples
    --------
    >>> anchors((8, 8))[:2].tolist()
    [[4.0, 4.0, 16.0], [4.0, 4.0, 32.0]]
    """
    every = []
    for step, sides in _STEPS:
        rows, columns = (-(-length // step) for length in shape[:2])
        y, x, side = np.meshgrid(
            (np.arange(rows) + 0.5) * step, (np.arange(columns) + 0.5) * step, sides, indexing="ij"
        )
        every.append(np.stack([x.ravel(), y.ravel(), side.ravel()], axis=1))
    return np.concatenate(every)


def faces_at(
    shape: tuple[int, ...],
    *,
    places: NDArray[np.floating],
    scores: NDArray[np.floating],
    points: NDArray[np.floating],
    scale: float = 1.0,
) -> list[Face]:
    """Return the faces of an image, the surest first, out of the network's answers for each anchor.

    Parameters
    ----------
    shape : tuple of int
        Of the image that the network saw, (y, x, ...).
    places : ndarray, shape (N, 4)
        Shift of the middle and logarithm of the growth, in units of the anchor.
    scores : ndarray, shape (N,)
        Probability of a face.
    points : ndarray, shape (N, 10)
        x and y of the five points, in units of the anchor, from its middle.
    scale : float
        Pixels of the recording in one of the image that the network saw.

    References
    ----------
    .. [1] J. Deng et al., "RetinaFace: single-shot multi-level face localisation in the wild", CVPR 2020.
    """
    sure = scores > CONFIDENCE
    anchor, scores = anchors(shape)[sure], np.asarray(scores[sure], np.float64)
    side = anchor[:, 2:]
    middle = anchor[:, :2] + _PLACE * side * places[sure, :2]
    size = side * np.exp(_SIZE * places[sure, 2:])
    boxes = np.concatenate([middle - size / 2, size], axis=1)
    five = anchor[:, np.newaxis, :2] + _PLACE * side[:, np.newaxis] * points[sure].reshape(-1, 5, 2)
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), CONFIDENCE, OVERLAP)
    return [
        Face(
            box=tuple((boxes[i] * scale).tolist()),
            score=float(scores[i]),
            outline="wider",
            five=five[i] * scale,
        )
        for i in np.asarray(kept, int)
    ]
