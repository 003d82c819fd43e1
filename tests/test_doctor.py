"""The doctor, on real folders with real modes, and as real other users where this is run by root."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from conftest import clip_table, write_vectors
from mestore.doctor import (
    SCARCE,
    check_closed,
    check_free,
    check_group,
    check_leftovers,
    check_link_type,
    check_models,
    check_one_file_system,
    check_opencv,
    check_program,
    check_python,
    check_recordings,
    check_weights_folder,
    check_workspace,
    closed_by,
    dvc_config,
    examine,
    models_in_use,
)
from mestore.faces import DETECTORS, LANDMARKS
from mestore.faces.weights import FOLDER, WEIGHTS
from mestore.store.publish import publish
from mestore.workspace import Workspace, find_workspace

ROOT = Path(__file__).parents[1]
MEMBER, STRANGER, GROUP = 3001, 3002, 2000


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    """A workspace with recordings and caches, closed to others."""
    root = tmp_path / "checkout"
    for folder in (".dvc/cache", ".dvc/mestore/subjects/ab", "data/raw/demo", "data/stores"):
        (root / folder).mkdir(parents=True)
    for name in ("params.yaml", ".dvc/config"):
        shutil.copy(ROOT / name, root / name)
    root.chmod(0o700)
    return find_workspace(root, environment={})


@pytest.fixture
def free(monkeypatch):
    """Give every file system so many free bytes: what this machine has left says nothing of mestore."""

    def give(count: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=count))

    return give


def test_a_workspace_in_order_has_no_problem(workspace, free):
    free(SCARCE)
    checks = examine(workspace)
    assert [str(check) for check in checks if not check.ok] == []
    assert len({check.name for check in checks}) == len(checks) > 12


def test_a_folder_that_is_no_workspace_is_a_problem(workspace):
    assert check_workspace(workspace.root).ok
    check = check_workspace(workspace.raw)
    assert check.name == "workspace" and not check.ok and "has no .dvc and no params.yaml" in check.found


def test_python_must_be_new_enough():
    assert check_python((3, 13)).ok and not check_python((3, 10)).ok
    assert "3.11" in check_python((3, 10)).remedy


def test_programs_are_looked_for_on_path_and_beside_python(tmp_path):
    assert check_program("sh").ok and check_program(Path(sys.executable).name, path=str(tmp_path)).ok
    check = check_program("no-such-program")
    assert not check.ok and check.remedy == "install no-such-program"


@pytest.mark.parametrize(
    ("installed", "ok"),
    [
        (["numpy", "opencv-contrib-python-headless"], True),
        (["opencv-python", "opencv-contrib-python-headless"], False),
        (["numpy"], False),
    ],
)
def test_there_is_one_opencv(installed, ok):
    assert check_opencv(installed).ok is ok


def test_recordings_that_are_not_there_are_named(workspace):
    assert [check.ok for check in check_recordings(workspace)] == [True, True]
    (workspace.raw / "demo").rmdir()
    *_, dataset = check_recordings(workspace)
    assert not dataset.ok and f"no folder {workspace.raw / 'demo'}" in str(dataset)
    workspace.raw.rmdir()
    (raw,) = check_recordings(workspace)
    assert not raw.ok and "MESTORE_RAW" in raw.remedy


def test_params_that_cannot_be_read_are_a_problem_and_no_crash(workspace):
    workspace.params.write_text("datasets: {")
    assert [check.name for check in check_recordings(workspace) if not check.ok] == ["params.yaml"]


def models(used=()):
    return {check.name: check for check in check_models(used)}


def test_every_face_model_has_a_line_with_its_licence_or_how_to_install_it():
    checks = models()
    assert list(checks) == [
        *(f"detector {name}" for name in DETECTORS),
        *(f"landmarks {it}" for it in LANDMARKS),
    ]
    assert all(check.ok for check in checks.values())
    for name, check in checks.items():
        assert (
            "licence" in check.found or "not installed; run: pip install 'mestore[faces]'" in check.found
        ), name
    assert "exclude commercial use, though the package says MIT" in checks["landmarks dlib"].found
    assert "intact" in checks["landmarks dlib"].found


def test_a_model_that_is_used_must_be_installed_and_have_its_weights(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv(FOLDER, raising=False)
    function = LANDMARKS["fan"].function
    check = models([function])["landmarks fan"]
    assert not check.ok
    if not LANDMARKS["fan"].missing():
        weights = WEIGHTS["fan2d4"]
        assert f"{weights.file} absent (sha256 {weights.sha256}, from {weights.address})" in check.found


def test_damaged_weights_are_a_problem_whether_they_are_used_or_not(monkeypatch, tmp_path):
    path = tmp_path / WEIGHTS["dlib68"].file
    path.write_bytes(b"other")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    check = models()["landmarks dlib"]
    assert not check.ok and f"{path} damaged" in check.found


def test_a_folder_of_weights_that_is_named_must_be_there(tmp_path):
    assert check_weights_folder(None).ok and check_weights_folder(str(tmp_path)).ok
    check = check_weights_folder(str(tmp_path / "gone"))
    assert not check.ok and check.found.startswith(f"looked for in {tmp_path / 'gone'}, then in ")


def test_the_models_in_use_are_those_that_stores_name(workspace):
    assert models_in_use(workspace) == {DETECTORS["dlib"].function, LANDMARKS["dlib"].function}
    text = workspace.params.read_text()
    workspace.params.write_text(text.replace("{side: 224}", "{side: 224, detector: retinaface}"))
    assert models_in_use(workspace) == {DETECTORS["retinaface"].function, LANDMARKS["dlib"].function}
    workspace.params.write_text("datasets: {")
    assert models_in_use(workspace) == set()


@pytest.mark.parametrize(
    ("types", "ok"), [(["hardlink", "reflink", "copy"], True), (["reflink", "copy"], False), ([], False)]
)
def test_hard_links_come_first(types, ok):
    assert check_link_type(types).ok is ok


def test_dvcs_own_settings_are_read_local_ones_last(workspace):
    assert dvc_config(workspace.root)["type"] == ["hardlink", "reflink", "copy"]
    (workspace.root / ".dvc/config.local").write_text("[cache]\n    type = copy\n    shared = group\n")
    assert dvc_config(workspace.root)["type"] == ["copy"]
    assert {check.name for check in examine(workspace) if not check.ok} >= {"DVC link type", "group"}


def test_folders_on_two_file_systems_are_named(tmp_path):
    assert check_one_file_system({"a": tmp_path, "b": tmp_path / "not" / "there"}).ok
    check = check_one_file_system({"a": tmp_path, "b": Path("/proc")})
    assert not check.ok and "a, b are on different file systems" in check.found


def test_room_is_stated(tmp_path):
    check = check_free("stores", tmp_path / "later")
    count, unit = check.found.split(maxsplit=1)
    free = shutil.disk_usage(tmp_path).free / 2**30
    assert unit == "GiB free" and float(count) == pytest.approx(free, rel=0.5, abs=0.1)


def test_too_little_room_is_a_problem_for_every_folder_on_it(workspace, free):
    free(SCARCE - 1)
    problems = [str(check) for check in examine(workspace) if not check.ok]
    said = "1.0 GiB free: make room, 1 GiB at least"
    assert problems == [f"problem  room, {name}: {said}" for name in ("DVC cache", "build cache", "stores")]


def test_one_closed_folder_above_is_enough_and_none_is_a_problem(tmp_path):
    lab = tmp_path / "lab"
    stores = lab / "a" / "stores"
    stores.mkdir(parents=True)
    for mode, closes in ((0o2770, True), (0o700, True), (0o755, False), (0o2775, False), (0o751, False)):
        lab.chmod(mode)
        closing = closed_by(stores)
        assert (closing == lab) is closes
        # Below a system's temporary folder something further up may close it, as it may at home.
        assert check_closed("stores", stores).ok is (closing is not None)
    assert closed_by(Path("/")) is None
    check = check_closed("stores", Path("/mestore-is-not-here/stores"))
    assert not check.ok and "others can read" in check.found and "2770" in check.remedy


def test_a_closed_folder_above_counts_where_a_link_leads(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "closed" / "link").symlink_to(tmp_path / "open")
    assert closed_by(tmp_path / "closed" / "link") != tmp_path / "closed"


def test_shared_caches_keep_their_group(tmp_path):
    caches = {"DVC cache": tmp_path / "dvc", "build cache": tmp_path / "mestore"}
    for cache in caches.values():
        cache.mkdir()
        cache.chmod(0o2770)
    assert check_group(caches, shared=True).ok
    for mode in (0o770, 0o2750):
        caches["build cache"].chmod(mode)
        check = check_group(caches, shared=True)
        assert not check.ok and f"{caches['build cache']} has mode {mode:o}" in check.found
        assert check_group(caches, shared=False).ok


def test_leftovers_of_killed_builds_are_counted(workspace):
    for folder in (workspace.cache / "subjects/ab/.abcdef-x1", workspace.stores.parent / ".flow-x2"):
        folder.mkdir()
    check = check_leftovers(workspace)
    assert not check.ok and check.found.startswith("2 folders, such as ")


def test_the_command_prints_a_line_per_check_and_says_by_its_status_whether_all_is_well(workspace):
    command = [sys.executable, "-m", "mestore", "doctor"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "MESTORE_"))}
    well = subprocess.run(command, cwd=workspace.root, env=clean, capture_output=True, text=True)
    problems = [line for line in well.stdout.splitlines() if line.startswith("problem")]
    # The disk of this machine may be full, which the command cannot be kept from saying.
    assert all(line.startswith("problem  room, ") for line in problems), well
    assert well.returncode == bool(problems)
    (workspace.raw / "demo").rmdir()
    ill = subprocess.run(command, cwd=workspace.root, env=clean, capture_output=True, text=True)
    assert ill.returncode == 1 and "problem  dataset demo: no folder" in ill.stdout
    assert len(ill.stdout.splitlines()) == len(well.stdout.splitlines())


DROPPED = """
import os, sys
import mestore
from pathlib import Path
from mestore.doctor import check_writable

