import subprocess
import sys

import pytest
from pydantic import ValidationError

from mestore.datasets import READERS
from mestore.datasets.spec import ReaderOptions


@pytest.mark.parametrize("name", READERS)
def test_every_reader_resolves_and_its_options_have_defaults_and_descriptions(name):
    assert callable(READERS[name].load())
    model = READERS[name].options_model()
    assert issubclass(model, ReaderOptions)
    assert model.model_validate_json("{}") == model()
    assert all(field.description for field in model.model_fields.values())


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("casme2", '{"layuot": "raw"}'),
        ("casme2", '{"layout": "zip"}'),
        ("table", '{"video_first_frame": "1"}'),
        ("table", '{"video_first_frame": 2}'),
        ("table", '{"table": 1}'),
    ],
)
def test_unknown_and_ill_typed_options_are_refused(name, options):
    with pytest.raises(ValidationError):
        READERS[name].options_model().model_validate_json(options)


def test_the_registry_and_the_options_load_no_heavy_library():
    code = (
        "import sys; from mestore.datasets import READERS\n"
        "for spec in READERS.values(): spec.options_model()\n"
        "sys.exit(bool({'cv2', 'av', 'PIL.ImageOps'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
