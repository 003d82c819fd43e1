import numpy as np
import pytest

from mestore.synthetic.warps import bumps, inverse, pixel_grid, sample


def test_a_sum_of_gaussians_is_the_formula():
    points = np.array([[0.0, 0.0], [3.0, 4.0]])
    field = bumps(
        points,
        centres=np.array([[0.0, 0.0], [3.0, 4.0]]),
        vectors=np.array([[1.0, 0.0], [0.0, 2.0]]),
        widths=np.array([5.0, 2.5]),
    )
    np.testing.assert_allclose(field, [[1, 2 * np.exp(-2)], [np.exp(-0.5), 2]])


def test_the_inverse_undoes_a_smooth_field():
    grid = pixel_grid(60, 80)
    field = bumps(grid, centres=np.array([[40.0, 30.0]]), vectors=np.array([[1.5, -1.0]]), widths=[12.0])
    plane = field.reshape(60, 80, 2).astype(np.float32)
    goal = grid.reshape(60, 80, 2).astype(np.float32)
    origin = inverse(plane, goal).reshape(-1, 2).astype(float)
    back = origin + bumps(
        origin, centres=np.array([[40.0, 30.0]]), vectors=np.array([[1.5, -1.0]]), widths=[12.0]
    )
    np.testing.assert_allclose(back, grid, atol=0.004)


def test_beyond_the_edge_are_the_values_of_the_edge():
    image = np.arange(12, dtype=np.float32).reshape(3, 4)
    points = np.array([[[-5, 0], [3.0, 9.0], [0.5, 1.0]]], np.float32)
    assert sample(image, points)[0].tolist() == pytest.approx([0, 11, 4.5])
