import numpy as np
import pytest

from mestore.faces.dlib import detect, landmarks
from mestore.faces.shape68 import eye_centres
from mestore.synthetic.script import cast
from mestore.synthetic.stills import SIZE, STILLS, derive, draw_traits, still


@pytest.mark.parametrize("name", STILLS)
def test_the_stills_come_with_landmarks_on_the_face(name):
    face = still(name)
    height, width = face.image.shape[:2]
    assert face.image.dtype == np.float32
    assert (face.landmarks > 0).all()
    assert (face.landmarks < [width, height]).all()


def test_an_unknown_still_is_refused():
    with pytest.raises(ValueError, match="'mona_lisa' is unknown; expected one of"):
        still("mona_lisa")


@pytest.mark.parametrize("index", range(8))
def test_every_subject_of_the_demo_is_one_face_where_its_landmarks_say(index):
    face = cast(index, seed=2026).face
    assert face.image.shape == (SIZE, SIZE, 3)
    assert 0 <= face.image.min() <= face.image.max() <= 255
    image = np.rint(face.image).astype(np.uint8)
    (there,) = detect(image)
    found = landmarks(image, there)
    assert np.hypot(*(found - face.landmarks).T).mean() < 8
    right, left = eye_centres(face.landmarks)
    assert 75 <= left[0] - right[0] <= 95
    np.testing.assert_allclose([right[1], left[1]], 0.42 * SIZE)


def test_a_mirrored_subject_has_mirrored_landmarks():
    plain, mirrored = (derive(still("astronaut"), draw_traits(4, mirrored=side)) for side in (False, True))
    image = np.rint(mirrored.image).astype(np.uint8)
    (there,) = detect(image)
    found = landmarks(image, there)
    assert np.hypot(*(found - mirrored.landmarks).T).mean() < 4
    assert np.abs(plain.image - mirrored.image).mean() > 5


def test_subjects_of_one_still_differ_in_shape_by_some_percent():
    first, second = cast(0, seed=1).face, cast(4, seed=1).face
    shapes = [
        (face.landmarks - face.landmarks.mean(axis=0)) / np.ptp(eye_centres(face.landmarks)[:, 0])
        for face in (first, second)
    ]
    away = np.hypot(*(shapes[0] - shapes[1]).T)
    assert 0.02 < away.mean() < 0.15
