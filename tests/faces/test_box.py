import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mestore.faces.box import for_dlib, for_fan, tilted
from mestore.faces.spec import Face

numbers = st.floats(-500, 500)
sides = st.floats(20, 400)


@given(numbers, numbers, sides, sides)
def test_a_mirrored_box_gives_mirrored_squares(x, y, width, height):
    face = Face(box=(x, y, width, height), score=1, outline="wider")
    other = Face(box=(1000 - x - width, y, width, height), score=1, outline="wider")
    for convert in (for_dlib, for_fan):
        left, top, side, _ = convert(face)
        assert np.allclose(convert(other), (1000 - left - side, top, side, side))


def test_dlibs_square_goes_from_the_brows_to_the_chin():
    x, y, width, height = for_dlib(Face(box=(0, 0, 100, 130), score=1, outline="wider"))
    assert width == height == pytest.approx(110)
    assert x == pytest.approx(-5) and 10 < y < 30 and 120 < y + height < 135


def test_fan_sees_a_face_as_face_alignment_would_with_its_own_retinaface():
    """Its centre is 0.12 heights above the middle of a box; its scale, width and height over 165."""
    x, y, width, height = for_fan(Face(box=(40, 60, 140, 210), score=1, outline="wider"))
    assert x + width / 2 == pytest.approx(110)
    assert y + height / 2 - 0.12 * height == pytest.approx(165 - 0.12 * 210)
    assert (width + height) / 195 == pytest.approx(350 / 165)


@pytest.mark.parametrize(
    ("degrees", "turned"), [(0, False), (14, False), (-14, False), (16, True), (-90, True)]
)
def test_a_head_is_tilted_from_fifteen_degrees_on(degrees, turned):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    upright = np.array([[-20, 0], [20, 0], [0, 22], [-15, 40], [15, 40]])
    face = Face(box=(0, 0, 100, 100), score=1, outline="wider", five=upright @ turn + 50)
    head = tilted(face)
    assert (head is not None) is turned
    if head:
        assert head.degrees == pytest.approx(degrees)
        assert head.side == pytest.approx(2.35 * 40)
    assert tilted(Face(box=face.box, score=1, outline="wider")) is None
