"""What the models of PyTorch share, and those whose real weights cannot be had here, with random ones."""

import io
import pickle
import zipfile

import numpy as np
import pytest
from scenes import pinned, portrait

torch = pytest.importorskip("torch", reason="no torch here: pip install 'mestore[torch]'")

import torchvision_standin  # noqa: E402

from mestore.faces import fan, load_detector, load_landmarks, retinaface_resnet50  # noqa: E402
from mestore.faces.dlib import detect  # noqa: E402
from mestore.faces.network import read_weights  # noqa: E402


def saved(weights) -> bytes:
    stream = io.BytesIO()
    torch.save(weights, stream)
    return stream.getvalue()


def zipped(content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("weights.pth", content)
    return stream.getvalue()


@pytest.mark.parametrize("wrap", [bytes, zipped], ids=["a file of torch", "a zip file of one"])
def test_weights_are_read_as_tensors(tmp_path, wrap):
    path = tmp_path / "weights"
    path.write_bytes(wrap(saved({"a": torch.arange(3)})))
    assert read_weights(path)["a"].tolist() == [0, 1, 2]


class Evil:
    def __reduce__(self):
        return exec, ("raise SystemExit('code in a file of weights was run')",)


def test_code_in_a_file_of_weights_is_not_run(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(saved({"a": Evil()}))
    with pytest.raises(pickle.UnpicklingError, match="eights"):
        read_weights(path)


def test_fan_with_random_weights_gives_68_points_about_the_face(monkeypatch, tmp_path):
    """The loading path and the geometry alone: random weights know no face."""
    pytest.importorskip("face_alignment", reason="no face_alignment here: see docs/faces.md")
    from face_alignment.models import FAN

    torch.manual_seed(0)
    pinned(monkeypatch, "fan2d4", tmp_path, saved(FAN(4).state_dict()))
    fan._model.cache_clear()
    image = portrait()
    (face,) = detect(image)
    points = load_landmarks("fan")(image, face)
    assert points.shape == (68, 2) and points.dtype == np.float64
    x, y, width, height = face.box
    assert (points >= [x - width, y - height]).all() and (points <= [x + 2 * width, y + 2 * height]).all()
    np.testing.assert_array_equal(load_landmarks("fan")(image, face), points)
    assert fan._model.cache_info().misses == 1
    fan._model.cache_clear()


def test_resnet50_with_random_weights_gives_faces_the_surest_first(monkeypatch, tmp_path):
    """The loading path and the geometry alone: random weights know no face."""
    pytest.importorskip("retinaface", reason="no retinaface here: see docs/faces.md")
    retinaface_resnet50._network.cache_clear()
    with torchvision_standin.torchvision():
        from retinaface.network import RetinaFace

        torch.manual_seed(0)
        layers = {"layer2": 1, "layer3": 2, "layer4": 3}
        random = RetinaFace(
            name="Resnet50", pretrained=False, return_layers=layers, in_channels=256, out_channels=256
        )
        pinned(monkeypatch, "retinaface_resnet50", tmp_path, zipped(saved(random.state_dict())))
        image = np.random.default_rng(0).integers(0, 256, (64, 2 * 960, 3), dtype=np.uint8)
        faces = load_detector("retinaface_resnet50")(image)
    retinaface_resnet50._network.cache_clear()
    scores = [face.score for face in faces]
    assert scores and scores == sorted(scores, reverse=True) and min(scores) > 0.5
    assert all(face.five.shape == (5, 2) and min(face.box[2:]) > 0 for face in faces)
    # The network saw the image at half its size, and boxes are in pixels of the whole.
    assert max(face.box[0] + face.box[2] / 2 for face in faces) > 960
