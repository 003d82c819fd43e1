"""A lab's own workspace: made, refused, upgraded; and built by a mestore that is installed from its wheel."""

import json
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import yaml

from checkout import ROOT, Checkout
from mestore.build.provenance import write_code
from mestore.errors import AnnotationError, MEStoreError, ParamsError
from mestore.init import init_workspace
from mestore.params import load_params
from mestore.template import OURS, RECORD, Record, digest, template
from mestore.workspace import find_workspace


def git(folder: Path, *arguments: str) -> str:
    named = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    return subprocess.run(
        ["git", *named, *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def lab(tmp_path) -> Path:
    """A fresh workspace."""
    init_workspace(tmp_path / "lab")
    return tmp_path / "lab"


def rewrite(lab: Path, **changes) -> None:
    """Change the record of a workspace, as if another version had made it."""
    path = lab / RECORD
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {key: record[key] | its for key, its in changes.items()}))


def test_a_workspace_holds_the_repositorys_own_files_and_no_source(lab):
    for name in template():
        assert (lab / name).read_bytes() == (ROOT / name).read_bytes()
    for pattern in OURS:
        here, there = ({it.relative_to(root) for it in root.glob(pattern)} for root in (lab, ROOT))
        assert here == there
    assert not (lab / "pipeline").exists() and (lab / "data/raw").is_dir() and (lab / ".dvc").is_dir()
    assert load_params(lab / "params.yaml") == load_params(ROOT / "params.yaml")


def test_git_keeps_what_is_the_labs_and_nothing_that_is_of_this_machine(lab):
    git(lab, "add", "-A")
    kept = git(lab, "ls-files").split()
    assert {"params.yaml", "dvc.yaml", "stages/run", RECORD, ".dvc/config", "README.md"} <= set(kept)
    assert ".mestore/python" not in kept
    for name in ("data/raw/demo/x", "data/logs/index.log", ".dvc/mestore/x", ".venv/x"):
        (lab / name).parent.mkdir(parents=True, exist_ok=True)
        (lab / name).write_text("")
    assert git(lab, "status", "--porcelain", "--untracked-files=all").count("??") == 0


def test_a_workspace_is_not_made_twice_and_one_that_was_interrupted_is_finished(lab):
    with pytest.raises(MEStoreError, match=r"is a workspace already; run `mestore init .* --upgrade`"):
        init_workspace(lab)
    (lab / RECORD).unlink()
    (lab / "stages/run").unlink()
    (lab / ".dvc/config").write_text("")
    (lab / "README.md").write_text("ours\n")
    init_workspace(lab)
    assert (lab / "stages/run").is_file() and (lab / RECORD).is_file()
    assert "hardlink" in (lab / ".dvc/config").read_text()
    assert (lab / "README.md").read_text() == "ours\n"


@pytest.mark.parametrize("name", ["dvc.yaml", "params.yaml", "stages/run"])
def test_what_is_there_and_is_not_mestores_is_not_overwritten(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("ours\n")
    with pytest.raises(MEStoreError, match=f"{name} is there already and is not mestore's"):
        init_workspace(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / name]


def test_a_dvc_that_was_interrupted_keeps_its_cache_out_of_git_all_the_same(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / ".dvc").mkdir()
    init_workspace(tmp_path)
    (tmp_path / ".dvc/cache").mkdir()
    (tmp_path / ".dvc/cache/x").write_text("")
    assert ".dvc/cache" not in git(tmp_path, "status", "--porcelain", "--untracked-files=all")


def test_the_next_steps_are_commands_also_where_a_folder_has_spaces(tmp_path):
    assert f"  cd '{tmp_path / 'my lab'}'\n" in init_workspace(tmp_path / "my lab")


@pytest.mark.parametrize("name", ["../other/stages/run", "/etc/stages/run"])
def test_a_record_that_names_files_elsewhere_is_damaged(lab, name):
    rewrite(lab, files={name: digest(b"")})
    with pytest.raises(MEStoreError, match=r"is damaged \(.* is not below the workspace\)"):
        init_workspace(lab, upgrade=True)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "lab").write_text("")
    with pytest.raises(MEStoreError, match="is a file; expected a folder"):
        init_workspace(tmp_path / "lab")


