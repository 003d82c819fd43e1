"""The command `mestore score`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mestore.cli.app import app, require_target, say


@app.command()
def score(
    folds: Annotated[Path, typer.Argument(help="Frozen folds, such as data/folds/loso.json.")],
    predictions: Annotated[
        Path, typer.Argument(help="CSV file: clip_id,predicted; seed and fold if need be.")
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
    json: Annotated[Path | None, typer.Option(help="Write all of it there, as JSON.")] = None,
) -> None:
    """Score predictions of any trainer against frozen folds; docs/scores.md says what each number is.

    Example: mestore score data/folds/loso.json predictions.csv --by gender --about persons.csv
    """
    from mestore.scores.ledger import ledger_of
    from mestore.scores.predictions import fits_of
    from mestore.scores.report import score_file
    from mestore.scores.text import score_text

    if json is not None:
        kept = (folds, predictions, fits_of(predictions), ledger or ledger_of(folds))
        require_target(json, inputs=(*kept, about) if about else kept)
    report = score_file(
        folds,
        predictions,
        stores=stores,
        missing=missing,
        by=by or (),
        about=about,
        ledger=ledger,
        fold_mean=fold_mean,
    )
    say(score_text(report))
    if json is not None:
        json.write_text(report.as_json(), encoding="utf-8")
