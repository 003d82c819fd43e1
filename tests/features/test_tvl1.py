import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from mestore.features.tvl1 import Tvl1FastParams, Tvl1Params, tvl1, tvl1_fast, tvl1_sample
from mestore.features.tvl1_kernels import MARGIN, iterate, linearise, warp
from mestore.features.tvl1_solver import Settings, _pyramid, _resized
from mestore.sample import Sample


def texture(height=64, width=72, *, right=0.0, down=0.0):
    """Smooth texture, moved by a known vector."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    x, y = x - right, y - down
    waves = np.sin(x / 3) + np.sin(y / 4 + x / 9) + np.cos((x - y) / 5)
    return np.rint(127.5 + 40 * waves).astype(np.uint8)


def inner_mean(flow):
    return flow[8:-8, 8:-8, :2].mean(axis=(0, 1))


@pytest.mark.parametrize(("right", "down"), [(0.7, 0.0), (0.0, -0.5), (1.5, 1.0)])
def test_finds_a_known_shift(right, down):
    flow = tvl1(texture(), texture(right=right, down=down))
    assert flow.shape == (64, 72, 2) and flow.dtype == np.float32
    np.testing.assert_allclose(inner_mean(flow), [right, down], atol=0.06)


def test_does_not_depend_on_threads():
    pairs = [(texture(), texture(right=0.2 * i)) for i in range(4)]
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone = [tvl1(*pair) for pair in pairs]
        cv2.setNumThreads(2)
        with ThreadPoolExecutor(2) as pool:
            together = list(pool.map(lambda pair: tvl1(*pair), pairs))
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(alone, together)


def test_parameters_reach_the_solver():
    smooth = tvl1(texture(), texture(right=1), lambda_=0.01)
    sharp = tvl1(texture(), texture(right=1), lambda_=0.5)
    assert np.ptp(smooth[..., 0]) < np.ptp(sharp[..., 0])


@pytest.mark.parametrize(
    ("prev", "following", "message"),
    [
        (np.zeros((9, 9)), np.zeros((9, 9)), "float64"),
        (np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9, 3), np.uint8), r"\(9, 9, 3\)"),
        (np.zeros((3, 9), np.uint8), np.zeros((3, 9), np.uint8), "at least 4 px"),
        (np.zeros((9, 9), np.uint8), np.zeros((9, 8), np.uint8), "two of one size"),
    ],
)
def test_refuses_what_is_no_pair(prev, following, message):
    with pytest.raises(ValueError, match=message):
        tvl1(prev, following)


@pytest.mark.parametrize(
    "option",
    [
        *({"tau": 0.0}, {"tau": 0.26}, {"scales": 0}, {"scale_step": 1.0}, {"scale_step": 0.01}),
        *(
            {"median_filtering": 4},
            {"lambda_": -1.0},
            {"lambda_": np.nan},
            {"theta": np.inf},
            {"epsilon": 1e9},
        ),
    ],
)
def test_refuses_parameters_out_of_range(option):
    with pytest.raises(ValueError, match=next(iter(option)).rstrip("_")):
        tvl1(texture(), texture(), **option)


@pytest.mark.parametrize(
    "initial",
    [
        *(np.zeros((64, 72)), np.zeros((72, 64, 2)), np.zeros((64, 72, 2), int)),
        *(np.full((64, 72, 2), value) for value in (np.nan, np.inf, 1e30)),
    ],
)
def test_refuses_an_initial_flow_that_is_none(initial):
    with pytest.raises(ValueError, match="initial flow"):
        tvl1(texture(), texture(), initial=initial)


def test_lambda_is_named_lambda_in_params_yaml():
    assert Tvl1Params.model_validate({"lambda": 0.3}).lambda_ == 0.3
    with pytest.raises(ValueError, match="lamda"):
        Tvl1Params.model_validate({"lamda": 0.3})


def test_the_fast_kind_is_the_same_solver_with_other_defaults():
    prev, following = texture(), texture(right=0.7)
    np.testing.assert_array_equal(
        tvl1_fast(prev, following),
        tvl1(prev, following, scales=3, scale_step=0.5, warps=3, outer_iterations=1, median_filtering=3),
    )
    params = Tvl1FastParams(pairs="onset-each")
    assert (params.scales, params.warps, params.tau) == (3, 3, Tvl1Params().tau)


def test_an_initial_flow_near_the_truth_is_kept_and_one_far_off_is_mended():
    prev, following = texture(), texture(right=1.5, down=1.0)
    for start in ([1.5, 1.0], [1.2, 0.8]):
        initial = np.broadcast_to(np.float32(start), (*prev.shape, 2))
        np.testing.assert_allclose(inner_mean(tvl1(prev, following, initial=initial)), [1.5, 1.0], atol=0.06)


def test_warm_start_needs_a_sequence():
    with pytest.raises(ValueError, match="no neighbour"):
        Tvl1Params(warm_start=True)


def test_a_warm_sequence_finds_the_drift_of_a_cold_one():
    data = np.stack([texture(right=0.4 * i) for i in range(5)])
    clip = Sample(data=data, frames=np.arange(5.0), onset=0, apex=3, offset=4)
    for pairs in ("onset-each", "consecutive"):
        cold, warm = (
            tvl1_sample(clip, Tvl1Params(pairs=pairs, warm_start=warm)).data for warm in (False, True)
        )
        assert not np.array_equal(cold, warm)
        np.testing.assert_allclose(
            [inner_mean(flow) for flow in cold], [inner_mean(flow) for flow in warm], atol=0.03
        )


def test_needs_a_hundred_bytes_of_memory_a_pixel():
    prev, following = texture(240, 320), texture(240, 320, right=1)
    tracemalloc.start()
    tvl1(prev, following)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 100 * prev.size


def whole_iterations(count, u, v, p, gx, gy, rest, limit, theta, step):
    """The dual scheme of Zach et al. on whole arrays (y, x), no flux and no gradient across the border."""
    for _ in range(count):
        along = np.clip(-(rest + gx * u + gy * v) / np.maximum(gx**2 + gy**2, 1e-6), -limit, limit)
        before = u, v
        u, v = (
            w + along * g + theta * (np.diff(px, axis=1, prepend=0) + np.diff(py, axis=0, prepend=0))
            for w, g, px, py in ((u, gx, p[0], p[1]), (v, gy, p[2], p[3]))
        )
        duals = []
        for w, px, py in ((u, p[0], p[1]), (v, p[2], p[3])):
            dx, dy = np.diff(w, axis=1, append=w[:, -1:]), np.diff(w, axis=0, append=w[-1:])
            scale = 1 + step * np.hypot(dx, dy)
            duals += [(px + step * dx) / scale, (py + step * dy) / scale]
        p = duals
    return u, v, p, sum(((new - old) ** 2).sum() for new, old in zip((u, v), before, strict=True))


def test_iterations_are_those_of_the_dual_scheme():
    rng = np.random.default_rng(0)
    height, width = 23, 17
    gx, gy, rest = rng.normal(0, [[[3]], [[3]], [[10]]], (3, height, width))
    zero = np.zeros((height, width))
    u, v, dual, change = whole_iterations(7, zero, zero, [zero] * 4, gx, gy, rest, 0.045, 0.3, 0.8)
    flat = [np.pad(field, ((0, 0), (0, 1))).ravel().astype(np.float32) for field in (gx, gy, rest)]
    inverse = 1 / np.maximum(flat[0] ** 2 + flat[1] ** 2, np.float32(1e-6))
    flow = np.zeros((2, (height + 1) * (width + 1)), np.float32)
    duals = np.zeros((4, (height + 1) * (width + 1) + 1), np.float32)
    numbers = np.float32(0.045), np.float32(0.3), np.float32(0.8)
    found = iterate(7, 5, width, flow[0], flow[1], duals, *flat, inverse, *numbers)
    np.testing.assert_allclose(flow.reshape(2, height + 1, -1)[:, :-1, :-1], [u, v], atol=1e-5)
    for number, expected in enumerate(dual):
        start = 1 if number in (0, 2) else width + 1
        field = duals[number, start : start + height * (width + 1)].reshape(height, -1)[:, :width]
        np.testing.assert_allclose(field, expected, atol=1e-4)
    np.testing.assert_allclose(found, change, rtol=1e-3)


def test_the_data_term_is_linear_about_the_flow_with_one_sided_borders():
    """A plane 2 x + 3 y moved by (0.5, -1): the gradient is the plane's, half of it across the border."""
    height, width = 6, 7
    y, x = np.mgrid[:height, : width + 1].astype(np.float32)
    first = 2 * x + 3 * y
    second = (2 * (x - 0.5) + 3 * (y + 1)).ravel()
    inside = np.ones(first.size, np.float32)
    inside[8 * 2 + 3] = 0
    u, v = np.full((2, first.size), np.float32(0.25))
    gx, gy, rest, inverse = np.zeros((4, first.size), np.float32)
    linearise(first.ravel(), second, inside, u, v, width, gx, gy, rest, inverse)
    gx, gy, rest = (field.reshape(height, -1)[:, :width] for field in (gx, gy, rest))
    expected_x, expected_y = np.full((2, height, width), np.float32([[[2]], [[3]]]))
    expected_x[:, [0, -1]] /= 2
    expected_y[[0, -1]] /= 2
    expected_x[2, 3] = expected_y[2, 3] = 0
    np.testing.assert_allclose(gx, expected_x, atol=1e-5)
    np.testing.assert_allclose(gy, expected_y, atol=1e-5)
    np.testing.assert_allclose(rest, 2 - 0.25 * (expected_x + expected_y), atol=1e-5)