def test_a_repository_and_its_settings_stay(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("secret")
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], cwd=tmp_path, check=True)
    settings = "[cache]\n    dir = /nas/cache\n"
    (tmp_path / ".dvc/config").write_text(settings)
    init_workspace(tmp_path)
    assert (tmp_path / ".dvc/config").read_text() == settings
    assert (tmp_path / ".gitignore").read_text().splitlines()[:2] == ["secret", ".venv"]
    assert "/mestore" in (tmp_path / ".dvc/.gitignore").read_text().splitlines()


def test_below_a_repository_the_workspace_is_a_part_of_it(tmp_path):
    git(tmp_path, "init", "-q")
    init_workspace(tmp_path / "lab")
    assert not (tmp_path / "lab/.git").exists() and (tmp_path / "lab/.dvc/config").is_file()


def test_an_upgrade_with_nothing_new_says_so(lab):
    before = {
        path: path.read_bytes() for path in lab.rglob("*") if path.is_file() and ".git/" not in str(path)
    }
    said = init_workspace(lab, upgrade=True)
    assert "its files are as this version has them" in said and "params.yaml: left as it is" in said
    assert {path: path.read_bytes() for path in before} == before


def test_an_upgrade_hides_pictures_of_faces_from_git_too(lab):
    ignored = lab / ".gitignore"
    ignored.write_text("ours\n")
    init_workspace(lab, upgrade=True)
    assert "ours" in ignored.read_text().splitlines() and "*@*.png" in ignored.read_text().splitlines()
    (lab / "demo-sub01-EP01_01f@115.png").write_text("")
    assert "@115" not in git(lab, "status", "--porcelain", "--untracked-files=all")


def test_an_upgrade_replaces_what_nobody_edited_and_lays_the_rest_beside(lab):
    old = b"# of an older version\n"
    for name in ("dvc.yaml", "stages/folds.py", "stages/gone.py", "stages/index.py"):
        (lab / name).write_bytes(old)
    files = dict.fromkeys(("dvc.yaml", "stages/gone.py", "stages/report.py"), digest(old))
    rewrite(lab, files=files)
    (lab / "stages/report.py").write_text("# ours\n")
    (lab / "stages/run").unlink()
    (lab / "params.yaml").write_text((lab / "params.yaml").read_text() + "# ours\n")
    said = init_workspace(lab, upgrade=True)
    new = template()
    for name in ("dvc.yaml", "stages/run"):
        assert (lab / name).read_bytes() == new[name]
    assert not (lab / "stages/gone.py").exists()
    for name in ("stages/report.py", "stages/folds.py", "stages/index.py"):
        assert (lab / name).read_bytes() != new[name]
        assert (lab / f"{name}.new").read_bytes() == new[name]
        assert f"{name.rpartition('/')[2]}.new, take over your change and rename it: {name}" in said
    assert (lab / "params.yaml").read_text().endswith("# ours\n")
    # Once it is renamed, the next upgrade finds nothing to say; until then it is said again.
    (lab / "stages/report.py.new").rename(lab / "stages/report.py")
    again = init_workspace(lab, upgrade=True)
    assert "stages/report.py" not in again and "stages/folds.py" in again


def test_an_upgrade_names_keys_that_are_new_gone_or_have_another_default(lab):
    record = json.loads((lab / RECORD).read_text())
    key = "n in stores.<name>.params of kind tim"
    now = record["keys"].pop("faces in report")
    record["keys"] |= {key: "9", "size in stores.<name>.params of kind align": "224"}
    (lab / RECORD).write_text(json.dumps(record))
    said = init_workspace(lab, upgrade=True)
    assert f"new key: faces in report (default: {now})" in said
    assert "no longer a key: size in stores.<name>.params of kind align" in said
    assert f"other default: {key}: 9, now 10" in said
    assert Record.read(lab).keys[key] == "10"


