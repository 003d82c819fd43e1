"""Commands about stores: verify, copy, export them, and forget a person."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mestore.cli import complete
from mestore.cli.here import folds_at, store_at, workspace
from mestore.cli.options import AsJson, Force, Store
from mestore.cli.says import say, say_json


def export(
    store: Store,
    target: Annotated[Path, typer.Argument(metavar="DEST", help="A new file; a folder for tif and folds.")],
    to: Annotated[str, typer.Option(help="h5, npz, parquet or tif.", autocompletion=complete.formats)],
    folds: Annotated[
        Path | None,
        typer.Option(help="Frozen folds: training and test files apart.", autocompletion=complete.folds),
    ] = None,
    fold: Annotated[str | None, typer.Option(help="One fold; by default all.")] = None,
    force: Force = False,
) -> None:
    """Write a store as files for other programs.

    By folds, labels of test clips are in a file of their own.

    Example: mestore export flow flow.h5 --to h5
    """
    from mestore.export import export_folds, export_store

    path = store_at(store)
    if folds is None:
        say(export_store(path, target, to=to, force=force))
    else:
        say(export_folds(path, target, to=to, folds=folds_at(folds), fold=fold, force=force))


def verify(
    store: Annotated[
        Path,
        typer.Argument(
            metavar="STORE",
            help="A store, by name or folder, or a folder of stores.",
            autocompletion=complete.stores,
        ),
    ] = Path("data/stores"),
    against: Annotated[Path | None, typer.Option(help="Other stores: name every difference.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare stores with what they say of themselves, to the byte.

    Every file, row and clip. Status 1 if one differs.

    Example: mestore verify data/stores
    """
    from mestore.check_text import plain
    from mestore.progress import shown
    from mestore.store.compare import differences
    from mestore.store.verify import examine

    told, paths = [], [store_at(store), *([against] if against else [])]
    for path in paths:
        with shown(f"verify {plain(str(path))}", unit="subject") as progress:
            verdict = examine(path, progress=progress)
        told.append({"path": str(path), **asdict(verdict)})
        if not as_json:
            say("\n".join([*map(str, verdict.findings), f"{path}: {verdict}"]))
    wrong = any(it["findings"] for it in told)
    lines = list(differences(*paths)) if against is not None and not wrong else []
    if as_json:
        say_json({"stores": told, "differences": lines})
    elif against is not None and not wrong:
        say("\n".join(lines) or "equal: the same subjects, clips and arrays")
    sys.exit(int(wrong or bool(lines)))


def publish(
    store: Annotated[
        Path,
        typer.Argument(
            metavar="STORE",
            help="A folder of stores, such as data/stores, or one store.",
            autocompletion=complete.stores,
        ),
    ],
    target: Annotated[Path, typer.Argument(metavar="DEST", help="Where; trainers open DEST/current.")],
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="A store below STORE, may be repeated; by default all.", autocompletion=complete.stores
        ),
    ] = None,
    keep: Annotated[int | None, typer.Option(min=1, help="Remove all but so many of the newest.")] = None,
    as_json: AsJson = False,
) -> None:
    """Copy stores to a place where they never change.

    The copy is DEST/DIGEST; it is verified, and the link DEST/current then names it.

    Example: mestore publish data/stores /nas/published
    """
    from mestore.progress import shown
    from mestore.store.publish import publish as publish_stores

    with shown("publish", unit="B") as progress:
        done = publish_stores(store_at(store), target, names=only, keep=keep, progress=progress)
    if as_json:
        say_json({"current": str(target / "current"), **asdict(done)})
        return
    say(f"{target / 'current'} is {done.folder.name}, {'new' if done.new else 'which was there already'}")
    for folder in done.removed:
        say(f"removed: {folder}")


def fetch(
    repository: Annotated[
        str, typer.Argument(metavar="REPOSITORY", help="Path or URL of a repository of mestore.")
    ],
    store: Annotated[str, typer.Argument(metavar="STORE", help="Name of a store there.")],
    out: Annotated[Path, typer.Option(help="The folder to put it into.")],
    person: Annotated[list[str] | None, typer.Option(help="Only this person; may be repeated.")] = None,
    rev: Annotated[str | None, typer.Option(help="Commit, branch or tag.")] = None,
) -> None:
    """Fetch a store, or some persons of it, from elsewhere.

    Out of another repository, through DVC.

    Example: mestore fetch ../mestore flow --person casme2/sub01 --out stores
    """
    from mestore.fetch import fetch_store

    say(f"fetched: {fetch_store(repository, store, to=out, persons=person, revision=rev)}")


def forget(
    person: Annotated[
        str,
        typer.Argument(
            metavar="PERSON",
            help="As in the column person of the clip tables.",
            autocompletion=complete.persons,
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only list what would go.")] = False,
    published: Annotated[list[Path] | None, typer.Option(help="A destination of `mestore publish`.")] = None,
) -> None:
    """Remove a participant who withdraws, and search again for proof.

    From stores, caches, folds, reports and published copies. Without --yes it only lists.

    Example: mestore forget casme2/sub01 --published /nas/published
    """
    from mestore.forget.forget import describe, find
    from mestore.forget.forget import forget as remove

    here, copies = workspace(), published or []
    plan = find(here, person, copies=copies)
    say(describe(plan, root=here.root))
    say(remove(here, plan, copies=copies) if yes else "nothing was removed; do it with --yes")
