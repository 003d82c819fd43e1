"""Processes: a crew of worker processes on this machine."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic

from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import BrokenProcessPool

from mestore.build.crew import T, WorkerDeath
from mestore.build.parent import end_with
from mestore.build.subject import Outcome
from mestore.replacing import uninterrupted


class Processes(Generic[T]):
    """Worker processes of loky, started afresh: they import numba and BLAS with our environment."""

    def __init__(self, executor: ProcessPoolExecutor, work: Callable[[T], Outcome], *, width: int) -> None:
        self._executor = executor
        self._work = work
        self.width = width

    def submit(self, task: T) -> "Future[Outcome]":
        """Give them a task."""
        try:
            # The first one starts the workers, and last the thread that ends them: without it they never end.
            with uninterrupted():
                future: Future[Outcome] = self._executor.submit(self._work, task)
        except BrokenProcessPool as death:
            # One has died since the last look.
            future = Future()
            future.set_exception(death)
        return future

    def outcome(self, task: T, future: "Future[Outcome]") -> Outcome:
        """Return what came of it; raise `WorkerDeath` if its worker died."""
        try:
            return future.result()
        except BrokenProcessPool as death:
            codes = [line for line in str(death).splitlines() if "exit code" in line]
            raise WorkerDeath("; ".join(["killed, or out of memory", *codes])) from None


@contextmanager
def processes(width: int, work: Callable[[T], Outcome]) -> Iterator[Processes[T]]:
    """Start `width` worker processes that do `work`; they are killed at its end, whatever they are doing.

    What they leave half-written is for the caller to remove.
    """
    executor = ProcessPoolExecutor(max_workers=width, initializer=end_with, initargs=(os.getpid(),))
    try:
        yield Processes(executor, work, width=width)
    finally:
        with uninterrupted():
            executor.shutdown(wait=True, kill_workers=True)
