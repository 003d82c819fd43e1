"""RetinaFace with ResNet-50, as retinaface-pytorch ships it.

Only its network is used: its own prediction needs albumentations, which installs a second OpenCV.
"""

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mestore.faces.anchors import faces_at
from mestore.faces.spec import Face, check_image
from mestore.faces.weights import weights_file

LONGEST = 960
"""Images are scaled down to this many pixels on their longer side (retinaface-pytorch's own default)."""

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the colours of ImageNet, as fractions of white."""


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
    small = _shrunk(image)
    colours = ((small / 255 - np.array(_MEAN)) / np.array(_STD)).astype(np.float32)
    with one_thread():
        places, classes, points = _network()(torch.from_numpy(colours.transpose(2, 0, 1)[np.newaxis]))
        scores = torch.softmax(classes[0], dim=-1)[:, 1]
    return faces_at(
        small.shape,
        places=places[0].numpy(),
        scores=scores.numpy(),
        points=points[0].numpy(),
        scale=max(image.shape[:2]) / max(small.shape[:2]),
    )


def _shrunk(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    factor = LONGEST / max(image.shape[:2])
    if factor >= 1:
        return image
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


@cache
def _network() -> Any:
    from retinaface.network import RetinaFace

    from mestore.faces.network import read_weights

    network = RetinaFace(
        name="Resnet50",
        pretrained=False,
        return_layers={"layer2": 1, "layer3": 2, "layer4": 3},
        in_channels=256,
        out_channels=256,
    )
    network.load_state_dict(read_weights(weights_file("retinaface_resnet50")))
    return network.eval()
