import subprocess
import sys

import pytest

from mestore.errors import MEStoreError
from mestore.faces import DETECTORS, LANDMARKS, ModelError, ModelSpec, load_detector, load_landmarks
from mestore.faces.dlib import detect, landmarks
from mestore.faces.weights import WEIGHTS

SPECS = [*DETECTORS.values(), *LANDMARKS.values()]


def test_models_are_found_by_name():
    assert load_detector("dlib") is detect and load_landmarks("dlib") is landmarks
    with pytest.raises(ValueError, match=r"detector 'nobody' is unknown; expected one of \['dlib'"):
        load_detector("nobody")
    with pytest.raises(ValueError, match=r"landmark model 'nobody' is unknown; .*'mesh'\]"):
        load_landmarks("nobody")


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.function)
def test_every_model_has_pinned_weights_a_licence_and_a_way_to_install_it(spec):
    assert set(spec.weights) <= set(WEIGHTS) and spec.licence
    assert bool(spec.packages) == bool(spec.extra)
    assert {"torch": "pip install 'mestore[faces]'"}.get("".join(spec.packages[:1]), "") in spec.install()


def test_an_absent_package_is_named_with_the_command_that_installs_it():
    spec = ModelSpec(
        function="mestore.faces.dlib:detect",
        title="a model",
        libraries=(),
        weights=(),
        packages=("numpy", "no_such_package"),
        extra="faces",
        apart=("it==1.0",),
        licence="none",
    )
    with pytest.raises(ModelError) as caught:
        spec.load()
    assert isinstance(caught.value, MEStoreError)
    assert str(caught.value) == (
        "a model needs no_such_package, not installed here; run: "
        "pip install 'mestore[faces]' && pip install --no-deps 'it==1.0'"
    )


ABSENT = """
import importlib.util, sys
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "torchvision" else real(name, *rest)
from mestore.faces import ModelError, load_detector
for name in ("retinaface", "retinaface_resnet50"):
    try:
        load_detector(name)
    except ModelError as error:
        print(error)
print(sorted({"torch", "dlib", "face_alignment", "pooch"} & set(sys.modules)))
"""


def test_without_torchvision_the_error_says_so_and_no_model_is_imported_for_it():
    done = subprocess.run([sys.executable, "-c", ABSENT], capture_output=True, text=True)
    first, second, modules = done.stdout.splitlines()
    assert "torchvision" in first and "pip install --no-deps 'face-alignment==1.5.0'" in first
    assert "torchvision" in second and "pip install --no-deps 'retinaface-pytorch==0.0.8'" in second
    assert modules == "[]"
