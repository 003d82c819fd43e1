"""Workers: run tasks in processes, show how far they are, survive the death of one."""

from collections.abc import Iterable, Iterator, Sequence

from joblib import Parallel, delayed
from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import BrokenProcessPool

from mestore.build.subject import Outcome, Task, build_subject
from mestore.progress import progress_bar


def run_tasks(tasks: Sequence[Task], *, n_jobs: int, title: str) -> list[Outcome]:
    """Build all tasks and return their outcomes, in no particular order.

    Parameters
    ----------
    tasks : sequence of Task
        One per subject.
    n_jobs : int
        Worker processes; -1 for one per core.
    title : str
        What the progress bar says.
    """
    outcomes: list[Outcome] = []
    with progress_bar(title, unit="subject", total=len(tasks)) as bar:
        for outcome in _all(tasks, n_jobs=n_jobs):
            outcomes.append(outcome)
            bar.set_postfix(
                failed=sum(it.failed for it in outcomes),
                errors=sum(bool(it.error) for it in outcomes),
                refresh=False,
            )
            bar.update()
    return outcomes


def _all(tasks: Sequence[Task], *, n_jobs: int) -> Iterator[Outcome]:
    done: set[str] = set()
    try:
        for outcome in Parallel(n_jobs=n_jobs, return_as="generator_unordered")(
            delayed(build_subject)(task) for task in tasks
        ):
            done.add(outcome.task.key)
            yield outcome
    except BrokenProcessPool:
        # One dead worker takes all of joblib's call along: those not reported run again, each alone, so
        # that only the one that kills its worker is left out.
        yield from _each_alone([task for task in tasks if task.key not in done])


def _each_alone(tasks: Iterable[Task]) -> Iterator[Outcome]:
    for task in tasks:
        if task.key in task.cache:
            yield Outcome(task=task)
            continue
        with ProcessPoolExecutor(max_workers=1) as executor:
            try:
                yield executor.submit(build_subject, task).result()
            except BrokenProcessPool:
                yield Outcome(task=task, error="its worker process died (killed, or out of memory)")