def test_an_upgrade_says_what_the_next_repro_builds_again_and_why(lab):
    workspace = find_workspace(lab, environment={})
    write_code(workspace, load_params(lab / "params.yaml"))
    assert "built again" not in init_workspace(lab, upgrade=True)
    for name in ("flow", "folds"):
        path = workspace.code / f"{name}.json"
        record = json.loads(path.read_text())
        record |= {"digest": "0", "libraries": record["libraries"] | {"numpy": "1.0"}}
        path.write_text(json.dumps(record))
    said = init_workspace(lab, upgrade=True)
    assert "store flow is built again (numpy 1.0, now" in said
    assert "folds are made again; where they differ, scores of before are not comparable" in said
    assert "kept, unless what they read changes: crops, clips" in said
    (lab / "params.yaml").write_text("stoers: {}\n")
    assert "mend params.yaml first" in init_workspace(lab, upgrade=True)


def test_what_init_did_not_make_is_not_upgraded(tmp_path, lab):
    with pytest.raises(MEStoreError, match="was not made by `mestore init`"):
        init_workspace(tmp_path, upgrade=True)
    (lab / RECORD).write_text("{")
    with pytest.raises(MEStoreError, match=r"template\.json is damaged"):
        init_workspace(lab, upgrade=True)


def test_params_of_another_version_are_refused_with_what_to_do(lab):
    path = lab / "params.yaml"
    path.write_text(path.read_text().replace("version: 1", "version: 2"))
    with pytest.raises(ParamsError, match=r"is of version 2, this mestore reads version 1; install"):
        load_params(path)


def test_a_clip_table_of_another_version_is_refused_with_what_to_do(lab, table, monkeypatch):
    from mestore.build.tables import read_index
    from mestore.datasets import table_io

    workspace = find_workspace(lab, environment={})
    params = load_params(lab / "params.yaml")
    monkeypatch.setattr(table_io, "VERSION", 2)
    table_io.write_parquet(table, workspace.index / "demo.parquet")
    monkeypatch.undo()
    with pytest.raises(
        AnnotationError, match="version 2, this mestore reads version 1; run `dvc repro index`"
    ):
        read_index(workspace, params)
    monkeypatch.setattr(table_io, "_VERSION_KEY", b"other")
    table_io.write_parquet(table.drop(columns="excluded"), workspace.index / "demo.parquet")
    monkeypatch.undo()
    with pytest.raises(AnnotationError, match="version before 1"):
        read_index(workspace, params)


