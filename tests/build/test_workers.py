"""Workers: real processes here and on a real dask cluster, killed for real."""

import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from mestore.build.cache import BuildCache
from mestore.build.subject import build_subject
from mestore.build.workers import run_tasks
from mestore.errors import BuildError
from mestore.params import ComputeParams
from mestore.store.layout import Commit
from toys import (
    BUG,
    DIES,
    DIES_ONCE,
    FULL,
    IO,
    NO_MEMORY,
    TAKES_WORKER,
    WAITS_ONCE,
    WELL,
    contents,
    importable,
    toy_task,
)
from watching import soon


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    importable(monkeypatch)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    """The address of a real scheduler with two worker processes of one thread."""
    folder = tmp_path_factory.mktemp("cluster")
    with started(folder, workers=2) as (address, _):
        yield address


@contextlib.contextmanager
def started(folder: Path, *, workers: int):
    """Start a scheduler and its workers; give its address and its process."""
    told = folder / "scheduler.json"
    dask = [str(Path(sys.executable).with_name("dask"))]
    common = ["--scheduler-file", str(told), "--no-dashboard"]
    alone = ["--nworkers", "1", "--nthreads", "1", "--local-directory", str(folder)]
    # A task that kills a worker is given up at once, so that the tests need not lose four.
    environment = os.environ | {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    commands = [["scheduler", "--host", "127.0.0.1", "--port", "0", *common]]
    commands += [["worker", *common, *alone]] * workers
    with (folder / "log").open("w") as log, contextlib.ExitStack() as stack:
        running = []
        for command in commands:
            running.append(
                subprocess.Popen([*dask, *command], stdout=log, stderr=log, env=environment, cwd=folder)
            )
            stack.callback(running[-1].wait)
            stack.callback(running[-1].terminate)
        soon(told.is_file)
        soon(lambda: told.read_text().endswith("}"))
        yield json.loads(told.read_text())["address"], running[0]


def built(tasks) -> set[str]:
    """Return the subjects that lie in the cache, whole."""
    for task in tasks:
        if task.key in task.cache:
            Commit.read(task.cache.path(task.key)).check(task.cache.path(task.key), content=True)
    return {task.subject for task in tasks if task.key in task.cache}


def where(backend: str, scheduler: str) -> ComputeParams:
    if backend == "dask":
        return ComputeParams(backend="dask", scheduler=scheduler)
    return ComputeParams(n_jobs=2)


@pytest.mark.parametrize("backend", ["loky", "dask"])
def test_equal_bytes_whatever_the_backend(tmp_path, scheduler, backend):
    for name, compute in (("here", ComputeParams(n_jobs=1)), ("there", where(backend, scheduler))):
        tasks = [toy_task(tmp_path / name, number) for number in range(6)]
        outcomes = run_tasks(tasks, compute=compute, title="toy")
        assert not [it.error for it in outcomes if it.error] and len(built(tasks)) == 6
    assert contents(tmp_path / "here/cache") == contents(tmp_path / "there/cache")


@pytest.mark.parametrize("backend", ["loky", "dask"])
def test_a_subject_that_kills_its_process_every_time_is_left_out_alone(tmp_path, scheduler, backend):
    tasks = [toy_task(tmp_path, number, DIES if number == 2 else 0) for number in range(6)]
    outcomes = run_tasks(tasks, compute=where(backend, scheduler), title="toy")
    assert sorted(it.name for it in outcomes) == [f"toy/s{number:02d}" for number in range(6)]
    (dead,) = (it for it in outcomes if it.error)
    assert dead.name == "toy/s02" and "died, twice" in dead.error and "SIGKILL" in dead.error
    assert built(tasks) == {task.subject for task in tasks} - {"s02"}


@pytest.mark.parametrize("backend", ["loky", "dask"])
def test_a_worker_killed_from_outside_costs_nothing_but_time(tmp_path, scheduler, backend):
    tasks = [toy_task(tmp_path, number, WAITS_ONCE if number == 1 else 0) for number in range(5)]
    note = tmp_path / "notes" / "s01.pid"

    def kill() -> None:
        soon(lambda: note.exists() and note.read_text())
        os.kill(int(note.read_text()), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    outcomes = run_tasks(tasks, compute=where(backend, scheduler), title="toy")
    killer.join()
    assert not [it.error for it in outcomes if it.error] and len(built(tasks)) == 5


def build_in_hand(folder: Path):
    """Start a build of three workers, of whom two wait over a subject and one is done and idle.

    Return it, its tasks, and notes of who waits.
    """
    cache = BuildCache(folder / "cache")
    every = [toy_task(folder, number, WAITS_ONCE if number else WELL) for number in range(3)]
    tasks = [replace(task, cache=cache) for task in every]

    def run() -> None:
        os.setsid()  # as a terminal's job
        with cache.cleared():
            run_tasks(tasks, compute=ComputeParams(n_jobs=3), title="toy")

    build = multiprocessing.get_context("fork").Process(target=run)
    build.start()
    notes = [folder / "notes" / f"{task.subject}.pid" for task in tasks[1:]]
    soon(lambda: all(note.exists() and note.read_text() for note in notes) and built(tasks) == {"s00"})
    return build, tasks, notes


def gone(notes) -> bool:
    return not any(Path("/proc", note.read_text(), "cmdline").exists() for note in notes)


def test_workers_end_with_the_build_that_was_killed(tmp_path):
    build, tasks, notes = build_in_hand(tmp_path)
    build.kill()
    build.join()
    soon(lambda: gone(notes))
    assert built(tasks) == {"s00"}


@pytest.mark.parametrize("interrupt", [os.kill, os.killpg])
def test_workers_of_a_build_that_is_interrupted_leave_nothing_half_written(tmp_path, interrupt):
    build, tasks, notes = build_in_hand(tmp_path)
    assert len(list((tmp_path / "cache").rglob(".*"))) == 2
    interrupt(build.pid, signal.SIGINT)
    build.join()
    assert list((tmp_path / "cache").rglob(".*")) == [] and built(tasks) == {"s00"} and gone(notes)


def test_a_build_that_is_interrupted_while_it_starts_workers_ends(tmp_path):
    tasks = [toy_task(tmp_path, number) for number in range(3)]
    run = {"compute": ComputeParams(n_jobs=3), "title": "toy"}
    build = multiprocessing.get_context("fork").Process(target=run_tasks, args=(tasks,), kwargs=run)
    build.start()
    parent = psutil.Process(build.pid)
    soon(parent.children)
    os.kill(build.pid, signal.SIGINT)
    build.join(300)
    assert not build.is_alive()


def test_of_several_that_die_once_all_are_built(tmp_path):
    tasks = [toy_task(tmp_path, number, DIES_ONCE if number % 2 else 0) for number in range(6)]
    outcomes = run_tasks(tasks, compute=ComputeParams(n_jobs=3), title="toy")
    assert not [it.error for it in outcomes if it.error] and len(built(tasks)) == 6


def test_a_subject_that_takes_dask_workers_along_is_given_up_and_the_others_are_built(tmp_path, scheduler):
    tasks = [toy_task(tmp_path, number, TAKES_WORKER if number == 0 else 0) for number in range(5)]
    outcomes = run_tasks(tasks, compute=where("dask", scheduler), title="toy")
    assert {it.name for it in outcomes if it.error} <= {"toy/s00"}
    assert built(tasks) >= {f"s{number:02d}" for number in range(1, 5)}


def test_a_lost_scheduler_is_named_and_what_was_finished_is_kept(tmp_path):
    import dask

    folder = tmp_path / "cluster"
    folder.mkdir()
    tasks = [toy_task(tmp_path, number, WAITS_ONCE if number else 0) for number in range(3)]
    with started(folder, workers=1) as (address, process):

        def kill() -> None:
            soon((tmp_path / "notes" / "s01.pid").exists)
            process.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        patient = dask.config.set({"distributed.comm.timeouts.connect": "10s"})
        with patient, pytest.raises(BuildError, match=rf"{address} is lost.*kept; run again"):
            run_tasks(tasks, compute=where("dask", address), title="toy")
        killer.join()
        assert built(tasks) == {"s00"}
        hasty = dask.config.set({"distributed.comm.timeouts.connect": "1s"})
        with hasty, pytest.raises(BuildError, match=rf"no dask scheduler answers at {address}"):
            run_tasks(tasks, compute=where("dask", address), title="toy")


def test_without_an_address_dask_is_refused(tmp_path):
    with pytest.raises(BuildError, match=r"set compute\.scheduler"):
        run_tasks([toy_task(tmp_path, 0)], compute=ComputeParams(backend="dask"), title="toy")


@pytest.mark.parametrize(
    ("does", "says"),
    [
        (NO_MEMORY, "MemoryError.*lower compute.n_jobs"),
        (BUG, "KeyError"),
        (FULL, "No space left on device: the disk is full: free some of it"),
        (IO, "Input/output error: the disk cannot read or write it"),
    ],
)
def test_a_fault_of_the_machine_or_the_code_is_never_recorded_as_the_clips(tmp_path, does, says):
    task = toy_task(tmp_path, 0, does)
    outcome = build_subject(task)
    assert outcome.failed == 0 and built([task]) == set()
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(outcome.error)


def test_the_peak_of_a_worker_does_not_grow_with_the_number_of_subjects(tmp_path):
    # 30 subjects of 4 MB are 120 MB: far above what the interpreter's own memory varies by.
    peaks = {}
    for count in (4, 30):
        folder = tmp_path / str(count)
        tasks = [toy_task(folder, number, length=2**20) for number in range(count)]
        run_tasks(tasks, compute=ComputeParams(n_jobs=2), title="toy")
        peaks[count] = max(int(path.read_text()) for path in (folder / "notes").glob("*.peak"))
    assert peaks[30] < peaks[4] + 40
