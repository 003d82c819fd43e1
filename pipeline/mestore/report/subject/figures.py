"""Figures: arrays -> RGB images. Colours are even to the eye, and scales are given by the caller."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
GAIN = 8.0
"""How much `difference` is amplified."""

_CELLS = 12
"""Arrows across a picture of flow."""

_LEAST = 0.1  # of the scale: shorter arrows are dots
_INK = (45, 45, 45)
_SHIFT = 4  # binary digits of OpenCV's fractions of a pixel


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


def arrows(image: Image, flow: NDArray[np.float32], *, scale: float) -> Image:
    """Return an image with the mean flow of each cell of a grid as an arrow, a cell long at `scale` px.

    Not everybody tells left from right by colour: to red-blind and green-blind eyes they are one.

    Parameters
    ----------
    image : ndarray of uint8, shape (y, x, 3)
    flow : ndarray, shape (y, x, 2)
        (u, v) in px; cells that move less than a tenth of `scale` have no arrow.
    scale : float
        Length in px of the longest arrow.
    """
    height, width = flow.shape[:2]
    rows, columns = max(1, round(_CELLS * height / width)), _CELLS
    means = cv2.resize(flow, (columns, rows), interpolation=cv2.INTER_AREA) / scale
    drawn, cell = image.copy(), np.array([width / columns, height / rows])
    for (row, column), length in np.ndenumerate(np.hypot(means[..., 0], means[..., 1])):
        if length >= _LEAST:
            half = means[row, column] / max(length, 1.0) * cell / 2
            middle = (np.array([column, row]) + 0.5) * cell - 0.5
            ends = (np.stack([middle - half, middle + half]) * 2**_SHIFT).round().astype(int)
            begin, end = ends.tolist()
            cv2.arrowedLine(drawn, begin, end, _INK, 1, cv2.LINE_AA, _SHIFT, 0.35)
    return drawn


def wheel(side: int = 176) -> Image:
    """Return the legend of flow in colours and arrows: a disc whose rim is the flow of full colour."""
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    flow = np.stack(np.meshgrid(axis, axis), axis=-1)
    outside = np.hypot(flow[..., 0], flow[..., 1]) > 1
    flow[outside] = 0
    image = flow_colours(flow, scale=1.0)
    image[outside] = 255
    return arrows(image, flow, scale=1.0)


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


def amplified(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return each frame as the first plus 8 times its difference from the first, clipped.

    The difference is smoothed by a Gaussian of a hundredth of the side, or the noise of the recording, 8
    times, would be all there is to see.

    Parameters
    ----------
    frames : ndarray of uint8, shape (time, y, x, 3)

    Examples
    --------
    >>> frames = np.full((2, 4, 4, 3), 100, np.uint8)
    >>> frames[1] += 2
    >>> amplified(frames)[:, 0, 0, 0]
    array([100, 116], dtype=uint8)
    """
    first = frames[0].astype(np.float32)
    sigma = frames.shape[2] / 100
    shown = [first + GAIN * cv2.GaussianBlur(frame - first, (0, 0), sigma) for frame in frames]
    return np.clip(np.rint(shown), 0, 255).astype(np.uint8)


def shrunk(image: Image, *, side: int) -> Image:
    """Return an image no larger than `side`, averaged where it is shrunk.

    Examples
    --------
    >>> shrunk(np.zeros((40, 40, 3), np.uint8), side=20).shape
    (20, 20, 3)
    """
    height, width = image.shape[:2]
    if max(height, width) <= side:
        return image
    factor = side / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def sheet(images: Sequence[Image], *, columns: int) -> Image:
    """Return images of one size row by row in one image, white where there is none.

    Examples
    --------
    >>> sheet([np.zeros((2, 3, 3), np.uint8)] * 3, columns=2).shape
    (4, 6, 3)
    """
    blank = np.full_like(images[0], 255)
    filled = [*images, *[blank] * (-len(images) % columns)]
    rows = [np.concatenate(filled[at : at + columns], axis=1) for at in range(0, len(filled), columns)]
    return np.concatenate(rows, axis=0)


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
