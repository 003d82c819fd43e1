"""Ctrl-C, really sent, at any moment: one line, status 130, and nothing half-written is left."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from asked import command, environment

from mestore.protocols.folds import load_folds
from mestore.scores.ledger import Ledger
from mestore.store.verify import verify
from mestore.synthetic.demo import write_demo
from reported import made, named_table
from watching import listed, soon

MOMENTS = 3
"""Of each command; seconds after its start are drawn up to how long it takes."""

LINES = ("mestore: interrupted", "mestore: interrupted; nothing half-written is left")


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Path:
    """Stores of some megabytes, folds, predictions of another trainer, and recordings."""
    root = tmp_path_factory.mktemp("lab")
    its = made(root, named_table([f"s{number:02}" for number in range(8)]), side=128)
    (root / "params.yaml").write_text(yaml.safe_dump(its.params.model_dump(mode="json")), encoding="utf-8")
    folds = load_folds(its.workspace.folds / "loso.json")
    lines = ["clip_id,predicted", *(f"{clip},happiness" for clip in folds.clips)]
    (root / "svm.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_demo(root / "recordings", subjects=1, clips=2)
    return root


def files(folder: Path) -> dict[str, int]:
    """Return every file with its size; not those of the cache, where finished pages stay, and of ledgers.

    Sheets have no size: they hold the time at which they were written, packed.
    """
    return {
        name: 0 if path.suffix == ".xlsx" else path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file()
        and not (name := str(path.relative_to(folder))).startswith((".dvc/", "data/ledger/"))
    }


def interrupted(process: subprocess.Popen, *, after: float, number: int = signal.SIGINT) -> tuple[int, str]:
    """Send a signal after so many seconds, and return the exit status and what was said."""
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
    try:
        _, said = process.communicate(timeout=300)
    finally:
        process.kill()
    return process.returncode, said


def start(*arguments: str, cwd: Path) -> subprocess.Popen:
    return subprocess.Popen(
        command(*arguments), cwd=cwd, env=environment(CI="true"), text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


COMMANDS = {
    "demo": (("demo", "new", "--subjects", "1"), "new"),
    "demo again": (("demo", "old", "--subjects", "1", "--clips", "2"), "old"),
    "export": (("export", "crops", "crops.h5", "--to", "h5"), "crops.h5"),
    "export of a folder": (("export", "crops", "tif", "--to", "tif"), "tif"),
    "publish": (("publish", "data/stores", "published"), "published"),
    "report": (("report", "toy", "--out", "pages"), "pages"),
    "show": (("show", "toy/s00/c0@10", "--out", "clip.png"), "clip.png"),
    "audit": (("audit", "data/stores", "loso", "--out", "page.html"), "page.html"),
    "check": (("check", "casme2", "--raw", "recordings", "--csv", "check.csv"), "check.csv"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_at_any_moment_the_result_is_whole_or_not_there(lab, name):
    arguments, result = COMMANDS[name]
    before = files(lab)
    if name == "demo again":
        write_demo(lab / "old", subjects=1, clips=1)
    begun = time.monotonic()
    process = start(*arguments, cwd=lab)
    assert interrupted(process, after=300)[0] in (0, 1)  # check: it differs from the real one
    lasts = time.monotonic() - begun
    whole = {path: size for path, size in files(lab).items() if path not in before}
    moments = random.Random(name)
    hits, tries = 0, 0
    while tries < MOMENTS or (not hits and tries < 10 * MOMENTS):
        tries += 1
        if name != "demo again":
            remove(lab / result)
        status, said = interrupted(start(*arguments, cwd=lab), after=moments.uniform(0.05, lasts))
        left = {path: size for path, size in files(lab).items() if path not in before}
        # Python ends itself by the signal (-2) while it starts, before a line of mestore runs.
        assert status in (0, 1, 130, -signal.SIGINT)
        hits += status == 130
        if not hits:  # the machine has become slower, or faster
            lasts *= 1.3 if status == -signal.SIGINT else 0.8
        assert status != 130 or (said.splitlines()[-1] in LINES and said.count("\n") == 1), said
        assert left in ({}, whole), (status, set(left) ^ set(whole))
        assert status != 130 or not listed(lab / ".dvc/mestore", "subjects/*/.*")
    remove(lab / result)
    assert hits


def test_a_score_counts_as_a_look_or_does_not(lab):
    arguments = ("score", "loso", "svm.csv")
    begun = time.monotonic()
    assert interrupted(start(*arguments, cwd=lab), after=300)[0] == 0
    lasts = time.monotonic() - begun
    before = files(lab)
    moments = random.Random("score")
    for _ in range(2 * MOMENTS):
        status, said = interrupted(start(*arguments, cwd=lab), after=moments.uniform(0.05, lasts))
        assert status in (0, 130, -signal.SIGINT)
        assert status != 130 or (said.splitlines()[-1] in LINES and said.count("\n") == 1), said
    assert files(lab) == before
    folds = load_folds(lab / "data/folds/loso.json")
    assert Ledger(lab / "data/ledger/loso.jsonl", folds=folds.digest).counts() == (1, 0)


HEARS = """
import signal, sys
from mestore.cli.commands import app
from mestore.cli.run import run

@app.command()
def hear(number: int) -> None:
    try:
        signal.raise_signal(number)
    except BaseException as heard:
        raise ImportError("an extension module was half imported") from heard

sys.exit(run(["hear", sys.argv[1]]))
"""


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [
        (signal.SIGINT, 130, "mestore: interrupted; nothing half-written is left\n"),
        (signal.SIGTERM, 143, "mestore: ended\n"),
    ],
)
def test_an_interrupt_that_a_library_made_another_error_of_is_one_still(number, status, said):
    done = subprocess.run(
        [sys.executable, "-c", HEARS, str(int(number))], stderr=subprocess.PIPE, text=True, env=environment()
    )
    assert (done.returncode, done.stderr) == (status, said)


def remove(path: Path) -> None:
    subprocess.run(["chmod", "-R", "u+w", str(path)], stderr=subprocess.DEVNULL)
    subprocess.run(["rm", "-rf", str(path)], check=True)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_process_that_a_scheduler_ends_clears_up_too(lab, tmp_path, number, status):
    process = start("demo", str(tmp_path / "demo"), "--subjects", "8", cwd=lab)
    soon(lambda: bool(listed(tmp_path, ".demo*")) or process.poll() is not None)
    assert interrupted(process, after=0.1, number=number)[0] == status
    assert list(tmp_path.iterdir()) == []


def test_a_second_ctrl_c_does_not_stop_the_clearing_up(lab, tmp_path):
    process = start("demo", str(tmp_path / "demo"), "--subjects", "8", cwd=lab)
    soon(lambda: bool(listed(tmp_path, ".demo*/*/*/*/*")) or process.poll() is not None)
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)
    assert interrupted(process, after=60)[0] == 130
    assert list(tmp_path.iterdir()) == []


def test_the_store_that_is_read_is_as_it_was(lab):
    assert verify(lab / "data/stores") == []
    assert not [path for path in lab.rglob(".*") if os.path.lexists(path) and ".dvc" not in path.parts]
