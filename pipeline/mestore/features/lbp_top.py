"""LBP-TOP: histograms of local binary patterns on three orthogonal planes of a clip."""

from functools import cache
from typing import Annotated, Literal, get_args

import numba
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mestore.errors import ClipFault
from mestore.features.grey import grey
from mestore.features.spec import KindParams
from mestore.sample import Sample

Sampling = Literal["nearest", "bilinear"]

PLANES = ("XY", "XT", "YT")

_NEIGHBOURS = (4, 16)  # fewer is no pattern, more than 16 bits no table worth holding


Positive = Annotated[int, Field(ge=1)]


class LbpTopParams(KindParams):
    """Parameters of kind `lbp_top`."""

    grid: tuple[Positive, Positive] = Field(
        default=(1, 1), description="blocks (rows, columns), each at least 1"
    )
    radii: tuple[Positive, Positive, Positive] = Field(
        default=(1, 1, 1), description="radii (x, y, t) of the ellipses: px, px, frames; each at least 1"
    )
    neighbours: int = Field(
        default=8, ge=_NEIGHBOURS[0], le=_NEIGHBOURS[1], description="points on each ellipse"
    )
    sampling: Sampling = Field(
        default="nearest", description="grey level at a point: of the nearest pixel, or bilinear"
    )


def lbp_top(
    clip: NDArray[np.uint8],
    *,
    grid: tuple[int, int] = (1, 1),
    radii: tuple[int, int, int] = (1, 1, 1),
    neighbours: int = 8,
    sampling: Sampling = "nearest",
) -> NDArray[np.float64]:
    """Return the LBP-TOP histograms of a clip.

    Every pixel at least max(R_x, R_y) px from the border and R_t frames from either end is a centre. Its
    code on a plane has bit p set where the grey level of point p is at least that of the centre; point p
    stands at the angle 2 pi p / `neighbours`:

    - XY: (x + R_x cos, y - R_y sin);
    - XT: (x + R_x cos, t + R_t sin);
    - YT: (y - R_y sin, t + R_t cos).

    Parameters
    ----------
    clip : ndarray of uint8, shape (time, y, x)
        Grey levels.
    grid : (int, int)
        Rows and columns of the blocks that partition the centres, as evenly as whole pixels allow.
    radii : (int, int, int)
        R_x, R_y in pixels and R_t in frames.
    neighbours : int
        Points on each ellipse, 4 to 16.
    sampling : {"nearest", "bilinear"}
        The grey level at a point.

    Returns
    -------
    ndarray of float64, shape (rows * columns, 3, bins)
        Blocks row by row; planes XY, XT, YT; bins of the uniform codes (see `uniform_bins`),
        P (P - 1) + 3 of them for P neighbours: 59 for 8. Every histogram sums to 1.

    Raises
    ------
    ValueError
        If the clip is no grey uint8 clip, is too small or too short for the radii or the grid, or an
        option is out of its range.

    References
    ----------
    G. Zhao, M. Pietikainen, "Dynamic texture recognition using local binary patterns with an application
    to facial expressions", IEEE TPAMI 29(6), 2007; as equations 9-11 of docs/formulas.md. Equal to the
    authors' release, also in how bilinear grey levels are rounded where they tie with the centre.

    Examples
    --------
    On a still, even clip every point ties with its centre: all bits are set, the last bin.

    >>> lbp_top(np.zeros((3, 4, 4), dtype=np.uint8))[0, :, 58].tolist()
    [1.0, 1.0, 1.0]
    """
    counts = _counts(clip, grid=grid, radii=radii, neighbours=neighbours, sampling=sampling)
    histograms: NDArray[np.float64] = counts / counts.sum(axis=2, keepdims=True)
    return histograms


def lbp_top_sample(sample: Sample, params: LbpTopParams) -> Sample:
    """Return the LBP-TOP histograms of a clip of crops, float32 (block, plane, bin)."""
    needed = 2 * params.radii[2] + 1
    if len(sample.data) < needed:
        raise ClipFault(
            found=f"{len(sample.data)} frames",
            expected=f"at least {needed} for a radius of {params.radii[2]} frames",
            remedy="read a store of kind tim with more frames, or lower radii",
        )
    histograms = lbp_top(
        grey(sample.data),
        grid=params.grid,
        radii=params.radii,
        neighbours=params.neighbours,
        sampling=params.sampling,
    )
    return sample.having(histograms.astype(np.float32))


