"""Stage: build one store of params.yaml from its input, subject by subject, and assemble it."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mestore import clips
from mestore.build.cache import BuildCache, digest
from mestore.build.failed import check_failed
from mestore.build.provenance import checked_code
from mestore.build.subject import Outcome, RawClips, StoredClips, Task
from mestore.build.tables import read_index
from mestore.build.workers import run_tasks
from mestore.errors import BuildError
from mestore.features import FEATURES
from mestore.params import Params, StoreParams, dump, kind_params
from mestore.store.layout import CLIPS, FAILURES, SUFFIX, Commit, Description, subject_key
from mestore.store.reader import Feature
from mestore.store.writer import write_dataset
from mestore.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Input:
    """What a store is built from: the clip table, the failures so far, and where the clips are."""

    table: pd.DataFrame
    failures: pd.DataFrame
    store: Path | None

    def ragged(self) -> bool:
        """Whether its clips differ in length."""
        return self.store is None or any(it.ragged for it in Feature(self.store).descriptions.values())


def build_store(workspace: Workspace, params: Params, name: str) -> str:
    """Build the store called `name` into data/stores and return a line that says what was done.

    Raises
    ------
    BuildError
        If more clips failed than `build.max_failed` allows, or the machine failed; what was finished stays
        in the build cache.
    """
    given = read_input(workspace, params, params.stores[name])
    tasks = list(_tasks(workspace, params, name, given))
    todo = [task for task in tasks if task.key not in task.cache]
    outcomes = run_tasks(todo, n_jobs=params.compute.n_jobs, title=name)
    _refuse_errors(name, outcomes)
    failures = _assemble(workspace.stores / name, given, tasks)
    check_failed(failures[failures["store"] == name], given.table, limit=params.build.max_failed, where=name)
    built, reused = len(todo), len(tasks) - len(todo)
    return (
        f"{name}: {len(given.table) - failures['clip_id'].nunique()} of {len(given.table)} clips, "
        f"{built} subjects built, {reused} found in the cache, "
        f"{len(failures)} failures{' (data/stores/' + name + '/' + FAILURES + ')' if len(failures) else ''}"
    )


def read_input(workspace: Workspace, params: Params, store: StoreParams) -> Input:
    """Return what a store reads, for the datasets that params.yaml lists and no others."""
    if store.input_store is not None:
        feature = Feature(workspace.stores / store.input_store)
        table, failures = (
            part[part["dataset"].isin(set(params.datasets))] for part in (feature.clips, feature.failures)
        )
        return Input(table=table, failures=failures, store=feature.path)
    table, failures = read_index(workspace, params)
    return Input(table=table, failures=failures, store=None)


def _tasks(workspace: Workspace, params: Params, name: str, given: Input) -> Iterator[Task]:
    store = params.stores[name]
    spec = FEATURES[store.kind]
    code = checked_code(workspace, store.kind)
    typed = kind_params(store)
    ragged = typed.ragged(input_ragged=given.ragged())
    cache = BuildCache(workspace.cache)
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
        )
        for subject, part in rows.groupby("subject", sort=True):
            source, inputs = _source(workspace, given, str(dataset), str(subject), part)
            what = {
                "kind": store.kind,
                "params": dump(typed),
                "code": code,
                "ragged": ragged,
                "input": inputs,
            }
            yield Task(
                subject=str(subject),
                key=digest(what),
                spec=spec,
                description=description,
                source=source,
                cache=cache,
            )


def _source(
    workspace: Workspace, given: Input, dataset: str, subject: str, rows: pd.DataFrame
) -> tuple[RawClips | StoredClips, object]:
    """Return where a subject's clips are read from, and a record of all that decides what they hold."""
    if given.store is not None:
        source = StoredClips(store=given.store, dataset=dataset, subject=subject)
        return source, Feature(given.store).commit(dataset, subject).content
    # Rows without a digest failed in the index: there is nothing to read.
    readable = [row for row in rows.to_dict("records") if row["digest"]]
    wanted = ("clip_id", "onset", "apex", "offset", "media", "frames", "paths")
    raw = RawClips(
        folder=workspace.raw / dataset,
        rows=tuple({key: row[key] for key in wanted} for row in readable),
    )
    return raw, [[row[key] for key in ("clip_id", "onset", "apex", "offset", "digest")] for row in readable]


def _refuse_errors(name: str, outcomes: Sequence[Outcome]) -> None:
    broken = [outcome for outcome in outcomes if outcome.error]
    if broken:
        first = broken[0]
        raise BuildError(
            f"{name}: {len(broken)} of {len(outcomes)} subjects could not be built for a reason that is not "
            f"in the clips (the machine's, or a bug); the others are kept, and the next `dvc repro` tries "
            f"again. The first, {first.task.description.dataset}/{first.task.subject}:\n{first.error}"
        )


def _assemble(folder: Path, given: Input, tasks: Sequence[Task]) -> pd.DataFrame:
    """Put the built subjects together under a temporary name, rename, and return all failures."""
    temporary = folder.with_name(f".{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    failures = [given.failures]
    for task in tasks:
        group = temporary / f"{task.description.dataset}{SUFFIX}"
        if not group.exists():
            write_dataset(group, task.description)
        target = group / subject_key(task.subject)
        task.cache.place(task.key, target)
        failures.append(_failures(task, Commit.read(target)))
    table = pd.concat(failures, ignore_index=True)
    table.to_csv(temporary / FAILURES, index=False)
    given.table.drop(columns=list(clips.SOURCES), errors="ignore").to_parquet(temporary / CLIPS, index=False)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)
    return table


def _failures(task: Task, commit: Commit) -> pd.DataFrame:
    rows = [
        {
            "clip_id": clip,
            "dataset": task.description.dataset,
            "subject": task.subject,
            "store": task.description.store,
            **fault,
        }
        for clip, fault in commit.failures.items()
    ]
    return pd.DataFrame(rows, columns=list(clips.FAILURES), dtype="str")
