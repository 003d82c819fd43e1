"""Commands about stores: verify, copy, export them, and forget a person."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mestore.cli.app import app


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
