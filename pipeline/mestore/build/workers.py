"""Workers: build all tasks side by side, show how far they are, survive the death of one."""

import logging
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial

from joblib import effective_n_jobs

from mestore.build.crew import build_all
from mestore.build.faults import explained
from mestore.build.subject import Outcome, Task, build_subject, finished
from mestore.params import ComputeParams
from mestore.progress import progress_bar

_LOG = logging.getLogger(__name__)


def run_tasks(tasks: Sequence[Task], *, compute: ComputeParams, title: str) -> list[Outcome]:
    """Build all tasks that the cache does not hold and return all outcomes, in no particular order.

    Parameters
    ----------
    tasks : sequence of Task
        One per subject.
    compute : ComputeParams
        Where they run; the results are the same.
    title : str
        What the progress bar says.
    """
    outcomes: list[Outcome] = []
    with (
        closing(_outcomes(tasks, compute)) as coming,  # whatever breaks this off, no worker outlives it
        progress_bar(title, unit="subject", total=len(tasks)) as bar,
    ):
        for outcome in coming:
            outcomes.append(outcome)
            _log(outcome)
            bar.set_postfix(
                found=sum(it.found for it in outcomes),
                failed=sum(it.failed for it in outcomes),
                errors=sum(bool(it.error) for it in outcomes),
                refresh=False,
            )
            bar.update()
    return outcomes


def _log(outcome: Outcome) -> None:
    if outcome.error:
        _LOG.error("%s: not built: %s", outcome.name, outcome.error)
    elif outcome.failed:
        _LOG.warning("%s: built, clips that failed: %d", outcome.name, outcome.failed)
    else:
        _LOG.info("%s: %s", outcome.name, "found in the cache" if outcome.found else "built")


def _outcomes(tasks: Sequence[Task], compute: ComputeParams) -> Generator[Outcome, None, None]:
    width = effective_n_jobs(compute.n_jobs)
    missing: list[Task] = []
    # Threads, because hashing releases the interpreter's lock: all cores, without starting processes.
    with ThreadPoolExecutor(width) as threads:
        for task, outcome in zip(tasks, threads.map(_found, tasks), strict=True):
            if outcome:
                yield outcome
            else:
                missing.append(task)
    if compute.backend == "dask":
        from mestore.build.cluster import cluster

        yield from build_all(partial(cluster, compute.scheduler), missing)
    elif width == 1:
        yield from map(build_subject, missing)
    else:
        from mestore.build.processes import processes

        yield from build_all(partial(processes, min(width, max(1, len(missing))), build_subject), missing)


def _found(task: Task) -> Outcome | None:
    try:
        return Outcome(name=task.name, found=True) if finished(task) else None
    except OSError as error:
        return Outcome(name=task.name, error=explained(error, at=task.cache.root))
