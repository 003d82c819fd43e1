"""Temporal interpolation (TIM): any clip brought to a fixed number of frames."""

from functools import lru_cache
from numbers import Integral
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from mestore.along_time import along_time
from mestore.errors import ClipFault
from mestore.features.spec import KindParams
from mestore.sample import Sample

Span = Literal["onset-offset", "onset-2apex"]
Sampling = Literal["tim", "uniform", "linear"]

_LONGEST = 100_000  # frames; numbers that span more are damaged, and so many frames would fill the memory
_MOST = 50_000_000  # weights of one matrix, 400 MB: those of 7,000 frames to as many


class TimParams(KindParams):
    """Parameters of kind `tim`."""

    n: int = Field(default=10, ge=2, description="frames of every clip after interpolation")
    span: Span = Field(
        default="onset-offset",
        description="what is interpolated: onset-offset, or onset-2apex, which ends as long after the apex "
        "as it began before it (at the offset at the latest; the whole clip where the apex is the onset)",
    )
    sampling: Sampling = Field(
        default="tim",
        description="tim (Zhou et al. 2011), uniform (n of the frames, evenly spaced) or linear (between "
        "the two nearest frames)",
    )


@lru_cache(maxsize=256, typed=True)
def weights(count: int, n: int) -> NDArray[np.float64]:
    """Return the matrix that takes `count` frames to `n` by TIM.

    The published method embeds the frames in the eigenvectors of a path graph, fits each eigenvector by
    a sine, and maps the sines, sampled more finely, back to images through an SVD. Where the frames are
    linearly independent the SVD cancels, and what is left is this fixed map along time.

    Parameters
    ----------
    count : int
        Frames there are, at least 2.
    n : int
        Frames wanted, at least 2.

    Returns
    -------
    ndarray of float64, shape (n, count)
        Read-only. Each row sums to 1. Row j stands at t_j = linspace(1/count, 1, n), frame position
        ``t_j * count - 1`` (from 0).

    Raises
    ------
    ValueError
        If `count` or `n` is under 2, or their weights would fill the memory.

    References
    ----------
    Z. Zhou, G. Zhao, M. Pietikainen, "Towards a practical lipreading system", CVPR 2011; as equations
    1-4 of docs/formulas.md.

    Examples
    --------
    As many frames as there are: each stays itself.

    >>> np.allclose(weights(5, 5), np.eye(5))
    True
    """
    _check_counts(count, n)
    _require_room(count, max(count, n))
    k = np.arange(1, count)[:, None]
    phase = np.pi * (count - k) / (2 * count)
    at_frames = np.sin(np.pi * k * np.arange(1, count + 1) / count + phase)
    at_times = np.sin(np.pi * k * np.linspace(1 / count, 1, n) + phase)
    scaled = at_frames / (at_frames**2).sum(axis=1, keepdims=True)
    matrix: NDArray[np.float64] = 1 / count + at_times.T @ scaled
    matrix = (matrix + matrix[::-1, ::-1]) / 2  # the same backwards in time, but for rounding
    matrix.flags.writeable = False
    return matrix


def interpolate(frames: ArrayLike, n: int) -> NDArray[Any]:
    """Return `frames` brought to `n` frames by TIM.

    Parameters
    ----------
    frames : array_like, shape (time, ...)
        At least 2 frames, evenly spaced in time (see `fill`); integers or floats.
    n : int
        Frames wanted, at least 2.

    Returns
    -------
    ndarray, shape (n, ...)
        Of the dtype of `frames`. TIM overshoots: integers are rounded and clipped to their range.

    Raises
    ------
    ValueError
        If there are fewer than 2 frames, `n` is under 2, or the frames are not numbers, not finite, or so
        large that the result overflows.

    Examples
    --------
    A slowest cosine of the path graph is reproduced at any time.

    >>> course = np.cos(np.pi * (np.arange(20) + 0.5) / 20)
    >>> times = np.linspace(0, 19, 50)
    >>> np.allclose(interpolate(course, 50), np.cos(np.pi * (times + 0.5) / 20))
    True
    """
    frames = _checked(frames)
    return along_time(weights(len(frames), n), frames)


def fill(frames: ArrayLike, numbers: ArrayLike) -> NDArray[Any]:
    """Return the frames of every number from the first to the last, missing ones filled linearly.

    Parameters
    ----------
    frames : array_like, shape (time, ...)
        The frames that are there.
    numbers : array_like, shape (time,)
        Their numbers: whole, strictly increasing.

    Returns
    -------
    ndarray, shape (numbers[-1] - numbers[0] + 1, ...)
        Of the dtype of `frames`; integers are rounded.

    Raises
    ------
    ValueError
        If the numbers are not whole, not increasing, not as many as the frames or too far apart, or the
        frames are not finite numbers.

    Examples
    --------
    >>> fill(np.array([10.0, 11.0, 14.0]), [1, 2, 5])
    array([10., 11., 12., 13., 14.])
    """
    frames = _checked(frames, least=1)
    matrix = _fill_weights(np.asarray(numbers), len(frames))
    if matrix is None:  # still checked and copied, as one frame that stays itself
        return along_time(np.eye(1), frames.reshape(1, *frames.shape)).reshape(frames.shape)
    return along_time(matrix, frames)


