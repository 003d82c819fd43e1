"""`mestore build` and `mestore index` over the real DVC."""

import os
import signal
import subprocess
import sys
import time

import pytest

from mestore.store.verify import verify
from toys import toy_checkout
from watching import listed, soon


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return toy_checkout(tmp_path_factory.mktemp("build") / "mestore")


def mestore(checkout, *arguments: str) -> subprocess.Popen:
    source = str(checkout.folder / "pipeline")
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(checkout.folder.parent), "CI": "true", "PYTHONPATH": source}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "mestore", *arguments],
        cwd=checkout.folder, env=clean, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_stage_that_fails_is_a_paragraph_and_status_1(checkout):
    process = mestore(checkout, "index")  # the toy has no recordings
    _, said = process.communicate(timeout=300)
    last = said.splitlines()[-1]
    assert process.returncode == 1 and last.startswith("mestore: the build failed; what failed")


def test_a_dry_run_runs_nothing(checkout):
    before = (checkout.folder / "dvc.lock").read_bytes()
    process = mestore(checkout, "build", "clips", "--dry-run")
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0 and "store@clips" in said
    assert (checkout.folder / "dvc.lock").read_bytes() == before


def test_interrupted_at_any_moment_the_next_build_is_whole(checkout):
    # Without what the toy has no recordings for: DVC then builds from the crops made by hand.
    checkout.edit("dvc.yaml", 'deps: ["data/${item.input}", ', "deps: [")
    for number, wait in enumerate((0.5, 3.0, 5.0)):
        checkout.set_params({"stores.clips.params.n": 5 + number})
        process = mestore(checkout, "build", "clips")
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=300)
        assert process.returncode in (0, 130, -signal.SIGINT)
        assert process.returncode != 130 or said.splitlines()[-1].startswith("mestore: interrupted")
        assert left_by(checkout) == []
    process = mestore(checkout, "build", "clips")
    said, wrong = process.communicate(timeout=300)
    assert process.returncode == 0, wrong
    assert "store@clips: " in said.splitlines()[-1]
    assert verify(checkout.folder / "data/stores/clips") == []


def test_what_dvc_leaves_half_written_does_not_stop_the_next_build(checkout):
    (checkout.folder / ".dvc/tmp/rwlock").write_text("")
    process = mestore(checkout, "build", "clips")
    said, wrong = process.communicate(timeout=300)
    assert process.returncode == 0 and "nothing had changed" in said.splitlines()[-1], wrong


def test_a_stage_that_a_scheduler_ends_leaves_nothing_half_written(checkout):
    for number in range(10, 30):
        checkout.set_params({"stores.clips.params.n": number, "compute.n_jobs": 2})
        process = subprocess.Popen(
            ["sh", "stages/run", "store", "clips"], cwd=checkout.folder, text=True, stderr=subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", "HOME": str(checkout.folder.parent), "CI": "true"},
        )  # fmt: skip
        while not left_by(checkout) and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=300)
        if process.returncode:  # it was not done when the signal came
            break
    assert process.returncode == 130 and "mestore: interrupted; what was finished is kept" in said, said
    assert left_by(checkout) == []


def test_a_build_in_the_background_of_a_script_ends_when_it_is_told_to(checkout):
    checkout.set_params({"stores.clips.params.n": 9})
    runner = checkout.folder / "stages/run"
    whole = runner.read_text()
    runner.write_text("#!/bin/sh\ntouch running\nexec sleep 600\n")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does for what it starts with &
    try:
        process = mestore(checkout, "build", "clips")
    finally:
        signal.signal(signal.SIGINT, before)
    soon(lambda: (checkout.folder / "running").exists() or process.poll() is not None)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=300)
    runner.write_text(whole)
    assert process.returncode == 143 and "mestore: ended" in said
    assert left_by(checkout) == []


def left_by(checkout) -> list[str]:
    """Return half-written things, but for what DVC keeps for itself."""
    places = (checkout.folder / ".dvc/mestore/subjects", checkout.folder / "data")
    hidden = [path for place in places for path in listed(place, "**/.*") if path.name != ".gitignore"]
    return [os.fspath(path) for path in hidden]