class Installed:
    """A fresh environment with mestore's wheel in it, and no way to the clone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        clone = Checkout(folder / "clone")
        build = ["-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), "."]
        subprocess.run([sys.executable, *build], cwd=clone.folder, check=True)
        (wheel,) = folder.glob("*.whl")
        venv.create(folder / "env")
        self.python = folder / "env/bin/python"
        install = [
            "-m",
            "pip",
            "--python",
            str(self.python),
            "install",
            "-q",
            "--no-deps",
            "--no-index",
            wheel,
        ]
        subprocess.run([sys.executable, *install], check=True)
        # The libraries of the tests' environment without its editable mestore: nested .pth do not count.
        (inside,) = (folder / "env/lib").glob("python*/site-packages")
        (inside / "libraries.pth").write_text("\n".join(site.getsitepackages()) + "\n")
        clone.folder.rename(folder / "gone")

    def run(self, where: Path, *command: str, check: bool = True, **environment: str) -> str:
        """Run a command of that environment by its path, as whoever has not activated it."""
        clean = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder),
            "CI": "true",
            **{
                f"GIT_{who}_{what}": "t@e.org"
                for who in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")
            },
        }
        done = subprocess.run(
            command, cwd=where, env=clean | environment, stdout=-1, stderr=subprocess.STDOUT, text=True
        )
        assert done.returncode == 0 or not check, f"{command}:\n{done.stdout}"
        return done.stdout

    def mestore(self, where: Path, *arguments: str) -> str:
        return self.run(where, str(self.python.with_name("mestore")), *arguments)

    def dvc(self, where: Path, *arguments: str, **environment: str) -> str:
        return self.run(where, str(self.python), "-m", "dvc", *arguments, **environment)


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def built(installed, tmp_path_factory) -> Path:
    """A workspace of that mestore with one subject's crops and their TIM clips."""
    where = tmp_path_factory.mktemp("lab")
    installed.mestore(where, "init", "lab")
    lab = where / "lab"
    installed.mestore(lab, "demo", "data/raw/demo", "--subjects", "2", "--clips", "1")
    params = yaml.safe_load((lab / "params.yaml").read_text())
    params["stores"] = {name: params["stores"][name] for name in ("crops", "clips")}
    params["stores"]["crops"]["params"]["side"] = 96
    params["evaluate"] = {"loso": {"features": []}}
    (lab / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    installed.run(lab, "git", "add", "-A")
    installed.run(lab, "git", "commit", "-q", "-m", "a workspace")
    installed.dvc(lab, "repro")
    installed.run(lab, "git", "add", "-A")
    installed.run(lab, "git", "commit", "-q", "-m", "built")
    return lab


def test_an_installed_mestore_builds_a_workspace_without_the_clone(installed, built):
    script = (
        "import mestore; print(mestore.__file__, mestore.open_store('data/stores').clips()['clip_id'].size)"
    )
    file, clips = installed.run(built, str(installed.python), "-c", script).split()
    assert file.startswith(str(installed.folder / "env")) and clips == "2"
    assert (built / "data/reports/demo/index.html").is_file()
    assert (built / "data/scores/loso/metrics.json").is_file()
    log = (built / "data/logs/store-clips.log").read_text()
    assert str(installed.python) in log and "clips: 2 of 2 clips, 2 subjects built" in log
    code = json.loads((built / "data/code/report.json").read_text())
    assert code["scripts"]["report.py"]
    assert "crops" not in installed.dvc(built, "status", "store@crops", "store@clips")


def test_a_queued_experiment_runs_with_the_mestore_of_the_workspace(installed, built):
    installed.dvc(built, "exp", "run", "--queue", "--name", "six", "-S", "stores.clips.params.n=6")
    # The queue starts by the name "dvc": here that of another environment, whose mestore is another.
    other = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    said = installed.dvc(built, "exp", "run", "--run-all", PATH=other)
    assert "clips: 2 of 2 clips, 2 subjects built" in said
    assert "Running stage 'store@crops'" not in said
    last = (built / "data/logs/store-clips.log").read_text().rpartition("begins:")[2]
    assert str(installed.python) in last and '"n": 6' in last and "in a copy" in last


def test_without_an_interpreter_that_has_mestore_a_stage_says_what_to_do(installed, built, tmp_path):
    noted = built / ".mestore/python"
    kept = noted.read_text()
    bare = tmp_path / "bare"
    venv.create(bare)
    try:
        noted.write_text("/nowhere/python\n")
        path = f"{bare / 'bin'}:/usr/bin:/bin"
        said = installed.run(built, "sh", "stages/run", "index", check=False, PATH=path)
        assert len(said.splitlines()) == 1 and "`mestore init" in said and "MESTORE_PYTHON" in said
        named = installed.run(built, "sh", "stages/run", "index", PATH=path, MESTORE_PYTHON=kept.strip())
        assert named.startswith("index: demo: 2 clips")
        (built / ".venv").symlink_to(installed.folder / "env")
        assert installed.run(built, "sh", "stages/run", "index", PATH=path).startswith("index: demo: 2 clips")
        # In a clone of the workspace the interpreter is noted by an upgrade.
        assert "as this version has them" in installed.mestore(built, "init", ".", "--upgrade")
        assert noted.read_text() == kept
    finally:
        noted.write_text(kept)
        if (built / ".venv").is_symlink():
            (built / ".venv").unlink()
