"""The command line, as a process."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from fixtures.casme2 import write_casme2

ROOT = Path(__file__).parents[1]


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "mestore", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


def test_help_names_every_command():
    said = run("--help").stdout
    assert all(name in said for name in ("demo", "summary", "params"))


def test_the_parameter_reference_in_docs_is_the_one_that_is_printed():
    assert run("params").stdout == (ROOT / "docs" / "params.md").read_text()


def test_what_is_refused_is_one_paragraph_and_status_one(tmp_path):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    done = run("summary", cwd=tmp_path)
    assert done.returncode == 0 and "none yet" in done.stdout and "mestore build" in done.stdout
    done = run("verify", cwd=tmp_path)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("mestore: ") and "Traceback" not in done.stderr
    (tmp_path / "mine").write_text("not a demo")
    done = run("demo", str(tmp_path))
    assert done.returncode == 1 and "is not empty" in done.stderr
    assert (tmp_path / "mine").read_text() == "not a demo"


def test_the_readmes_python_is_the_example_that_runs():
    example = (ROOT / "examples" / "train.py").read_text().split('"""\n\n', 1)[1].split("print(")[0]
    assert example in (ROOT / "README.md").read_text()


def no_traceback(done: subprocess.CompletedProcess) -> bool:
    return "Traceback" not in done.stderr + done.stdout


def test_what_the_system_refuses_is_one_paragraph_too(tmp_path):
    done = run("agreement", str(tmp_path / "absent.csv"))
    assert (done.returncode, done.stdout) == (1, "") and no_traceback(done)
    assert done.stderr.startswith("mestore: ") and "absent.csv: No such file or directory; " in done.stderr


def test_a_check_of_what_is_no_folder_says_so(tmp_path):
    (tmp_path / "x.rar").touch()
    (tmp_path / "link").symlink_to("unmounted")
    for name in ("typo", "x.rar", "link"):
        done = run("check", "casme2", "--raw", name, cwd=tmp_path)
        assert done.returncode == 1 and no_traceback(done)
        assert done.stdout.splitlines()[-1].endswith(f"{name} cannot be read as CASME II")


@pytest.fixture
def lab(tmp_path) -> Path:
    """A workspace and a zip file of a copy of CASME II, its name and a folder's not fit for a terminal."""
    (tmp_path / "sent").mkdir()
    write_casme2(tmp_path / "sent")
    with zipfile.ZipFile(tmp_path / "sent\x1b[2J.zip", "w") as archive:
        for path in sorted((tmp_path / "sent").rglob("*")):
            archive.write(path, f"evil\x1b[31m/{path.relative_to(tmp_path / 'sent')}")
    (tmp_path / "lab").mkdir()
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "lab/params.yaml")
    return tmp_path / "lab"


def test_names_in_a_zip_file_command_no_terminal_and_paths_are_short(lab):
    done = run("add", "casme2", "--raw", "../sent\x1b[2J.zip", cwd=lab)
    assert "\x1b" not in done.stdout + done.stderr and no_traceback(done)
    first, second, *rest = done.stdout.splitlines()
    assert first.endswith(r" clips are in data/raw/casme2.unpacked/evil\x1b[31m")
    assert second == "data/raw/casme2 leads there; params.yaml names it"
    assert "CASME II in data/raw/casme2" in rest
    done = run("add", "samm", "--raw", "../sent\x1b[2J.zip", cwd=lab)
    assert done.returncode == 1 and "\x1b" not in done.stderr and "is not SAMM" in done.stderr


def test_a_check_takes_options_and_writes_nothing_into_the_dataset_s_folder(lab):
    done = run("check", "casme2", "--raw", "../sent", "--option", "layout=cropped", cwd=lab)
    assert done.returncode == 1 and "looked for one of the folders" in done.stdout
    done = run("check", "casme2", "--raw", "../sent", "--option", "lay=cropped", cwd=lab)
    assert done.returncode == 1 and "'lay' is unknown; allowed here: layout" in done.stderr
    done = run("check", "casme2", "--raw", ".", cwd=lab.parent / "sent")
    assert done.returncode == 1 and "give a file elsewhere with --csv" in done.stderr
    assert not list((lab.parent / "sent").glob("*.check.csv"))
