"""LBP: the frame whose texture correlates least with the onset's, by divide and conquer."""

from functools import partial

import numpy as np
from numpy.typing import NDArray
from skimage.feature import local_binary_pattern

from mestore.apex.peak import divide
from mestore.apex.stretch import Spotted, Stretch

GRID = 6
"""Blocks along each side of a crop."""

_BINS = 59  # uniform codes of 8 neighbours, and one for the others


def lbp(stretch: Stretch) -> Spotted:
    """Return the apex that divide and conquer finds on one minus the correlation with the onset.

    Histograms of uniform LBP (8 neighbours at 1 px) in 6 x 6 blocks; the mean over the blocks of
    1 - r with the onset's histogram of that block.
    """
    return divide(distances(codes(stretch.images)))


def codes(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the uniform LBP codes of images (time, y, x), 0 to 58, each image by itself."""
    pattern = partial(local_binary_pattern, P=8, R=1, method="nri_uniform")
    return np.stack([pattern(image) for image in images]).astype(np.uint8)


def distances(coded: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return how far each coded image (time, y, x) is from the first, 0 to 2."""
    rows, columns = (np.arange(length) * GRID // length for length in coded.shape[1:])
    first_bins = (rows[:, None] * GRID + columns) * _BINS
    counts = np.stack(
        [np.bincount((first_bins + image).ravel(), minlength=GRID * GRID * _BINS) for image in coded]
    ).reshape(len(coded), GRID * GRID, _BINS)
    centred = counts - counts.mean(axis=2, keepdims=True)
    centred /= np.linalg.norm(centred, axis=2, keepdims=True)
    return np.asarray(1 - (centred * centred[0]).sum(axis=2).mean(axis=1), np.float32)
