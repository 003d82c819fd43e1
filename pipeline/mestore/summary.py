"""Summary: what a workspace holds now, in a few lines, and what to try next."""

import json
from pathlib import Path
from typing import Any

from mestore.errors import MEStoreError
from mestore.params import load_params
from mestore.workspace import Workspace

_NEXT = (
    ("scores as a table", "dvc metrics show"),
    ("other parameters, beside the old", "dvc exp run -S stores.clips.params.n=15"),
    ("read the stores from Python", "python examples/train.py"),
)
"""What to try next: why, and the command."""


def summarise(workspace: Workspace) -> str:
    """Return where the stores, the scores and the pictures are, and what to try next."""
    its = where(workspace)
    scores = [
        f"{_near(_metrics(workspace, protocol), workspace)} ({_uf1(scored)})"
        for protocol, scored in its["scores"].items()
    ]
    stores = f"{_near(workspace.stores, workspace)}/ ({', '.join(its['stores'])})" if its["stores"] else ""
    pages = f"{', '.join(its['reports'].values())} (open in a browser)" if its["reports"] else ""
    said = {"stores": stores, "scores": "; ".join(scores), "pictures": pages}
    lines = [f"{name + ':':10} {what or 'none yet'}" for name, what in said.items()]
    if not its["stores"]:
        return "\n".join([*lines, "build them with `mestore build`"])
    # A workspace of `mestore init` has neither of them.
    activate = ", after `. .venv/bin/activate`" if (workspace.root / ".venv/bin/activate").is_file() else ""
    there = [it for it in _NEXT if "examples/" not in it[1] or (workspace.root / "examples").is_dir()]
    lines.append(f"try next{activate}:")
    return "\n".join([*lines, *(f"  {command:42} # {why}" for why, command in there)])


def where(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Return what is built: folders of stores, scores by protocol, pages by dataset.

    Of what params.yaml names: folders of what was taken out of it stay behind.
    """
    params = load_params(workspace.params)
    stores = {name: workspace.stores / name for name in params.stores}
    pages = {name: workspace.reports / name / "index.html" for name in params.datasets}
    scored = [name for name in params.evaluate if _metrics(workspace, name).is_file()]
    return {
        "stores": {name: _near(path, workspace) for name, path in stores.items() if path.is_dir()},
        "scores": {name: _read_scores(workspace, name) for name in scored},
        "reports": {name: _near(path, workspace) for name, path in pages.items() if path.is_file()},
    }


def _uf1(scored: dict[str, Any]) -> str:
    return ", ".join(f"{feature} UF1 {its['uf1']:.2f}" for feature, its in scored.items())


def _near(path: Path, workspace: Workspace) -> str:
    return path.relative_to(workspace.root).as_posix()


def _metrics(workspace: Workspace, protocol: str) -> Path:
    return workspace.scores / protocol / "metrics.json"


def _read_scores(workspace: Workspace, protocol: str) -> dict[str, Any]:
    """Return scores by feature."""
    path = _metrics(workspace, protocol)
    try:
        scored = json.loads(path.read_bytes())[protocol]
        return {feature: {**its, "uf1": float(its["uf1"])} for feature, its in scored.items()}
    except (ValueError, LookupError, TypeError, AttributeError):
        raise MEStoreError(
            f"{path} holds no scores of {protocol}: it is of an older mestore, or was edited; run `dvc repro`"
        ) from None
