import numpy as np
import pytest

from mestore.faces.shape68 import mirror, reference_shape
from mestore.synthetic.actions import ACTIONS, field
from mestore.synthetic.warps import pixel_grid

FACE = reference_shape(320)
EYES, NOSE, MOUTH = FACE[36, 1], FACE[30, 1], FACE[48, 1]


@pytest.mark.parametrize("unit", ACTIONS)
def test_the_peak_is_the_largest_displacement(unit):
    lengths = np.hypot(*field(FACE, {unit: (1, 0.8)}, peak=1.5).at(pixel_grid(400, 320)).T)
    assert lengths.max() == pytest.approx(1.5, rel=5e-3)


@pytest.mark.parametrize("unit", ACTIONS)
def test_equal_strengths_move_both_halves_alike(unit):
    both = field(FACE, {unit: (1, 1)}, peak=1.0)
    grid = pixel_grid(40, 32) * 10
    mirrored = both.at(np.array([319, 0]) + grid * [-1, 1]) * [-1, 1]
    np.testing.assert_allclose(mirror(FACE, width=320), FACE, atol=1e-9)
    np.testing.assert_allclose(both.at(grid), mirrored, atol=1e-9)


@pytest.mark.parametrize(
    ("unit", "landmark", "direction"),
    [
        (1, 21, (0, -1)),  # inner brow up
        (2, 18, (0, -1)),  # outer brow up
        (4, 21, (1, 1)),  # brow down and inward
        (6, 41, (0, -1)),  # cheek up
        (7, 41, (0, -1)),  # lower lid up
        (9, 31, (0, -1)),  # nose wing up
        (12, 48, (-1, -1)),  # lip corner up and outward
        (14, 48, (-1, 0)),  # lip corner outward
        (15, 48, (0, 1)),  # lip corner down
        (17, 57, (0, -1)),  # chin up
    ],
)
def test_each_unit_pulls_where_and_whither_the_anatomy_says(unit, landmark, direction):
    moved = field(FACE, {unit: (1, 1)}, peak=1.0).at(FACE[[landmark]])[0]
    assert moved @ direction / np.hypot(*direction) > 0.3
    assert moved @ direction / np.hypot(*direction) / np.hypot(*moved) > 0.8


@pytest.mark.parametrize("units", [{}, {12: (1, 1), 99: (1, 1)}])
def test_unknown_units_and_none_are_refused(units):
    with pytest.raises(ValueError, match=r"expected at least one of \[1, 2, 4"):
        field(FACE, units, peak=1.0)