def test_a_pyramid_ends_above_16_px_and_flows_grow_with_their_level():
    levels = _pyramid(np.zeros((40, 60), np.float32), Settings(scales=9))
    assert [level.shape for level in levels] == [(40, 60), (32, 48), (26, 38), (21, 30), (17, 24)]
    flow = np.full((2, 21, 17), np.float32([[[1.7]], [[2.1]]]), np.float32)
    grown = _resized(flow, (26, 22))
    assert grown.shape == (2, 26, 22)
    np.testing.assert_allclose(grown[:, 13, 11], [1.7 * 22 / 17, 2.1 * 26 / 21], rtol=1e-5)


def test_does_not_depend_on_the_blocks_of_rows_or_on_how_iterations_are_grouped():
    """Against whole iterations, one after the other."""
    rng = np.random.default_rng(0)
    height, width = 23, 17
    size = height * (width + 1)
    fields = rng.standard_normal((4, size)).astype(np.float32)
    states = []
    for block, counts in ((height, [1] * 6), (1, [6]), (5, [2, 4]), (40, [6])):
        flow = np.zeros((2, size + width + 1), np.float32)
        dual = np.zeros((4, size + width + 2), np.float32)
        numbers = np.float32(0.045), np.float32(0.3), np.float32(0.8)
        for count in counts:
            change = iterate(count, block, width, flow[0], flow[1], dual, *fields, *numbers)
        states.append((flow, dual, change))
    for flow, dual, change in states[1:]:
        np.testing.assert_array_equal(flow, states[0][0])
        np.testing.assert_array_equal(dual, states[0][1])
        np.testing.assert_allclose(change, states[0][2], rtol=1e-5)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), reach=st.sampled_from([0.4, 3.0, 40.0]))