user, group, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]

def read(path):
    return mestore.open_store(path).read("vector", ["toy/s00"], check=True).data.shape

# Once as root: what is imported late is imported by now, wherever this Python lies.
told = [read(path)] if Path(path, "vector").exists() else []
os.setgroups([]), os.setgid(group), os.setuid(user)
try:
    print(read(path) if told else check_writable(Path(path)).ok)
except mestore.StoreError as error:
    print(error)
"""


def as_user(user: int, group: int, path: Path) -> str:
    """Return what somebody else says who reads the stores at `path` or, if there are none, wants to write."""
    command = [sys.executable, "-c", DROPPED, str(user), str(group), str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def shared(tmp_path):
    """A folder that everybody can get to, however closed the tests' own folder is."""
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_below_a_2770_folder_members_read_and_others_do_not(shared):
    """What DVC makes, files of 0444 in folders of 2775, is only closed by what lies above."""
    lab = shared / "lab"
    lab.mkdir()
    os.chown(lab, 0, GROUP)
    lab.chmod(0o2770)
    write_vectors(lab / "stores" / "vector", clip_table(persons=2))
    publish(lab / "stores", lab / "published")
    for path in lab.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o2775 if path.is_dir() else 0o444)
    for store in (lab / "stores", lab / "published" / "current"):
        assert closed_by(store) == lab
        assert as_user(MEMBER, GROUP, store) == "(3, 6)"
        assert "ermission" in as_user(STRANGER, STRANGER, store)
        lab.chmod(0o2775)
        assert as_user(STRANGER, STRANGER, store) == "(3, 6)"
        lab.chmod(0o2770)


def test_a_member_who_may_not_write_into_the_build_cache_is_told(shared):
    cache = shared / "cache"
    cache.mkdir()
    os.chown(cache, 0, GROUP)
    for mode, ok in ((0o2770, "True"), (0o2750, "False")):
        cache.chmod(mode)
        assert as_user(MEMBER, GROUP, cache) == ok
