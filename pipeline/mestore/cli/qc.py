"""Command about quality: the clips to look at."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mestore.cli.here import known, workspace_params
from mestore.cli.options import AsJson, Force, OneDataset
from mestore.cli.says import say, say_json

if TYPE_CHECKING:
    from mestore.params import Params
    from mestore.store.reader import Store
    from mestore.workspace import Workspace


def qc(
    dataset: OneDataset = None,
    csv: Annotated[Path | None, typer.Option(help="Write them as a table, one row per clip.")] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """List the clips to look at, worst first.

    The thresholds are in params.yaml. Status 1 if there are any. The table has a row per clip: with the
    rows of good clips removed it is an exclusions.csv.

    Example: mestore qc casme2 --csv look.csv
    """
    from mestore import qc as listing
    from mestore.errors import ParamsError

    workspace, params = workspace_params()
    names = list(params.datasets) if dataset is None else [known(dataset, params.datasets, what="dataset")]
    if csv is not None and len(names) > 1:
        raise ParamsError(
            f"one table cannot be the exclusions of {', '.join(names)}; name a dataset with --csv"
        )
    store = _opened(workspace, params)
    table, clips = listing.quality_table(store), store.clips()
    kept = listing.included(table, clips)
    found = [look for name in names for look in listing.looks(kept[kept["dataset"] == name], params.quality)]
    whose = dict(zip(clips["clip_id"], clips["dataset"], strict=True))
    for name in names:
        own = [look for look in found if whose[look.clip_id] == name]
        if not as_json:
            numbered = kept.loc[kept["dataset"] == name, "clip_id"].nunique()
            excluded = int(((clips["dataset"] == name) & (clips["excluded"] != "")).sum())
            say(listing.qc_text(own, dataset=name, clips=numbered, excluded=excluded))
        if csv is not None:
            _outside(workspace, name, csv)
            listing.write_looks(csv, own, clips, force=force)
        if own and not as_json:
            say(listing.what_next(csv, name))
    if as_json:
        say_json({"findings": [asdict(look) for look in found]})
    sys.exit(int(bool(found)))


def _opened(workspace: "Workspace", params: "Params") -> "Store":
    """Return the stores that have quality numbers, of those that are built."""
    from mestore.qc import measured
    from mestore.store.layout import CLIPS
    from mestore.store.reader import open_store

    return open_store(
        workspace.stores,
        names=[name for name in measured(params) if (workspace.stores / name / CLIPS).is_file()],
    )


def _outside(workspace: "Workspace", name: str, path: Path) -> None:
    """Refuse a table in the dataset's folder, in which mestore writes nothing."""
    from mestore.errors import MEStoreError

    if path.resolve().is_relative_to((workspace.raw / name).resolve()):
        raise MEStoreError(
            f"{path} would lie in the folder of the recordings, in which mestore writes nothing; give a file "
            "elsewhere with --csv"
        )
