"""What a face model is: a detector finds faces, a landmark model finds the 68 points of one of them."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mestore.errors import MEStoreError
from mestore.features.spec import resolve

Outline = Literal["hog", "wider"]
"""How a box lies on its face. hog: dlib's, a square from the brows to the chin. wider: as the data set WIDER
FACE is annotated, from the hairline to the chin and from ear to ear: RetinaFace's and most others'."""


class ModelError(MEStoreError):
    """A face model cannot be used: a package or its weights are absent, or are not the pinned ones."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Face:
    """A face in an image.

    Parameters
    ----------
    box : tuple of float
        (x, y, w, h) in pixels of the image: first column and row, number of columns and rows. It may reach
        over the edge.
    score : float
        How sure the detector is; only scores of one detector can be compared.
    outline : {"hog", "wider"}
        How the box lies on the face, which `mestore.faces.box` needs to know.
    five : ndarray of float64, shape (5, 2), optional
        (x, y) in pixels: the eye on the left of the image, the other, nose tip, mouth corners likewise.
    """

    box: tuple[float, float, float, float]
    score: float
    outline: Outline
    five: NDArray[np.float64] | None = None


Detector = Callable[[NDArray[np.uint8]], list[Face]]
"""(image (y, x, 3) uint8 RGB) -> its faces, the surest first."""

LandmarkModel = Callable[[NDArray[np.uint8], Face], NDArray[np.float64]]
"""(the image, one of its faces) -> (68, 2) float64: (x, y) in pixels of the image, in iBUG order."""


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """One detector or landmark model.

    Parameters
    ----------
    function : str
        "module:function", a `Detector` or a `LandmarkModel`. A string, so that imports stay lazy.
    title : str
        What it is, with its authors.
    libraries : tuple of str
        Distributions whose major.minor version enters the code digest.
    weights : tuple of str
        Names in `mestore.faces.weights.WEIGHTS`, whose sha256 enter the code digest.
    packages : tuple of str
        Names that it imports beyond mestore's own dependencies.
    extra : str
        Extra of mestore that installs them, empty for the default install.
    apart : tuple of str
        Requirements that must be installed without their dependencies, which clash with mestore's.
    licence : str
        Of the program; the weights have their own.
    least : float
        Of a detector: a face of a lower score counts as none, where the store's parameters name no limit.
    """

    function: str
    title: str
    libraries: tuple[str, ...]
    weights: tuple[str, ...]
    packages: tuple[str, ...] = ()
    extra: str = ""
    apart: tuple[str, ...] = ()
    licence: str
    least: float = 0.0

    def missing(self) -> tuple[str, ...]:
        """Return the packages that are not installed."""
        return tuple(name for name in self.packages if importlib.util.find_spec(name) is None)

    def install(self) -> str:
        """Return the commands that install what it needs.

        Examples
        --------
        >>> ModelSpec(function="m:f", title="", libraries=(), weights=(), extra="faces", licence="").install()
        "pip install 'mestore[faces]'"
        """
        commands = [f"pip install 'mestore[{self.extra}]'"] if self.extra else []
        return " && ".join([*commands, *(f"pip install --no-deps '{it}'" for it in self.apart)])

    def require(self) -> None:
        """Raise `ModelError` unless all packages are installed."""
        if missing := self.missing():
            raise ModelError(
                f"{self.title} needs {', '.join(missing)}, not installed here; run: {self.install()}"
            )

    def load(self) -> Any:
        """Return the function.

        Raises
        ------
        ModelError
            If a package is not installed.
        """
        self.require()
        return resolve(self.function)


def check_image(image: NDArray[np.uint8]) -> None:
    """Raise ValueError unless `image` is uint8 RGB (y, x, 3) and not empty."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"image is {image.dtype} {image.shape}; expected uint8 RGB (y, x, 3)")
