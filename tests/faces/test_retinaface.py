"""RetinaFace with its real weights; torchvision's part of the network may be the stand-in's."""

import numpy as np
import pytest
from scenes import VIDEOS, first_frame, group, portrait, retinaface_weights, turned

pytest.importorskip("torch", reason="no torch here: pip install 'mestore[torch]'")
pytest.importorskip("face_alignment", reason="no face_alignment here: see docs/faces.md")

import torch
import torchvision_standin

from mestore.faces import load_detector, load_landmarks, retinaface
from mestore.faces.shape68 import eye_centres, eye_distance
from mestore.faces.weights import FOLDER, WEIGHTS, weights_file

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def network(monkeypatch):
    retinaface_weights(monkeypatch)
    with torchvision_standin.torchvision():
        yield


def test_one_face_in_a_portrait_with_five_points_where_dlib_has_them():
    image = portrait()
    (face,) = load_detector("retinaface")(image)
    assert face.score > 0.99 and face.outline == "wider"
    points = load_landmarks("dlib")(image, face)
    five = np.stack([*eye_centres(points), points[30], points[48], points[54]])
    assert np.hypot(*(face.five - five).T).max() < 0.2 * eye_distance(points)


@pytest.mark.parametrize("degrees", [-45, 0, 45])
def test_boxes_are_those_of_face_alignments_own_detector(degrees):
    from face_alignment.detection.retinaface import FaceDetector

    image, _ = turned(group()[0], degrees)
    theirs = FaceDetector(device="cpu", path_to_detector=str(weights_file("retinaface_mobilenet0.25")))
    expected = np.array(theirs.detect_from_image(image))
    boxes = np.array([(*face.box, face.score) for face in load_detector("retinaface")(image)])
    boxes[:, 2:4] += boxes[:, :2]
    np.testing.assert_allclose(boxes, expected, atol=2e-3)


@pytest.mark.parametrize("video", VIDEOS)
def test_one_face_in_a_frame_of_a_video(video):
    frame = first_frame(video)
    if frame is None:
        pytest.skip(f"shared/media/{video} is not here")
    (face,) = load_detector("retinaface")(frame)
    assert face.score > 0.98


def test_noise_and_a_tiny_image_have_no_face():
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    detect = load_detector("retinaface")
    assert detect(noise) == [] and detect(noise[:1, :1]) == []
    with pytest.raises(ValueError, match="expected uint8 RGB"):
        detect(noise[..., 0])


def test_answers_do_not_depend_on_the_number_of_threads():
    image, before = portrait(), torch.get_num_threads()
    try:
        found = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(load_detector("retinaface")(image)[0])
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert found[0].box == found[1].box and found[0].score == found[1].score


def test_the_network_is_loaded_once(monkeypatch, tmp_path):
    retinaface._network.cache_clear()
    for _ in range(3):
        load_detector("retinaface")(portrait())
    assert retinaface._network.cache_info().misses == 1
    # From here on the file is not looked at.
    monkeypatch.setenv(FOLDER, str(tmp_path))
    monkeypatch.setitem(WEIGHTS, "retinaface_mobilenet0.25", None)
    assert len(load_detector("retinaface")(portrait())) == 1
