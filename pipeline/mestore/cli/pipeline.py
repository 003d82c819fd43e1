"""Commands that build: `index` and `build` run DVC, which stays the one that knows what is to be done."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mestore.cli import complete
from mestore.cli.here import known, workspace_params
from mestore.cli.says import say

if TYPE_CHECKING:
    from mestore.workspace import Workspace

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be run.")]


def index(dry_run: DryRun = False) -> None:
    """Read recordings and coding sheets into clip tables.

    This is `dvc repro index`, for the datasets of params.yaml.

    Example: mestore index
    """
    workspace, _ = workspace_params()
    _repro(workspace, ["index"], dry_run=dry_run)


def build(
    store: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STORE...",
            help="Stores of params.yaml; by default everything.",
            autocompletion=complete.stores,
        ),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Build stores, as far as anything changed.

    This is `dvc repro`: what they are made of is built first. Without a name, folds, scores and reports
    are built too. When it is interrupted, what was finished is kept.

    Example: mestore build flow mdmo
    """
    workspace, params = workspace_params()
    names = [known(name, params.stores, what="store of params.yaml") for name in store or []]
    _repro(workspace, [f"store@{name}" for name in names], dry_run=dry_run)


def _repro(workspace: "Workspace", stages: Sequence[str], *, dry_run: bool) -> None:
    """Run DVC, and say in a line what it did."""
    from mestore.errors import BuildError

    missing = [name for name in ("dvc.yaml", ".dvc") if not (workspace.root / name).exists()]
    if missing:
        raise BuildError(
            f"{workspace.root} has no {' and no '.join(missing)}, which building needs; run this in a "
            "workspace that `mestore init DIR` made, or in a clone of mestore"
        )
    before, begun = _locked(workspace.root), monotonic()
    status = _run_dvc(["repro", *(["--dry"] if dry_run else []), *stages], folder=workspace.root)
    if status:
        raise BuildError(
            "the build failed; what failed, and what to do, is said above. What was finished is kept: mend "
            "it, and run this again"
        )
    if not dry_run:
        say(_end_line(before, _locked(workspace.root), stages, seconds=monotonic() - begun))


def _run_dvc(arguments: Sequence[str], *, folder: Path) -> int:
    """Run this interpreter's DVC and return its exit status; an interrupt reaches all of its processes.

    They are a process group of their own, and we wait until they have cleared up: subprocess.run would kill
    them after a quarter of a second.
    """
    _mend_lock(folder / ".dvc" / "tmp" / "rwlock")
    stages_run_with = {"MESTORE_PYTHON": sys.executable, "DVC_NO_ANALYTICS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=folder,
        env=stages_run_with | dict(os.environ),
        stdin=subprocess.DEVNULL,
        process_group=0,
    )
    try:
        return process.wait()
    except BaseException:
        _end(process)
        _mend_lock(folder / ".dvc" / "tmp" / "rwlock")
        raise


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Interrupt a process and those it started, and wait for them; a second interrupt ends them all."""
    for pid in _heirs(process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
    while process.poll() is None:
        try:
            process.wait()
        except KeyboardInterrupt:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)


def _mend_lock(path: Path) -> None:
    """Remove DVC's list of who reads and writes what, if it is half-written.

    DVC writes it in place: interrupted there, it refuses every later build (seen, 3.67).
    """
    for wait in (0.3, 0.0):  # another DVC may be writing it at this moment
        try:
            json.loads(path.read_bytes())
        except FileNotFoundError:
            return
        except ValueError:
            sleep(wait)
        else:
            return
    path.unlink(missing_ok=True)


def _heirs(pid: int) -> list[int]:
    """Return a process and those below it, without workers: they end with their stage.

    Interrupted while they start, they would print tracebacks; a process group has no such exception.
    """
    import psutil

    try:
        root = psutil.Process(pid)
        below = [it for it in root.children(recursive=True) if "loky" not in " ".join(it.cmdline())]
    except psutil.Error:
        return [pid]
    return [pid, *(it.pid for it in below)]


def _locked(root: Path) -> Mapping[str, Any]:
    """Return what dvc.lock says of each stage."""
    import yaml

    path = root / "dvc.lock"
    if not path.is_file():
        return {}
    locked = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return (locked or {}).get("stages") or {}


def _end_line(
    before: Mapping[str, Any], after: Mapping[str, Any], stages: Sequence[str], *, seconds: float
) -> str:
    changed = [name for name in after if after[name] != before.get(name)]
    asked = ", ".join(stages) or "everything"
    if not changed:
        return f"{asked}: nothing had changed ({seconds:.0f} s)"
    return f"{asked}: built {', '.join(changed)} ({seconds:.0f} s)"
