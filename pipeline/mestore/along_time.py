"""One matrix product along time: every frame of the result a fixed mixture of the frames there are."""

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

# Values per frame and product: what is made of them stays near the processor. No power of two, for the
# frames of a block would then contend for the same few lines of its cache.
_BLOCK = 752


class Halves(NamedTuple):
    """A matrix (n, count) that reads the same backwards, as two of a quarter of its size.

    With s_i = x_i + x_(count-1-i) and d_i = x_i - x_(count-1-i), row j of the product is (even s)_j +
    (odd d)_j, and row n - 1 - j is (even s)_j - (odd d)_j. Both are (half of n, half of count), rounded up.
    """

    even: NDArray[np.floating]
    odd: NDArray[np.floating]


def along_time(matrix: NDArray[np.float64], frames: NDArray[Any]) -> NDArray[Any]:
    """Return `matrix` applied to the first axis of `frames`.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n, count)
        Weights of the frames; each row sums to 1.
    frames : ndarray, shape (count, ...)
        Floats, or integers of at most 32 bits.

    Returns
    -------
    ndarray, shape (n, ...)
        Of the dtype of `frames`. Integers are mixed in double precision, rounded and clipped to their range,
        floats are mixed in double precision, or in single if that is theirs.

    Raises
    ------
    ValueError
        If floats are not finite, or the result is too large for their dtype.

    Examples
    --------
    >>> along_time(np.array([[1, 0], [0.25, 0.75]]), np.array([[10], [20]], dtype=np.uint8)).tolist()
    [[10], [18]]
    """
    flat = np.ascontiguousarray(frames).reshape(len(frames), -1)
    out = np.empty((len(matrix), flat.shape[1]), dtype=frames.dtype)
    halves = _halves(matrix) if frames.dtype == np.uint8 else None
    if halves is None:
        _mix(matrix, flat, out)
    else:
        _mix_bytes(halves, flat, out)
    return out.reshape(len(matrix), *frames.shape[1:])


def _halves(matrix: NDArray[np.float64]) -> Halves | None:
    """Return the halves of a matrix that reads the same backwards.

    Not of one with more zeros than weights: linear mixtures are cheap as they are.
    """
    if np.count_nonzero(matrix) < matrix.size / 2 or not np.array_equal(matrix, matrix[::-1, ::-1]):
        return None
    n, count = matrix.shape
    rows, columns = (n + 1) // 2, (count + 1) // 2
    ahead, behind = matrix[:rows, :columns], matrix[:rows, ::-1][:, :columns]
    even, odd = (ahead + behind) / 2, (ahead - behind) / 2
    if count % 2:
        even[:, -1] /= 2  # the middle frame is added to itself
    return Halves(even, odd)


def _mix(matrix: NDArray[np.float64], flat: NDArray[Any], out: NDArray[Any]) -> None:
    # float64 for integers: float32 is off by 1e-5, enough to round one pixel in thousands the other way,
    # another one with another number of threads.
    single = flat.dtype.kind == "f" and flat.dtype.itemsize < 8
    working = np.dtype(np.float32 if single else np.float64)
    matrix = matrix.astype(working)
    for start in range(0, flat.shape[1], _BLOCK):
        block = flat[:, start : start + _BLOCK].astype(working)
        if not np.isfinite(block).all():
            raise ValueError("found frames with NaN or infinity; expected finite values")
        into = out[:, start : start + _BLOCK]
        with np.errstate(over="ignore", invalid="ignore"):
            mixed = matrix @ block
            into[...] = mixed if out.dtype.kind == "f" else _rounded(mixed, out.dtype)
        if not np.isfinite(into).all():
            raise ValueError(f"found frames whose mixture is too large for {out.dtype}; scale them down")


def _rounded(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    limits = np.iinfo(dtype)
    clipped: NDArray[Any] = np.clip(np.rint(values), limits.min, limits.max).astype(dtype)
    return clipped


def _mix_bytes(halves: Halves, flat: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
    """Mix uint8 frames in single precision, and again in double where that may round the other way.

    Twice as fast as double precision throughout, and equal to it. Sums and differences of bytes are exact;
    with u = 2^-24 and h terms a product is off by less than (h + 4) u times the sum of |weight| |value|,
    in whatever order it is added up, so that all values nearer than that to a half are mixed again.
    """
    flat = flat.view()
    flat.flags.writeable = False  # numba then compiles for one kind of array, not for two
    weight = np.abs(halves.even).sum(axis=1) + np.abs(halves.odd).sum(axis=1)
    half = halves.even.shape[1]
    safe = (0.5 - (half + 4) * 2.0**-24 * 256 * weight).astype(np.float32)
    weights = np.stack(halves)
    single = weights.astype(np.float32)
    folded, mixed = (np.zeros((2, rows, _BLOCK), np.float32) for rows in (half, len(safe)))
    for start in range(0, flat.shape[1], _BLOCK):
        _fold(flat, start, folded[0], folded[1])
        np.matmul(single, folded, out=mixed)
        _unfold(weights, safe, folded, mixed, start, out)


@numba.njit(cache=True, nogil=True)
def _fold(frames, start, sums, differences):  # type: ignore[no-untyped-def] # numba's
    """Fill a block with s_i - 256 and d_i: the centre makes for smaller numbers and errors."""
    stop = min(start + sums.shape[1], frames.shape[1])
    for i in range(len(sums)):
        ahead, behind = frames[i, start:stop], frames[len(frames) - 1 - i, start:stop]
        total, difference = sums[i], differences[i]
        for c in range(len(ahead)):
            a, b = np.float32(ahead[c]), np.float32(behind[c])
            total[c] = a + b - np.float32(256)
            difference[c] = a - b


@numba.njit(cache=True, nogil=True)
def _unfold(weights, safe, folded, mixed, start, out):  # type: ignore[no-untyped-def] # numba's
    """Fill a block of `out` with bytes: 128 more than the even part, plus and minus the odd one."""
    stop = min(start + mixed.shape[2], out.shape[1])
    near = np.empty(stop - start, np.bool_)
    for j in range(len(safe)):
        even, odd = mixed[0, j], mixed[1, j]
        first, last = out[j, start:stop], out[len(out) - 1 - j, start:stop]
        for c in range(stop - start):
            plus, minus = even[c] + odd[c], even[c] - odd[c]
            near_plus = abs(plus - np.rint(plus)) > safe[j]
            near[c] = near_plus | (abs(minus - np.rint(minus)) > safe[j])
            first[c], last[c] = _byte(plus), _byte(minus)
        for c in range(stop - start):
            if near[c]:
                total, difference = 0.0, 0.0
                for i in range(folded.shape[1]):
                    total += weights[0, j, i] * folded[0, i, c]
                    difference += weights[1, j, i] * folded[1, i, c]
                first[c], last[c] = _byte(total + difference), _byte(total - difference)


@numba.njit(cache=True, nogil=True)
def _byte(value):  # type: ignore[no-untyped-def] # numba's
    level = np.int32(np.rint(value)) + 128
    return np.uint8(np.minimum(np.maximum(level, 0), 255))
