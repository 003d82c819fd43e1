"""Frequency: the frame around which texture changes fastest in space and time (Li 2018)."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from mestore.apex.lbp import GRID, codes, distances
from mestore.apex.peak import stands_out
from mestore.apex.stretch import Spotted, Stretch
from mestore.errors import ClipFault

_WINDOW, _FPS = 61, 200  # the paper's window, and the frame rate that it is for


def frequency(stretch: Stretch) -> Spotted:
    """Return the frame whose window has the most amplitude at high frequencies, over all 36 blocks.

    First and last frame are repeated, so that every frame has a window. They bring no noise: how many frames
    of the clip a window holds decides on its amplitude, on a still clip, too. So whether there is an apex is
    said by the distance of the LBP histograms from the onset's.

    Raises
    ------
    ClipFault
        If the frame rate is not known.
    """
    if not stretch.fps > 0:
        raise ClipFault(
            found=f"{stretch.fps:g} frames per second",
            expected="the frame rate of the recording, which sets the window",
            remedy="name another apex method, or say fps in the dataset's options",
        )
    coded = codes(stretch.images)
    width = 2 * round(_WINDOW * stretch.fps / _FPS / 2) + 1
    amplitude = _amplitudes(coded, max(width, 3))
    row = int(amplitude[1:].argmax()) + 1 if stands_out(distances(coded)) else None
    return Spotted(row=row, curve=(amplitude - amplitude.min()).astype(np.float32))


def _amplitudes(coded: NDArray[np.uint8], width: int) -> NDArray[np.float64]:
    """Return the amplitude at high frequencies of the window of `width` frames about each frame."""
    half = width // 2
    padded = np.pad(coded, ((half, half), (0, 0), (0, 0)), mode="edge").astype(np.float32)
    total = np.zeros(len(coded))
    for rows in np.array_split(np.arange(coded.shape[1]), GRID):
        for columns in np.array_split(np.arange(coded.shape[2]), GRID):
            # Space first, once for all windows: the transform is separable.
            spectra = fft.rfft2(padded[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
            weights = _high_pass(width, len(rows), len(columns))
            for row in range(len(coded)):
                total[row] += np.vdot(weights, np.abs(fft.fft(spectra[row : row + width], axis=0)))
    return total


@cache
def _high_pass(*lengths: int) -> NDArray[np.float32]:
    """Return how often each frequency of half a block's spectrum counts.

    Not at all nearer to 0 than (time + 1) / 2, else once, or twice where the other half mirrors it.
    """
    time, y, x = (fft.fftfreq(length, 1 / length) for length in lengths)
    half = np.abs(x[: lengths[2] // 2 + 1])
    distance = np.sqrt(time[:, None, None] ** 2 + y[:, None] ** 2 + half**2)
    mirrored = (half > 0) & (2 * half < lengths[2])
    return np.asarray((distance >= (lengths[0] + 1) / 2) * (1 + mirrored), np.float32)
