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
from mestore.replacing import uninterrupted

if TYPE_CHECKING:
    import psutil

    from mestore.workspace import Workspace

_LOOK = 0.05
"""Seconds between two looks at what is still at work."""

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
    process = None
    try:
        with uninterrupted():  # or an interrupt in between would leave it alone
            process = subprocess.Popen(
                [sys.executable, "-m", "dvc", *arguments],
                cwd=folder,
                env=stages_run_with | dict(os.environ),
                stdin=subprocess.DEVNULL,
                process_group=0,
            )
        return process.wait()
    except BaseException:
        if process:
            _end(process)
        _mend_lock(folder / ".dvc" / "tmp" / "rwlock")
        raise


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Interrupt a process and those it started, and wait for them; a second interrupt kills them all."""
    import psutil

    # In the background of a script Ctrl-C is ignored, by all that we start too.
    deaf = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    heirs = _heirs(process.pid)
    for it in heirs:
        with suppress(psutil.Error):
            it.send_signal(signal.SIGTERM if deaf else signal.SIGINT)
    while process.poll() is None or any(_at_work(it) for it in heirs):  # a stage may outlive its DVC
        try:
            sleep(_LOOK)
        except KeyboardInterrupt:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


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


def _heirs(pid: int) -> "list[psutil.Process]":
    """Return a process and those below it, without workers: they end with their stage.

    Interrupted while they start, they would print tracebacks; a process group has no such exception.
    """
    import psutil

    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        return [root, *(it for it in root.children(recursive=True) if not _is_worker(it))]
    return []


def _is_worker(process: "psutil.Process") -> bool:
    import psutil

    try:
        return "loky" in " ".join(process.cmdline())
    except psutil.Error:  # it has ended
        return False


def _at_work(process: "psutil.Process") -> bool:
    """Return whether a process lives; one whose parent has not asked after it does not."""
    import psutil

    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


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
