"""FAN: the 2D face alignment network of face-alignment, four hourglasses, 68 landmarks.

The weights were trained on 300W-LP, which is made of iBUG 300-W, whose terms exclude commercial use.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mestore.faces.box import for_fan
from mestore.faces.spec import Face, check_image
from mestore.faces.weights import weights_file


def landmarks(image: NDArray[np.uint8], face: Face) -> NDArray[np.float64]:
    """Find the 68 landmarks of a face.

    The answers for the face and for its mirror image are added (`flip_input`, face-alignment's own
    default). A point is the largest cell of a 64 x 64 map, moved by a quarter of a cell: docs/faces.md says
    how coarse that is.

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
    .. [1] A. Bulat, G. Tzimiropoulos, "How far are we from solving the 2D & 3D face alignment problem?",
       ICCV 2017.
    """
    from mestore.faces.network import one_thread

    check_image(image)
    x, y, width, height = for_fan(face)
    box = [x, y, x + width, y + height]
    with one_thread():
        (points,) = _model().get_landmarks_from_image(image, detected_faces=[box])
    return np.asarray(points, np.float64)


@cache
def _model() -> Any:
    from face_alignment import FaceAlignment, LandmarksType
    from face_alignment.models import FAN

    from mestore.faces.network import read_weights

    class Offline(FaceAlignment):  # type: ignore[misc]
        """face-alignment with weights of a given file: its own way looks on the network, and at no hash."""

        def _load_native(self, network_name: str, network_size: int, device: str, dtype: Any) -> Any:
            network = FAN(network_size)
            network.load_state_dict(read_weights(weights_file("fan2d4")))
            return network.to(device, dtype=dtype).eval()

    # "folder" is the detector that has no network of its own: boxes come from elsewhere.
    return Offline(LandmarksType.TWO_D, device="cpu", face_detector="folder", compile=False)
