"""Cluster: a crew of the workers of a dask scheduler, on any machine that sees the same paths."""

import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mestore.build.crew import WorkerDeath
from mestore.build.environment import elsewhere
from mestore.build.subject import Outcome, Task
from mestore.errors import BuildError

if TYPE_CHECKING:
    from distributed import Client

_ENDED = "What was finished is kept; run again when it is back"


class Cluster:
    """The workers of a scheduler.

    Each subject is built in a process of its own that the worker starts: with the source and the settings of
    this build, whatever the worker has imported before, and so that a subject without memory takes no worker
    along. The workers themselves need no mestore.
    """

    def __init__(self, client: "Client", *, address: str) -> None:
        self._client = client
        self._executor: Executor = client.get_executor(pure=False)  # type: ignore[no-untyped-call]
        self._address = address
        settings = [f"{name}={value}" for name, value in elsewhere().items()]
        self._command = ["env", *settings, sys.executable, "-P", "-m", "mestore.build.elsewhere"]

    @property
    def width(self) -> int:
        """Twice its cores, so that none waits; workers may come and go."""
        return max(8, 2 * sum(self._client.ncores().values()))  # type: ignore[no-untyped-call]

    def submit(self, task: Task) -> "Future[subprocess.CompletedProcess[bytes]]":
        """Give them a task."""
        return self._executor.submit(
            subprocess.run, self._command, input=pickle.dumps(task), capture_output=True
        )

    def outcome(self, task: Task, future: "Future[subprocess.CompletedProcess[bytes]]") -> Outcome:
        """Return what came of it; raise `WorkerDeath` if its worker or its process died."""
        from distributed import KilledWorker

        try:
            done = future.result()
        except KilledWorker as death:
            raise WorkerDeath(str(death)) from None
        except CancelledError:
            raise BuildError(f"the dask scheduler at {self._address} is lost. {_ENDED}") from None
        if done.returncode < 0:
            raise WorkerDeath(f"killed by {signal.Signals(-done.returncode).name}, or out of memory")
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            return Outcome(name=task.name, error=f"{' '.join(self._command)} failed on a worker:\n{said}")
        outcome: Outcome = pickle.loads(done.stdout)
        return outcome


@contextmanager
def cluster(address: str | None) -> Iterator[Cluster]:
    """Connect to the scheduler at `address`, or where dask's own configuration says."""
    try:
        import dask
        from distributed import Client
    except ImportError:
        raise BuildError(
            "compute.backend is dask, and dask is not installed; run `pip install 'mestore[cluster]'`"
        ) from None
    where = address or dask.config.get("scheduler-address", None)
    if where is None:
        raise BuildError(
            "compute.backend is dask, and no scheduler is named; set compute.scheduler in params.yaml, or "
            "$DASK_SCHEDULER_ADDRESS, such as tcp://node1:8786"
        )
    try:
        client = Client(where, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise BuildError(f"no dask scheduler answers at {where} ({error}). {_ENDED}") from None
    with client:
        yield Cluster(client, address=where)
