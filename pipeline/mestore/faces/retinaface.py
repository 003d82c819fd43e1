"""RetinaFace with MobileNet 0.25, as face-alignment ships it: turned and partly hidden faces too.

The weights are those of github.com/biubug6/Pytorch_Retinaface, trained on WIDER FACE.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mestore.faces.anchors import faces_at
from mestore.faces.spec import Face, check_image
from mestore.faces.weights import weights_file

_MEAN = (104.0, 117.0, 123.0)
"""Grey levels that the network's images have less, channel by channel as face-alignment has them."""


def detect(image: NDArray[np.uint8]) -> list[Face]:
    """Find the faces of an image.

    Parameters
    ----------
    image : ndarray of uint8, shape (y, x, 3)
        RGB.

    Returns
    -------
    list of Face
        The surest first, with five points; scores are probabilities.

    Raises
    ------
    ModelError
        If the weights are absent, or not the pinned ones.
    ValueError
        If `image` is not uint8 RGB, or is empty.

    References
    ----------
    .. [1] J. Deng et al., "RetinaFace: single-shot multi-level face localisation in the wild", CVPR 2020.
    """
    import torch

    from mestore.faces.network import one_thread

    check_image(image)
    pixels = np.asarray(image, np.float32) - np.array(_MEAN, np.float32)
    with one_thread():
        places, classes, points = _network()(torch.from_numpy(pixels.transpose(2, 0, 1)[np.newaxis]))
    return faces_at(
        image.shape, places=places[0].numpy(), scores=classes[0, :, 1].numpy(), points=points[0].numpy()
    )


@cache
def _network() -> Any:
    from face_alignment.detection.retinaface import FaceDetector

    path = weights_file("retinaface_mobilenet0.25")
    return FaceDetector(device="cpu", path_to_detector=str(path)).face_detector
