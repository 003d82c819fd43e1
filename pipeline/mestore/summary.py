"""Summary: what a workspace holds now, in a few lines, and what to try next."""

import json

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


def _scores(workspace: Workspace, protocol: str) -> str:
    metrics = workspace.scores / protocol / "metrics.json"
    if not metrics.is_file():
        raise MEStoreError(f"{metrics} is missing: it has not been built here yet; run `dvc repro`")
    scores = json.loads(metrics.read_bytes())
    said = ", ".join(f"{name} UF1 {it['uf1']:.2f}" for name, it in scores.items())
    return f"{metrics.relative_to(workspace.root)} ({said})"
