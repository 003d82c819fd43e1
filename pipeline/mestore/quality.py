"""Quality: what the crops of a clip say about themselves, as a few numbers.

None of them fails a clip: `mestore qc` lists the clips to look at, by the thresholds in params.yaml.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft
from skimage.registration import phase_cross_correlation

from mestore.faces.shape68 import eye_distance
from mestore.features.grey import grey
from mestore.warp import warp

NOSE = (29, 30, 33)
BETWEEN_EYES = (27, 39, 42)
"""Landmarks whose mean is the middle of a patch that tells the head's drift."""

_PATCH = 0.7  # side of a patch, in eye distances
_SAMPLES = 32  # per side: a patch costs the same in crops of every size
_FINENESS = 50  # of the correlation's peak: a fiftieth of a sample, 0.04 px where the eyes are 90 px apart
_LITTLE = 0.1  # samples
_ROUNDS = 4  # heads drift less than `_LITTLE` from frame to frame: mostly it is one

_DARKEST, _BRIGHTEST = (1, 1, 1), (254, 254, 254)


def clip_quality(
    crops: NDArray[np.uint8],
    *,
    landmarks: NDArray[np.floating],
    frames: NDArray[np.float64],
    onset: int,
    offset: int,
) -> dict[str, NDArray[np.float64]]:
    """Return the quality numbers of an aligned clip, all finite.

    Parameters
    ----------
    crops : ndarray of uint8, shape (time, y, x, 3)
        RGB.
    landmarks : ndarray, shape (68, 2)
        Of the onset frame, (x, y) in pixels of the crop.
    frames : ndarray of float64, shape (time,)
        Frame numbers, as in the file names.
    onset, offset : int
        Frame numbers.

    Returns
    -------
    dict of str to ndarray of float64, shape ()
        drift_px, sharpness, exposure, clipped, flicker, missing; docs/quality.md has the formulas.

    Raises
    ------
    ValueError
        If `crops` is not uint8 (time, y, x, 3) or `landmarks` is not (68, 2).
    """
    if landmarks.shape != (68, 2):
        raise ValueError(f"landmarks have shape {landmarks.shape}; expected (68, 2)")
    images = grey(crops)
    face = face_mask(landmarks, images.shape[1:])
    means = np.array([cv2.mean(image, face.view(np.uint8))[0] for image in images])
    first = int(np.abs(frames - onset).argmin())
    numbers = {
        "drift_px": drift(images, landmarks, first=first).max(),
        "sharpness": min(sharpness(image, face) for image in images),
        "exposure": means.mean(),
        "clipped": clipped(crops, face),
        "flicker": means.std(),
        "missing": missing(frames, onset=onset, offset=offset),
    }
    return {name: np.asarray(number, np.float64) for name, number in numbers.items()}


