"""Commands about the build cache."""

import time
from pathlib import Path
from typing import Annotated

import typer

from mestore.cli.app import app

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
