"""Drills: builds killed at any moment, disks full, read-only or gone; nothing half-written, nothing lost.

Builds are forks of this process where that is enough, and real `dvc repro` where DVC takes part. A kill goes
to the whole process group, and the state of the files afterwards says which phase it hit.
"""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import md5
from pathlib import Path

import numpy as np
import psutil
import pytest

from checkout import Checkout
from mestore import open_store
from mestore.build.faults import explained
from mestore.build.provenance import write_code
from mestore.build.stage import build_store
from mestore.build.workers import run_tasks
from mestore.errors import BuildError, StoreError
from mestore.params import ComputeParams
from mestore.store.layout import Commit
from mestore.workspace import Workspace, find_workspace
from toys import LOSES_CACHE, contents, parameters, toy_checkout, toy_task
from watching import listed

FORK = multiprocessing.get_context("fork")
PHASES = ("computing", "writing", "renaming", "assembling", "swapping")


@pytest.fixture
def workspace(stores) -> Workspace:
    found = find_workspace(stores.parents[1], environment={})
    write_code(found, parameters())
    return found


def subjects(cache: Path) -> list[Path]:
    return [path for path in cache.glob("subjects/*/*") if not path.name.startswith(".")]


def phase(workspace: Workspace) -> str:
    """Return what a build is doing, by the files it has made so far."""
    room = workspace.stores.parent
    if listed(room, ".mestore-clips-*/old*"):
        return "swapping"
    if listed(room, ".mestore-clips-*"):
        return "assembling"
    halves = listed(workspace.cache, "subjects/*/.*")
    if any((half / "commit.json").exists() for half in halves):
        return "renaming"
    if any((half / "zarr.json").exists() for half in halves):
        return "writing"
    return "computing"


def fork(workspace: Workspace, *, n_jobs: int = 1) -> multiprocessing.Process:
    def build() -> None:
        os.setsid()
        params = parameters().model_copy(update={"compute": ComputeParams(n_jobs=n_jobs)})
        build_store(workspace, params, "clips")

    process = FORK.Process(target=build)
    process.start()
    return process


