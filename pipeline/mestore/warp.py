"""Warp: the crop that a similarity cuts out of an image, by one anti-aliased resampling."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mestore.similarity import apply, inverse, scale

PIXEL_BLUR = 0.5
"""Standard deviation of a pixel's own blur, in pixels; docs/alignment.md has the figures that chose it."""

_REACH = 5  # Lanczos-4 reads four pixels to each side, and one for rounding


def warp(image: NDArray[np.uint8], transform: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """Return the crop a similarity cuts out of an image: one resampling, anti-aliased.

    Where the crop is smaller than what it shows, the region it needs is blurred first, by what a pixel's
    blur lacks: sigma = 0.5 sqrt(1 / s^2 - 1) px for scale s. Sampling is Lanczos-4. What lies outside the
    image is black.

    Parameters
    ----------
    image : ndarray of uint8, shape (y, x, channel) or (y, x)
        A frame as recorded.
    transform : ndarray of float64, shape (2, 3)
        Similarity from pixels of the image to pixels of the crop.
    size : int
        Width and height of the crop, in pixels.

    Returns
    -------
    ndarray of uint8, shape (size, size, channel) or (size, size)

    Raises
    ------
    ValueError
        If `image` is not uint8 with two or three axes, `transform` is no (2, 3) of positive scale, `size` is
        not positive, or the crop shows nothing of the image.

    Examples
    --------
    >>> image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    >>> warp(image, np.array([[1.0, 0, -2], [0, 1, -3]]), 2).tolist()
    [[26, 27], [34, 35]]
    """
    if image.dtype != np.uint8 or image.ndim not in (2, 3):
        raise ValueError(f"image is {image.dtype} {image.shape}; expected uint8 (y, x, channel) or (y, x)")
    if transform.shape != (2, 3) or not np.isfinite(transform).all() or scale(transform) == 0:
        raise ValueError(f"transform is {transform.tolist()}; expected a finite (2, 3) of positive scale")
    if size <= 0:
        raise ValueError(f"size is {size}; expected a positive number of pixels")
    sigma = PIXEL_BLUR * np.sqrt(max(scale(transform) ** -2 - 1, 0))
    rows, columns = _needed(image.shape, transform, size, margin=_REACH + int(np.ceil(4 * sigma)))
    region = np.ascontiguousarray(image[rows, columns], np.float32)
    if sigma > 0:
        region[:] = cv2.GaussianBlur(region, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    moved = transform.copy()
    moved[:, 2] = apply(transform, np.array([columns.start, rows.start], np.float64))
    crop = cv2.warpAffine(
        region, moved, (size, size), flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_CONSTANT
    )
    return np.asarray(np.clip(np.rint(crop), 0, 255), np.uint8)


def _needed(
    shape: tuple[int, ...], transform: NDArray[np.float64], size: int, *, margin: int
) -> tuple[slice, slice]:
    """Return the rows and columns of an image of `shape` that a crop depends on."""
    edge = size - 1.0
    corners = apply(inverse(transform), np.array([[0, 0], [edge, 0], [edge, edge], [0, edge]]))
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - margin, 0)
    high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + margin + 1, [shape[1], shape[0]])
    if (low >= high).any():
        start, stop = corners.min(axis=0).round(1).tolist(), corners.max(axis=0).round(1).tolist()
        raise ValueError(
            f"the crop spans {start} to {stop}, outside the image of {shape[1]} x {shape[0]} px; "
            "expected a transform that meets the image"
        )
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))
