"""Subject: the unit of work. Read its clips, compute each, write them into the build cache."""

import json
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from mestore.build.cache import BuildCache
from mestore.build.threads import single_threaded
from mestore.errors import ClipFault, MEStoreError
from mestore.features.spec import FeatureSpec, KindParams
from mestore.sample import Sample
from mestore.store.layout import Description
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


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a worker says of a task: how many clips failed or, where the machine or the code did, how."""

    task: Task
    failed: int = 0
    error: str = ""


def build_subject(task: Task) -> Outcome:
    """Build one subject into the cache.

    A fault of a clip is written into the subject's commit record; anything else is the machine's or the
    code's fault: nothing is kept, and the next build tries again.
    """
    try:
        function = task.spec.load()  # before the limit, which holds what has been imported
        with single_threaded():
            samples, failures = compute_subject(task, function)
        with task.cache.create(task.key) as folder:
            write_subject(folder, samples, description=task.description, inputs=task.key, failures=failures)
    except (MEStoreError, OSError) as error:
        return Outcome(task=task, error=f"{type(error).__name__}: {error}")
    except Exception:
        return Outcome(task=task, error=traceback.format_exc())
    return Outcome(task=task, failed=len(failures))


def compute_subject(
    task: Task, function: Callable[[Sample, KindParams], Sample]
) -> tuple[dict[str, Sample], dict[str, dict[str, str]]]:
    """Return the computed clips of a subject and, by clip id, why the others could not be."""
    params = task.spec.params_model().model_validate_json(json.dumps(task.description.params))
    samples: dict[str, Sample] = {}
    failures: dict[str, dict[str, str]] = {}
    for clip, read in task.source.clips():
        try:
            samples[clip] = function(read(), params)
        except ClipFault as fault:
            failures[clip] = {"found": fault.found, "expected": fault.expected, "remedy": fault.remedy}
        except ValueError as error:
            # Kernels know nothing of clips: what they refuse is a fault of the clip that they were given.
            failures[clip] = {
                "found": str(error).removeprefix("found "),
                "expected": f"a clip that {task.description.kind} can compute",
                "remedy": "look at its frames, or change the parameters of the store",
            }
    return samples, failures
