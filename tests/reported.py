"""A workspace with every store that a report shows, of noise, without recordings."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from conftest import clip_table
from mestore import clips as clip_columns
from mestore.features import FEATURES
from mestore.params import Params, dump, is_ragged, kind_params
from mestore.protocols.freeze import make_folds
from mestore.sample import Sample
from mestore.scores.evaluate import evaluate, record
from mestore.store.layout import SUFFIX, Description, subject_key
from mestore.store.reader import open_store
from mestore.store.tables import write_tables
from mestore.store.writer import write_dataset, write_subject
from mestore.workspace import Workspace

HOSTILE = "<script>alert(1)</script>"
"""A subject that would run if it were not escaped."""

STORES = {
    "crops": {"kind": "align", "input": "index", "params": {"side": 64}},
    "clips": {"kind": "tim", "input": "stores/crops", "params": {"n": 5}},
    "flow": {"kind": "tvl1", "input": "stores/crops", "params": {"pairs": "onset-apex"}},
    "flow_seq": {"kind": "tvl1", "input": "stores/clips", "params": {"pairs": "onset-each"}},
    "mdmo": {"kind": "mdmo", "input": "stores/flow_seq"},
}


@dataclass(frozen=True, kw_only=True)
class Made:
    """A workspace whose stores are written by hand, and its params.yaml."""

    workspace: Workspace
    params: Params


def named_table(subjects: Sequence[str], *, clips_each: int = 2) -> pd.DataFrame:
    """Return a clip table of subjects with these names."""
    table = clip_table(persons=len(subjects), clips_each=clips_each)
    names = dict(zip(dict.fromkeys(table["subject"]), subjects, strict=True))
    table["subject"] = table["subject"].map(names)
    table["person"] = "toy/" + table["subject"]
    table["clip_id"] = [
        clip_columns.clip_id(dataset="toy", subject=row.subject, clip=row.clip, onset=row.onset)
        for row in table.itertuples()
    ]
    return table


def made(root: Path, table: pd.DataFrame, *, side: int = 64, failures: pd.DataFrame | None = None) -> Made:
    """Write all stores of a clip table, folds and scores; crops are noise, and motion grows to the right."""
    params = Params.model_validate(
        {
            "datasets": {"toy": {"reader": "table"}},
            "stores": STORES,
            "protocols": {"loso": {"kind": "loso"}},
            "evaluate": {"loso": {"features": ["mdmo"]}},
            "compute": {"n_jobs": 1},
        }
    )
    workspace = Workspace(root=root, raw=root / "raw", cache=root / "cache")
    for folder in (workspace.cache, workspace.stores, workspace.folds):
        folder.mkdir(parents=True)
    none = pd.DataFrame(columns=list(clip_columns.FAILURES))
    for name in params.stores:
        _write(workspace, params, name, table, none if failures is None else failures, side=side)
    store = open_store(workspace.stores)
    folds = make_folds(store.clips(), protocol="loso")
    folds.save(workspace.folds / "loso.json")
    settings = params.evaluate["loso"]
    scores = record(
        "loso",
        folds,
        store,
        evaluate(store, folds, settings),
        params=settings,
        code={"digest": "d" * 64, "libraries": {"numpy": "2.4"}},
    )
    (workspace.scores / "loso").mkdir(parents=True)
    (workspace.scores / "loso" / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    return Made(workspace=workspace, params=params)


def _write(
    workspace: Workspace, params: Params, name: str, table: pd.DataFrame, failures: pd.DataFrame, *, side: int
) -> None:
    store = params.stores[name]
    spec, typed = FEATURES[store.kind], kind_params(store)
    description = Description(
        store=name,
        kind=store.kind,
        dataset="toy",
        axes=typed.axes(spec.dims),
        ragged=is_ragged(params.stores, name),
        dtype=spec.dtype,
        units=spec.units,
        params=dump(typed),
        input=store.input,
        code="c" * 64,
    )
    group = workspace.stores / name / f"toy{SUFFIX}"
    write_dataset(group, description)
    gone = set(failures["clip_id"])
    for subject, rows in table.groupby("subject"):
        target = group / subject_key(str(subject))
        target.mkdir()
        samples = {
            row["clip_id"]: _sample(name, row, side=side)
            for row in rows.to_dict("records")
            if row["clip_id"] not in gone
        }
        its = failures[failures["subject"] == subject].set_index("clip_id")
        said = its[["found", "expected", "remedy"]].to_dict("index")
        write_subject(target, samples, description=description, inputs="none", failures=said)
    write_tables(workspace.stores / name, table, failures)


def _sample(name: str, row: dict, *, side: int) -> Sample:
    """Return what a store of that name holds of a clip."""
    rng = np.random.default_rng(sum(map(ord, row["clip_id"])))
    onset, apex, offset = row["onset"], row["apex"], row["offset"]
    few = np.linspace(onset, offset, 5)
    pairs = np.stack([np.full(4, float(onset)), few[1:]], axis=1)
    motion = np.zeros((4, side, side, 3), np.float32)
    motion[..., 0] = np.linspace(0.2, 1, 4)[:, None, None]
    floor = {"noise_floor_px": np.float64(rng.uniform(0.1, 1.2))}
    values = rng.normal(0, 0.3, 72).astype(np.float32)
    values[len(row["emotion"]) :: 11] += 2
    noise = rng.integers(60, 200, (12, side, side, 3), dtype=np.uint8)
    data, frames, measures = {
        "crops": (noise, np.linspace(onset, offset, 12).round(), _measures(rng)),
        "clips": (noise[:5], few, {"filled": np.int64(0)}),
        "flow": (motion[3], np.array([[onset, apex]], np.float64), floor),
        "flow_seq": (motion, pairs, floor),
        "mdmo": (values, pairs, {}),
    }[name]
    grid = np.stack(np.meshgrid(np.linspace(0.15, 0.85, 17), np.linspace(0.2, 0.8, 4)), axis=-1)
    points = None if name == "mdmo" else (grid.reshape(68, 2) * side).astype(np.float32)
    return Sample(
        data=data, frames=frames, onset=onset, apex=apex, offset=offset, landmarks=points, measures=measures
    )


def _measures(rng: np.random.Generator) -> dict[str, np.ndarray]:
    numbers = {
        "clipped": 0.01,
        "confidence": 1.0,
        "drift_px": rng.uniform(0, 0.4),
        "exposure": 120.0,
        "flicker": 0.3,
        "missing": 0.0,
        "repeat": 0.01,
        "residual": rng.gamma(4, 0.2),
        "sharpness": 0.2,
        "eye_distance": [20.0, 26.0],
        "frame_size": [320.0, 320.0],
        "transform": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
    }
    return {name: np.asarray(it, np.float64) for name, it in numbers.items()} | {"enlarged": np.asarray(1)}
