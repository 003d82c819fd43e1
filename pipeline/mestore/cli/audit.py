"""The command that audits stores and folds for leaks."""

import sys
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mestore.cli.here import folds_at
from mestore.cli.options import AsJson, Folds
from mestore.cli.says import say, say_json

if TYPE_CHECKING:
    from mestore.progress import Progress


def audit(
    store: Annotated[Path, typer.Argument(metavar="STORES", help="A folder of stores, such as data/stores.")],
    folds: Folds,
    predictions: Annotated[Path | None, typer.Option(help="CSV of predictions, of any program.")] = None,
    out: Annotated[Path | None, typer.Option(help="The page; by default NAME.audit.html here.")] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Show the crops of pairs that look alike on the page: faces.")
    ] = False,
    jobs: Annotated[
        int, typer.Option(help="Processes that look at crops, no more than cores; -1: one a core.")
    ] = -1,
    as_json: AsJson = False,
) -> None:
    """Look for leaks between the two sides of folds.

    Persons, faces and clips on both sides, fits and scalings that saw the test clips. Nothing but the
    page is written. Status 0: nothing found; 1: a leak, or something for a human to settle.

    Example: mestore audit data/stores loso --predictions svm.csv
    """
    import joblib

    from mestore.audit.audit import run_audit
    from mestore.audit.page import pictures_of, refuse_target, write_page
    from mestore.workspace import find_workspace

    if jobs < 1 and jobs != -1:
        raise typer.BadParameter(f"found {jobs}; expected 1 or more, or -1: one a core", param_hint="--jobs")
    folds = folds_at(folds)
    target = out or Path(f"{folds.stem}.audit.html")
    refuse_target(target)
    done = run_audit(
        store,
        folds,
        workspace=find_workspace(Path.cwd()),
        predictions=predictions,
        jobs=joblib.cpu_count() if jobs == -1 else min(jobs, joblib.cpu_count()),
        shown=_shown,
    )
    if not as_json:
        say(str(done))
    write_page(done, target, pictures=pictures_of(done, store) if pictures else None)
    if as_json:
        say_json({"verdict": done.verdict, "page": str(target), **asdict(done)})
    else:
        say(f"\npage: {target}")
    sys.exit(done.status)


def _shown(title: str) -> "AbstractContextManager[Progress]":
    from mestore.progress import shown

    return shown(title, unit="subject")
