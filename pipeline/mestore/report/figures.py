"""Figures: arrays -> RGB images. Colours are even to the eye, and scales are given by the caller."""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
GAIN = 8.0
"""How much `difference` is amplified."""


def difference(first: Image, second: Image) -> Image:
    """Return 128 + 8 (second - first) in grey, clipped: grey where nothing moved.

    Parameters
    ----------
    first, second : ndarray of uint8, shape (y, x, 3)

    Examples
    --------
    >>> image = np.full((1, 1, 3), 100, np.uint8)
    >>> difference(image, image + 2)[0, 0]
    array([144, 144, 144], dtype=uint8)
    """
    grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) for image in (first, second)]
    amplified = np.clip(128 + GAIN * (grey[1] - grey[0]), 0, 255).round().astype(np.uint8)
    return np.repeat(amplified[..., None], 3, axis=2)


def flow_colours(flow: NDArray[np.float32], *, scale: float) -> Image:
    """Return the flow as colour: hue is the direction, strength of colour the length, `scale` px the most.

    The plane of CIELAB is used as the wheel, so that equal differences look equal: right is red, down
    yellow, left green, up blue; white is no motion.

    Parameters
    ----------
    flow : ndarray, shape (y, x, 2)
        (u, v) in px.
    scale : float
        Length in px of full colour; longer vectors look the same.
    """
    length = np.hypot(flow[..., 0], flow[..., 1])
    strength = np.minimum(length / scale, 1.0)
    unit = np.divide(flow, length[..., None], out=np.zeros_like(flow), where=length[..., None] > 0)
    # Lightness 70 with chroma 40 is the rim: further out, sRGB cannot show every hue.
    lab = np.stack([97 - 27 * strength, 40 * strength * unit[..., 0], 40 * strength * unit[..., 1]], axis=-1)
    rgb = cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_Lab2RGB)
    return np.clip(rgb * 255, 0, 255).round().astype(np.uint8)


def wheel(side: int) -> Image:
    """Return the legend of `flow_colours`: a disc whose rim is `scale` px."""
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    flow = np.stack(np.meshgrid(axis, axis), axis=-1)
    image = flow_colours(flow, scale=1.0)
    image[np.hypot(flow[..., 0], flow[..., 1]) > 1] = 255
    return image


def strain_colours(strain: NDArray[np.float32], *, scale: float) -> Image:
    """Return a strain map in viridis, from 0 to `scale`.

    Parameters
    ----------
    strain : ndarray, shape (y, x)
    scale : float
        Strain of full yellow.
    """
    level = np.clip(strain / scale * 255, 0, 255).round().astype(np.uint8)
    image: Image = cv2.cvtColor(cv2.applyColorMap(level, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB)
    return image


def side_by_side(images: list[Image], *, gap: int = 4) -> Image:
    """Return the images of one height in a row, white between them.

    Examples
    --------
    >>> side_by_side([np.zeros((2, 3, 3), np.uint8)] * 2, gap=1).shape
    (2, 7, 3)
    """
    space = np.full((images[0].shape[0], gap, 3), 255, np.uint8)
    row = [part for image in images for part in (image, space)][:-1]
    return np.concatenate(row, axis=1)
