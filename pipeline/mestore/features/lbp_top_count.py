"""Counting LBP-TOP codes: the compiled part of `mestore.features.lbp_top`.

The clip is read as one long row of pixels, so that a point of every centre of a band of rows is a shifted
slice, and one loop over such slices keeps the processor's vector units busy. Pixels of the border that lie
within a band get a code too; it is not counted.
"""

from itertools import pairwise
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

PLANES = ("XY", "XT", "YT")

_BAND = 2048  # pixels at once: their codes and fractions stay near the processor
_LABELS = 256  # of 8 bits: codes of up to 8 neighbours, bins of more (243 for 16)
_TABLES = 2  # counted in turn: adding to a count waits for the addition before


class Points(NamedTuple):
    """The points around a centre, of every plane and neighbour: flat steps, and how far past a pixel.

    A plane's first axis is x, x, y; its second y, t, t.

    Parameters
    ----------
    corner : ndarray of int64, shape (3, neighbours)
        From the centre to the pixel at the point, or the last one before it on both axes.
    first, second : ndarray of int64, shape (3, neighbours)
        From there to the next pixel along the first and the second axis; 0 where the point is on a pixel.
    along_t, along_y, along_x : ndarray of float32, shape (3, neighbours, size)
        Fractions of a pixel past the corner, for every position of the centre on that axis.
    """

    corner: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    along_t: NDArray[np.float32]
    along_y: NDArray[np.float32]
    along_x: NDArray[np.float32]


def count_codes(
    clip: NDArray[np.uint8],
    steps: NDArray[np.float64],
    *,
    border: int,
    ends: int,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    bins: NDArray[np.uint8],
) -> NDArray[np.int64]:
    """Return how many centres of each cell have each bin.

    Parameters
    ----------
    clip : ndarray of uint8, shape (time, y, x)
        Grey levels.
    steps : ndarray of float64, shape (3, neighbours, 3)
        Steps (t, y, x) from a centre to its points, none beyond `border` and `ends`; a point between pixels
        has the bilinear grey level.
    border, ends : int
        Pixels and frames that are no centres, on each side.
    rows, columns : ndarray of int64
        Edges of the cells, increasing, from 0 to the number of centres along the axis.
    bins : ndarray of uint8, shape (2**neighbours,)
        Bin of every code.

    Returns
    -------
    ndarray of int64, shape (row cells, column cells, 3, bins)
    """
    # Read-only like a clip from a store: numba then compiles for one kind of array, not for two.
    clip = np.ascontiguousarray(clip).view()
    clip.flags.writeable = False
    points = _points(clip.shape, steps)
    bands = [_bands(strip, points.along_y, clip.shape[2]) for strip in pairwise(rows + border)]
    longest = max(int(np.diff(strip).max()) for strip in bands) * clip.shape[2]
    fractions = _tiled(points.along_x, border, longest)
    neighbours = steps.shape[1]
    labels = np.empty(longest, np.uint8)
    codes = labels if neighbours <= 8 else np.empty(longest, np.uint16)
    bits = (1 << np.arange(neighbours)).astype(codes.dtype)
    counts = np.empty((len(bands), len(columns) - 1, len(PLANES), int(bins.max()) + 1), np.int64)
    for strip, into in zip(bands, counts, strict=True):
        tables = np.zeros((_TABLES, *into.shape[:2], _LABELS), np.int64)
        _count_strip(clip, points, border, ends, strip, columns, bits, bins, fractions, codes, labels, tables)
        into[...] = _by_bin(tables.sum(axis=0), bins)
    return counts


def _points(shape: tuple[int, ...], steps: NDArray[np.float64]) -> Points:
    corners = np.floor(steps).astype(np.int64)
    strides = np.array([shape[1] * shape[2], shape[2], 1])
    t, y, x = np.moveaxis((np.ceil(steps).astype(np.int64) - corners) * strides, 2, 0)
    first, second = np.stack([x[0], x[1], y[2]]), np.stack([y[0], t[1], t[2]])
    return Points(corners @ strides, first, second, *_fractions(shape, steps, corners))


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


def _bands(strip: tuple[int, int], along_y: NDArray[np.float32], width: int) -> NDArray[np.int64]:
    """Return the edges of bands of rows: short ones, in which no fraction along y changes."""
    changes = (along_y[..., 1:] != along_y[..., :-1]).any(axis=(0, 1))
    edges = [strip[0]]
    for row in range(strip[0] + 1, strip[1]):
        if changes[row - 1] or (row + 1 - edges[-1]) * width > _BAND:
            edges.append(row)
    return np.array([*edges, strip[1]], dtype=np.int64)


