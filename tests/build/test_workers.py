"""Workers: real processes here and on a real dask cluster, killed for real."""

import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

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
    contents,
    importable,
    toy_task,
)


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


def soon(condition, *, seconds: float = 60.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


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


def test_workers_end_with_the_build_that_was_killed(tmp_path):
    tasks = [toy_task(tmp_path, number, WAITS_ONCE) for number in range(2)]
    run = {"compute": ComputeParams(n_jobs=2), "title": "toy"}
    build = multiprocessing.get_context("fork").Process(target=run_tasks, args=(tasks,), kwargs=run)
    build.start()
    notes = [tmp_path / "notes" / f"{task.subject}.pid" for task in tasks]
    soon(lambda: all(note.exists() and note.read_text() for note in notes))
    build.kill()
    build.join()
    soon(lambda: not any(Path("/proc", note.read_text(), "cmdline").exists() for note in notes), seconds=10)
    assert built(tasks) == set()


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
    with (
        started(folder, workers=1) as (address, process),
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
    ):

        def kill() -> None:
            soon((tmp_path / "notes" / "s01.pid").exists)
            process.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(BuildError, match=rf"{address} is lost.*kept; run again"):
            run_tasks(tasks, compute=where("dask", address), title="toy")
        killer.join()
        assert built(tasks) == {"s00"}
        with pytest.raises(BuildError, match=rf"no dask scheduler answers at {address}"):
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
