"""Provenance: which code, libraries and files compute each kind of store and each stage."""

import json
from pathlib import Path

import mestore
from mestore.build.code import code_digest
from mestore.errors import BuildError
from mestore.features import FEATURES
from mestore.params import Params
from mestore.protocols import PROTOCOLS
from mestore.workspace import Workspace

SOURCE = Path(mestore.__file__).parents[1]

# What every kind of store passes through, whatever computes it.
_SUBJECT = "mestore.build.subject"

STAGES: dict[str, dict[str, tuple[str, ...]]] = {
    "folds": {
        "modules": ("mestore.protocols.freeze", *(line.partition(":")[0] for line in PROTOCOLS.values())),
        "libraries": ("pandas",),
    },
    "evaluate": {"modules": ("mestore.evaluate",), "libraries": ("numpy", "pandas", "scikit-learn")},
    "report": {
        "modules": ("mestore.report.page",),
        "libraries": ("numpy", "jinja2"),
        "files": ("mestore:report/page.html.j2",),
    },
}
"""Stages that are not kinds of store: the modules they start from, their libraries and files."""


def current_code(name: str) -> dict[str, object]:
    """Return the code record of a kind of store or of a stage, as the source is now."""
    if name in STAGES:
        return code_digest(source=SOURCE, **STAGES[name])
    spec = FEATURES[name]
    starts = {reference.partition(":")[0] for reference in (spec.function, spec.params)}
    return code_digest(
        [*starts, _SUBJECT],
        source=SOURCE,
        libraries=(*spec.libraries, "zarr"),
        files=spec.files,
    )


def write_code(workspace: Workspace, params: Params) -> str:
    """Write data/code/<name>.json for every kind in params.yaml and every other stage."""
    names = sorted({store.kind for store in params.stores.values()} | set(STAGES))
    workspace.code.mkdir(parents=True, exist_ok=True)
    for name in names:
        text = json.dumps(current_code(name), sort_keys=True, indent=1)
        (workspace.code / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    return f"code: {', '.join(names)}"


def checked_code(workspace: Workspace, name: str) -> str:
    """Return the code digest of a kind, after comparing it with what the code stage wrote.

    DVC decides by data/code what is up to date; a source file saved between that stage and this one would
    otherwise file new results under the old code.
    """
    path = workspace.code / f"{name}.json"
    written = json.loads(path.read_bytes())["digest"] if path.is_file() else None
    now = str(current_code(name)["digest"])
    if written != now:
        raise BuildError(
            f"{path} {'is missing' if written is None else 'was written by other code than is here now'}; "
            "run `dvc repro`, which brings it up to date first"
        )
    return now
