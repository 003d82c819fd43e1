import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layouts import LAYOUTS, laid_out
from mestore.features.strain import strain


def grid(height=40, width=60):
    y, x = np.mgrid[:height, :width].astype(np.float64)
    return x - width / 2, y - height / 2


@given(st.floats(-0.1, 0.1), st.floats(-5, 5), st.floats(-5, 5))
def test_rotation_and_translation_have_none(angle, right, down):
    x, y = grid()
    assert strain(np.stack([right - angle * y, down + angle * x], axis=-1)).max() < 1e-6


def test_derivatives_are_central_differences():
    # One pixel moves: its neighbours' differences span two pixels, its own are 0.
    flow = np.zeros((7, 7, 2))
    flow[3, 3] = 1, 0
    expected = np.zeros((7, 7))
    expected[3, [2, 4]] = 0.5  # e_xx
    expected[[2, 4], 3] = np.sqrt(2 * 0.25**2)  # e_xy is half of du/dy
    np.testing.assert_allclose(strain(flow), expected, rtol=1e-6)
    np.testing.assert_allclose(strain(flow[..., ::-1]), expected.T, rtol=1e-6)


@given(*4 * [st.floats(-0.1, 0.1)])
@settings(deadline=None)
def test_of_an_affine_flow_is_that_of_its_matrix(a, b, c, d):
    x, y = grid(6, 7)
    found = strain(np.stack([a * x + b * y, c * x + d * y], axis=-1))
    np.testing.assert_allclose(found, np.sqrt(a**2 + d**2 + (b + c) ** 2 / 2), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("stretch", [0.02, -0.05])
def test_a_stretch_has_its_size_whatever_its_axis(stretch):
    x, y = grid()
    zero = np.zeros_like(x)
    diagonal = stretch * (x + y) / 2
    for flow in ([stretch * x, zero], [zero, stretch * y], [diagonal, diagonal]):
        np.testing.assert_allclose(strain(np.stack(flow, axis=-1)), abs(stretch), rtol=1e-5)


def test_pure_shear_has_its_cross_term():
    _, y = grid()
    flow = np.stack([0.1 * y, np.zeros_like(y)], axis=-1)
    np.testing.assert_allclose(strain(flow), 0.1 / np.sqrt(2), rtol=1e-6)


def test_equals_the_derivative_of_a_gaussian_field():
    x, y = grid(100, 120)
    sigma, u, v = 14.0, 1.5, -0.8
    bump = np.exp(-(x**2 + y**2) / (2 * sigma**2))
    bump_x, bump_y = -x / sigma**2 * bump, -y / sigma**2 * bump
    expected = np.sqrt((u * bump_x) ** 2 + (v * bump_y) ** 2 + (u * bump_y + v * bump_x) ** 2 / 2)
    found = strain(np.stack([u * bump, v * bump], axis=-1))
    assert np.abs(found - expected).max() < 0.01 * expected.max()


def test_takes_sequences_and_further_channels():
    flows = np.random.default_rng(0).normal(size=(3, 8, 9, 3)).astype(np.float32)
    found = strain(flows)
    assert found.shape == (3, 8, 9) and found.dtype == np.float32
    np.testing.assert_array_equal(found[1], strain(flows[1, ..., :2]))


@pytest.mark.parametrize("shape", [(8, 9), (8, 9, 1), (1, 9, 2), (8, 1, 2)])
def test_refuses_what_is_no_flow(shape):
    with pytest.raises(ValueError, match="expected numbers of shape"):
        strain(np.zeros(shape))


def test_refuses_complex_numbers():
    with pytest.raises(ValueError, match="complex128"):
        strain(np.zeros((8, 9, 2), dtype=complex))


@given(
    st.tuples(st.integers(0, 2), st.integers(2, 5), st.integers(2, 5), st.integers(2, 3)),
    st.sampled_from([np.nan, np.inf, -np.inf]),
    st.sampled_from([np.float16, np.float32, np.float64]),
    st.data(),
)
@settings(max_examples=40, deadline=None)
def test_a_value_that_is_not_finite_is_refused(shape, value, dtype, data):
    flow = np.zeros(shape, dtype)
    assert strain(flow).shape == shape[:3]
    if flow.size:
        place = data.draw(st.integers(0, flow.size - 1))
        flow.flat[place] = value
        if place % shape[-1] < 2:
            with pytest.raises(ValueError, match="NaN or infinity"):
                strain(flow)
        else:
            assert not strain(flow).any()


def test_a_strain_too_large_for_its_numbers_is_refused():
    flow = np.zeros((4, 4, 2), np.float32)
    flow[1, 1] = 1e30
    with pytest.raises(ValueError, match="too large for float32"):
        strain(flow)
    with pytest.raises(ValueError, match="too large for float32"):
        strain(flow.astype(np.float64) * 1e20)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int16])
def test_flows_may_have_any_layout(layout, dtype):
    flow = np.random.default_rng(1).integers(-9, 9, (3, 8, 9, 2)).astype(dtype)
    np.testing.assert_array_equal(strain(laid_out(flow, layout)), strain(flow))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64])
def test_whole_numbers_are_read_as_numbers(dtype):
    flow = np.random.default_rng(1).integers(0, 99, (8, 9, 2)).astype(dtype)
    np.testing.assert_allclose(strain(flow), strain(flow.astype(float)), rtol=1e-6)
    np.testing.assert_array_equal(strain(flow.astype(np.int64).tolist()), strain(flow.astype(np.int64)))
