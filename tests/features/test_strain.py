import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mestore.features.strain import strain


def grid(height=40, width=60):
    y, x = np.mgrid[:height, :width].astype(np.float64)
    return x - width / 2, y - height / 2


@given(st.floats(-0.1, 0.1), st.floats(-5, 5), st.floats(-5, 5))
def test_rotation_and_translation_have_none(angle, right, down):
    x, y = grid()
    assert strain(np.stack([right - angle * y, down + angle * x], axis=-1)).max() < 1e-6


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