def kill_when(process, condition, *, pid: int, seconds: float = 300.0) -> bool:
    """Kill a process group at the moment that something is so; return whether that came before its end."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        if not (process.is_alive() if hasattr(process, "is_alive") else process.poll() is None):
            return False
    os.killpg(pid, signal.SIGKILL)
    return True


def clear(workspace: Workspace) -> None:
    """Remove what a killed build left half-done: in life, the next builds do so after a day."""
    for path in (*workspace.cache.glob("subjects/*/.*"), *workspace.stores.parent.glob(".mestore-clips-*")):
        shutil.rmtree(path)


@contextmanager
def reader(folder: Path):
    """Read the store over and over in another process: right data or a `StoreError`, nothing else."""
    right = open_store(folder, names=["clips"]).read("clips", ["toy/s01", "toy/s11"]).data
    stop, wrong, good = FORK.Event(), FORK.Queue(), FORK.Value("i", 0)

    def read() -> None:
        while not stop.is_set():
            try:
                data = open_store(folder, names=["clips"]).read("clips", ["toy/s01", "toy/s11"]).data
                if not np.array_equal(data, right):
                    wrong.put("other data")
                good.value += 1
            except StoreError:
                continue
            except BaseException as error:
                wrong.put(repr(error))

    process = FORK.Process(target=read)
    process.start()
    try:
        yield
    finally:
        stop.set()
        process.join()
    assert wrong.empty(), wrong.get()
    assert good.value > 0


def test_killed_at_24_moments_and_built_again_the_store_is_the_same(workspace, record_property):
    started = time.monotonic()
    build_store(workspace, parameters(), "clips")
    lasts = time.monotonic() - started
    undisturbed, everything = contents(workspace.stores / "clips"), contents(workspace.cache / "subjects")
    rng = np.random.default_rng(4)
    hits: Counter[str] = Counter()
    with reader(workspace.stores):
        while (kills := sum(hits.values())) < 24 or (kills < 120 and not all(hits[it] for it in PHASES[1:])):
            for path in rng.permutation(np.asarray(sorted(subjects(workspace.cache)), object))[:4]:
                shutil.rmtree(path)
            target = [*PHASES[1:], "at random"][kills % 5]
            process = fork(workspace)
            while os.getpgid(process.pid) != process.pid:  # it makes a session of its own first
                pass
            moment = time.monotonic() + rng.uniform(0, min(lasts, 0.5))

            def now(target=target, moment=moment) -> bool:
                return time.monotonic() > moment if target == "at random" else phase(workspace) == target

            killed = kill_when(process, now, pid=process.pid)
            process.join()
            if killed:
                hits[phase(workspace)] += 1
            for path in subjects(workspace.cache):
                Commit.read(path).check(path, content=True)
            clear(workspace)
            build_store(workspace, parameters(), "clips")
            assert contents(workspace.stores / "clips") == undisturbed
            assert contents(workspace.cache / "subjects") == everything
    record_property("hits", dict(hits))
    sys.stdout.write(f"kills by phase: {dict(hits)}\n")  # shown with -s
    assert all(hits[name] for name in PHASES[1:])


def test_what_killed_workers_left_half_written_goes_when_the_build_is_interrupted(workspace):
    for _ in range(20):  # until one is killed while it writes
        shutil.rmtree(workspace.cache / "subjects", ignore_errors=True)
        process = fork(workspace, n_jobs=2)
        while process.is_alive() and not listed(workspace.cache, "subjects/*/.*"):
            pass
        if not process.is_alive():
            continue
        for worker in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                worker.kill()
        left = listed(workspace.cache, "subjects/*/.*")
        os.kill(process.pid, signal.SIGINT)
        process.join()
        assert listed(workspace.cache, "subjects/*/.*") == []
        if left:
            return
    pytest.fail("no worker was killed while it wrote, twenty times")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    """A checkout with crops made by hand, and `store@clips` yet to be built by the real DVC."""
    return toy_checkout(tmp_path_factory.mktemp("drill") / "mestore")


def test_killed_while_dvc_runs_and_commits_the_store_is_the_same(checkout, record_property):
    repro = [".venv/bin/dvc", "repro", "--single-item", "store@clips"]
    workspace = find_workspace(checkout.folder, environment={})
    store, lock = workspace.stores / "clips", checkout.folder / "dvc.lock"
    objects = checkout.folder / ".dvc/cache/files/md5"
    undisturbed, locked = contents(store), lock.read_text()
    before = locked[: locked.index("  store@clips:")]
    moments = {
        "starting": lambda: (checkout.folder / ".dvc/tmp/rwlock").exists(),
        "writing": lambda: phase(workspace) in ("writing", "renaming"),
        "assembling": lambda: phase(workspace) in ("assembling", "swapping"),
        "hashing": store.is_dir,
        "committing": lambda: store.is_dir() and any(listed(objects, "*/*")),
        "locking": lambda: "store@clips" in lock.read_text(),
    }
    hits = []
    for name, moment in moments.items():
        for _ in range(5):  # on a busy machine a moment of milliseconds may pass unseen
            for path in (store, checkout.folder / ".dvc/cache", *subjects(workspace.cache)[:3]):
                shutil.rmtree(path, ignore_errors=True)
            lock.write_text(before)
            process = subprocess.Popen(
                repro, cwd=checkout.folder, start_new_session=True, stdout=subprocess.PIPE, env={
                    "PATH": "/usr/bin:/bin", "HOME": str(checkout.folder.parent), "CI": "true"
                },
            )  # fmt: skip
            killed = kill_when(process, moment, pid=process.pid)
            process.communicate()
            if killed:
                break
        assert killed, f"DVC ended before {name}, five times"
        hits.append(name)
        checkout.dvc("repro", "--single-item", "store@clips")
        assert contents(store) == undisturbed and lock.read_text() == locked
        # A name with a dot first is a copy that DVC was killed over: no object, and never looked at again.
        for path in objects.glob("*/[!.]*"):
            assert md5(path.read_bytes()).hexdigest() == path.parent.name + path.name.removesuffix(".dir")
    record_property("hits", hits)
    sys.stdout.write(f"kills under DVC: {hits}\n")


def test_two_builds_at_once_both_end_well_and_leave_one_copy(workspace, tmp_path):
    build_store(workspace, parameters(), "clips")
    alone, kept = contents(workspace.stores / "clips"), contents(workspace.cache / "subjects")
    other = replace(workspace, cache=tmp_path / "cache")
    # Four builders: one store, one cache.
    builders = [fork(other) for _ in range(4)]
    for builder in builders:
        builder.join()
    assert [builder.exitcode for builder in builders] == [0] * 4
    assert contents(workspace.stores / "clips") == alone and contents(other.cache / "subjects") == kept
    assert phase(other) == "computing"


@pytest.fixture
def small(tmp_path):
    """A disk of 2 MB, and what mounts it again with other options."""
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], capture_output=True
    ).returncode:
        pytest.skip("no tmpfs can be mounted here")
    yield folder, lambda options: subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_below_the_build_cache(workspace, small):
    folder, remount = small
    full = replace(workspace, cache=folder / "mestore")
    with pytest.raises(BuildError, match=rf"{folder}.*: the disk is full: free some.*was finished is kept"):
        build_store(full, parameters(n=90), "clips")
    kept = subjects(full.cache)
    for path in kept:
        Commit.read(path).check(path, content=True)
    assert 0 < len(kept) < 12 and phase(full) == "computing" and not (workspace.stores / "clips").exists()
    remount("size=40m")
    assert f"{12 - len(kept)} subjects built, {len(kept)} found" in build_store(
        full, parameters(n=90), "clips"
    )


def elsewhere(workspace: Workspace, folder: Path) -> Workspace:
    """Return the same workspace with its stores on another disk."""
    (folder / "data/stores").mkdir(parents=True)
    (folder / "data/stores/crops").symlink_to(workspace.stores / "crops")
    (folder / "data/code").symlink_to(workspace.code)
    return replace(workspace, root=folder)


def test_a_full_disk_below_the_stores(workspace, small):
    folder, remount = small
    other = elsewhere(workspace, folder)
    with pytest.raises(OSError, match="No space left") as error:
        build_store(other, parameters(n=90), "clips")
    assert str(folder) in explained(error.value) and "the disk is full" in explained(error.value)
    assert phase(other) == "computing" and not (other.stores / "clips").exists()
    remount("size=40m")
    assert "0 subjects built, 12 found" in build_store(other, parameters(n=90), "clips")


def test_disks_that_are_mounted_read_only(workspace, small):
    folder, remount = small
    readonly = replace(workspace, cache=folder / "mestore")
    other = elsewhere(workspace, folder)
    readonly.cache.mkdir()
    remount("ro")
    with pytest.raises(BuildError, match=rf"{folder}.*: the disk is mounted read-only: mount it for writing"):
        build_store(readonly, parameters(), "clips")
    with pytest.raises(OSError, match="Read-only") as error:
        build_store(other, parameters(), "clips")
    assert "the disk is mounted read-only" in explained(error.value)
    remount("rw")
    assert "12 subjects built" in build_store(readonly, parameters(), "clips")
    assert "0 subjects built, 12 found" in build_store(other, parameters(), "clips")


def test_a_cache_that_vanishes_midway(tmp_path):
    tasks = [toy_task(tmp_path, number, LOSES_CACHE if number == 3 else 0) for number in range(6)]
    outcomes = run_tasks(tasks, compute=ComputeParams(n_jobs=1), title="toy")
    errors = [it.error for it in outcomes if it.error]
    assert len(errors) == 3
    for error in errors:
        assert str(tmp_path / "cache") in error and "still mounted?" in error
    assert not (tmp_path / "cache").exists()
    (tmp_path / "gone").rename(tmp_path / "cache")
    outcomes = run_tasks(tasks, compute=ComputeParams(n_jobs=1), title="toy")
    assert [it.found for it in outcomes].count(True) == 3 and not any(it.error for it in outcomes)


def test_an_input_that_vanishes(workspace):
    shutil.rmtree(workspace.stores / "crops" / "toy.zarr" / "s05" / "data")
    with pytest.raises(BuildError, match=r"(?s)1 of 12 subjects.*toy/s05.*is missing"):
        build_store(workspace, parameters(), "clips")
    assert len(subjects(workspace.cache)) == 11 and not (workspace.stores / "clips").exists()


@pytest.mark.parametrize("place", [".dvc/mestore/subjects", "data"])
def test_without_permission_there_is_one_paragraph(checkout, place):
    # To root permissions are nothing, unless it gives up the capability to override them.
    lesser = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] * (os.getuid() == 0)
    folder = checkout.folder / place
    for path in subjects(checkout.folder / ".dvc/mestore")[:1]:
        shutil.rmtree(path.parent)
    folder.chmod(0o555)
    try:
        output = checkout.run(*lesser, "sh", "stages/run", "store", "clips", check=False)
    finally:
        folder.chmod(0o755)
    assert str(folder) in output and "you may not do this there: ask its owner" in output
    assert "Traceback" not in output
    assert "6 of 6" not in output and "6 of 18" not in output
    assert "18 of 18 clips" in checkout.stage("store", "clips")
