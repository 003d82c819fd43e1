"""Provenance: what a code record covers."""

import ast
import shutil
import sys
from dataclasses import replace
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from mestore.apex import APEX
from mestore.build import provenance
from mestore.build.provenance import SOURCE, STAGES, stage_code, store_code, write_code
from mestore.errors import ParamsError
from mestore.faces import DETECTORS, LANDMARKS, ModelError
from mestore.faces.weights import WEIGHTS
from mestore.features import FEATURES
from mestore.params import Params, StoreParams
from mestore.workspace import find_workspace

ROOT = Path(__file__).parents[2]
WORKSPACE = find_workspace(ROOT, environment={})

# Libraries that say, show or check something, or move bytes, but do not decide a number.
WITHOUT_INFLUENCE = {
    *("tqdm", "joblib", "pandera", "pyarrow", "PyYAML", "pydantic", "dlib"),
    *("universal_pathlib", "google-crc32c", "platformdirs"),
}


def store(kind, **params):
    return StoreParams(kind=kind, input="index", params=params)


STORES = {
    **{kind: store(kind) for kind in FEATURES},
    **{f"detector {it}": store("align", detector=it) for it, spec in DETECTORS.items() if not spec.missing()},
    **{
        f"landmarks {it}": store("align", landmarks=it)
        for it, spec in LANDMARKS.items()
        if not spec.missing()
    },
    **{f"apex {it}": store("align", apex=it) for it in APEX},
}


def code(name):
    return store_code(STORES[name]) if name in STORES else stage_code(WORKSPACE, name)


distributions = cache(packages_distributions)


@cache
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
    known = distributions()
    return {known[it][0] for it in names - sys.stdlib_module_names - {"mestore"} if it in known}


# The report imports the whole pipeline to describe it; its page does not depend on most of that.
@pytest.mark.parametrize("name", sorted({*STORES, *STAGES} - {"report"}))
def test_every_library_that_decides_a_result_is_declared(name):
    record = code(name)
    used = set().union(*map(third_party, record["modules"]))
    declared = {it.replace("-", "_").lower() for it in record["libraries"]}
    assert {it for it in used - WITHOUT_INFLUENCE if it.replace("-", "_").lower() not in declared} == set()


def test_only_what_reads_recordings_depends_on_how_they_are_read():
    readers = {name for name in FEATURES if "mestore.datasets.media" in code(name)["modules"]}
    assert readers == {"align"}


def test_a_kinds_spec_and_a_stages_script_count(monkeypatch, tmp_path):
    before = code("mdmo")["digest"]
    monkeypatch.setitem(provenance.FEATURES, "mdmo", replace(FEATURES["mdmo"], units="other"))
    assert code("mdmo")["digest"] != before
    script = tmp_path / "stages" / "evaluate.py"
    script.parent.mkdir()
    digests = set()
    for text in ("x = 1", "x = 2"):
        script.write_text(text)
        digests.add(stage_code(find_workspace(tmp_path, environment={}), "evaluate")["digest"])
    assert len(digests) == 2


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A copy of the source, which the records are taken of."""
    shutil.copytree(SOURCE / "mestore", tmp_path / "mestore", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(provenance, "SOURCE", tmp_path)
    return tmp_path / "mestore"


# What stages read and write with, and what refuses or hands on whole what DVC knows as a dependency.
PLUMBING = {
    *("mestore.build.entry", "mestore.build.provenance", "mestore.build.tables", "mestore.build.threads"),
    *("mestore.params", "mestore.replacing", "mestore.workspace"),
}


@pytest.mark.parametrize("name", sorted(STAGES))
def test_what_a_stages_script_imports_is_in_its_record_but_for_the_plumbing(name):
    tree = ast.parse((ROOT / "stages" / f"{name}.py").read_text())
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    imported = {node.module for node in nodes if node.module.split(".")[0] == "mestore"}
    assert imported - PLUMBING and imported - PLUMBING <= set(code(name)["modules"])


def test_which_flows_the_motion_is_of_counts_and_what_stores_are_computed_with_does_not(source):
    before = code("motion")["digest"]
    for name, counts in {
        "report/shown.py": True,
        "datasets/table_io.py": True,
        "features/dis.py": False,
    }.items():
        path = source / name
        path.write_text(path.read_text() + "\n_EDITED = 1\n")
        after = code("motion")["digest"]
        assert (after != before) == counts, name
        before = after


FEW = [it for it in ("align", "landmarks fan", "apex frequency", "mdmo") if it in STORES]
CROPS = {*FEW} - {"mdmo"}


def digests():
    return {name: code(name)["digest"] for name in FEW}


def test_a_face_model_and_a_way_to_spot_the_apex_count_only_where_a_store_uses_them(source):
    before = digests()
    for name, which in {
        "faces/fan.py": {"landmarks fan"},
        "faces/retinaface.py": set(),
        "faces/dlib.py": CROPS,
        "apex/frequency.py": {"apex frequency"},
        "faces/__init__.py": set(),
        "faces/weights.py": set(),
        "apex/__init__.py": set(),
    }.items():
        path = source / name
        path.write_text(path.read_text() + "\n_EDITED = 1\n")
        after = digests()
        assert {it for it in FEW if after[it] != before[it]} == CROPS & which, name
        before = after


def test_what_a_registry_says_of_a_model_in_use_counts(monkeypatch):
    before = digests()

    def changed():
        after = digests()
        return {name for name in FEW if after[name] != before[name]}

    with monkeypatch.context() as patch:
        patch.setitem(WEIGHTS, "dlib68", replace(WEIGHTS["dlib68"], sha256="0" * 64))
        assert changed() == CROPS - {"landmarks fan"}
    with monkeypatch.context() as patch:
        patch.setitem(DETECTORS, "dlib", replace(DETECTORS["dlib"], least=0.3))
        assert changed() == CROPS


def test_weights_count_by_the_hash_that_is_pinned_though_the_file_is_absent(monkeypatch, tmp_path):
    monkeypatch.setenv("MESTORE_WEIGHTS", str(tmp_path))
    for name in {"landmarks fan"} & STORES.keys():
        assert code(name)["declared"]["uses"]["weights"] == {"fan2d4": WEIGHTS["fan2d4"].sha256}


def test_a_model_that_is_not_installed_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setitem(LANDMARKS, "fan", replace(LANDMARKS["fan"], packages=("no_such_package",)))
    with pytest.raises(ModelError, match=r"no_such_package.*pip install"):
        store_code(store("align", landmarks="fan"))


def test_a_store_may_not_be_called_like_a_stage(tmp_path):
    params = Params.model_validate(
        {
            "datasets": {"toy": {"reader": "table"}},
            "stores": {"report": {"kind": "align", "input": "index"}},
            "protocols": {"loso": {"kind": "loso"}},
            "evaluate": {"loso": {"features": []}},
        }
    )
    with pytest.raises(ParamsError, match=r"stores\.report: a stage has that name"):
        write_code(find_workspace(tmp_path, environment={}), params)