@cache
def uniform_bins(neighbours: int) -> NDArray[np.int64]:
    """Return the bin of every code, shape (2**neighbours,), read-only.

    A code is uniform if its bits, read around the circle, change at most twice. Bin 0 holds all others;
    the uniform codes follow in the order of their value, from bin 1.

    Examples
    --------
    >>> uniform_bins(8)[[0b0, 0b1, 0b10, 0b11, 0b101, 0b11111111]].tolist()
    [1, 2, 3, 4, 0, 58]
    """
    codes = np.arange(1 << neighbours)
    turned = (codes >> 1) | ((codes & 1) << (neighbours - 1))
    uniform = np.bitwise_count(codes ^ turned) <= 2
    bins = np.where(uniform, np.cumsum(uniform), 0)
    bins.flags.writeable = False
    return bins


def _counts(
    clip: NDArray[np.uint8],
    *,
    grid: tuple[int, int],
    radii: tuple[int, int, int],
    neighbours: int,
    sampling: Sampling,
) -> NDArray[np.int64]:
    """Return how many centres of each block have each bin, shape (blocks, 3, bins)."""
    _check(clip, grid, radii, neighbours, sampling)
    clip = np.ascontiguousarray(clip)
    border, ends = max(radii[:2]), radii[2]
    rows = _blocks(clip.shape[1] - 2 * border, grid[0]) * grid[1]
    columns = _blocks(clip.shape[2] - 2 * border, grid[1])
    bins = uniform_bins(neighbours)
    counts = np.zeros((grid[0] * grid[1], len(PLANES), bins.max() + 1), dtype=np.int64)
    steps = _steps(radii, neighbours)
    if sampling == "nearest":
        nearest = np.floor(steps + 0.5).astype(np.int64)
        _count_nearest(clip, nearest, border, ends, bins, rows, columns, counts)
    else:
        corners = np.floor(steps).astype(np.int64)
        t, y, x = _fractions(clip.shape, steps, corners)
        _count_bilinear(clip, corners, t, y, x, border, ends, bins, rows, columns, counts)
    return counts


def _blocks(size: int, parts: int) -> NDArray[np.int64]:
    """Return the block of each of `size` centres along one axis."""
    return np.arange(size) * parts // size


def _steps(radii: tuple[int, int, int], neighbours: int) -> NDArray[np.float64]:
    """Return the steps (t, y, x) from a centre to each point, shape (3 planes, neighbours, 3)."""
    angle = 2 * np.pi * np.arange(neighbours) / neighbours
    cos, sin, none = np.cos(angle), np.sin(angle), np.zeros(neighbours)
    x, y, t = radii
    planes = ([none, -y * sin, x * cos], [t * sin, none, x * cos], [t * cos, -y * sin, none])
    # Rounded: a cosine of one half must not fall below it, nor one of zero below zero.
    return np.array(planes).swapaxes(1, 2).round(12)


def _fractions(
    shape: tuple[int, ...], steps: NDArray[np.float64], corners: NDArray[np.int64]
) -> list[NDArray[np.float32]]:
    """Return how far past its corner each point is, for every t, every y and every x.

    Each has shape (3 planes, neighbours, size). The release holds positions, counted from 1, in single
    precision, so that the fraction of .7071 px differs in its last bits from column to column; these
    bits decide codes where the interpolated level ties with the centre.
    """
    fractions = []
    for axis, size in enumerate(shape):
        centres = np.arange(1, size + 1)
        positions = (centres + steps[..., axis, None]).astype(np.float32)
        fractions.append(positions - (centres + corners[..., axis, None]).astype(np.float32))
    return fractions


@numba.njit(cache=True, nogil=True)
def _count_nearest(clip, steps, border, ends, bins, rows, columns, counts):  # type: ignore[no-untyped-def] # numba's
    frames, height, width = clip.shape
    codes = np.empty(width - 2 * border, np.uint16)
    for t in range(ends, frames - ends):
        for y in range(border, height - border):
            centre = clip[t, y, border : width - border]
            for plane in range(steps.shape[0]):
                codes[:] = 0
                for p in range(steps.shape[1]):
                    dt, dy, dx = steps[plane, p]
                    points = clip[t + dt, y + dy, border + dx : width - border + dx]
                    for i in range(len(codes)):
                        codes[i] |= np.uint16(points[i] >= centre[i]) << np.uint16(p)
                for i in range(len(codes)):
                    counts[rows[y - border] + columns[i], plane, bins[codes[i]]] += 1


