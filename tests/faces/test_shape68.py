import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mestore.faces.dlib import detect, landmarks
from mestore.faces.shape68 import MIRROR, eye_centres, mean_shape, mirror, reference_shape
from mestore.synthetic.stills import DETECTION_SCALE, STILLS, still

FACE = np.random.default_rng(3).normal(size=(68, 2))


def test_mirroring_twice_changes_nothing():
    assert [MIRROR[i] for i in MIRROR] == list(range(68))
    np.testing.assert_allclose(mirror(mirror(FACE, width=224), width=224), FACE)


def test_the_reference_face_has_its_eyes_where_the_design_says():
    centres = (eye_centres(reference_shape(224)) + 0.5) / 224
    np.testing.assert_allclose(centres, [[0.30, 0.36], [0.70, 0.36]], atol=1e-6)


@given(st.integers(1, 2000))
def test_the_reference_face_is_its_own_mirror_image(size):
    shape = reference_shape(size)
    np.testing.assert_allclose(mirror(shape, width=size), shape, atol=1e-9 * size)


def test_the_reference_table_is_what_its_recipe_gives():
    """dlib's landmarks of the two stills and of their mirror images, symmetric Procrustes mean."""
    shapes = [still(name).landmarks for name in STILLS]
    for name in STILLS:
        mirrored = np.ascontiguousarray(still(name).image[:, ::-1]).astype(np.uint8)
        scale = DETECTION_SCALE
        large = cv2.resize(mirrored, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        (found,) = detect(large)
        points = landmarks(large, found)
        shapes.append((points + 0.5) / scale - 0.5)
    fractions = [0.5, 0.36] + 0.4 * mean_shape(shapes)
    # Another build of dlib may round single landmarks another way: a third of a pixel of the still each.
    np.testing.assert_allclose(fractions, (reference_shape(1) + 0.5), atol=2e-3)


@given(st.floats(-3, 3), st.floats(0.1, 10), st.floats(-100, 100))
def test_the_mean_does_not_depend_on_place_size_and_tilt(angle, scale, shift):
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    other = FACE + np.random.default_rng(4).normal(scale=0.1, size=(68, 2))
    expected = mean_shape([FACE, other])
    np.testing.assert_allclose(mean_shape([FACE, other @ turn.T + shift]), expected, atol=1e-6)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"expected \(68, 2\)"):
        mirror(np.zeros((5, 2)), width=10)
    with pytest.raises(ValueError, match="at least one"):
        mean_shape([])
    with pytest.raises(ValueError, match="size is 0; expected a positive"):
        reference_shape(0)
