"""Crew: who works on subjects, and what is done when one of them dies."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from mestore.build.subject import Outcome

_CHANCES = 2  # of a task that runs alone


class WorkerDeath(Exception):
    """A worker died over a task; the message says how."""


class Named(Protocol):
    """A task: all that a worker needs for one subject."""

    @property
    def name(self) -> str:
        """Dataset and subject."""


T = TypeVar("T", bound=Named)
T_contra = TypeVar("T_contra", bound=Named, contravariant=True)


class Crew(Protocol[T_contra]):
    """Workers that take subjects side by side."""

    @property
    def width(self) -> int:
        """How many tasks they are given at a time."""

    def submit(self, task: T_contra) -> "Future[Any]":
        """Give them a task."""

    def outcome(self, task: T_contra, future: "Future[Any]") -> Outcome:
        """Return what came of it; raise `WorkerDeath` if its worker died."""


def build_all(hire: Callable[[], AbstractContextManager[Crew[T]]], tasks: Iterable[T]) -> Iterator[Outcome]:
    """Build all tasks and give their outcomes as they come.

    A death takes along what the crew had in hand, and does not say whose fault it was: those tasks run
    again, each alone, so that only the one that kills its worker is left out. All others go on as before.
    """
    waiting = deque(tasks)
    while waiting:
        suspects: list[T] = []
        with hire() as crew:
            yield from _until_a_death(crew, waiting, suspects)
        for task in suspects:
            yield _alone(hire, task)


def _alone(hire: Callable[[], AbstractContextManager[Crew[T]]], task: T) -> Outcome:
    """Build a task that a death hit; give it up if it kills a worker of its own twice.

    Twice, because it may have been waiting when another's death took its crew: then this is its first run.
    """
    deaths: list[str] = []
    while len(deaths) < _CHANCES:
        with hire() as crew:
            try:
                return crew.outcome(task, crew.submit(task))
            except WorkerDeath as death:
                deaths.append(str(death))
    return Outcome(name=task.name, error=f"its worker process died, twice: {deaths[-1]}")


def _until_a_death(crew: Crew[T], waiting: deque[T], suspects: list[T]) -> Iterator[Outcome]:
    """Take tasks out of `waiting`; from a death on give out no more, and put those it hit into `suspects`."""
    flying: dict[Future[Any], T] = {}
    while flying or (waiting and not suspects):
        while waiting and not suspects and len(flying) < crew.width:
            task = waiting.popleft()
            flying[crew.submit(task)] = task
        for future in wait(flying, return_when=FIRST_COMPLETED).done:
            task = flying.pop(future)
            try:
                yield crew.outcome(task, future)
            except WorkerDeath:
                suspects.append(task)
