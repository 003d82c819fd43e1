"""Run: what the stores, folds and scores say of themselves, gathered for the methods text.

params.yaml names what belongs to a run, and says nothing else here: what it asks for and is not built is not
in it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from mestore.datasets.table_io import read_parquet
from mestore.params import INDEX, Params
from mestore.protocols.folds import Folds, load_folds
from mestore.scores.ledger import Ledger
from mestore.store.layout import Description
from mestore.store.reader import Feature, Store
from mestore.workspace import Workspace

MEASURED = ("enlarged", "filled", "apex_spotted")
"""Numbers of clips that the text counts, where a store has them."""


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
    code : mapping
        The record of the code that computed it, empty where data/code holds that of other code.
    """

    description: Description
    clips: pd.DataFrame
    failures: pd.DataFrame
    measures: Mapping[str, Sequence[float]] = field(default_factory=dict)
    code: Mapping[str, Any] = field(default_factory=dict)

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


@dataclass(frozen=True, kw_only=True)
class Given:
    """How many clips came with what is otherwise looked for."""

    landmarks: int = 0
    boxes: int = 0


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
        What scores.json says; empty where nothing was scored in these folds.
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
    """All that the methods text of a dataset goes by.

    Parameters
    ----------
    dataset : str
    stores : mapping of str to Built
        Each after the one it was computed from.
    given : Given
    protocols : tuple of Protocol
        Those that score clips of the dataset.
    dvc : bool
        Whether DVC ran it.
    """

    dataset: str
    stores: Mapping[str, Built]
    given: Given = Given()
    protocols: tuple[Protocol, ...] = ()
    dvc: bool = False

    @property
    def clips(self) -> pd.DataFrame:
        """The clip table, of the store that comes first."""
        return next(iter(self.stores.values())).clips


def gather(store: Store, params: Params, workspace: Workspace, dataset: str) -> Run:
    """Return what is known of a run."""
    built = {
        name: _built(feature, workspace.code / f"{name}.json", dataset)
        for name, feature in store.features.items()
        if name in params.stores and dataset in feature.descriptions
    }
    return Run(
        dataset=dataset,
        stores=_ordered(built),
        given=_given(workspace.index / f"{dataset}.parquet", built),
        protocols=tuple(
            it
            for name in params.protocols
            if (it := _protocol(workspace, name, next(iter(store.features.values())).clips)) is not None
            and dataset in it.datasets
        ),
        dvc=(workspace.root / "dvc.lock").is_file(),
    )


def _built(feature: Feature, code: Path, dataset: str) -> Built:
    description = feature.descriptions[dataset]
    record = _json(code)
    clips, failures = feature.clips, feature.failures
    return Built(
        description=description,
        clips=clips[clips["dataset"] == dataset],
        failures=failures[failures["dataset"] == dataset],
        measures=_measures(feature, dataset),
        code=record if record.get("digest") == description.code else {},
    )


def _measures(feature: Feature, dataset: str) -> dict[str, list[float]]:
    """Return the numbers of `MEASURED`, from the records of the clips; no array is read."""
    found: dict[str, list[float]] = {}
    if feature.descriptions[dataset].kind not in ("align", "tim"):
        return found
    for subject in feature.subjects(dataset):
        for _, record in feature.open(dataset, subject).records.values():
            for name in MEASURED:
                if name in record["measures"]:
                    found.setdefault(name, []).append(float(record["measures"][name]))
    return found


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


def _given(index: Path, built: Mapping[str, Built]) -> Given:
    """Return what the recordings came with, by the index: stores do not say it."""
    if not index.is_file() or not built:
        return Given()
    table = read_parquet(index)
    table = table[table["clip_id"].isin(next(iter(built.values())).clips["clip_id"])]
    landmarks = table["landmarks"].map(_some)
    return Given(landmarks=int(landmarks.sum()), boxes=int((table["box"].map(_some) & ~landmarks).sum()))


def _some(cell: Any) -> bool:
    return cell is not None and hasattr(cell, "__len__") and len(cell) > 0


def _protocol(workspace: Workspace, name: str, table: pd.DataFrame) -> Protocol | None:
    """Return what is known of a protocol; None where it has no folds, or those of another clip table."""
    path = workspace.folds / f"{name}.json"
    if not path.is_file():
        return None
    folds = load_folds(path)
    record = _json(workspace.scores / name / "scores.json")
    ledger = Ledger(workspace.ledger / f"{name}.jsonl", folds=folds.digest)
    scored = table.loc[table["clip_id"].isin(folds.clips), "dataset"].value_counts().sort_index()
    return Protocol(
        name=name,
        folds=folds,
        datasets={str(dataset): int(count) for dataset, count in scored.items()},
        record=record if record.get("digest") == folds.digest else {},
        looks=ledger.counts(),
    )


def _json(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_bytes()) if path.is_file() else {}
    return record