@numba.njit(cache=True, nogil=True)
def _count_bilinear(  # type: ignore[no-untyped-def] # numba's
    clip, corners, along_t, along_y, along_x, border, ends, bins, rows, columns, counts
):
    frames, height, width = clip.shape
    codes = np.empty(width - 2 * border, np.uint16)
    levels = np.empty(width - 2 * border, np.float32)
    for t in range(ends, frames - ends):
        for y in range(border, height - border):
            for plane in range(corners.shape[0]):
                codes[:] = 0
                for p in range(corners.shape[1]):
                    ft, fy = along_t[plane, p, t], along_y[plane, p, y]
                    fx = along_x[plane, p, border : width - border]
                    dt, dy, dx = corners[plane, p]
                    _levels(clip, t + dt, y + dy, border + dx, plane, ft, fy, fx, levels)
                    for i in range(len(codes)):
                        centre = np.float32(clip[t, y, border + i])
                        codes[i] |= np.uint16(levels[i] >= centre) << np.uint16(p)
                for i in range(len(codes)):
                    counts[rows[y - border] + columns[i], plane, bins[codes[i]]] += 1


@numba.njit(cache=True, nogil=True)
def _levels(clip, t, y, x, plane, ft, fy, fx, levels):  # type: ignore[no-untyped-def] # numba's
    """Fill `levels` with the bilinear grey levels of one point for a row of centres.

    The order of the four products and of their sum is the release's.
    """
    one = np.float32(1)
    # Not past the clip: a point without a fraction has no second pixel.
    ht, hy, hx = int(ft > 0), int(fy > 0), int(fx[0] > 0)
    if plane == 2:
        for i in range(len(levels)):
            levels[i] = (
                np.float32(clip[t, y, x + i]) * (one - fy) * (one - ft)
                + np.float32(clip[t + ht, y, x + i]) * (one - fy) * ft
                + np.float32(clip[t, y + hy, x + i]) * fy * (one - ft)
                + np.float32(clip[t + ht, y + hy, x + i]) * fy * ft
            )
        return
    v = ft + fy  # one of them is 0 on a plane that holds x
    for i in range(len(levels)):
        u = fx[i]
        levels[i] = (
            np.float32(clip[t, y, x + i]) * (one - u) * (one - v)
            + np.float32(clip[t + ht, y + hy, x + i]) * (one - u) * v
            + np.float32(clip[t, y, x + hx + i]) * u * (one - v)
            + np.float32(clip[t + ht, y + hy, x + hx + i]) * u * v
        )


def _check(
    clip: NDArray[np.uint8],
    grid: tuple[int, int],
    radii: tuple[int, int, int],
    neighbours: int,
    sampling: Sampling,
) -> None:
    if clip.dtype != np.uint8 or clip.ndim != 3:
        raise ValueError(f"found a clip {clip.dtype} {clip.shape}; expected grey levels, uint8 (time, y, x)")
    if len(grid) != 2 or len(radii) != 3 or min(*grid, *radii) < 1:
        raise ValueError(
            f"found grid {grid} and radii {radii}; expected (rows, columns) and (x, y, t), all at least 1"
        )
    if not _NEIGHBOURS[0] <= neighbours <= _NEIGHBOURS[1]:
        raise ValueError(f"found {neighbours} neighbours; expected {_NEIGHBOURS[0]} to {_NEIGHBOURS[1]}")
    if sampling not in get_args(Sampling):
        raise ValueError(f"found sampling {sampling!r}; expected one of {get_args(Sampling)}")
    border = max(radii[:2])
    least = (1 + 2 * radii[2], grid[0] + 2 * border, grid[1] + 2 * border)
    if any(size < need for size, need in zip(clip.shape, least, strict=True)):
        raise ValueError(
            f"found a clip of {clip.shape}; expected at least {least} (time, y, x) for radii {radii} and "
            f"grid {grid}: one centre per block"
        )
