"""Tables: the clip tables and failures of data/index, one pair per dataset of params.yaml."""

from pathlib import Path

import pandas as pd

from mestore.datasets.index import Index, index_dataset
from mestore.datasets.persons import refuse_torn_persons, refuse_twin_persons
from mestore.datasets.table_io import read_parquet, refuse_other_version, write_parquet
from mestore.errors import AnnotationError, BuildError
from mestore.params import DatasetParams, Params, reader_options
from mestore.progress import shown
from mestore.replacing import replacing
from mestore.store.tables import read_failures
from mestore.workspace import Workspace

_SHOWN = 3  # of the folders without a row


def build_index(workspace: Workspace, params: Params) -> str:
    """Index every dataset and return a line that says what was found.

    A dataset whose recordings are not here keeps the table that came with `dvc pull`. Clips that fail are
    counted by the first store, after it has built the others.

    Raises
    ------
    BuildError
        If the machine failed on a dataset; the others are indexed all the same.
    """
    workspace.index.mkdir(parents=True, exist_ok=True)
    said, broken = [], []
    for name, dataset in params.datasets.items():
        path = workspace.index / f"{name}.parquet"
        if not (workspace.raw / name).exists() and path.is_file():
            said.append(f"{name}: no recordings here, table kept")
            continue
        try:
            index = _index(workspace, name, dataset)
        except OSError as error:
            broken.append(f"{name}: {error}")
            continue
        write_parquet(index.clips, path)
        with replacing(_failures(workspace, name)) as temporary:
            index.failures.to_csv(temporary, index=False)
        said.append(f"{name}: {len(index.clips)} clips, {len(index.failures)} failures")
        said.extend([*index.notes, *_unlisted(name, index)])
    if broken:
        raise BuildError(
            f"index: {'; '.join(broken)}: a fault of the machine or of its permissions; the other datasets "
            "are indexed, and the next `dvc repro` tries again"
        )
    return "index: " + "\n  ".join(said)


def read_index(workspace: Workspace, params: Params) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the clip table and the failures of all datasets that params.yaml lists, and of no others."""
    tables, failures = [], []
    for name in sorted(params.datasets):
        path = workspace.index / f"{name}.parquet"
        if not path.is_file():
            raise AnnotationError(f"{path} is missing; run `dvc repro index`, or `dvc pull` it")
        tables.append(read_parquet(path))
        refuse_other_version(path)
        failures.append(read_failures(_failures(workspace, name)))
    table = pd.concat(tables, ignore_index=True)
    refuse_twin_persons(table["person"])
    refuse_torn_persons(table)
    return table, pd.concat(failures, ignore_index=True)


def _index(workspace: Workspace, name: str, dataset: DatasetParams) -> Index:
    with shown(f"index {name}", unit="clip") as progress:
        return index_dataset(
            workspace.raw / name,
            dataset=name,
            reader=dataset.reader,
            options=reader_options(dataset),
            own=workspace.own / name,
            subjects=dataset.subjects,
            hashes_folder=workspace.cache / "hashes",
            progress=progress,
        )


def _unlisted(name: str, index: Index) -> list[str]:
    if not index.unlisted:
        return []
    some = ", ".join(repr(path) for path in index.unlisted[:_SHOWN])
    more = ", ..." if len(index.unlisted) > _SHOWN else ""
    return [
        f"{name}: folders without a row, which are left out: {len(index.unlisted)}: {some}{more} "
        f"(`mestore check {name}` lists all)"
    ]


def _failures(workspace: Workspace, name: str) -> Path:
    return workspace.index / f"{name}.failures.csv"
