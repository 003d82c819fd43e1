"""The log of a stage: what it holds, that no name can forge a line, and that it stops no build."""

import logging
import os
import re
import signal
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from mestore.build import log as log_module
from mestore.build.entry import run_stage
from mestore.build.log import log_name, stage_log
from mestore.build.subject import Outcome
from mestore.build.workers import run_tasks
from mestore.errors import MEStoreError
from mestore.params import ComputeParams
from mestore.workspace import find_workspace
from toys import BUG, DIES, WELL, importable, toy_task

PARAMS = """
datasets: {demo: {reader: casme2}}
stores:
  crops: {kind: align, input: index, params: {side: 96}}
  clips: {kind: tim, input: stores/crops}
protocols: {loso: {kind: loso}}
evaluate: {loso: {features: []}}
"""

BEGIN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4} (INFO|WARNING|ERROR|CRITICAL) +\[\d+\] ")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A workspace, as a stage finds it: the current folder."""
    (tmp_path / "params.yaml").write_text(PARAMS)
    monkeypatch.chdir(tmp_path)
    for name in ("DVC_ROOT", "MESTORE_CACHE", "MESTORE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def run(monkeypatch, stage, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/stages/store.py", *arguments])
    before = dict(os.environ)
    try:
        run_stage(stage)
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]


def written(folder: Path, name: str = "store-crops") -> str:
    return (folder / "data/logs" / f"{name}.log").read_text(encoding="utf-8")


def test_a_log_says_when_what_ran_with_which_versions_and_parameters(folder, monkeypatch, capsys):
    run(monkeypatch, lambda workspace, params, name: f"{name}: done", "crops")
    text = written(folder)
    for said in ("begins: store crops", "Python 3.", "numpy ", '"side": 96', "crops: done", "ends after"):
        assert said in text
    assert '"detector": "dlib"' in text and '"kind": "tim"' not in text
    assert all(BEGIN.match(line) for line in text.splitlines())
    assert capsys.readouterr().out == "crops: done\n"


def test_runs_are_appended_and_the_whole_is_bounded(folder, monkeypatch):
    monkeypatch.setattr(log_module, "LARGEST", 8_000)
    for _ in range(2):
        run(monkeypatch, lambda *_: "done", "crops")
    assert written(folder).count("begins:") == 2
    for _ in range(10):
        run(monkeypatch, lambda *_: "done", "crops")
    logs = sorted((folder / "data/logs").iterdir())
    assert [path.name for path in logs] == ["store-crops.log", "store-crops.log.1"]
    assert all(path.stat().st_size <= 8_000 for path in logs)


def test_an_error_is_one_paragraph_to_the_user_and_a_traceback_in_the_log(folder, monkeypatch, capsys):
    def refuses(*_):
        raise MEStoreError("no such thing; do another")

    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, refuses, "crops")
    said = capsys.readouterr().err
    assert ended.value.code == 1 and said.startswith("mestore: no such thing; do another\n")
    assert "Traceback" not in said and "data/logs/store-crops.log" in said
    assert "Traceback" in written(folder) and "ends after" in written(folder)
    monkeypatch.setenv("MESTORE_DEBUG", "1")
    with pytest.raises(SystemExit):
        run(monkeypatch, refuses, "crops")
    assert "Traceback" in capsys.readouterr().err


def test_a_bug_and_ctrl_c_are_logged_too(folder, monkeypatch, capsys):
    def bug(*_):
        raise KeyError("what")

    def interrupted(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyError):
        run(monkeypatch, bug, "crops")
    assert "KeyError: 'what'" in written(folder)
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, interrupted, "crops")
    assert ended.value.code == 130 and "interrupted" in written(folder)
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_stage_is_imported_is_one_line(folder, number):
    script = folder / "slow.py"
    script.write_text("import sys, time\nprint(sys.argv, flush=True)\ntime.sleep(60)\n")
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "mestore.build", script, "crops"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == f"{[str(script), 'crops']}\n"
    process.send_signal(number)
    _, said = process.communicate(timeout=300)
    assert (process.returncode, said) == (130, "mestore: interrupted; what was finished is kept\n")


def test_warnings_are_logged_and_shown(folder, monkeypatch):
    def warns(*_):
        warnings.warn("mind this", stacklevel=1)
        return "done"

    shown = []
    monkeypatch.setattr(warnings, "showwarning", lambda message, *_: shown.append(str(message)))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_: shown.append(str(message))
        run(monkeypatch, warns, "crops")
    assert shown == ["mind this"]
    assert "UserWarning: mind this" in written(folder)


