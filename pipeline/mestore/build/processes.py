"""Processes: a crew of worker processes on this machine."""

import os
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import BrokenProcessPool

from mestore.build.crew import WorkerDeath
from mestore.build.parent import end_with
from mestore.build.subject import Outcome, Task, build_subject


class Processes:
    """Worker processes of loky, started afresh: they import numba and BLAS with our environment."""

    def __init__(self, executor: ProcessPoolExecutor, *, width: int) -> None:
        self._executor = executor
        self.width = width

    def submit(self, task: Task) -> "Future[Outcome]":
        """Give them a task."""
        try:
            future: Future[Outcome] = self._executor.submit(build_subject, task)
        except BrokenProcessPool as death:
            # One has died since the last look.
            future = Future()
            future.set_exception(death)
        return future

    def outcome(self, task: Task, future: "Future[Outcome]") -> Outcome:
        """Return what came of it; raise `WorkerDeath` if its worker died."""
        try:
            return future.result()
        except BrokenProcessPool as death:
            codes = [line for line in str(death).splitlines() if "exit code" in line]
            raise WorkerDeath("; ".join(["killed, or out of memory", *codes])) from None


@contextmanager
def processes(width: int) -> Iterator[Processes]:
    """Start `width` worker processes; they end with the block, whatever they are doing."""
    executor = ProcessPoolExecutor(max_workers=width, initializer=end_with, initargs=(os.getpid(),))
    try:
        yield Processes(executor, width=width)
    finally:
        executor.shutdown(wait=True, kill_workers=True)
