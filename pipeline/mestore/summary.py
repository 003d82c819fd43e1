"""Summary: what a workspace holds now, in a few lines, and what to try next."""

import json
from pathlib import Path
from typing import Any

from mestore.errors import MEStoreError
from mestore.params import load_params
from mestore.workspace import Workspace

NEXT = (
    ("scores as a table", "dvc metrics show"),
    ("other parameters, beside the old", "dvc exp run -S stores.clips.params.n=15"),
    ("read the stores from Python", "python examples/train.py"),
)
"""What to try next: why, and the command."""


def summarise(workspace: Workspace) -> str:
    """Return where the stores, the scores and the pictures are, and three commands to try next."""
    # What params.yaml names: folders of stores, scores and datasets that were taken out stay behind.
    params = load_params(workspace.params)
    scores = [_scores(workspace, name) for name in params.evaluate]
    stores = ", ".join(name for name in params.stores if (workspace.stores / name).is_dir())
    pages = [workspace.reports / name / "index.html" for name in params.datasets]
    where = {
        "stores": f"{workspace.stores.relative_to(workspace.root)}/ ({stores})",
        "scores": "; ".join(scores),
        "pictures": ", ".join(str(page.relative_to(workspace.root)) for page in pages)
        + " (open in a browser)",
    }
    lines = [f"{name + ':':10} {what}" for name, what in where.items()]
    lines += [
        "try next, after `. .venv/bin/activate`:",
        *(f"  {command:42} # {why}" for why, command in NEXT),
    ]
    return "\n".join(lines)


def where(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Return what is built: folders of stores, scores by protocol, pages by dataset; the rest is left out."""
    params = load_params(workspace.params)
    stores = {name: workspace.stores / name for name in params.stores}
    pages = {name: workspace.reports / name / "index.html" for name in params.datasets}
    scored = [name for name in params.evaluate if _metrics(workspace, name).is_file()]
    return {
        "stores": {name: _near(path, workspace) for name, path in stores.items() if path.is_dir()},
        "scores": {name: _read_scores(workspace, name) for name in scored},
        "reports": {name: _near(path, workspace) for name, path in pages.items() if path.is_file()},
    }


def _near(path: Path, workspace: Workspace) -> str:
    return path.relative_to(workspace.root).as_posix()


def _scores(workspace: Workspace, protocol: str) -> str:
    said = ", ".join(f"{name} UF1 {it['uf1']:.2f}" for name, it in _read_scores(workspace, protocol).items())
    return f"{_near(_metrics(workspace, protocol), workspace)} ({said})"


def _metrics(workspace: Workspace, protocol: str) -> Path:
    return workspace.scores / protocol / "metrics.json"


def _read_scores(workspace: Workspace, protocol: str) -> Any:
    """Return scores by feature."""
    path = _metrics(workspace, protocol)
    if not path.is_file():
        raise MEStoreError(f"{path} is missing: it has not been built here yet; run `dvc repro`")
    try:
        return json.loads(path.read_bytes())[protocol]
    except (ValueError, LookupError, TypeError):
        raise MEStoreError(
            f"{path} holds no scores of {protocol}: it is of an older mestore, or was edited; run `dvc repro`"
        ) from None
