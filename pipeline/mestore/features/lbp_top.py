"""LBP-TOP: histograms of local binary patterns on three orthogonal planes of a clip."""

from fractions import Fraction
from functools import cache
from math import ceil
from numbers import Integral
from typing import Annotated, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mestore.errors import ClipFault
from mestore.features.grey import grey
from mestore.features.lbp_top_count import count_codes
from mestore.features.spec import KindParams
from mestore.sample import Sample

Sampling = Literal["nearest", "bilinear"]

_NEIGHBOURS = (4, 16)  # fewer is no pattern, more than 16 bits no table worth holding


Positive = Annotated[int, Field(ge=1)]


class LbpTopParams(KindParams):
    """Parameters of kind `lbp_top`."""

    grid: tuple[Positive, Positive] = Field(
        default=(1, 1), description="blocks (rows, columns), each at least 1"
    )
    overlap: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="share of a block that also belongs to the next one of its row or column; 0: blocks "
        "partition the centres",
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
    overlap: float = 0.0,
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
        Rows and columns of blocks.
    overlap : float
        Share of a block that also belongs to the next block of its row or column, in [0, 1); read as the
        nearest fraction with a denominator up to a million, so that 1 / 3 is a third. Along an axis with M
        centres and n blocks, a block is L = M / (1 + (n - 1) (1 - `overlap`)) long, and block b = 0 .. n - 1
        has every centre m = 0 .. M - 1 with s b <= m < s b + L, where s = (1 - `overlap`) L. The last block
        ends at the last centre; a centre counts once in every block it lies in, and lies in at least one.
        At 0 the blocks partition the centres.
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
        If the clip is no grey uint8 clip, is too short for the radii, too small for the radii and the
        blocks (which must begin at least 1 px apart), or an option is out of its range.

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
    counts = _counts(clip, grid=grid, overlap=overlap, radii=radii, neighbours=neighbours, sampling=sampling)
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
        overlap=params.overlap,
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

    Raises
    ------
    ValueError
        If `neighbours` is not whole, or not from 4 to 16.

    Examples
    --------
    >>> uniform_bins(8)[[0b0, 0b1, 0b10, 0b11, 0b101, 0b11111111]].tolist()
    [1, 2, 3, 4, 0, 58]
    """
    _check_neighbours(neighbours)
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
    overlap: float,
    radii: tuple[int, int, int],
    neighbours: int,
    sampling: Sampling,
) -> NDArray[np.int64]:
    """Return how many centres of each block have each bin, shape (blocks, 3, bins)."""
    clip = np.asarray(clip)
    _check_options(grid, overlap, radii, neighbours, sampling)
    _check_clip(clip, grid, overlap, radii)
    border, ends = max(radii[:2]), radii[2]
    rows, columns = (
        _blocks(size - 2 * border, int(parts), overlap)
        for size, parts in zip(clip.shape[1:], grid, strict=True)
    )
    # Blocks that overlap share cells: no centre is looked at twice.
    row_edges, column_edges = np.unique(rows), np.unique(columns)
    steps = _steps(radii, neighbours)
    cells = count_codes(
        clip,
        np.floor(steps + 0.5) if sampling == "nearest" else steps,
        border=border,
        ends=ends,
        rows=row_edges,
        columns=column_edges,
        bins=uniform_bins(neighbours).astype(np.uint8),
    )
    return np.stack(
        [
            cells[top:bottom, left:right].sum(axis=(0, 1))
            for top, bottom in np.searchsorted(row_edges, rows)
            for left, right in np.searchsorted(column_edges, columns)
        ]
    )


def _blocks(size: int, parts: int, overlap: float) -> NDArray[np.int64]:
    """Return the first centre of each block along an axis, and the first after it, shape (parts, 2).

    Examples
    --------
    >>> _blocks(9, 4, 1 / 3).tolist()
    [[0, 3], [2, 5], [4, 7], [6, 9]]
    """
    share = _share(overlap)
    length = size / (1 + (parts - 1) * share)
    starts = [block * share * length for block in range(parts)]
    return np.array([[ceil(start), ceil(start + length)] for start in starts], dtype=np.int64)


def _share(overlap: float) -> Fraction:
    """Return the share of a block by which the next one begins later.

    A fraction: the third that 1 / 3 means must not move an edge past the whole pixel it falls on.
    """
    finest = 10**6
    return max(1 - Fraction(overlap).limit_denominator(finest), Fraction(1, finest))


def _steps(radii: tuple[int, int, int], neighbours: int) -> NDArray[np.float64]:
    """Return the steps (t, y, x) from a centre to each point, shape (3 planes, neighbours, 3)."""
    angle = 2 * np.pi * np.arange(neighbours) / neighbours
    cos, sin, none = np.cos(angle), np.sin(angle), np.zeros(neighbours)
    x, y, t = radii
    planes = ([none, -y * sin, x * cos], [t * sin, none, x * cos], [t * cos, -y * sin, none])
    # Rounded: a cosine of one half must not fall below it, nor one of zero below zero.
    return np.array(planes).swapaxes(1, 2).round(12)


def _check_options(
    grid: tuple[int, int], overlap: float, radii: tuple[int, int, int], neighbours: int, sampling: Sampling
) -> None:
    whole = all(isinstance(number, Integral) for number in (*grid, *radii))
    if len(grid) != 2 or len(radii) != 3 or not whole or min(*grid, *radii) < 1:
        raise ValueError(
            f"found grid {grid} and radii {radii}; expected (rows, columns) and (x, y, t), whole and all at "
            "least 1"
        )
    if not 0 <= overlap < 1:
        raise ValueError(f"found an overlap of {overlap}; expected a share of a block, at least 0, below 1")
    _check_neighbours(neighbours)
    if sampling not in get_args(Sampling):
        raise ValueError(f"found sampling {sampling!r}; expected one of {get_args(Sampling)}")


def _check_neighbours(neighbours: int) -> None:
    least, most = _NEIGHBOURS
    if not isinstance(neighbours, Integral) or not least <= neighbours <= most:
        raise ValueError(f"found {neighbours} neighbours; expected {least} to {most}, whole")


def _check_clip(
    clip: NDArray[np.uint8], grid: tuple[int, int], overlap: float, radii: tuple[int, int, int]
) -> None:
    if clip.dtype != np.uint8 or clip.ndim != 3:
        raise ValueError(f"found a clip {clip.dtype} {clip.shape}; expected grey levels, uint8 (time, y, x)")
    border = 2 * max(radii[:2])
    # Blocks that begin less than a pixel apart would be the same, or empty.
    centres = [parts - 1 + (ceil(1 / _share(overlap)) if parts > 1 else 1) for parts in grid]
    least = (1 + 2 * radii[2], centres[0] + border, centres[1] + border)
    if any(size < need for size, need in zip(clip.shape, least, strict=True)):
        raise ValueError(
            f"found a clip of {clip.shape}; expected at least {least} (time, y, x) for radii {radii}, "
            f"grid {grid} and overlap {overlap}: one centre per block"
        )