def tim_sample(sample: Sample, params: TimParams) -> Sample:
    """Return a clip of crops as `params.n` frames; `measures["filled"]` counts frames that were missing.

    Every row's `frames` is the (fractional) frame number it shows.
    """
    rows = _span(sample, params.span)
    numbers = sample.frames[rows]
    if len(numbers) < 2:
        raise ClipFault(
            found=f"{len(numbers)} frame between {sample.onset} and {sample.offset}",
            expected="at least 2 frames to interpolate between",
            remedy="check the clip's onset and offset, or exclude the clip",
        )
    filling = _fill_weights(numbers, len(numbers))
    count = len(numbers) if filling is None else len(filling)
    sampling, positions = _sampling(count, params)
    return sample.having(
        # One product for filling and sampling: rounded once, and no filled clip in memory.
        along_time(sampling if filling is None else sampling @ filling, _checked(sample.data[rows])),
        frames=numbers[0] + positions,
        measures={"filled": np.array(count - len(numbers), dtype=np.int64)},
    )


def _span(sample: Sample, span: Span) -> NDArray[np.bool_]:
    last = sample.offset
    if span == "onset-2apex" and sample.apex > sample.onset:
        last = min(last, 2 * sample.apex - sample.onset)
    rows: NDArray[np.bool_] = (sample.frames >= sample.onset) & (sample.frames <= last)
    return rows


def _sampling(count: int, params: TimParams) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sampling matrix (n, count) and the frame positions (n,) of its rows."""
    positions = np.linspace(0, count - 1, params.n)
    if params.sampling == "tim":
        return weights(count, params.n), positions
    if params.sampling == "uniform":
        # In integers: a position that should be whole must not fall just below it.
        positions = (np.arange(params.n) * (count - 1) // (params.n - 1)).astype(np.float64)
    return _linear_weights(np.arange(count, dtype=np.float64), positions), positions


def _fill_weights(numbers: NDArray[Any], count: int) -> NDArray[np.float64] | None:
    """Return the matrix (filled, count) that fills gaps in the frame numbers, None where there are none."""
    numeric = numbers.dtype.kind in "iuf" and np.isfinite(numbers).all()
    whole = np.rint(numbers.astype(np.float64)) if numeric else np.empty(0)
    if numbers.shape != (count,) or not np.array_equal(whole, numbers) or (np.diff(whole) < 1).any():
        raise ValueError(
            f"found the numbers {np.array2string(numbers, threshold=8)} for {count} frames; expected one "
            "whole number per frame, strictly increasing; sort the frames by number and drop duplicates"
        )
    if whole[-1] - whole[0] >= _LONGEST:
        raise ValueError(
            f"found frame numbers from {whole[0]:.0f} to {whole[-1]:.0f}; expected at most {_LONGEST} "
            "frames; check the numbers of the first and the last"
        )
    wanted = np.arange(whole[0], whole[-1] + 1)
    return None if len(wanted) == count else _linear_weights(whole, wanted)


def _linear_weights(there: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix (wanted, there) that interpolates linearly from positions to positions."""
    _require_room(len(there), len(wanted))
    matrix, unit = np.empty((len(wanted), len(there))), np.zeros(len(there))
    for column in range(len(there)):
        unit[column] = 1
        matrix[:, column] = np.interp(wanted, there, unit)
        unit[column] = 0
    return matrix


def _require_room(count: int, n: int) -> None:
    if int(count) * int(n) > _MOST:
        raise ValueError(
            f"found {count} frames, whose weights are {count} x {n}; expected at most {_MOST} weights; check "
            "the numbers of onset and offset, cut the clip shorter, or take a smaller n"
        )


def _checked(frames: ArrayLike, *, least: int = 2) -> NDArray[Any]:
    frames = np.asarray(frames)
    # Above 32 bits an integer has no exact float64, and rounding back would give wrong numbers.
    if frames.dtype.kind not in "iuf" or frames.dtype.itemsize > (8 if frames.dtype.kind == "f" else 4):
        raise ValueError(f"found frames of dtype {frames.dtype}; expected floats or integers up to 32 bits")
    if frames.ndim < 1 or len(frames) < least:
        raise ValueError(f"found frames of shape {frames.shape}; expected (time, ...) with time >= {least}")
    return frames


def _check_counts(count: int, n: int) -> None:
    if not (isinstance(count, Integral) and isinstance(n, Integral)) or count < 2 or n < 2:
        raise ValueError(f"found {count} frames to bring to {n}; expected at least 2 of each, whole")
