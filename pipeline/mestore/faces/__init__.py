"""Face models: find the faces of an image, and the 68 landmarks of one of them.

A detector and a landmark model are chosen apart; `mestore.faces.box` fits the boxes of the one to the other.
Adding one is one file and one line here.
"""

from mestore.faces.spec import Detector, Face, LandmarkModel, ModelError, ModelSpec

__all__ = [
    "DETECTORS",
    "LANDMARKS",
    "Detector",
    "Face",
    "LandmarkModel",
    "ModelError",
    "ModelSpec",
    "load_detector",
    "load_landmarks",
]

_CV = "opencv-contrib-python-headless"
_FACE_ALIGNMENT = "face-alignment==1.5.0"

DETECTORS: dict[str, ModelSpec] = {
    "dlib": ModelSpec(
        function="mestore.faces.dlib:detect",
        title="dlib's HOG detector (King 2009): upright, frontal faces",
        libraries=("dlib-bin",),
        weights=(),
        licence="Boost",
        least=0.1,
    ),
    "retinaface": ModelSpec(
        function="mestore.faces.retinaface:detect",
        title="RetinaFace with MobileNet 0.25 (Deng et al. 2020), of face-alignment",
        libraries=("torch", "torchvision", "face-alignment", _CV),
        weights=("retinaface_mobilenet0.25",),
        packages=("torch", "torchvision", "face_alignment"),
        extra="faces",
        apart=(_FACE_ALIGNMENT,),
        licence="BSD (face-alignment), MIT (the network)",
        least=0.8,
    ),
    "retinaface_resnet50": ModelSpec(
        function="mestore.faces.retinaface_resnet50:detect",
        title="RetinaFace with ResNet-50 (Deng et al. 2020), of retinaface-pytorch",
        libraries=("torch", "torchvision", "retinaface-pytorch", _CV),
        weights=("retinaface_resnet50",),
        packages=("torch", "torchvision", "retinaface"),
        extra="faces",
        apart=("retinaface-pytorch==0.0.8",),
        licence="MIT",
        least=0.8,
    ),
}
"""What finds faces, by the name that `detector` has in params.yaml."""

LANDMARKS: dict[str, ModelSpec] = {
    "dlib": ModelSpec(
        function="mestore.faces.dlib:landmarks",
        title="dlib's regression trees (Kazemi and Sullivan 2014)",
        libraries=("dlib-bin", _CV),
        weights=("dlib68",),
        licence="Boost",
    ),
    "mesh": ModelSpec(
        function="mestore.faces.mesh:landmarks",
        title="MediaPipe's face mesh (Kartynnik et al. 2019), run by OpenCV",
        libraries=(_CV,),
        weights=("facemesh",),
        licence="Apache 2.0",
    ),
    "fan": ModelSpec(
        function="mestore.faces.fan:landmarks",
        title="FAN, 2D-4 (Bulat and Tzimiropoulos 2017), of face-alignment",
        libraries=("torch", "face-alignment", _CV),
        weights=("fan2d4",),
        packages=("torch", "face_alignment"),
        extra="faces",
        apart=(_FACE_ALIGNMENT,),
        licence="BSD",
    ),
}
"""What finds landmarks, by the name that `landmarks` has in params.yaml."""


def load_detector(name: str) -> Detector:
    """Return the detector called `name`.

    Raises
    ------
    ModelError
        If a package that it needs is not installed.
    ValueError
        If there is none of that name.
    """
    detector: Detector = _spec(DETECTORS, name, what="detector").load()
    return detector


def load_landmarks(name: str) -> LandmarkModel:
    """Return the landmark model called `name`. Errors: those of `load_detector`."""
    model: LandmarkModel = _spec(LANDMARKS, name, what="landmark model").load()
    return model


def _spec(registry: dict[str, ModelSpec], name: str, *, what: str) -> ModelSpec:
    if name not in registry:
        raise ValueError(f"{what} {name!r} is unknown; expected one of {sorted(registry)}")
    return registry[name]
