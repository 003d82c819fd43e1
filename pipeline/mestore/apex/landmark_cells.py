"""Landmark cells: the frame in which ten cells of the face differ most from the onset (Quang 2019)."""

import numpy as np
from numpy.typing import NDArray

from mestore.apex.peak import peak
from mestore.apex.stretch import Spotted, Stretch
from mestore.errors import ClipFault

CELLS = (48, 54, 36, 45, 19, 24, 27, 31, 35, 8)
"""Landmarks at the middle of a cell: mouth, eyes, brows, between the brows, nose, chin."""


def landmark_cells(stretch: Stretch) -> Spotted:
    """Return the peak of the mean of (|I_t - I_onset| + 1) / (|I_t - I_(t-1)| + 1) over the cells.

    Raises
    ------
    ClipFault
        If there are no landmarks, or no cell lies in the crop.
    """
    if stretch.landmarks is None:
        raise ClipFault(
            found="no landmarks",
            expected="68 landmarks of the onset frame",
            remedy="name another apex method, or a face backend that finds landmarks",
        )
    levels = stretch.images.astype(np.float32)
    ratios = (np.abs(levels[1:] - levels[0]) + 1) / (np.abs(np.diff(levels, axis=0)) + 1)
    cells = [ratios[:, rows, columns] for rows, columns in _cells(stretch.landmarks, levels.shape[1:])]
    scores = np.mean([cell.mean(axis=(1, 2)) for cell in cells], axis=0)
    # The frame after the onset scores 1, whatever it shows: its frame before is the onset.
    return peak(np.concatenate([[0], scores]).astype(np.float32), first=2)


def _cells(landmarks: NDArray[np.float64], shape: tuple[int, ...]) -> list[tuple[slice, slice]]:
    """Return rows and columns of each cell that the image shows: squares of half the mouth's width."""
    half = np.hypot(*(landmarks[54] - landmarks[48])) / 4
    low = np.clip(np.rint(landmarks[list(CELLS)] - half), 0, None).astype(int)
    high = np.rint(landmarks[list(CELLS)] + half).astype(int) + 1
    cells = [
        (slice(y0, y1), slice(x0, x1))
        for (x0, y0), (x1, y1) in zip(low, high, strict=True)
        if x0 < min(x1, shape[1]) and y0 < min(y1, shape[0])
    ]
    if not cells:
        raise ClipFault(
            found="no cell of a landmark in the crop",
            expected="landmarks of a face in the crop",
            remedy="look at the onset frame, or exclude the clip",
        )
    return cells
