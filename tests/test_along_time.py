from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layouts import LAYOUTS, laid_out
from mestore import along_time as module
from mestore.along_time import along_time
from mestore.tim import weights


def frames_of(count, width, seed=0, levels=(0, 256), dtype=np.uint8):
    return np.random.default_rng(seed).integers(*levels, (count, width)).astype(dtype)


def assert_rounded(found, matrix, frames):
    """Assert that `found` is the product, computed in extended precision, rounded and clipped.

    Where weights are not exact, a tie may be rounded either way.
    """
    limits = np.iinfo(frames.dtype)
    mixed = np.clip(matrix.astype(np.longdouble) @ frames.astype(np.longdouble), limits.min, limits.max)
    assert found.dtype == frames.dtype
    assert (np.abs(found - mixed) <= 0.5 + 1e-14 * limits.max).all()


@given(
    st.integers(2, 70),
    st.integers(2, 70),
    st.integers(0, 1600),
    st.sampled_from([(0, 256), (0, 2), (254, 256)]),
    st.integers(0, 99),
)
@settings(max_examples=30, deadline=None)
def test_bytes_are_mixed_as_if_exactly(count, n, width, levels, seed):
    frames = frames_of(count, width, seed, levels)
    assert_rounded(along_time(weights(count, n), frames), weights(count, n), frames)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.uint16, np.int32, np.uint32])
def test_integers_are_mixed_as_if_exactly(dtype):
    limits = np.iinfo(dtype)
    frames = frames_of(20, 1600, 0, (limits.min, limits.max + 1), dtype)
    assert_rounded(along_time(weights(20, 33), frames), weights(20, 33), frames)


@pytest.mark.parametrize(("count", "n"), [(2, 3), (3, 5), (4, 7), (9, 17)])
def test_halves_are_rounded_to_even(count, n):
    """Linear mixtures of two neighbours: every other value is a tie, also for the sums of few frames."""
    matrix = np.zeros((n, count))
    matrix[::2] = np.eye(count)
    matrix[1::2] = (np.eye(count)[1:] + np.eye(count)[:-1]) / 2
    frames = frames_of(count, 600)
    np.testing.assert_array_equal(along_time(matrix, frames), np.rint(matrix @ frames))


@pytest.mark.parametrize(("count", "n"), [(1, 1), (5, 5), (6, 9), (7, 4)])
@pytest.mark.parametrize("backwards", [True, False])
def test_any_weights_that_sum_to_one_will_do(count, n, backwards):
    matrix = np.random.default_rng(count).normal(size=(n, count))
    if backwards:
        matrix = matrix + matrix[::-1, ::-1]
    matrix /= matrix.sum(axis=1, keepdims=True)
    if backwards:
        matrix = (matrix + matrix[::-1, ::-1]) / 2
        assert module._halves(matrix) is not None
    frames = frames_of(count, 1300)
    assert_rounded(along_time(matrix, frames), matrix, frames)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_are_mixed_in_their_precision(dtype):
    frames = np.random.default_rng(0).normal(size=(20, 1300)).astype(dtype)
    exact = weights(20, 33).astype(np.longdouble) @ frames.astype(np.longdouble)
    found = along_time(weights(20, 33), frames)
    assert found.dtype == dtype
    assert np.abs(found - exact).max() < 20 * np.finfo(dtype).eps


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_frames_may_have_any_layout(dtype, layout):
    frames = frames_of(9, 1300, dtype=dtype).reshape(9, 26, 50)
    found = along_time(weights(9, 12), laid_out(frames, layout))
    np.testing.assert_array_equal(found, along_time(weights(9, 12), frames))


def test_several_threads_give_the_same_bits():
    clips = [frames_of(40, 5000, seed) for seed in range(8)]

    def mixed(clip):
        return along_time(weights(40, 25), clip).tobytes()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(mixed, clips)) == [mixed(clip) for clip in clips]


def test_the_interpreters_lock_is_released():
    assert all(kernel.targetoptions["nogil"] for kernel in (module._fold, module._unfold))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("shape", [(4, 0), (4, 3, 0, 2)])
def test_frames_without_pixels_stay_so(dtype, shape):
    assert along_time(weights(4, 7), np.zeros(shape, dtype)).shape == (7, *shape[1:])


@given(st.integers(0, 8), st.integers(0, 1299), st.sampled_from([np.nan, np.inf, -np.inf]))
@settings(max_examples=20, deadline=None)
def test_one_value_that_is_not_finite_is_refused(time, place, value):
    frames = np.zeros((9, 1300), np.float32)
    frames[time, place] = value
    with pytest.raises(ValueError, match="NaN or infinity"):
        along_time(weights(9, 4), frames)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_overflow_is_refused(dtype):
    frames = np.array([[0], [0], [1], [1]], dtype) * np.finfo(dtype).max
    with pytest.raises(ValueError, match="too large for float"):
        along_time(weights(4, 30), frames)
