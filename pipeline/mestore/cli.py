"""The command line: `mestore`, or `python -m mestore`."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mestore.errors import MEStoreError

app = typer.Typer(
    help="Feature stores of facial micro-expressions, keyed by subject.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_OPTION = "Of its reader, as in params.yaml, such as sheet=mine.xlsx; may be repeated."


@app.callback()
def _group() -> None:
    # Without a callback typer would drop the name of a lone command.
    pass


@app.command()
def demo(
    directory: Annotated[Path, typer.Argument(help="Where to write them: an empty or absent folder.")],
    subjects: Annotated[int, typer.Option(min=1, help="How many subjects.")] = 8,
    clips: Annotated[int, typer.Option(min=1, help="How many clips of each.")] = 5,
) -> None:
    """Write the demo recordings: simulated micro-expressions on real faces, in CASME II's layout.

    Example: mestore demo data/raw/demo
    """
    from mestore.progress import shown
    from mestore.synthetic.demo import write_demo

    with shown("demo", unit="clip") as progress:
        write_demo(directory, subjects=subjects, clips=clips, progress=progress)
    print(f"demo recordings: {directory}")


@app.command()
def summary() -> None:
    """Say where the stores, the scores and the pictures of this workspace are.

    Example: mestore summary
    """
    from mestore.summary import summarise
    from mestore.workspace import find_workspace

    print(summarise(find_workspace(Path.cwd())))


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
    _say(f"{name}: {dataset}, {options}: {found.there} of {found.clips} clips are in {near(found.root)}")
    if added.sheet:
        _say(f"{added.sheet}, which lay beside {raw.name}, was copied there")
    _say(f"{near(workspace.raw / name)} leads there; params.yaml names it\n")
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
    _say(report.text)
    return report.status


def _estimate(name: str) -> None:
    from mestore.delivery import find_delivery
    from mestore.estimate import estimate_dataset
    from mestore.params import load_params
    from mestore.workspace import find_workspace

    workspace = find_workspace(Path.cwd())
    _say(estimate_dataset(workspace, find_delivery(workspace, name), load_params(workspace.params)))


def _say(text: str, *, error: bool = False) -> None:
    """Print lines that may hold names from a dataset, which shall not command the terminal."""
    from mestore.check_text import plain

    print("\n".join(plain(line) for line in text.split("\n")), file=sys.stderr if error else sys.stdout)


@app.command()
def agreement(
    table: Annotated[Path, typer.Argument(help="csv, xlsx or xls: columns clip, coder, emotion and/or aus.")],
) -> None:
    """Say how far annotators agree: Fleiss' kappa of the emotions, reliability of the action units.

    Example: mestore agreement annotations.csv
    """
    from mestore.agreement_table import agreement_report

    print(agreement_report(table))


@app.command()
def params() -> None:
    """Print every key of params.yaml with its type, default and meaning.

    Example: mestore params | less
    """
    from mestore.reference import params_reference

    print(params_reference())


@app.command()
def export(
    store: Annotated[Path, typer.Argument(help="A store, such as data/stores/flow.")],
    target: Annotated[Path, typer.Argument(metavar="DEST", help="A new file; a folder for tif and folds.")],
    to: Annotated[str, typer.Option(help="h5, npz, parquet or tif.")],
    folds: Annotated[Path | None, typer.Option(help="Frozen folds: training and test files apart.")] = None,
    fold: Annotated[str | None, typer.Option(help="One fold; by default all.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier export.")] = False,
) -> None:
    """Write a store as files for other programs; by folds, test labels are in a file of their own.

    Example: mestore export data/stores/flow flow.h5 --to h5
    """
    from mestore.export import export_folds, export_store

    if folds is None:
        print(export_store(store, target, to=to, force=force))
    else:
        print(export_folds(store, target, to=to, folds=folds, fold=fold, force=force))


@app.command()
def verify(
    store: Annotated[Path, typer.Argument(help="A store, or a folder of stores, such as data/stores.")],
    against: Annotated[Path | None, typer.Option(help="Other stores: name every difference.")] = None,
) -> None:
    """Compare every file, row and clip of stores with what they say of themselves; status 1 if one differs.

    Example: mestore verify data/stores
    """
    from mestore.progress import shown
    from mestore.store.compare import differences
    from mestore.store.verify import examine

    wrong = False
    for path in [store] if against is None else [store, against]:
        with shown(f"verify {path}", unit="subject") as progress:
            verdict = examine(path, progress=progress)
        for finding in verdict.findings:
            print(finding)
        print(f"{path}: {verdict}")
        wrong |= bool(verdict.findings)
    if against is not None and not wrong:
        lines = differences(store, against)
        print("\n".join(lines) or "equal: the same subjects, clips and arrays")
        wrong = bool(lines)
    sys.exit(int(wrong))


@app.command()
def publish(
    store: Annotated[Path, typer.Argument(help="A folder of stores, such as data/stores, or one store.")],
    target: Annotated[Path, typer.Argument(metavar="DEST", help="Where; trainers open DEST/current.")],
    name: Annotated[list[str] | None, typer.Option(help="A store below STORE; by default all.")] = None,
    keep: Annotated[int | None, typer.Option(min=1, help="Remove all but so many of the newest.")] = None,
) -> None:
    """Copy stores to DEST/<digest>, verify the copy, and let the link DEST/current name it.

    Example: mestore publish data/stores /nas/published
    """
    from mestore.progress import shown
    from mestore.store.publish import publish as publish_stores

    with shown("publish", unit="B") as progress:
        done = publish_stores(store, target, names=name, keep=keep, progress=progress)
    print(f"{target / 'current'} is {done.folder.name}, {'new' if done.new else 'which was there already'}")
    for folder in done.removed:
        print(f"removed: {folder}")


@app.command()
def fetch(
    repository: Annotated[str, typer.Argument(help="Path or URL of a repository of mestore.")],
    store: Annotated[str, typer.Argument(help="Name of a store there.")],
    to: Annotated[Path, typer.Option(help="The folder to put it into.")],
    person: Annotated[list[str] | None, typer.Option(help="Only this person; may be repeated.")] = None,
    rev: Annotated[str | None, typer.Option(help="Commit, branch or tag.")] = None,
) -> None:
    """Fetch a store, or the subjects of some persons, out of another repository through DVC.

    Example: mestore fetch ../mestore flow --person casme2/sub01 --to stores
    """
    from mestore.fetch import fetch_store

    print(f"fetched: {fetch_store(repository, store, to=to, persons=person, revision=rev)}")


@app.command()
def doctor() -> None:
    """Check programs, folders, links, and who may read the crops; status 1 if there is a problem.

    Example: mestore doctor
    """
    from mestore.doctor import examine
    from mestore.workspace import find_workspace

    checks = examine(find_workspace(Path.cwd()))
    for check in checks:
        print(check)
    sys.exit(int(not all(check.ok for check in checks)))


@app.command()
def forget(
    person: Annotated[str, typer.Argument(help="As in the column person of the clip tables.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only list what would go.")] = False,
    published: Annotated[list[Path] | None, typer.Option(help="A destination of `mestore publish`.")] = None,
) -> None:
    """Remove a participant who withdraws from stores, caches, folds and reports, and search again for proof.

    Example: mestore forget casme2/sub01 --published /nas/published
    """
    from mestore.forget.forget import describe, find
    from mestore.forget.forget import forget as remove
    from mestore.workspace import find_workspace

    workspace, copies = find_workspace(Path.cwd()), published or []
    plan = find(workspace, person, copies=copies)
    print(describe(plan, root=workspace.root))
    print(remove(workspace, plan, copies=copies) if yes else "nothing was removed; do it with --yes")


cache = typer.Typer(help="Look into the build cache, and clear it.", no_args_is_help=True)
app.add_typer(cache, name="cache")


@cache.command()
def ls() -> None:
    """Say what the build cache holds, what of it this workspace uses, and since when the rest is idle.

    Example: mestore cache ls
    """
    from mestore.build.pruning import describe, survey
    from mestore.workspace import find_workspace

    workspace = find_workspace(Path.cwd())
    print(describe(workspace, survey(workspace)))


@cache.command()
def prune(
    older_than: Annotated[str, typer.Option(help="Age since the last use, such as 12h, 30d or 8w.")] = "30d",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove what killed builds left, and what this workspace does not use and nobody used for long.

    Example: mestore cache prune --older-than 30d
    """
    from mestore.build.pruning import prune as remove
    from mestore.build.pruning import removable, seconds, survey
    from mestore.workspace import find_workspace

    entries = survey(find_workspace(Path.cwd()))
    print(remove(removable(entries, older_than=seconds(older_than), now=time.time()), dry_run=dry_run))


def main() -> None:
    """Run the command line; what is refused is one paragraph and exit status 1, not a traceback."""
    try:
        app()
    except MEStoreError as error:
        _say(f"mestore: {error}", error=True)
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        remedy = "see that it is there, that you may read and write it, and that the disk has room"
        _say(f"mestore: {where}{error.strerror or error}; {remedy}", error=True)
        sys.exit(1)
