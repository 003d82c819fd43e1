"""The head: where it is in the frame, and how it drifts and turns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mestore.faces.shape68 import eye_centres


@dataclass(frozen=True, kw_only=True)
class Head:
    """Where the head is and how it moves from the onset to the offset.

    Parameters
    ----------
    centre : ndarray of float64, shape (2,)
        (x, y) in pixels of the still.
    axes : ndarray of float64, shape (2,)
        Half width and half height of the ellipse that moves as a whole, in pixels.
    fade : float
        Outside the ellipse the motion fades, and ends at `fade` times its size.
    drift : ndarray of float64, shape (2,)
        How far it has moved at the offset, in pixels.
    sway : ndarray of float64, shape (2,)
        A movement to and back, largest half way, in pixels.
    rotation : float
        Turned at the offset, clockwise in the image, in degrees.
    growth : float
        Logarithm of the scale at the offset.
    """

    centre: NDArray[np.float64]
    axes: NDArray[np.float64]
    fade: float
    drift: NDArray[np.float64]
    sway: NDArray[np.float64]
    rotation: float
    growth: float

    def mask(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return w at points (N, 2): 1 on the head, 0 in the background, twice differentiable."""
        radius = np.hypot(*((points - self.centre) / self.axes).T)
        z = np.clip((self.fade - radius) / (self.fade - 1), 0, 1)
        return np.asarray(z**3 * (10 - 15 * z + 6 * z**2), np.float64)

    def pose(self, phase: float) -> NDArray[np.float64]:
        """Return H_t as a transform (2, 3) at `phase`, 0 at the onset and 1 at the offset."""
        gone = (1 - np.cos(np.pi * phase)) / 2
        angle = np.deg2rad(self.rotation * gone)
        cos, sin = np.exp(self.growth * gone) * np.array([np.cos(angle), np.sin(angle)])
        linear = np.array([[cos, -sin], [sin, cos]])
        moved = self.drift * gone + self.sway * np.sin(np.pi * phase) ** 2
        return np.concatenate([linear, (self.centre - linear @ self.centre + moved)[:, None]], axis=1)


def head_of(
    landmarks: NDArray[np.float64],
    *,
    drift: ArrayLike = (0.0, 0.0),
    sway: ArrayLike = (0.0, 0.0),
    rotation: float = 0.0,
    growth: float = 0.0,
) -> Head:
    """Return the head that goes with landmarks (68, 2); the movements are those of `Head`."""
    right, left = eye_centres(landmarks)
    return Head(
        centre=landmarks[27:31].mean(axis=0),
        axes=np.hypot(*(left - right)) * np.array([1.15, 1.4]),
        fade=1.45,
        drift=np.asarray(drift, np.float64),
        sway=np.asarray(sway, np.float64),
        rotation=rotation,
        growth=growth,
    )
