"""Commands about recordings: add a dataset, check it, estimate its build, compare annotators."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mestore.cli.app import app, say

_OPTION = "Of its reader, as in params.yaml, such as sheet=mine.xlsx; may be repeated."


@app.command()
def add(
    dataset: Annotated[str, typer.Argument(help="Which dataset it is, such as casme2; table for your own.")],
    raw: Annotated[Path, typer.Option(help="The folder or zip file you were sent.")],
    name: Annotated[str, typer.Option(help="What this workspace calls it; by default DATASET.")] = "",
    subject: Annotated[list[str] | None, typer.Option(help="Only these, for a first try.")] = None,
    option: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help=_OPTION)] = None,
) -> None:
    """Recognise a delivery, link it below data/raw, name it in params.yaml, check it, estimate the build.

    Example: mestore add casme2 --raw /nas/CASME2
    """
    from mestore.add import add_dataset, parsed_options
    from mestore.check_text import plain
    from mestore.delivery import near
    from mestore.progress import shown
    from mestore.workspace import find_workspace

    workspace, name = find_workspace(Path.cwd()), name or dataset
    with shown(f"unpack {plain(raw.name)}", unit="file") as progress:
        added = add_dataset(
            workspace,
            raw,
            reader=dataset,
            name=name,
            subjects=subject or [],
            options=parsed_options(option or []),
            progress=progress,
        )
    found = added.found
    options = ", ".join(f"{key} {value}" for key, value in found.options.items()) or "its only layout"
    say(f"{name}: {dataset}, {options}: {found.there} of {found.clips} clips are in {near(found.root)}")
    if added.sheet:
        say(f"{added.sheet}, which lay beside {raw.name}, was copied there")
    say(f"{near(workspace.raw / name)} leads there; params.yaml names it\n")
    status = _check(name)
    _estimate(name)
    sys.exit(status)


@app.command()
def check(
    dataset: Annotated[str, typer.Argument(help="A dataset of params.yaml; with --raw, any reader's name.")],
    raw: Annotated[Path | None, typer.Option(help="Its folder; by default data/raw/DATASET.")] = None,
    csv: Annotated[Path | None, typer.Option(help="The table; by default DATASET.check.csv here.")] = None,
    option: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help=_OPTION)] = None,
) -> None:
    """Compare a copy of a dataset with what is published of it: counts, frames, folders, known errors.

    No frame is read: only the coding sheet, the names of files, and how many frames videos have. Status 0:
    as published; 1: it differs; 2: it is not that dataset.

    Example: mestore check casme2 --raw /nas/CASME2
    """
    sys.exit(_check(dataset, raw=raw, csv=csv, options=option or []))


@app.command()
def estimate(
    dataset: Annotated[list[str] | None, typer.Argument(help="Of params.yaml; by default all.")] = None,
) -> None:
    """Say what building all stores takes in time and disk, from two clips computed here and now.

    `subjects` of params.yaml are not heeded: the estimate is for the whole.

    Example: mestore estimate casme2
    """
    from mestore.params import load_params
    from mestore.workspace import find_workspace

    for name in dataset or load_params(find_workspace(Path.cwd()).params).datasets:
        _estimate(name)


def _check(
    name: str, *, raw: Path | None = None, csv: Path | None = None, options: Sequence[str] = ()
) -> int:
    from mestore.add import parsed_options
    from mestore.check import check as compare
    from mestore.delivery import find_delivery, near, table_of
    from mestore.progress import shown
    from mestore.workspace import find_workspace

    workspace = find_workspace(Path.cwd())
    delivery = find_delivery(workspace, name, raw=raw, options=parsed_options(options))
    csv_file = table_of(delivery, csv)
    with shown(f"check {name}", unit="clip") as progress:
        report = compare(
            near(delivery.root),
            dataset=name,
            reader=delivery.reader,
            options=delivery.options,
            hashes_folder=workspace.cache / "hashes",
            csv_file=csv_file,
            own=workspace.own / name,
            progress=progress,
        )
    say(report.text)
    return report.status


def _estimate(name: str) -> None:
    from mestore.delivery import find_delivery
    from mestore.estimate import estimate_dataset
    from mestore.params import load_params
    from mestore.workspace import find_workspace

    workspace = find_workspace(Path.cwd())
    say(estimate_dataset(workspace, find_delivery(workspace, name), load_params(workspace.params)))


@app.command()
def agreement(
    table: Annotated[Path, typer.Argument(help="csv, xlsx or xls: columns clip, coder, emotion and/or aus.")],
) -> None:
    """Say how far annotators agree: Fleiss' kappa of the emotions, reliability of the action units.

    Example: mestore agreement annotations.csv
    """
    from mestore.agreement_table import agreement_report

    print(agreement_report(table))