@pytest.mark.parametrize("backend", ["one process", "workers"])
def test_what_was_built_found_or_broken_in_a_worker_is_in_the_log(folder, tmp_path, monkeypatch, backend):
    importable(monkeypatch)
    tasks = [toy_task(tmp_path, 1, WELL), toy_task(tmp_path, 2, BUG)]
    if backend == "workers":
        tasks.append(toy_task(tmp_path, 3, DIES))
    n_jobs = 2 if backend == "workers" else 1

    def stage(*_):
        outcomes = run_tasks(tasks, compute=ComputeParams(n_jobs=n_jobs), title="toys")
        assert all(isinstance(it, Outcome) for it in outcomes)
        return "done"

    run(monkeypatch, stage, "crops")
    text = written(folder)
    assert "toy/s01: built" in text
    assert "toy/s02: not built: Traceback" in text and "a bug" in text
    if backend == "workers":
        assert "toy/s03: not built: its worker process died" in text


def test_a_hostile_name_forges_no_line_and_commands_no_terminal(folder, monkeypatch):
    name = "s\n2026-01-01 00:00:00+0000 INFO    [1] all is well\r\x1b[2J\x9b\u202e\ud800"
    # Or pytest keeps the line for its report, which pytest-xdist cannot send: no UTF-8 has it.
    monkeypatch.setattr(logging.getLogger("mestore"), "propagate", False)

    def stage(*_):
        logging.getLogger("mestore.build.workers").warning("%s: failed", name)
        return "done"

    run(monkeypatch, stage, "crops")
    text = written(folder)
    assert all(line.startswith("    ") or BEGIN.match(line) for line in text.split("\n")[:-1])
    assert "\n    2026-01-01" in text and "\\r\\x1b[2J\\x9b\\u202e\\ud800" in text
    assert all(sign == "\n" or sign.isprintable() for sign in text)


@pytest.mark.parametrize("name", ["../../../etc/x", "a/b", "\n", "x" * 500, "", ".hidden"])
def test_whatever_a_stage_is_called_with_its_log_lies_in_the_folder_of_logs(folder, name):
    workspace = find_workspace(folder, environment={})
    with stage_log(workspace, "store", [name]) as path:
        pass
    assert path.parent == workspace.logs and path.is_file() and len(path.name) <= 104
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", log_name("store", [name]))


@pytest.mark.parametrize("harm", ["a file for the folder", "a folder for the log", "a pipe for the log"])
def test_a_log_that_cannot_be_opened_is_said_once_and_the_stage_goes_on(folder, monkeypatch, capsys, harm):
    logs = folder / "data/logs"
    if harm == "a file for the folder":
        logs.parent.mkdir()
        logs.write_text("")
    else:
        logs.mkdir(parents=True)
        path = logs / "store-crops.log"
        path.mkdir() if harm == "a folder for the log" else os.mkfifo(path)
    run(monkeypatch, lambda *_: "done", "crops")
    said = capsys.readouterr()
    assert said.out == "done\n" and said.err.count("no log in") == 1 and "Traceback" not in said.err


def test_a_log_that_cannot_be_written_on_is_said_once_and_the_stage_goes_on(folder, monkeypatch, capsys):
    (folder / "data/logs").mkdir(parents=True)
    (folder / "data/logs/store-crops.log").symlink_to("/dev/full")
    monkeypatch.setattr(Path, "is_file", lambda self: True)  # as of a file on a disk that fills up

    def stage(*_):
        for number in range(10):
            logging.getLogger("mestore").info("line %d", number)
        return "done"

    run(monkeypatch, stage, "crops")
    said = capsys.readouterr()
    assert said.out == "done\n" and said.err.count("no log in") == 1 and "Traceback" not in said.err


def test_an_experiment_in_a_copy_writes_into_the_main_workspace_and_says_so(folder, tmp_path, monkeypatch):
    copy = folder / ".dvc/tmp/exps/tmpx"
    copy.mkdir(parents=True)
    (copy / "params.yaml").write_text(PARAMS)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("DVC_ROOT", str(folder))
    run(monkeypatch, lambda *_: "done", "crops")
    assert not (copy / "data/logs").exists()
    assert f"in a copy, such as an experiment's: {copy}" in written(folder)


def test_nothing_of_a_log_stays_behind_in_the_process(folder):
    logger, shown = logging.getLogger("mestore"), warnings.showwarning
    before = (logger.level, list(logger.handlers))
    workspace = replace(find_workspace(folder, environment={}))
    with stage_log(workspace, "index", []):
        assert logger.handlers
    assert (logger.level, list(logger.handlers)) == before and warnings.showwarning is shown