def _tiled(along_x: NDArray[np.float32], border: int, longest: int) -> NDArray[np.float32]:
    """Return the fractions along each plane's first axis for the pixels of a band, from its first centre.

    Those of YT change from band to band, and are left to the loop.
    """
    period = np.roll(along_x, -border, axis=2)
    return np.tile(period, -(-longest // period.shape[2]))[..., :longest]


def _by_bin(counts: NDArray[np.int64], bins: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return counts of labels (..., 256) as counts of bins."""
    if len(bins) > _LABELS:
        return counts[..., : int(bins.max()) + 1]
    order = np.argsort(bins, kind="stable")
    starts = np.searchsorted(bins[order], np.arange(int(bins.max()) + 1))
    by_bin: NDArray[np.int64] = np.add.reduceat(counts[..., order], starts, axis=-1)
    return by_bin


@numba.njit(cache=True, nogil=True)
def _count_strip(  # type: ignore[no-untyped-def] # numba's
    clip, points, border, ends, bands, columns, bits, bins, fractions, codes, labels, tables
):
    frames, height, width = clip.shape
    flat = clip.reshape(clip.size)
    for band in range(len(bands) - 1):
        top, rows = bands[band], bands[band + 1] - bands[band]
        length = rows * width - 2 * border
        for p in range(len(bits)):
            fractions[2, p, :length] = points.along_y[2, p, top]
        for t in range(ends, frames - ends):
            start = (t * height + top) * width + border
            for plane in range(len(fractions)):
                _encode(flat, start, points, plane, t, top, fractions[plane], bits, codes[:length])
                if len(bins) > _LABELS:
                    for i in range(length):
                        labels[i] = bins[codes[i]]
                for row in range(0, rows * width, width):
                    for cell in range(len(columns) - 1):
                        within = labels[row + columns[cell] : row + columns[cell + 1]]
                        _count(within, tables[0, cell, plane], tables[1, cell, plane])


@numba.njit(cache=True, nogil=True)
def _encode(flat, start, points, plane, t, top, fractions, bits, codes):  # type: ignore[no-untyped-def] # numba's
    """Fill `codes` with the codes on one plane of the pixels from `start` on."""
    length = len(codes)
    centres = flat[start : start + length]
    codes[:] = 0
    for p in range(len(bits)):
        first, second = points.first[plane, p], points.second[plane, p]
        a = start + points.corner[plane, p]
        if first == 0 and second == 0:
            _compare(flat[a : a + length], centres, bits[p], codes)
            continue
        along_second = points.along_y[plane, p, top] if plane == 0 else points.along_t[plane, p, t]
        b, c, d = a + second, a + first, a + first + second
        _compare_between(
            flat[a : a + length],
            flat[b : b + length],
            flat[c : c + length],
            flat[d : d + length],
            fractions[p, :length],
            along_second,
            centres,
            bits[p],
            codes,
        )


@numba.njit(cache=True, nogil=True)
def _compare(points, centres, bit, codes):  # type: ignore[no-untyped-def] # numba's
    none = codes.dtype.type(0)
    for i in range(len(codes)):
        codes[i] |= bit if points[i] >= centres[i] else none


@numba.njit(cache=True, nogil=True)
def _compare_between(a, b, c, d, u, v, centres, bit, codes):  # type: ignore[no-untyped-def] # numba's
    """Set a bit where the bilinear level reaches the centre's.

    The order of the four products and of their sum is the release's; it decides ties.
    """
    one, none = np.float32(1), codes.dtype.type(0)
    for i in range(len(codes)):
        level = (
            np.float32(a[i]) * (one - u[i]) * (one - v)
            + np.float32(b[i]) * (one - u[i]) * v
            + np.float32(c[i]) * u[i] * (one - v)
            + np.float32(d[i]) * u[i] * v
        )
        codes[i] |= bit if level >= np.float32(centres[i]) else none


@numba.njit(cache=True, nogil=True)
def _count(labels, even, odd):  # type: ignore[no-untyped-def] # numba's
    for i in range(len(labels) // 2):
        even[labels[2 * i]] += 1
        odd[labels[2 * i + 1]] += 1
    if len(labels) % 2:
        even[labels[-1]] += 1
