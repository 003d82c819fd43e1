"""Options: those that several commands share, so that they are called and explained alike."""

from pathlib import Path
from typing import Annotated

import typer

from mestore.cli import complete

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead, for programs.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
Store = Annotated[
    Path,
    typer.Argument(
        metavar="STORE", help="A store: its name here, or its folder.", autocompletion=complete.stores
    ),
]
Folds = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDS",
        help="Frozen folds: the protocol's name here, or a file.",
        autocompletion=complete.folds,
    ),
]
OneDataset = Annotated[
    str | None,
    typer.Argument(
        metavar="DATASET", help="Of params.yaml; by default all.", autocompletion=complete.datasets
    ),
]
KeyValue = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE",
        help="Of its reader, as in params.yaml, such as sheet=mine.xlsx; may be repeated.",
    ),
]
