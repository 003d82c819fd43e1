"""Built: what was built of a dataset and how: stores, protocols with their scores, parameters."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from mestore.params import Params
from mestore.protocols.folds import load_folds
from mestore.protocols.plan import not_as_published
from mestore.report.dataset.matrices import Matrix, matrix
from mestore.store.layout import Description
from mestore.store.manifest import Manifest
from mestore.store.reader import Store
from mestore.workspace import Workspace

_SECTIONS = {"stores", "store", "protocols", "evaluate", "quality", "report"}
"""Of params.yaml; the others change no result, and may name machines."""


@dataclass(frozen=True, kw_only=True)
class Built:
    """One store, of one dataset.

    Parameters
    ----------
    description : Description
    clips, failed, subjects : int
        Clips that are there, clips that are not, and subjects.
    digest : str
        Of the manifest, which stands for every byte of the store.
    libraries : mapping of str to str
        Versions of what computed it.
    """

    description: Description
    clips: int
    failed: int
    subjects: int
    digest: str
    libraries: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """The scores of one protocol.

    Parameters
    ----------
    record : mapping
        scores.json.
    digest : str
        Of the frozen folds.
    unlike : sequence of str
        Counts of the folds that are not as published.
    matrices : sequence of Matrix
        One per baseline.
    """

    record: Mapping[str, Any]
    digest: str
    unlike: Sequence[str]
    matrices: Sequence[Matrix]


def built(workspace: Workspace, store: Store, dataset: str) -> dict[str, Built]:
    """Return what is known of each store that holds the dataset."""
    found = {}
    for name, feature in store.features.items():
        if dataset not in feature.descriptions:
            continue
        failed = set(feature.failures.loc[feature.failures["dataset"] == dataset, "clip_id"])
        rows = feature.clips.loc[feature.clips["dataset"] == dataset, "clip_id"]
        found[name] = Built(
            description=feature.descriptions[dataset],
            clips=int((~rows.isin(failed)).sum()),
            failed=len(failed),
            subjects=len(feature.subjects(dataset)),
            digest=Manifest.read(cast(Path, feature.path)).digest,
            libraries=_libraries(workspace.code / f"{name}.json"),
        )
    return found


def _libraries(code: Path) -> dict[str, str]:
    """Return the versions that a code record names; none where a store came without its record."""
    return dict(json.loads(code.read_bytes()).get("libraries", {})) if code.is_file() else {}


def protocols(workspace: Workspace, params: Params, dataset: str) -> list[Protocol]:
    """Return the scores of every protocol that params.yaml evaluates and that scores clips of the dataset."""
    found = []
    for name in params.evaluate:
        record = json.loads((workspace.scores / name / "scores.json").read_bytes())
        if dataset not in record["datasets"]:
            continue
        found.append(
            Protocol(
                record=record,
                digest=load_folds(workspace.folds / f"{name}.json").digest,
                unlike=not_as_published(record["counts"]),
                matrices=[matrix(baseline, it["scores"]) for baseline, it in record["baselines"].items()],
            )
        )
    return found


def parameters(params: Params, dataset: str) -> str:
    """Return those of params.yaml that decide what is on the page, defaults filled in, as YAML."""
    its = params.model_dump(mode="json")
    shown = {"datasets": {dataset: its["datasets"][dataset]}}
    shown |= {name: section for name, section in its.items() if name in _SECTIONS}
    return yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=100)
