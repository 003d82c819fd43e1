"""The command line, as a process."""

import subprocess
import sys
from pathlib import Path

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
    done = run("summary", cwd=tmp_path)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("mestore: ") and "dvc repro" in done.stderr
    (tmp_path / "mine").write_text("not a demo")
    done = run("demo", str(tmp_path))
    assert done.returncode == 1 and "is not empty" in done.stderr
    assert (tmp_path / "mine").read_text() == "not a demo"


def test_the_readmes_python_is_the_example_that_runs():
    example = (ROOT / "examples" / "train.py").read_text().split('"""\n\n', 1)[1].split("print(")[0]
    assert example in (ROOT / "README.md").read_text()
