"""Environment: what must be set before numerical libraries are imported, in this process and its workers."""

import hashlib
import os
from pathlib import Path

from mestore.workspace import Workspace

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def prepare_environment(workspace: Workspace) -> None:
    """Hold libraries to one thread, and give numba a cache folder named by the source of mestore.

    numba's own file cache does not notice an edited callee in another module (seen), so each state of the
    source has a folder of its own. Worker processes inherit both settings.
    """
    source = Path(__file__).parents[1]
    state = hashlib.sha256()
    for path in sorted(source.rglob("*.py")):
        state.update(path.read_bytes())
    os.environ["NUMBA_CACHE_DIR"] = str(workspace.cache / "numba" / state.hexdigest()[:16])
    for name in _THREADS:
        os.environ[name] = "1"
