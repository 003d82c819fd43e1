import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mestore.datasets.depth import SPAN, grey_levels, nearest
from mestore.errors import ClipFault

FACE = np.array([[10.0, 5.0], [19.2, 14.0], [12.0, 8.0]])  # x 10 to 20, y 5 to 14
INSIDE = np.s_[5:15, 10:21]


def scene(*, face=700):
    """A face of depths `face` to `face` + 40 before a wall at 2000."""
    frame = np.full((24, 32), 2000, np.uint16)
    y, x = np.mgrid[INSIDE]
    frame[INSIDE] = face + 10 * ((x + y) % 5)
    return frame


# nearest


def test_the_range_begins_at_the_nearest_depth_of_the_face():
    frame = scene()
    assert nearest(frame, face=FACE) == 700
    frame[9, 15] = 690  # the tip of the nose
    frame[0, 0] = 300  # a hand, outside the face
    assert nearest(frame, face=FACE) == 690


def test_the_box_of_the_face_holds_its_outermost_points_and_no_more():
    for (y, x), near in {
        (5, 10): 690, (14, 20): 690, (4, 15): 700, (15, 15): 700, (9, 9): 700, (9, 21): 700,
    }.items():  # fmt: skip
        frame = scene()
        frame[y, x] = 690
        assert nearest(frame, face=FACE) == near


def test_a_face_that_is_cut_off_by_the_edge_is_looked_at_as_far_as_it_goes():
    frame = scene()[8:, 15:]
    assert nearest(frame, face=FACE - [15, 8]) == 700
    frame[0, 0] = 690
    assert nearest(frame, face=FACE - [15, 8]) == 690


def test_without_points_the_whole_frame_counts():
    frame = scene()[INSIDE].copy()
    frame[0, 0] = 690
    assert nearest(frame) == 690


def test_what_was_not_measured_and_one_wild_pixel_do_not_move_the_range():
    frame = scene()
    frame[5:8, 10:21] = 0
    frame[9, 15] = 3  # of 77 pixels: eight standard deviations before the others
    assert nearest(frame, face=FACE) == 700


def test_a_face_that_was_not_measured_is_refused():
    with pytest.raises(ClipFault, match="found no depth above 0 in the face in the first frame"):
        nearest(scene() * (scene() == 2000), face=FACE)
    with pytest.raises(ClipFault, match="found no depth above 0 in the first frame"):
        nearest(np.zeros((4, 4), np.uint16))
    with pytest.raises(ClipFault, match="found no depth above 0"):
        nearest(scene(), face=FACE + 500)


def test_a_face_behind_the_range_is_refused_instead_of_turning_white():
    frame = scene()
    frame[5:8, 10:21] = 299
    message = (
        r"found a nearest depth of 299 and most of the face in the first frame beyond 699; .*landmarks\.csv"
    )
    with pytest.raises(ClipFault, match=message):
        nearest(frame, face=FACE)
    frame[frame == 299] = 350
    assert nearest(frame, face=FACE) == 350


# grey_levels


def test_both_ends_and_the_middle_of_the_range():
    levels = grey_levels(600)
    assert levels.shape == (2**16,) and levels.dtype == np.uint8
    assert levels[[0, 1, 600, 800, 1000, 1001, 65535]].tolist() == [0, 1, 1, 128, 255, 255, 255]


@given(st.integers(1, 65535), st.integers(0, SPAN))
def test_a_level_tells_the_depth_up_to_half_a_step(near, behind):
    depth = min(near + behind, 65535)
    level = int(grey_levels(near)[depth])
    assert abs(near + (level - 1) * SPAN / 254 - depth) <= SPAN / 254 / 2 + 1e-9


@given(st.integers(1, 65535))
def test_farther_is_never_darker_and_nothing_measured_is_black(near):
    levels = grey_levels(near).astype(int)
    assert (np.diff(levels[1:]) >= 0).all()
    assert levels[0] == 0 and levels[1:].min() == 1
