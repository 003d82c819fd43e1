"""Ctrl-C, really sent, at any moment: one line, status 130, and nothing half-written is left."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from asked import command, environment

from conftest import clip_table, crop_sample, write_store
from mestore.store.verify import verify
from mestore.synthetic.demo import write_demo

MOMENTS = 3
"""Of each command; seconds after its start are drawn up to how long it takes."""

LINES = ("mestore: interrupted", "mestore: interrupted; nothing half-written is left")


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Path:
    """Stores of some megabytes, and recordings."""
    root = tmp_path_factory.mktemp("lab")
    axes = ("time", "y", "x", "channel")
    write_store(
        root / "data/stores/crops",
        clip_table(persons=24),
        lambda row: crop_sample(row, side=96),
        kind="align",
        axes=axes,
        dtype="uint8",
        ragged=True,
    )
    write_demo(root / "recordings", subjects=1, clips=2)
    return root


def files(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()
    }


def interrupted(process: subprocess.Popen, *, after: float, number: int = signal.SIGINT) -> tuple[int, str]:
    """Send a signal after so many seconds, and return the exit status and what was said."""
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
    _, said = process.communicate(timeout=120)
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
    hits = 0
    for _ in range(MOMENTS):
        if name != "demo again":
            remove(lab / result)
        status, said = interrupted(start(*arguments, cwd=lab), after=moments.uniform(0.05, lasts))
        left = {path: size for path, size in files(lab).items() if path not in before}
        # Python ends itself by the signal (-2) while it starts, before a line of mestore runs.
        assert status in (0, 1, 130, -signal.SIGINT)
        hits += status == 130
        assert status != 130 or (said.splitlines()[-1] in LINES and said.count("\n") == 1), said
        assert left in ({}, whole), (status, set(left) ^ set(whole))
    remove(lab / result)
    assert hits


def remove(path: Path) -> None:
    subprocess.run(["chmod", "-R", "u+w", str(path)], stderr=subprocess.DEVNULL)
    subprocess.run(["rm", "-rf", str(path)], check=True)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_process_that_a_scheduler_ends_clears_up_too(lab, tmp_path, number, status):
    process = start("demo", str(tmp_path / "demo"), "--subjects", "8", cwd=lab)
    while not list(tmp_path.glob(".demo*")) and process.poll() is None:
        time.sleep(0.01)
    assert interrupted(process, after=0.1, number=number)[0] == status
    assert list(tmp_path.iterdir()) == []


def test_a_second_ctrl_c_does_not_stop_the_clearing_up(lab, tmp_path):
    process = start("demo", str(tmp_path / "demo"), "--subjects", "8", cwd=lab)
    while not list(tmp_path.glob(".demo*/*/*/*/*")) and process.poll() is None:
        time.sleep(0.01)
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)
    assert interrupted(process, after=60)[0] == 130
    assert list(tmp_path.iterdir()) == []


def test_the_store_that_is_read_is_as_it_was(lab):
    assert verify(lab / "data/stores") == []
    assert not [path for path in lab.rglob(".*") if os.path.lexists(path) and ".dvc" not in path.parts]