def test_warp_is_the_quadratic_b_spline_and_says_what_lies_outside(seed, reach):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(4, 30, 2)
    image = rng.uniform(0, 255, (height, width)).astype(np.float32)
    flow = np.zeros((2, height + 1, width + 1), np.float32)
    flow[:, :height, :width] = rng.uniform(-reach, reach, (2, height, width))
    out, inside = np.zeros((2, height * (width + 1)), np.float32)
    padded = np.pad(image, MARGIN, mode="symmetric")
    warp(padded, flow[0].ravel(), flow[1].ravel(), height, width, out, inside)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x, y = x + flow[0, :height, :width], y + flow[1, :height, :width]
    where = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    np.testing.assert_array_equal(inside.reshape(height, -1)[:, :width].astype(bool), where)
    points = np.clip(y, 0, height - 1) + MARGIN, np.clip(x, 0, width - 1) + MARGIN
    expected = map_coordinates(padded.astype(float), points, order=2, prefilter=False)
    np.testing.assert_allclose(out.reshape(height, -1)[:, :width], expected, atol=2e-3)


GREY = st.integers(0, 255)


@settings(max_examples=25, deadline=None)
@given(height=st.integers(4, 40), width=st.integers(4, 40), seed=st.integers(0, 999), fast=st.booleans())
def test_any_pair_has_a_finite_flow_of_its_size(height, width, seed, fast):
    rng = np.random.default_rng(seed)
    prev, following = rng.integers(0, 256, (2, height, width), dtype=np.uint8)
    flow = (tvl1_fast if fast else tvl1)(prev, following)
    assert flow.shape == (height, width, 2) and flow.dtype == np.float32
    assert np.isfinite(flow).all()


@settings(max_examples=10, deadline=None)
@given(first=GREY, second=GREY, height=st.integers(4, 30), width=st.integers(4, 30))
def test_images_of_one_colour_do_not_move(first, second, height, width):
    prev, following = (np.full((height, width), level, np.uint8) for level in (first, second))
    np.testing.assert_array_equal(tvl1(prev, following), np.zeros((height, width, 2)))


def test_takes_any_layout_in_memory():
    prev, following = texture(40, 40), texture(40, 40, right=0.7)
    expected = tvl1(prev, following)
    for form in (np.asfortranarray, lambda a: np.repeat(a, 2, axis=0)[::2], lambda a: a[::-1].copy()[::-1]):
        np.testing.assert_array_equal(tvl1(form(prev), form(following)), expected)
    readonly = prev.copy()
    readonly.flags.writeable = False
    np.testing.assert_array_equal(tvl1(readonly, following), expected)
