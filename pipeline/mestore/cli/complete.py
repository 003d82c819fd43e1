"""Complete: names that a shell offers behind a command: datasets, stores, protocols, clips.

They are looked for in the current folder by the standard library and PyYAML alone, since a shell asks at
every press of the tab key; where something cannot be read, nothing is offered.
"""

import csv
import re
from collections.abc import Iterable
from pathlib import Path

import typer

_SAFE = re.compile(r"[\w./@%+=,:-]+")
_STORES, _FOLDS = Path("data/stores"), Path("data/folds")


def datasets(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the datasets of params.yaml."""
    return _beginning(_section("datasets"), incomplete)


def readers(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the datasets that mestore knows, and those of params.yaml."""
    from mestore.datasets import READERS

    return _beginning([*_section("datasets"), *READERS], incomplete)


def stores(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the stores that are built, then those of params.yaml."""
    built = sorted(path.parent.name for path in _STORES.glob("[!.]*/clips.csv"))
    return _beginning([*built, *_section("stores")], incomplete)


def folds(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the protocols whose folds are frozen."""
    return _beginning(sorted(path.stem for path in _FOLDS.glob("[!.]*.json")), incomplete)


def formats(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the formats of `mestore export`."""
    from mestore.store.export import FORMATS

    return _beginning(FORMATS, incomplete)


def clips(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the ids of clips that are in a store."""
    return _beginning(_column("clip_id"), incomplete)


def persons(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the persons that are in a store."""
    return _beginning(_column("person"), incomplete)


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    # Shells evaluate what they are offered: a name with any other character is not.
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete) and _SAFE.fullmatch(name)]


def _section(name: str) -> list[str]:
    import yaml

    try:
        params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
        return [str(key) for key in params[name]]
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError):
        return []


def _column(name: str) -> list[str]:
    """Return a column of the first clip table that a store has."""
    for path in sorted(_STORES.glob("[!.]*/clips.csv")):
        try:
            with path.open(encoding="utf-8", newline="") as file:
                return [row[name] for row in csv.DictReader(file)]
        except (OSError, ValueError, LookupError, csv.Error):
            continue
    return []
