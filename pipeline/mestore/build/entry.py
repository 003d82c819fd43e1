"""Entry: what every stage does first and last: environment, parameters, errors in one paragraph."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mestore.build.environment import prepare_environment
from mestore.build.faults import explained
from mestore.errors import MEStoreError
from mestore.workspace import find_workspace


def run_stage(stage: Callable[..., str]) -> None:
    """Call `stage(workspace, params, *arguments)` and write what it returns to standard output.

    Parameters
    ----------
    stage : callable
        Returns one line that says what was done.
    """
    workspace = find_workspace(Path.cwd())
    try:
        # Before params.yaml: checking it imports the kinds, and they import numba.
        prepare_environment(workspace)
        sys.stdout.write(stage(workspace, _params(workspace.params), *sys.argv[1:]) + "\n")
    except MEStoreError as error:
        sys.stderr.write(f"mestore: {error}\n")
        sys.exit(1)
    except OSError as error:
        sys.stderr.write(f"mestore: {explained(error)}\n")
        sys.exit(1)


def _params(path: Path) -> Any:
    from mestore.params import load_params

    return load_params(path)
