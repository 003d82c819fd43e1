"""Embedding: 128 numbers that are close together for two images of one person.

They are biometric data: callers compare them and let them go; nothing writes or prints them.
"""

from functools import cache
from typing import Any

import dlib
import numpy as np
from numpy.typing import NDArray

from mestore.faces.weights import weights_file


def embedding(image: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the embedding of the face that landmarks mark in an image.

    dlib turns and scales the face to 150 x 150 px by the landmarks, which it rounds to whole pixels.

    Parameters
    ----------
    image : ndarray of uint8, shape (y, x, 3)
        RGB, or three equal channels.
    landmarks : ndarray, shape (68, 2)
        (x, y) in pixels.

    Returns
    -------
    ndarray of float64, shape (128,)
        Compared by Euclidean distance.

    Raises
    ------
    ValueError
        If `image` is not uint8 RGB, or the landmarks are not 68 finite points.
    ModelError
        If the network's weights are not there.

    References
    ----------
    .. [1] D. E. King, "High quality face recognition with deep metric learning", dlib's blog, 2017.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"image is {image.dtype} {image.shape}; expected uint8 RGB (y, x, 3)")
    if landmarks.shape != (68, 2) or not np.isfinite(landmarks).all():
        raise ValueError(f"landmarks have shape {landmarks.shape}; expected (68, 2), all finite")
    height, width = image.shape[:2]
    points = dlib.points([dlib.point(int(x), int(y)) for x, y in np.rint(landmarks)])
    face = dlib.full_object_detection(dlib.rectangle(0, 0, width - 1, height - 1), points)
    return np.array(_network().compute_face_descriptor(np.ascontiguousarray(image), face), np.float64)


@cache
def _network() -> Any:
    return dlib.face_recognition_model_v1(str(weights_file("dlib_embedding")))
