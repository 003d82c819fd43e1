"""Commands about recordings: add a dataset, check it, estimate its build, compare annotators."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mestore.cli import complete
from mestore.cli.here import known, workspace, workspace_params
from mestore.cli.options import AsJson, KeyValue
from mestore.cli.says import say, say_json

if TYPE_CHECKING:
    from mestore.check import Report


def add(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET",
            help="Which dataset it is, such as casme2; table for your own.",
            autocompletion=complete.readers,
        ),
    ],
    raw: Annotated[Path, typer.Option(help="The folder or zip file you were sent.")],
    name: Annotated[str, typer.Option(help="What this workspace calls it; by default DATASET.")] = "",
    subject: Annotated[list[str] | None, typer.Option(help="Only these, for a first try.")] = None,
    option: KeyValue = None,
) -> None:
    """Take a dataset in: recognise, link, name, check, estimate.

    It is linked below data/raw (a zip file is unpacked there) and named in params.yaml. Status as of
    `mestore check`.

    Example: mestore add casme2 --raw /nas/CASME2
    """
    from mestore.add import add_dataset, parsed_options
    from mestore.check_text import plain
    from mestore.delivery import near
    from mestore.progress import shown

    here, name = workspace(), name or dataset
    with shown(f"unpack {plain(raw.name)}", unit="file") as progress:
        added = add_dataset(
            here,
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
    say(f"{near(here.raw / name)} leads there; params.yaml names it\n")
    report = _check(name)
    say(report.text)
    _say_estimates([name], as_json=False)
    sys.exit(int(report.status != 0))


def check(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET",
            help="A dataset of params.yaml; with --raw, any reader's name.",
            autocompletion=complete.readers,
        ),
    ],
    raw: Annotated[Path | None, typer.Option(help="Its folder; by default data/raw/DATASET.")] = None,
    csv: Annotated[Path | None, typer.Option(help="The table; by default DATASET.check.csv here.")] = None,
    option: KeyValue = None,
    as_json: AsJson = False,
) -> None:
    """Compare a copy of a dataset with what is published of it.

    That is counts, frames, folders and known errors. No frame is read: only the coding sheet, the names
    of files, and how many frames videos have. Status 0: as published; 1: it differs, or it is not that
    dataset.

    Example: mestore check casme2 --raw /nas/CASME2
    """
    report = _check(dataset, raw=raw, csv=csv, options=option or [])
    if as_json:
        csv_file = str(report.csv_file) if report.csv_file else None
        say_json({"dataset": dataset, "verdict": report.verdict, "csv": csv_file, "rows": report.rows})
    else:
        say(report.text)
    sys.exit(int(report.status != 0))


def estimate(
    dataset: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DATASET...",
            help="Of params.yaml; by default all.",
            autocompletion=complete.datasets,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what building all stores takes in time and disk.

    Two clips are computed here and now. `subjects` of params.yaml are not heeded: the estimate is for the
    whole.

    Example: mestore estimate casme2
    """
    _, params = workspace_params()
    names = [known(name, params.datasets, what="dataset") for name in dataset or params.datasets]
    _say_estimates(names, as_json=as_json)


def _check(
    name: str, *, raw: Path | None = None, csv: Path | None = None, options: Sequence[str] = ()
) -> "Report":
    from mestore.add import parsed_options
    from mestore.check import check as compare
    from mestore.check_text import plain
    from mestore.delivery import find_delivery, near, table_of
    from mestore.progress import shown
    from mestore.workspace import find_workspace

    workspace = find_workspace(Path.cwd())  # with --raw, a check needs none
    delivery = find_delivery(workspace, name, raw=raw, options=parsed_options(options))
    csv_file = table_of(delivery, csv)
    with shown(f"check {plain(name)}", unit="clip") as progress:
        return compare(
            near(delivery.root),
            dataset=name,
            reader=delivery.reader,
            options=delivery.options,
            hashes_folder=workspace.cache / "hashes",
            csv_file=csv_file,
            own=workspace.own / name,
            progress=progress,
        )


def _say_estimates(names: Sequence[str], *, as_json: bool) -> None:
    from mestore.delivery import find_delivery
    from mestore.estimate import Estimate, estimate_dataset, workers_of

    workspace, params = workspace_params()
    workers, told = workers_of(params), {}
    for name in names:
        found = estimate_dataset(workspace, find_delivery(workspace, name), params)
        if isinstance(found, Estimate):
            told[name] = found.as_dict(workers=workers)
            said = f"{name}: {found.sentence(workers=workers)}"
        else:
            told[name] = {"no_estimate": found}
            said = f"{name}: no estimate: {found}"
        if not as_json:
            say(said)
    if as_json:
        say_json(told)


def agreement(
    table: Annotated[
        Path,
        typer.Argument(metavar="TABLE", help="csv, xlsx or xls: columns clip, coder, emotion and/or aus."),
    ],
    as_json: AsJson = False,
) -> None:
    """Say how far annotators agree.

    Fleiss' kappa of the emotions, reliability of the action units.

    Example: mestore agreement annotations.csv
    """
    from mestore.agreement_table import agreement_report, table_agreement

    if as_json:
        say_json(table_agreement(table).as_dict())
    else:
        say(agreement_report(table))
