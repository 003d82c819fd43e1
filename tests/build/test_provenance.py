"""Provenance: what a code record covers."""

import ast
import sys
from dataclasses import replace
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from mestore.build import provenance
from mestore.build.provenance import SOURCE, STAGES, current_code
from mestore.features import FEATURES
from mestore.workspace import find_workspace

ROOT = Path(__file__).parents[2]
WORKSPACE = find_workspace(ROOT, environment={})

# Libraries that say, show or check something, or move bytes, but do not decide a number.
WITHOUT_INFLUENCE = {
    *("tqdm", "joblib", "pandera", "pyarrow", "PyYAML", "pydantic", "dlib"),
    *("universal_pathlib", "google-crc32c"),
}


def third_party(name: str) -> set[str]:
    """Return the distributions that a module imports, anywhere in it."""
    base = SOURCE.joinpath(*name.split("."))
    tree = ast.parse((base / "__init__.py" if base.is_dir() else base.with_suffix(".py")).read_text())
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    known = packages_distributions()
    return {known[it][0] for it in names - sys.stdlib_module_names - {"mestore"} if it in known}


# The report imports the whole pipeline to describe it; its page does not depend on most of that.
@pytest.mark.parametrize("name", sorted({*FEATURES, *STAGES} - {"report"}))
def test_every_library_that_decides_a_result_is_declared(name):
    record = current_code(WORKSPACE, name)
    used = set().union(*map(third_party, record["modules"]))
    declared = {it.replace("-", "_").lower() for it in record["libraries"]}
    assert {it for it in used - WITHOUT_INFLUENCE if it.replace("-", "_").lower() not in declared} == set()


def test_only_what_reads_recordings_depends_on_how_they_are_read():
    readers = {
        name for name in FEATURES if "mestore.datasets.media" in current_code(WORKSPACE, name)["modules"]
    }
    assert readers == {"align"}


def test_a_kinds_spec_and_a_stages_script_count(monkeypatch, tmp_path):
    before = current_code(WORKSPACE, "mdmo")["digest"]
    monkeypatch.setitem(provenance.FEATURES, "mdmo", replace(FEATURES["mdmo"], units="other"))
    assert current_code(WORKSPACE, "mdmo")["digest"] != before
    script = tmp_path / "stages" / "evaluate.py"
    script.parent.mkdir()
    digests = set()
    for text in ("x = 1", "x = 2"):
        script.write_text(text)
        digests.add(current_code(find_workspace(tmp_path, environment={}), "evaluate")["digest"])
    assert len(digests) == 2
