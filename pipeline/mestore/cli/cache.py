"""Commands about the build cache."""

import time
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mestore.cli.here import workspace
from mestore.cli.options import AsJson
from mestore.cli.says import say, say_json

if TYPE_CHECKING:
    from mestore.build.pruning import Entry

cache = typer.Typer(help="Look into the build cache, and clear it.", no_args_is_help=True)


@cache.command()
def ls(as_json: AsJson = False) -> None:
    """Say what the build cache holds.

    What of it this workspace uses, and since when the rest is idle.

    Example: mestore cache ls
    """
    from mestore.build.pruning import describe, survey

    here = workspace()
    entries = survey(here)
    if as_json:
        say_json({"cache": str(here.cache), "bytes": sum(it.size for it in entries), "held": _held(entries)})
    else:
        say(describe(here, entries))


@cache.command()
def prune(
    older_than: Annotated[str, typer.Option(help="Age since the last use, such as 12h, 30d or 8w.")] = "30d",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove what is not used here and was not used for long.

    And what killed builds left. What goes can be built again.

    Example: mestore cache prune --older-than 30d --dry-run
    """
    from mestore.build.pruning import freed, removable, seconds, survey
    from mestore.build.pruning import prune as remove

    entries = survey(workspace())
    going = removable(entries, older_than=seconds(older_than), now=time.time())
    told = {"removed": not dry_run, "bytes_freed": freed(going), "entries": [_told(it) for it in going]}
    said = remove(going, dry_run=dry_run)
    if as_json:
        say_json(told)
    else:
        say(said)


def _told(entry: "Entry") -> dict[str, Any]:
    return {"what": entry.what, "group": entry.group, "path": str(entry.path), "bytes": entry.size}


def _held(entries: "list[Entry]") -> list[dict[str, Any]]:
    """Return how much of each kind and store there is."""
    told = []
    for (what, group, used), its in groupby(sorted(entries, key=_kind), key=_kind):
        members = list(its)
        told.append(
            {
                "what": what,
                "group": group,
                "used": used,
                "entries": len(members),
                "bytes": sum(it.size for it in members),
                "last_use": time.strftime(
                    "%Y-%m-%dT%H:%M:%SZ", time.gmtime(max(it.last_use for it in members))
                ),
            }
        )
    return told


def _kind(entry: "Entry") -> tuple[str, str, bool]:
    return entry.what, entry.group, entry.used
