"""The code digest: changes when what is computed may, and not otherwise; equal on Python 3.11 to 3.13."""

import shutil
import subprocess
from pathlib import Path

import pytest

from mestore.build import code
from mestore.build.code import closure, code_digest, source_digest

SOURCE = Path(__file__).parents[2] / "pipeline"

FILES = {
    "mestore/__init__.py": "",
    "mestore/features/__init__.py": "REGISTRY = {'f': 'mestore.features.f:run'}\n",
    "mestore/features/f.py": "from mestore.helper import twice\n\n\ndef run(x):\n    return twice(x)\n",
    "mestore/helper.py": "def twice(x):\n    'Double.'\n    return 2 * x  # why\n",
    "mestore/other.py": "X = 1\n",
    "mestore/lazy.py": "def go():\n    import mestore.other\n    return 'mestore.features.f:run'\n",
}


@pytest.fixture
def source(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def digest_after(source, name, old, new, *, start="mestore.features.f"):
    before = code_digest([start], source=source)["digest"]
    path = source / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return before, code_digest([start], source=source)["digest"]


def test_an_edited_callee_in_another_module_changes_the_digest(source):
    before, after = digest_after(source, "mestore/helper.py", "2 * x", "3 * x")
    assert before != after


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("mestore/helper.py", "'Double.'", "'Return twice x.'"),
        ("mestore/helper.py", "    'Double.'\n", ""),
        ("mestore/helper.py", "# why", "# because"),
        ("mestore/helper.py", "(x)", "(\n    x,\n)"),
        ("mestore/other.py", "1", "2"),
        ("mestore/features/__init__.py", "}", ", 'g': 'mestore.features.g:run'}"),
    ],
)
def test_words_layout_and_unrelated_modules_do_not(source, name, old, new):
    before, after = digest_after(source, name, old, new)
    assert before == after


def test_the_closure_follows_lazy_imports_and_references_in_strings(source):
    assert closure(["mestore.lazy"], source=source) == [
        "mestore.features.f",
        "mestore.helper",
        "mestore.lazy",
        "mestore.other",
    ]


def test_a_registry_is_not_followed_and_does_not_count(source):
    assert closure(["mestore.lazy"], source=source, registries=["mestore.features.f"]) == [
        "mestore.lazy",
        "mestore.other",
    ]


def test_a_parameters_description_is_words_and_its_default_is_not(source):
    path = source / "mestore/helper.py"
    path.write_text("def twice(x, d=Field(1, description='a')):\n    return x\n")
    before, after = digest_after(source, "mestore/helper.py", "'a'", "'b'")
    assert before == after
    path.write_text("def twice(x):\n    return write(x, description='a')\n")
    before, after = digest_after(source, "mestore/helper.py", "'a'", "'b'")
    assert before != after
    path.write_text("def twice(x, d=Field(1, description='a')):\n    return x\n")
    before, after = digest_after(source, "mestore/helper.py", "Field(1", "Field(2")
    assert before != after


def test_libraries_count_by_major_and_minor_and_files_by_their_bytes(source):
    record = code_digest(["mestore.other"], source=source, libraries=["numpy"], files=["mestore:py.typed"])
    import numpy

    assert record["libraries"] == {"numpy": ".".join(numpy.__version__.split(".")[:2])}
    assert list(record["files"]) == ["mestore:py.typed"]
    with pytest.raises(FileNotFoundError, match="no_such_package"):
        code_digest(["mestore.other"], source=source, files=["no_such_package:x"])


def test_a_relative_import_is_refused(source):
    (source / "mestore/other.py").write_text("from . import helper\n")
    with pytest.raises(ValueError, match="relative import"):
        closure(["mestore.other"], source=source)


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_equal_on_other_pythons(version, tmp_path):
    python = shutil.which(f"python{version}")
    if python is None or subprocess.run([python, "-c", ""], capture_output=True).returncode:
        pytest.skip(f"no Python {version} here")
    paths = sorted((SOURCE / "mestore").rglob("*.py"))
    # The module needs the standard library alone, so it runs where mestore is not installed.
    script = (
        "import importlib.util, pathlib, sys\n"
        "spec = importlib.util.spec_from_file_location('code_digest', sys.argv[1])\n"
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)\n"
        "print(*(module.source_digest(pathlib.Path(p)) for p in sys.argv[2:]))\n"
    )
    command = [python, "-c", script, code.__file__, *map(str, paths)]
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    assert out.stdout.split() == [source_digest(path) for path in paths]
