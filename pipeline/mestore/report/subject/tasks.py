"""Tasks: what the page of each subject shows, with the digest of all of it: its name in the build cache."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from mestore.build.cache import BuildCache, digest
from mestore.build.code import code_digest
from mestore.build.provenance import SOURCE
from mestore.params import Params, QualityParams
from mestore.qc import REMEDIES, looks
from mestore.report.numbers import TITLES
from mestore.report.shown import stores_shown
from mestore.report.subject.body import PageTask
from mestore.report.texts import failures, worded
from mestore.store.feature import Feature
from mestore.workspace import Workspace

COLUMNS = (
    *("clip_id", "person", "onset", "apex", "offset", "fps", "emotion", "aus", "apex_source"),
    *("kind", "objective_class", "modality", "corrections", "excluded"),
)
"""Of the clip table: what a page shows. What else changes there makes no page anew."""

_LIBRARIES = ("jinja2", "numpy", "opencv-contrib-python-headless", "pillow", "scipy", "zarr")
_FILES = (
    "mestore:faces/reference68.csv",
    "mestore:report/subject/clip.html.j2",
    "mestore:report/subject/subject_body.html.j2",
)


def page_tasks(workspace: Workspace, params: Params, dataset: str, *, faces: bool) -> list[PageTask]:
    """Return what is to be shown of each subject of a dataset, by subject, with the digest of all of it."""
    shown = stores_shown(params)
    features = {name: Feature(workspace.stores / name) for name in params.stores}
    if not features:
        return []
    roles = {role: features[name] for role, name in shown.roles.items()}
    table = (roles.get("crops") or next(iter(features.values()))).clips
    table = worded(table.loc[table["dataset"] == dataset, ["subject", *COLUMNS]], paths=faces)
    failed: dict[str, list[dict[str, Any]]] = {}
    for row in failures(features.values(), dataset, paths=faces):
        failed.setdefault(row["subject"], []).append(row)
    given = _given(workspace, dataset)
    flags = _flags(roles, dataset, sorted(set(table["subject"])), params.quality)
    code = code_digest(["mestore.report.subject.body"], source=SOURCE, libraries=_LIBRARIES, files=_FILES)[
        "digest"
    ]
    tasks, cache = [], BuildCache(workspace.cache)
    for subject, rows in table.groupby("subject", sort=True):
        clips = rows[list(COLUMNS)].to_dict("records")
        what: dict[str, Any] = {
            "rows": clips,
            "given": {row["clip_id"]: given[row["clip_id"]] for row in clips if row["clip_id"] in given},
            "failures": failed.get(str(subject), []),
            "flags": {row["clip_id"]: flags[row["clip_id"]] for row in clips if row["clip_id"] in flags},
            "titles": dict(TITLES),
            "faces": faces,
            "dataset": dataset,
            "subject": str(subject),
        }
        stores = {role: _content(feature, dataset, str(subject)) for role, feature in roles.items()}
        key = digest({**what, "page": code, "stores": stores})
        paths = {role: workspace.stores / name for role, name in shown.roles.items()}
        tasks.append(PageTask(key=key, stores=paths, cache=cache, **what))
    return tasks


def _content(feature: Feature, dataset: str, subject: str) -> object:
    """Return what decides what a store shows of a subject, whatever it was computed from."""
    content = feature.commit(dataset, subject).content
    return {"content": content, "params": feature.descriptions[dataset].params}


def _given(workspace: Workspace, dataset: str) -> dict[str, dict[str, Any]]:
    """Return apex and apex_source by clip id, as they were indexed; nothing where no index is here."""
    path = workspace.index / f"{dataset}.parquet"
    if not path.is_file():
        return {}
    rows = pq.read_table(path, columns=["clip_id", "apex", "apex_source"]).to_pylist()
    return {row.pop("clip_id"): row for row in rows}


def _flags(
    roles: Mapping[str, Feature], dataset: str, subjects: Sequence[str], thresholds: QualityParams
) -> dict[str, dict[str, str]]:
    """Return by clip and number which bound is broken, and what to do."""
    rows = []
    for role in ("crops", "flow"):
        for subject in subjects if role in roles else ():
            opened = roles[role].open(dataset, subject)
            if opened.data is None:
                continue
            for clip, (_, record) in opened.records.items():
                measures = {name: it for name, it in record["measures"].items() if name in REMEDIES}
                rows.append({"clip_id": clip, "store": role, "side": opened.data.shape[-2], **measures})
    table = pd.DataFrame(rows, columns=["clip_id", "store", "side", *REMEDIES])
    found: dict[str, dict[str, str]] = {}
    for look in looks(table, thresholds):
        said = f"{look.bound} {look.threshold:.3g}: {look.remedy}"
        found.setdefault(look.clip_id, {})[look.number] = said
    return found
