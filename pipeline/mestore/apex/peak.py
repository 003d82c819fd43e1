"""Peaks: the apex of a curve over time, if the curve has one that noise alone would not make."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks, savgol_filter

from mestore.apex.stretch import Curve, Spotted

CHANCE = 0.01
"""How often a curve of noise alone may be said to have an apex."""

_SHUFFLES = 499
_LEAST = 5  # frames after the onset; of fewer there are too few orders to tell
_SPAN, _ORDER = 0.4, 2  # of the smoothing: window as a share of the frames, degree of its polynomials


def peak(curve: Curve, *, first: int = 1) -> Spotted:
    """Return the highest point of the smoothed curve, or no apex where it does not stand out.

    Parameters
    ----------
    curve : ndarray of float32, shape (time,)
        Of one value per frame; the first is the onset's.
    first : int
        The first frame whose value says anything.
    """
    if not stands_out(curve, first=first):
        return Spotted(row=None, curve=curve)
    return Spotted(row=first + int(smoothed(curve[first:]).argmax()), curve=curve)


def divide(curve: Curve) -> Spotted:
    """Return what divide and conquer finds on a curve, or no apex where it does not stand out.

    The local peaks of the curve are taken; the stretch is halved, the half whose peaks sum to more is kept
    (the earlier of two alike), until one frame is left.
    """
    if not stands_out(curve):
        return Spotted(row=None, curve=curve)
    rows, _ = find_peaks(curve)
    peaks = np.zeros(len(curve))
    peaks[rows] = curve[rows]
    low, high = 0, len(curve)
    while high - low > 1:
        middle = (low + high) // 2
        if peaks[low:middle].sum() >= peaks[middle:high].sum():
            high = middle
        else:
            low = middle
    return Spotted(row=low, curve=curve)


def stands_out(curve: Curve, *, first: int = 1) -> bool:
    """Return whether a curve rises to a point and falls from it by more than noise would.

    On a still clip the values from row `first` on differ by noise alone, so that any order of them is as
    likely as any other. So the smoothed curve's prominence, over the rms of what smoothing took away, is
    compared with that of 499 shuffled curves; the curve stands out if no more than `CHANCE` of all are as
    high. One that only rises, as under a drift of the head, has no prominence.

    Examples
    --------
    >>> time = np.linspace(0, np.pi, 20)
    >>> bool(stands_out(np.sin(time))), bool(stands_out(time)), bool(stands_out(np.cos(99 * time)))
    (True, False, False)
    """
    values = np.asarray(curve[first:], np.float64)
    if len(values) < _LEAST:
        return False
    rng = np.random.default_rng(0)
    shuffled = rng.permuted(np.tile(values, (_SHUFFLES, 1)), axis=1)
    heights = _heights(np.concatenate([values[None], shuffled]))
    # Shuffled curves that are the same are equal but for rounding.
    return bool(np.mean(heights >= heights[0] * (1 - 1e-9)) <= CHANCE)


def smoothed(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return values (..., time), at least 5 of them, through a Savitzky-Golay filter of order 2."""
    window = max(2 * int(_SPAN * values.shape[-1] / 2) + 1, _ORDER + 3)
    return np.asarray(savgol_filter(values.astype(np.float64), window, _ORDER, axis=-1), np.float64)


def _heights(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how many times its noise each curve (N, time) rises to a point and falls from it."""
    smooth = smoothed(curves)
    noise = np.sqrt(((curves - smooth) ** 2).mean(axis=1))
    return np.asarray(_prominence(smooth) / np.maximum(noise, np.finfo(np.float64).tiny), np.float64)


def _prominence(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much the highest point of each curve (N, time) is above the lowest on either side."""
    highest = curves.argmax(axis=1)[:, None]
    before = np.take_along_axis(np.minimum.accumulate(curves, axis=1), highest, axis=1)
    after = np.take_along_axis(np.minimum.accumulate(curves[:, ::-1], axis=1)[:, ::-1], highest, axis=1)
    found = np.take_along_axis(curves, highest, axis=1) - np.maximum(before, after)
    return np.asarray(found[:, 0], np.float64)
