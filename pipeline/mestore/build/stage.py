"""Stage: build one store of params.yaml from its input, subject by subject, and assemble it."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mestore.build.assembly import assemble
from mestore.build.cache import BuildCache
from mestore.build.failed import check_failed
from mestore.build.keys import subject_key
from mestore.build.provenance import checked_code
from mestore.build.raw import RawClips
from mestore.build.stored import StoredClips
from mestore.build.subject import Outcome, Source, Task
from mestore.build.tables import read_index
from mestore.build.workers import run_tasks
from mestore.errors import BuildError, ParamsError
from mestore.faces.weights import weights_file
from mestore.features import FEATURES
from mestore.params import INDEX, Params, StoreParams, dump, is_ragged, kind_params
from mestore.store.layout import FAILURES, Description
from mestore.store.reader import Feature
from mestore.workspace import Workspace

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Input:
    """What a store is built from: the clip table, the failures so far, and where the clips are."""

    table: pd.DataFrame
    failures: pd.DataFrame
    store: Path | None


def build_store(workspace: Workspace, params: Params, name: str) -> str:
    """Build the store called `name` into data/stores and return a line that says what was done.

    Raises
    ------
    BuildError
        If more clips failed than `build.max_failed` allows, or the machine failed; what was finished stays
        in the build cache.
    ModelError
        If weights of a face model are not on this machine and cannot be fetched.
    """
    if name not in params.stores:
        raise ParamsError(f"params.yaml has no store {name!r}; it has {', '.join(params.stores)}")
    given = read_input(workspace, params, params.stores[name])
    cache = BuildCache(workspace.cache)
    cache.root.mkdir(parents=True, exist_ok=True)
    cache.sweep()
    tasks = list(_tasks(workspace, params, name, given, cache))
    _fetch_weights(params.stores[name], tasks)
    with cache.cleared():
        outcomes = run_tasks(tasks, compute=params.compute, title=name)
    _refuse_errors(name, outcomes)
    failures = assemble(workspace.stores / name, tasks, table=given.table, carried=given.failures)
    # The index fails no stage: what is good of it is built first, and then its faults count here.
    own = failures["store"].isin([name, INDEX] if given.store is None else [name])
    for row in failures[own].itertuples():
        _LOG.warning("%s: found %s, expected %s, %s", row.clip_id, row.found, row.expected, row.remedy)
    check_failed(failures[own], given.table, limit=params.build.max_failed, where=name)
    failed = given.table["clip_id"].isin(failures["clip_id"]).sum()
    found = sum(outcome.found for outcome in outcomes)
    return (
        f"{name}: {len(given.table) - failed} of {len(given.table)} clips, "
        f"{len(tasks) - found} subjects built, {found} found in the cache, {len(failures)} failures"
        + (f" (data/stores/{name}/{FAILURES})" if len(failures) else "")
    )


def read_input(workspace: Workspace, params: Params, store: StoreParams) -> Input:
    """Return what a store reads, for the datasets that params.yaml lists and no others."""
    if store.input_store is not None:
        path = workspace.stores / store.input_store
        feature = Feature(path)
        table, failures = (
            part[part["dataset"].isin(set(params.datasets))] for part in (feature.clips, feature.failures)
        )
        return Input(table=table, failures=failures, store=path)
    table, failures = read_index(workspace, params)
    return Input(table=table, failures=failures, store=None)


def _tasks(
    workspace: Workspace, params: Params, name: str, given: Input, cache: BuildCache
) -> Iterator[Task]:
    store = params.stores[name]
    spec = FEATURES[store.kind]
    code = checked_code(workspace, name, store)
    typed = kind_params(store)
    ragged = is_ragged(params.stores, name)
    for dataset, rows in given.table.groupby("dataset", sort=True):
        description = Description(
            store=name,
            kind=store.kind,
            dataset=str(dataset),
            axes=typed.axes(spec.dims),
            ragged=ragged,
            dtype=spec.dtype,
            units=spec.units,
            params=dump(typed),
            input=store.input,
            code=code,
            compressor=params.store.compressor,
        )
        for subject, part in rows.groupby("subject", sort=True):
            source = _source(workspace, given, str(dataset), str(subject), part)
            yield Task(
                subject=str(subject),
                key=subject_key(description, source.digest()),
                spec=spec,
                description=description,
                source=source,
                cache=cache,
            )


def _fetch_weights(store: StoreParams, tasks: Sequence[Task]) -> None:
    """Fetch the weights that a store names, unless the cache holds all of it.

    Here and not in the workers, which would each fetch them, and where it fails, say so once per subject.
    """
    if any(task.key not in task.cache for task in tasks):
        for name in kind_params(store).uses().weights:
            weights_file(name)


def _source(workspace: Workspace, given: Input, dataset: str, subject: str, rows: pd.DataFrame) -> Source:
    if given.store is None:
        return RawClips.of(workspace.raw / dataset, rows)
    return StoredClips(store=given.store, dataset=dataset, subject=subject)


def _refuse_errors(name: str, outcomes: Sequence[Outcome]) -> None:
    broken = [outcome for outcome in outcomes if outcome.error]
    if broken:
        first = min(broken, key=lambda outcome: outcome.name)
        raise BuildError(
            f"{name}: {len(broken)} of {len(outcomes)} subjects could not be built for a reason that is not "
            f"in the clips (the machine's, or a bug); the others are kept, and the next `dvc repro` tries "
            f"again. The first, {first.name}:\n{first.error}"
        )
