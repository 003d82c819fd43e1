"""The command `mestore score`."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from mestore.cli.here import folds_at
from mestore.cli.options import AsJson, Folds
from mestore.cli.says import say, say_json


def score(
    folds: Folds,
    predictions: Annotated[
        Path,
        typer.Argument(metavar="PREDICTIONS", help="CSV file: clip_id,predicted; seed and fold if need be."),
    ],
    stores: Annotated[Path, typer.Option(help="Whose clip table the folds were made of.")] = Path(
        "data/stores"
    ),
    missing: Annotated[
        Literal["wrong", "drop"], typer.Option(help="What a clip without a prediction counts as.")
    ] = "wrong",
    by: Annotated[list[str] | None, typer.Option(help="A column to score by; may be repeated.")] = None,
    about: Annotated[Path | None, typer.Option(help="CSV file: person, and columns to score by.")] = None,
    ledger: Annotated[
        Path | None, typer.Option(help="Where looks are counted, instead of data/ledger.")
    ] = None,
    fold_mean: Annotated[
        bool, typer.Option("--fold-mean", help="Means over folds too, as some papers.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Score predictions of any program against frozen folds.

    docs/scores.md says what each number is.

    Example: mestore score loso predictions.csv --by gender --about persons.csv
    """
    from mestore.scores.report import score_file
    from mestore.scores.text import score_text

    report = score_file(
        folds_at(folds),
        predictions,
        stores=stores,
        missing=missing,
        by=by or (),
        about=about,
        ledger=ledger,
        fold_mean=fold_mean,
    )
    if as_json:
        say_json(json.loads(report.as_json()))
    else:
        say(score_text(report))
