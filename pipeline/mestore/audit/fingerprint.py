"""Fingerprint: what stays of a clip when it is encoded again, made brighter or cut one frame later."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FACE = 32
"""Side of the onset frame, in pixels."""

MOTION = 16
"""Side of the differences: small enough for a JPEG's noise to average out."""

_COARSE = 4.0  # px of `FACE`; light that is broader than this may differ between copies
_FLAT = 1e-3  # grey levels, rms; less is no picture, or no motion


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """One clip, small.

    Parameters
    ----------
    face : ndarray of float32, shape (1024,)
        The onset frame without its broad light, of length 1.
    motion : ndarray of float32, shape (512,)
        Apex less onset and offset less onset, each of length sqrt(1/2), or 0 where nothing moves.
    """

    face: NDArray[np.float32]
    motion: NDArray[np.float32]


def fingerprint(
    onset: NDArray[np.uint8], apex: NDArray[np.uint8], offset: NDArray[np.uint8]
) -> Fingerprint | None:
    """Return the fingerprint of a clip, None if its frames are flat.

    Parameters
    ----------
    onset, apex, offset : ndarray of uint8, shape (y, x, channel)
        Aligned crops.

    Examples
    --------
    >>> frame = np.arange(48 * 48, dtype=np.uint8).reshape(48, 48, 1)
    >>> print(fingerprint(frame * 0, frame, frame))
    None
    >>> still = fingerprint(frame, frame, frame)
    >>> float(still.face @ still.face), float(still.motion @ still.motion)
    (1.0, 0.0)
    """
    greys = [_grey(image) for image in (onset, apex, offset)]
    first = _small(greys[0], FACE)
    face = _unit(first - cv2.GaussianBlur(first, (0, 0), _COARSE))
    if not face.any():
        return None
    start, *others = (_small(grey, MOTION) for grey in greys)
    # Lamps flicker: every frame is brought to the light of the onset first.
    moved = [_unit(image * (start.mean() / max(float(image.mean()), _FLAT)) - start) for image in others]
    return Fingerprint(face=face, motion=np.concatenate(moved) * np.float32(np.sqrt(0.5)))


def _grey(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    # To whole grey levels, which costs a tenth of what fractions cost; hundreds of pixels are averaged next.
    one = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.shape[2] == 3 else image[..., 0]
    return one.astype(np.float32)


def _small(image: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), np.float32)


def _unit(image: NDArray[np.float32]) -> NDArray[np.float32]:
    values = image.ravel() - image.mean()
    length = float(np.linalg.norm(values))
    flat = length < _FLAT * np.sqrt(values.size)
    return np.asarray(np.zeros_like(values) if flat else values / length, np.float32)
