"""Entry: what every stage does first and last: environment, parameters, log, errors in one paragraph."""

import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mestore.build.environment import prepare_environment
from mestore.build.faults import explained
from mestore.build.log import duration, stage_log
from mestore.errors import MEStoreError
from mestore.workspace import Workspace, find_workspace

_LOG = logging.getLogger("mestore.build.entry")

DEBUG = "MESTORE_DEBUG"
"""Set, tracebacks are shown and not only logged."""

_INTERRUPTED = 130


def run_stage(stage: Callable[..., str]) -> None:
    """Call `stage(workspace, params, *arguments)` and write what it returns to standard output.

    Parameters
    ----------
    stage : callable
        Returns one line that says what was done.
    """
    workspace, arguments = find_workspace(Path.cwd()), sys.argv[1:]
    with stage_log(workspace, Path(sys.argv[0]).stem, arguments) as log:
        begun = time.monotonic()
        try:
            status, said = _outcome(stage, workspace, arguments)
        finally:
            _LOG.info("ends after %s", duration(begun))
    if status:
        where = f"mestore: log: {log}\n" if log.is_file() else ""
        sys.stderr.write(f"mestore: {said}\n{where}")
        sys.exit(status)
    sys.stdout.write(said + "\n")


def _outcome(stage: Callable[..., str], workspace: Workspace, arguments: list[str]) -> tuple[int, str]:
    """Return the exit status and what to say; a bug is logged and goes on up, traceback and all."""
    try:
        # Before params.yaml: checking it imports the kinds, and they import numba.
        prepare_environment(workspace)
        params = _params(workspace.params)
        _LOG.info("parameters: %s", _declared(params, arguments))
        said = stage(workspace, params, *arguments)
    except (MEStoreError, OSError) as error:
        text = explained(error) if isinstance(error, OSError) else str(error)
        _LOG.error("%s", text, exc_info=True)
        if os.environ.get(DEBUG, "") not in ("", "0"):
            traceback.print_exc()
        return 1, text
    except KeyboardInterrupt:
        _LOG.warning("interrupted")
        return _INTERRUPTED, "interrupted; what was finished is kept"
    except BaseException:
        _LOG.critical("a bug, or the machine's fault", exc_info=True)
        raise
    _LOG.info("%s", said)
    return 0, said


def _params(path: Path) -> Any:
    from mestore.params import load_params

    return load_params(path)


def _declared(params: Any, arguments: list[str]) -> str:
    """Return the parameters of a stage as JSON: what params.yaml says of the names it was called with."""
    from mestore.params import dump, kind_params

    every = dump(params)
    for name, store in params.stores.items():  # defaults filled in
        every["stores"][name]["params"] = dump(kind_params(store))
    named = {
        section: {name: its[name] for name in arguments if name in its} if isinstance(its, dict) else its
        for section, its in every.items()
        if section in _BY_NAME
    }
    rest = {section: its for section, its in every.items() if section not in _BY_NAME}
    return json.dumps({key: its for key, its in (named | rest).items() if its} if arguments else every)


_BY_NAME = ("datasets", "stores", "protocols", "evaluate")
