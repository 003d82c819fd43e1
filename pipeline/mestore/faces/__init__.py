"""Face backends: find the faces of an image and their 68 landmarks.

A backend is a function (image (y, x, 3) uint8 RGB) -> list of landmark arrays (68, 2) float64, (x, y) in
pixels, one per face, in the iBUG 68-point order. Adding one is one file and one line here.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mestore.features.spec import resolve

Backend = Callable[[NDArray[np.uint8]], list[NDArray[np.float64]]]

BACKENDS: dict[str, str] = {
    "dlib": "mestore.faces.dlib:landmarks",
}


def load_backend(name: str) -> Backend:
    """Return the backend called `name`."""
    if name not in BACKENDS:
        raise ValueError(f"face backend {name!r} is unknown; expected one of {sorted(BACKENDS)}")
    backend: Backend = resolve(BACKENDS[name])
    return backend