def face_mask(landmarks: NDArray[np.floating], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which pixels of a crop (y, x) lie in the convex hull of the landmarks.

    At least one does: landmarks outside the crop are taken at its edge.
    """
    inside = np.clip(np.rint(landmarks), 0, np.array(shape[1::-1]) - 1).astype(np.int32)
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(inside), 1)
    return mask.astype(np.bool_)


def drift(
    images: NDArray[np.uint8], landmarks: NDArray[np.floating], *, first: int = 0
) -> NDArray[np.float64]:
    """Return how far the head is from where it was in the first frame, in each frame.

    Two patches, on the nose and between the eyes, are correlated with those of the first frame. The smaller
    of the two shifts counts: an expression moves one of them, the head moves both.

    Parameters
    ----------
    images : ndarray of uint8, shape (time, y, x)
        Grey levels.
    landmarks : ndarray, shape (68, 2)
        (x, y) in pixels.
    first : int
        Row of the frame that the others are compared with.

    Returns
    -------
    ndarray of float64, shape (time,)
        Pixels of the crop; 0 where neither patch shows anything.

    Notes
    -----
    Cross-correlation, and not the phase of it alone, whose error is twice as large on these patches
    (docs/quality.md).

    References
    ----------
    .. [1] M. Guizar-Sicairos, S. T. Thurman, J. R. Fienup, "Efficient subpixel image registration
       algorithms", Optics Letters 33(2), 2008, pages 156-158.
    """
    step = _PATCH * eye_distance(landmarks) / _SAMPLES
    seen = [
        _shifts(images, landmarks[list(where)].mean(axis=0), step, first) for where in (NOSE, BETWEEN_EYES)
    ]
    shown = [np.hypot(*shifts.T) for shifts in seen if shifts is not None]
    return np.min(shown, axis=0) if shown else np.zeros(len(images))


def _shifts(
    images: NDArray[np.uint8], centre: NDArray[np.float64], step: float, first: int
) -> NDArray[np.float64] | None:
    """Return the shift (x, y) of a patch in each frame, (time, 2) in pixels; None if the patch is blank.

    A window draws the peak towards no shift, by a twentieth of the shift. So each patch is cut where that of
    the frame before was found, and again where it was found itself, until little is left to find.
    """
    window = np.outer(*[np.hanning(_SAMPLES + 2)[1:-1]] * 2)
    reference = _spectrum(images[first], centre, step, window)
    if not np.abs(reference).any():
        return None
    shift, shifts = np.zeros(2), []
    for image in images:
        if np.hypot(*shift) > step * _SAMPLES / 2:  # not the same patch any more: found by chance
            shift = np.zeros(2)
        for _ in range(_ROUNDS):
            moving = _spectrum(image, centre + shift, step, window)
            rest, _, _ = phase_cross_correlation(  # type: ignore[no-untyped-call] # scikit-image's
                reference, moving, space="fourier", upsample_factor=_FINENESS, normalization=None
            )
            shift = shift - step * rest[::-1]
            if np.hypot(*rest) < _LITTLE:
                break
        shifts.append(shift)
    return np.array(shifts)


def _spectrum(
    image: NDArray[np.uint8], centre: NDArray[np.float64], step: float, window: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """Return the Fourier transform of a windowed patch about `centre`, a sample every `step` pixels."""
    inside = np.clip(centre, 0, np.array(image.shape[::-1]) - 1)
    shift = (_SAMPLES - 1) / 2 - inside / step
    patch = warp(image, np.array([[1 / step, 0, shift[0]], [0, 1 / step, shift[1]]]), _SAMPLES)
    return np.asarray(fft.fft2((patch - patch.mean()) * window), np.complex128)


def sharpness(image: NDArray[np.uint8], face: NDArray[np.bool_]) -> float:
    """Return the variance of the Laplacian by the variance of the grey levels, over the face.

    Both grow with the square of the contrast and neither with the brightness, so that light has no part in
    it. A blank face has 0.

    Parameters
    ----------
    image : ndarray of uint8, shape (y, x)
        Grey levels.
    face : ndarray of bool, shape (y, x)

    Examples
    --------
    >>> chess = np.indices((8, 8)).sum(axis=0) % 2
    >>> inner = np.zeros((8, 8), bool)
    >>> inner[2:6, 2:6] = True
    >>> sharpness((50 * chess).astype(np.uint8), inner), sharpness((100 + 50 * chess).astype(np.uint8), inner)
    (64.0, 64.0)
    """
    # OpenCV takes a tenth of the time that indexing with the mask does.
    _, spread = cv2.meanStdDev(image, mask=face.view(np.uint8))
    _, edges = cv2.meanStdDev(cv2.Laplacian(image, cv2.CV_16S), mask=face.view(np.uint8))
    return float(edges[0, 0] / spread[0, 0]) ** 2 if spread[0, 0] > 0 else 0.0


def clipped(crops: NDArray[np.uint8], face: NDArray[np.bool_]) -> float:
    """Return the share of a face's pixels, over all frames, in which a colour is 0 or 255.

    What lies outside the recording is 0 in a crop, so that a face that is cut off shows here too.

    Examples
    --------
    >>> crops = np.array([[[[0, 9, 9], [9, 9, 9], [9, 9, 255], [9, 9, 9]]]], np.uint8)
    >>> clipped(crops, np.ones((1, 4), bool))
    0.5
    """
    extreme = [~cv2.inRange(crop, _DARKEST, _BRIGHTEST) for crop in crops]
    return float(np.mean([cv2.mean(pixels, face.view(np.uint8))[0] for pixels in extreme]) / 255)


def missing(frames: NDArray[np.float64], *, onset: int, offset: int) -> float:
    """Return the share of the frame numbers from onset to offset that have no frame.

    An offset before the onset has no frame numbers, of which none is missing; the index
    refuses such a clip.

    Examples
    --------
    >>> missing(np.array([10.0, 11, 13, 14]), onset=10, offset=14)
    0.2
    """
    there = np.unique(frames[(frames >= onset) & (frames <= offset)])
    annotated = max(offset - onset + 1, 0)
    return float((annotated - len(there)) / max(annotated, 1))
