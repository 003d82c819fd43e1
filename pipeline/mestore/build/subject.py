"""Subject: the unit of work. Read its clips, compute each, write them into the build cache."""

import json
import os
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from mestore.build.cache import BuildCache
from mestore.build.faults import explained
from mestore.build.threads import single_threaded
from mestore.errors import ClipFault, MEStoreError, StoreError
from mestore.features.spec import FeatureSpec
from mestore.sample import Sample
from mestore.store.layout import Commit, Description
from mestore.store.writer import write_subject


class Source(Protocol):
    """Where a subject's clips come from."""

    def digest(self) -> object:
        """Return a JSON-able record of all that decides what the clips hold."""

    def clips(self) -> Iterator[tuple[str, Callable[[], Sample]]]:
        """Give each clip's id and what reads it."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """All that a worker needs to build one subject: paths and parameters, never arrays.

    `key` is the digest of everything that the result depends on, and its name in the cache.
    """

    subject: str
    key: str
    spec: FeatureSpec
    description: Description
    source: Source
    cache: BuildCache

    @property
    def name(self) -> str:
        """Dataset and subject."""
        return f"{self.description.dataset}/{self.subject}"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a worker says of a task, and all that it sends back.

    Parameters
    ----------
    name : str
        Dataset and subject.
    found : bool
        It was in the cache already.
    failed : int
        How many clips failed.
    error : str
        How the machine or the code failed, if it did; nothing was kept then.
    """

    name: str
    found: bool = False
    failed: int = 0
    error: str = ""


def finished(task: Task) -> bool:
    """Return whether the cache holds a subject, whole; a damaged one is thrown away."""
    if task.key not in task.cache:
        return False
    folder = task.cache.path(task.key)
    try:
        Commit.read(folder).check(folder, content=True)
    except StoreError as error:
        if isinstance(error.__context__, OSError) and not isinstance(error.__context__, FileNotFoundError):
            # What could not be read just now may well be whole.
            raise error.__context__ from None
        task.cache.discard(task.key)
        return False
    return True


def build_subject(task: Task) -> Outcome:
    """Build one subject into the cache, unless it is there, whole.

    A fault of a clip is written into the subject's commit record; anything else is the machine's or the
    code's fault: nothing is kept, and the next build tries again.
    """
    try:
        if finished(task):
            return Outcome(name=task.name, found=True)
        return Outcome(name=task.name, failed=_build(task))
    except OSError as error:
        return Outcome(name=task.name, error=explained(error, at=task.cache.root))
    except MEStoreError as error:
        return Outcome(name=task.name, error=f"{type(error).__name__}: {error}")
    except MemoryError as error:
        said = f"MemoryError: {error}: the machine has too little memory; lower compute.n_jobs"
        return Outcome(name=task.name, error=said)
    except Exception:
        return Outcome(name=task.name, error=traceback.format_exc())


def _build(task: Task) -> int:
    """Build one subject and return how many of its clips failed."""
    function = task.spec.load()  # before the limit, which holds what has been imported
    # The folder before the work: where nothing can be written, nothing need be computed.
    with task.cache.create(task.key) as folder:
        with single_threaded():
            # Nothing is written in it until the end, and every build clears away what nobody has touched for
            # a day: a subject may take longer, a clip does not.
            samples, failures = compute_subject(task, function, after_clip=partial(os.utime, folder))
        folder.stat()  # if its disk is gone, Zarr would make the folder again on whatever lies below
        write_subject(folder, samples, description=task.description, inputs=task.key, failures=failures)
    return len(failures)


def compute_subject(
    task: Task, function: Callable[..., Sample], *, after_clip: Callable[[], None]
) -> tuple[dict[str, Sample], dict[str, dict[str, str]]]:
    """Return the computed clips of a subject and, by clip id, why the others could not be.

    `after_clip` is called after each of them.
    """
    params = task.spec.params_model().model_validate_json(json.dumps(task.description.params))
    samples: dict[str, Sample] = {}
    failures: dict[str, dict[str, str]] = {}
    previous: Sample | None = None
    for clip, read in task.source.clips():
        try:
            sample = read()
            follows = task.spec.follows
            previous = function(sample, params, previous) if follows else function(sample, params)
            samples[clip] = previous
        except ClipFault as fault:
            failures[clip] = {"found": fault.found, "expected": fault.expected, "remedy": fault.remedy}
        except ValueError as error:
            # Kernels know nothing of clips: what they refuse is a fault of the clip that they were given.
            failures[clip] = {
                "found": str(error).removeprefix("found "),
                "expected": f"a clip that {task.description.kind} can compute",
                "remedy": "look at its frames, or change the parameters of the store",
            }
        after_clip()
    return samples, failures
