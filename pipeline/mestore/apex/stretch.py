"""Stretch: what a method of spotting sees of a clip, and what it says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """The frames of a clip from its onset to its offset.

    Parameters
    ----------
    images : ndarray of uint8, shape (time, y, x)
        Grey levels; the first is the onset, at least 3.
    numbers : ndarray of float64, shape (time,)
        Frame numbers, increasing.
    onset, offset : int
        Frame numbers, as annotated: the frame of the offset may be missing.
    landmarks : ndarray of float64, shape (68, 2), optional
        Of the onset, (x, y) in pixels.
    fps : float
        Frames per second; NaN where nobody said.
    """

    images: NDArray[np.uint8]
    numbers: NDArray[np.float64]
    onset: int
    offset: int
    landmarks: NDArray[np.float64] | None
    fps: float


@dataclass(frozen=True, kw_only=True)
class Spotted:
    """The apex of a clip.

    Parameters
    ----------
    row : int or None
        Row of the frame; None where no apex stands out of the noise.
    curve : ndarray of float32, shape (time,)
        What was looked at: its scale is the method's own; 0 at the onset.
    """

    row: int | None
    curve: Curve
