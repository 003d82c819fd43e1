"""Run: what stores, folds and scores say of themselves, gathered for a dataset's page and methods text.

params.yaml names what belongs to a run, and says nothing else here: what it asks for and is not built is not
in it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from mestore.build.keys import subject_key
from mestore.datasets.table_io import read_parquet
from mestore.errors import LeakError
from mestore.params import INDEX, Params
from mestore.protocols.folds import Folds, load_folds
from mestore.scores.ledger import Ledger
from mestore.scores.settings import BASELINES
from mestore.store.layout import Description
from mestore.store.reader import Feature, Store
from mestore.workspace import Workspace

MEASURED = ("enlarged", "filled", "apex_spotted")
"""Numbers of clips that the text counts, where a store has them."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """How many clips of a store came with what is otherwise looked for."""

    landmarks: int = 0
    boxes: int = 0


@dataclass(frozen=True, kw_only=True)
class Built:
    """A store of a run, of one dataset.

    Parameters
    ----------
    description : Description
        What it says of itself.
    clips, failures : DataFrame
        The rows of the dataset, of `clips.csv` and `failures.csv`.
    measures : mapping of str to sequence of float
        Those of `MEASURED` that its clips have, one value a clip.
    given : Given
    code : mapping
        The record of the code that computed it, empty where data/code holds that of other code.
    digest : str
        Of its manifest.
    """

    description: Description
    clips: pd.DataFrame
    failures: pd.DataFrame
    measures: Mapping[str, Sequence[float]] = field(default_factory=dict)
    given: Given = Given()
    code: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""

    @property
    def name(self) -> str:
        """Its name in params.yaml."""
        return self.description.store

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters that it was computed with, defaults filled in."""
        return self.description.params

    @property
    def source(self) -> str:
        """Name of the store that it was computed from; empty for the recordings."""
        return "" if self.description.input == INDEX else self.description.input.removeprefix("stores/")

    @property
    def failed(self) -> int:
        """How many clips failed in it, and not before."""
        return int((self.failures["store"] == self.name).sum())

    @property
    def held(self) -> pd.DataFrame:
        """The rows of the clips that it holds."""
        return self.clips[~self.clips["clip_id"].isin(set(self.failures["clip_id"]))]


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Folds of a run, and the scores in them.

    Parameters
    ----------
    name : str
        In params.yaml.
    folds : Folds
    datasets : mapping of str to int
        Clips that are scored, by dataset, where the clip table knows them.
    record : mapping
        What scores.json says of scores in these folds and of the stores that are there; else empty.
    looks : (int, int)
        By the ledger, how many sets of predictions were scored against these folds, and how many against
        other versions of them.
    """

    name: str
    folds: Folds
    datasets: Mapping[str, int]
    record: Mapping[str, Any] = field(default_factory=dict)
    looks: tuple[int, int] = (0, 0)


@dataclass(frozen=True, kw_only=True)
class Run:
    """All that the methods text of a dataset and its page go by.

    Parameters
    ----------
    dataset : str
    stores : mapping of str to Built
        Each after the one it was computed from.
    protocols : tuple of Protocol
        Those that score clips of the dataset.
    dvc : bool
        Whether DVC has a record of every store.
    stale : tuple of str
        What lies there and is of other stores, other folds or another clip table, and so is not told.
    """

    dataset: str
    stores: Mapping[str, Built]
    protocols: tuple[Protocol, ...] = ()
    dvc: bool = False
    stale: tuple[str, ...] = ()

    @property
    def clips(self) -> pd.DataFrame:
        """The clip table, of the store that comes first."""
        return next(iter(self.stores.values())).clips


def gather(store: Store, params: Params, workspace: Workspace, dataset: str) -> Run:
    """Return what is known of a run."""
    boxed = _boxed(workspace.index / f"{dataset}.parquet")
    built = {
        name: _built(feature, workspace.code / f"{name}.json", dataset, boxed=boxed)
        for name, feature in store.features.items()
        if name in params.stores and dataset in feature.descriptions
    }
    stale = list(_of_other_input(store, built, dataset))
    protocols = []
    for name in params.protocols:
        found, remarks = _protocol(workspace, name, store, evaluated=name in params.evaluate)
        # What is wrong with scores of other datasets is theirs to tell.
        if found is None or dataset in found.datasets:
            stale += remarks
            protocols += [found] if found else []
    return Run(
        dataset=dataset,
        stores=_ordered(built),
        protocols=tuple(protocols),
        dvc=_ran_by_dvc(workspace.root / "dvc.lock", built),
        stale=tuple(stale),
    )


def _built(feature: Feature, code: Path, dataset: str, *, boxed: Set[str]) -> Built:
    description = feature.descriptions[dataset]
    record = _json(code)
    clips, failures = feature.clips, feature.failures
    measures = _measures(feature, dataset)
    return Built(
        description=description,
        clips=clips[clips["dataset"] == dataset],
        failures=failures[failures["dataset"] == dataset],
        measures={
            name: values
            for name in MEASURED
            if (values := [float(its[name]) for its in measures.values() if name in its])
        },
        given=_given(measures, boxed),
        code=record if record.get("digest") == description.code else {},
        digest=feature.digest,
    )


def _measures(feature: Feature, dataset: str) -> dict[str, Mapping[str, Any]]:
    """Return the measures of every clip, from their records; no array is read."""
    if feature.descriptions[dataset].kind not in ("align", "tim"):
        return {}
    return {
        clip: record["measures"]
        for subject in feature.subjects(dataset)
        for clip, (_, record) in feature.open(dataset, subject).records.items()
    }


def _given(measures: Mapping[str, Mapping[str, Any]], boxed: Set[str]) -> Given:
    """Return what clips came with: nothing that was looked for is sure of itself and repeats exactly."""
    sure = {clip for clip, its in measures.items() if its.get("confidence") == 1}
    exact = {clip for clip in sure if measures[clip].get("repeat") == 0}
    return Given(landmarks=len(exact), boxes=len((sure - exact) & boxed))


def _boxed(index: Path) -> set[str]:
    """Return the clips whose recordings came with a box, by the index: stores do not say it."""
    if not index.is_file():
        return set()
    table = read_parquet(index)
    return set(table.loc[table["box"].map(_some), "clip_id"])


def _some(cell: Any) -> bool:
    return cell is not None and hasattr(cell, "__len__") and len(cell) > 0


def _of_other_input(store: Store, built: Mapping[str, Built], dataset: str) -> Iterator[str]:
    """Give the stores that were computed from what another one held before it was built again."""
    for name, it in built.items():
        if it.source not in built:
            continue
        one, source = store.feature(name), store.feature(it.source)
        there = set(source.subjects(dataset))
        for subject in one.subjects(dataset):
            content = source.commit(dataset, subject).content if subject in there else ""
            if one.commit(dataset, subject).inputs != subject_key(it.description, content):
                yield f"store {name} was computed from another {it.source} than lies there: run `dvc repro`"
                break


def _ordered(built: Mapping[str, Built]) -> dict[str, Built]:
    """Return stores, each after the one it was computed from, else as in params.yaml."""
    done: dict[str, Built] = {}
    while len(done) < len(built):
        done |= {
            name: it
            for name, it in built.items()
            if name not in done and (it.source in done or it.source not in built)
        }
    return done


def _ran_by_dvc(lock: Path, names: Iterable[str]) -> bool:
    """Return whether DVC has a record of the stage of every store."""
    if not lock.is_file():
        return False
    stages = (yaml.safe_load(lock.read_text(encoding="utf-8")) or {}).get("stages", {})
    return all(f"store@{name}" in stages for name in names)


def _protocol(
    workspace: Workspace, name: str, store: Store, *, evaluated: bool
) -> tuple[Protocol | None, list[str]]:
    """Return what is known of a protocol, and what is of another clip table, of other folds or stores.

    None is known where it has no folds, or those of another clip table. Scores count where params.yaml
    evaluates the protocol.
    """
    path = workspace.folds / f"{name}.json"
    if not path.is_file():
        return None, []
    folds = load_folds(path)
    table = next(iter(store.features.values())).clips
    try:
        folds.require(table)
    except LeakError:
        # Its message names clips, perhaps of other datasets.
        return None, [f"protocol {name}: its folds are of another clip table: run `dvc repro`"]
    ledger = Ledger(workspace.ledger / f"{name}.jsonl", folds=folds.digest)
    scored = table.loc[table["clip_id"].isin(folds.scored), "dataset"].value_counts().sort_index()
    record = _json(workspace.scores / name / "scores.json") if evaluated else {}
    stale = []
    if record and record["digest"] != folds.digest:
        stale = [f"protocol {name}: its scores are of other folds than lie there: run `dvc repro`"]
        record = {}
    elif record:
        record, stale = _current(record, store)
    found = Protocol(
        name=name,
        folds=folds,
        datasets={str(dataset): int(count) for dataset, count in scored.items()},
        record=record,
        looks=ledger.counts(),
    )
    return found, stale


def _current(record: Mapping[str, Any], store: Store) -> tuple[dict[str, Any], list[str]]:
    """Return scores without those of features whose stores have been built anew since, and what those are."""
    known, kept, stale = record.get("stores", {}), {}, []
    for name, its in record["baselines"].items():
        if name in BASELINES or (name in store.features and store.feature(name).digest == known.get(name)):
            kept[name] = its
        else:
            stale.append(
                f"protocol {record['protocol']}: the scores of {name} are of another store than lies there: "
                "run `dvc repro`"
            )
    return {**record, "baselines": kept}, stale


def _json(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_bytes()) if path.is_file() else {}
    return record
