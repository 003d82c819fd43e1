"""Environment: what must be set before numerical libraries are imported, in this process and its workers."""

import hashlib
import os
from pathlib import Path

from mestore.workspace import Workspace

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
NUMBA = "NUMBA_CACHE_DIR"


def prepare_environment(workspace: Workspace) -> None:
    """Hold libraries to one thread, and give numba a cache folder named by the source of mestore.

    numba's own file cache does not notice an edited callee in another module (seen), so each state of the
    source has a folder of its own. Worker processes inherit both settings.
    """
    source = Path(__file__).parents[1]
    state = hashlib.sha256()
    for path in sorted(source.rglob("*.py")):
        state.update(path.read_bytes())
    os.environ[NUMBA] = str(workspace.cache / "numba" / state.hexdigest()[:16])
    for name in THREADS:
        os.environ[name] = "1"


def elsewhere() -> dict[str, str]:
    """Return what a process on another machine must have in its environment to compute as this one does.

    The source comes first on its import path: what is installed there may be another state of mestore.
    """
    from mestore.faces.weights import FOLDER  # imports numpy

    given = {name: os.environ[name] for name in (NUMBA, "MESTORE_RAW") if name in os.environ}
    if os.environ.get(FOLDER):
        given[FOLDER] = str(Path(os.environ[FOLDER]).absolute())  # workers start in another folder
    path = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    return {**given, **dict.fromkeys(THREADS, "1"), "PYTHONPATH": os.pathsep.join(filter(None, path))}
