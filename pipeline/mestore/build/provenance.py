"""Provenance: which code, libraries and files compute each store and each stage."""

import json
from dataclasses import asdict
from pathlib import Path

import mestore
from mestore.build.code import code_digest
from mestore.errors import BuildError, ParamsError
from mestore.features import FEATURES, FLOWS
from mestore.params import INDEX, Params, StoreParams, kind_params
from mestore.protocols import PROTOCOLS
from mestore.replacing import replacing
from mestore.workspace import Workspace

_CV = "opencv-contrib-python-headless"
SOURCE = Path(mestore.__file__).parents[1]

# What every kind of store passes through, whatever computes it.
_ALWAYS = ("mestore.build.subject", "mestore.build.assembly")

# They list face models, weights and ways to spot an apex; a store's parameters say what it uses of them.
_REGISTRIES = ("mestore.faces", "mestore.faces.weights", "mestore.apex")

_DRAWN = (".j2", ".css", ".js", ".bib", ".csv")

_LIBRARIES = ("numcodecs", "numpy", "pandas", "threadpoolctl", "zarr", "pydantic")

_PAGES = tuple(
    sorted(
        f"mestore:{it.relative_to(SOURCE / 'mestore').as_posix()}"
        for it in (SOURCE / "mestore" / "report").rglob("*")
        if it.suffix in _DRAWN
    )
)
"""Templates, styles, scripts and references of the pages: one that is added counts without another line."""

STAGES: dict[str, dict[str, tuple[str, ...]]] = {
    "folds": {
        "modules": (
            "mestore.protocols.freeze",
            *(spec.plan.partition(":")[0] for spec in PROTOCOLS.values()),
        ),
        "libraries": ("numpy", "pandas"),
        "files": ("mestore:labels/maps.csv", "mestore:protocols/megc2019.csv"),
    },
    "evaluate": {
        "modules": ("mestore.scores.evaluate",),
        "libraries": ("numpy", "pandas", "scikit-learn", "threadpoolctl", "zarr", _CV),
        "files": ("mestore:labels/maps.csv", "mestore:scores/published.csv"),
    },
    "motion": {
        "modules": ("mestore.report.motion",),
        "libraries": ("numpy", "pandas", "zarr"),
        "files": (),
        # What they say of a store is in data/stores, on which the stage depends, but for which are flows.
        "registries": ("mestore.params", "mestore.features"),
        "declared": FLOWS,
    },
    "report": {
        "modules": ("mestore.report.dataset.page",),
        "libraries": ("numpy", "pandas", "jinja2", "pillow", "zarr", _CV),
        "files": ("mestore:datasets/expected.csv", *_PAGES),
    },
}
"""Stages that are not kinds of store: what `code_digest` is told of them.

A script counts by itself alone: what it imports must be within reach of its modules.
"""


def stage_code(workspace: Workspace, name: str) -> dict[str, object]:
    """Return the code record of a stage, as the source is now."""
    # Stages are thin, but they say what is scored and written. A workspace made by hand has none.
    script = workspace.root / "stages" / f"{name}.py"
    return code_digest(source=SOURCE, scripts=[script] if script.is_file() else [], **STAGES[name])


def store_code(store: StoreParams) -> dict[str, object]:
    """Return the code record of a store, as the source is now: of its kind and what its parameters name."""
    spec, uses = FEATURES[store.kind], kind_params(store).uses()
    starts = {it.partition(":")[0] for it in (spec.function, spec.params, *uses.functions)}
    sources = {"mestore.build.raw" if it == INDEX else "mestore.build.stored" for it in spec.reads}
    return code_digest(
        [*starts, *sources, *_ALWAYS],
        source=SOURCE,
        libraries={*spec.libraries, *uses.libraries, *_LIBRARIES},
        files=spec.files,
        registries=_REGISTRIES,
        declared={"spec": asdict(spec), "uses": asdict(uses)},
    )


def write_code(workspace: Workspace, params: Params) -> str:
    """Write data/code/<name>.json for every store in params.yaml and every other stage."""
    if taken := sorted(set(STAGES) & set(params.stores)):
        raise ParamsError(f"stores.{taken[0]}: a stage has that name; give the store another one")
    records = {name: stage_code(workspace, name) for name in STAGES}
    records |= {name: store_code(store) for name, store in params.stores.items()}
    workspace.code.mkdir(parents=True, exist_ok=True)
    for name, record in records.items():
        text = json.dumps(record, sort_keys=True, indent=1)
        # Never in place: the file that is there may be a link into DVC's cache.
        with replacing(workspace.code / f"{name}.json") as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")
    return f"code: {', '.join(sorted(records))}"


def checked_code(workspace: Workspace, name: str, store: StoreParams) -> str:
    """Return the code digest of the store called `name`, after comparing it with what the code stage wrote.

    DVC decides by data/code what is up to date; a source file saved between that stage and this one would
    otherwise file new results under the old code.
    """
    path = workspace.code / f"{name}.json"
    written = json.loads(path.read_bytes())["digest"] if path.is_file() else None
    now = str(store_code(store)["digest"])
    if written != now:
        raise BuildError(
            f"{path} {'is missing' if written is None else 'was written by other code than is here now'}; "
            "run `dvc repro`, which brings it up to date first"
        )
    return now
