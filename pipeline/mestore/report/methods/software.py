"""Methods of software: the versions that are recorded of what ran, and what is not recorded, in sentences."""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from mestore.faces.weights import WEIGHTS
from mestore.report.methods.citing import cite, listed, outside
from mestore.report.methods.faces import idle
from mestore.report.run import Run

LIBRARIES: Mapping[str, tuple[str, str]] = {
    "numpy": ("NumPy", "harris2020"),
    "scipy": ("SciPy", "virtanen2020"),
    "scikit-image": ("scikit-image", "vanderwalt2014"),
    "opencv-contrib-python-headless": ("OpenCV", "bradski2000"),
    "numba": ("Numba", "lam2015"),
    "dlib-bin": ("dlib", "king2009"),
    "torch": ("PyTorch", "paszke2019"),
    "torchvision": ("torchvision", ""),
    "face-alignment": ("face-alignment", ""),
    "retinaface-pytorch": ("retinaface-pytorch", ""),
    "scikit-learn": ("scikit-learn", "pedregosa2011"),
    "pandas": ("pandas", "mckinney2010"),
    "zarr": ("zarr-python", ""),
}
"""Name and reference of the libraries that a paper names."""

PLUMBING = frozenset({"av", "jinja2", "numcodecs", "pillow", "pydantic", "threadpoolctl"})
"""Libraries that count in a code digest, and that no paper names: they read files, or check parameters."""

_DVC = "kuprieiev2020"
_DIGITS = 12


def sentences(run: Run, *, version: str) -> str:
    """Return the paragraph about software; `version` is that of the mestore that writes it."""
    return " ".join(
        [
            f"All steps were run with mestore{f', as a DVC pipeline {cite(_DVC)}' if run.dvc else ''}; "
            f"this text was generated from its records by mestore {version}.",
            *_versions(run),
            *_weights(run),
            *_digests(run),
        ]
    )


def _versions(run: Run) -> Iterator[str]:
    """Give the libraries of the stores and of the scores, as recorded with them."""
    unknown = [it.name for it in run.stores.values() if not it.code]
    records = [_without(it.code["libraries"], idle(it)[1]) for it in run.stores.values() if it.code]
    yield from _named("Stores were computed with", records)
    if unknown:
        yield f"The versions of the libraries that computed {listed(unknown)} are not on record."
    yield from _named(
        "Scores were computed with",
        [it.record["code"]["libraries"] for it in run.protocols if it.record.get("baselines")],
    )


def _without(record: Mapping[str, Any], names: Set[str]) -> dict[str, Any]:
    return {name: its for name, its in record.items() if name not in names}


def _named(begin: str, records: Sequence[Mapping[str, str]]) -> Iterator[str]:
    versions: dict[str, list[str]] = {}
    for record in records:
        for name, found in record.items():
            if name not in PLUMBING and found not in versions.setdefault(name, []):
                versions[name].append(found)
    if versions:
        yield f"{begin} {listed(_library(name, versions[name]) for name in sorted(versions, key=_place))}."


def _place(name: str) -> tuple[int, str]:
    known = list(LIBRARIES)
    return (known.index(name) if name in known else len(known), name)


def _library(name: str, versions: list[str]) -> str:
    title, key = LIBRARIES.get(name, (outside(name), ""))
    return f"{title} {' and '.join(versions)}" + (f" {cite(key)}" if key else "")


def _weights(run: Run) -> Iterator[str]:
    """Give the weights of face models, by file and hash."""
    weights: dict[str, str] = {}
    for it in run.stores.values():
        uses = it.code.get("declared", {}).get("uses", {})
        weights |= _without(uses.get("weights", {}), idle(it)[0])
    if weights:
        files = listed(
            f"{WEIGHTS[name].file if name in WEIGHTS else outside(name)} (SHA-256 {digest[:_DIGITS]})"
            for name, digest in sorted(weights.items())
        )
        yield f"Weights of face models: {files}."


def notes(run: Run) -> list[str]:
    """Return what the author should know: what is of other code or other data than is there."""
    return [
        *map(outside, run.stale),
        *(
            f"store {it.name} was computed by other code than data/code has on record: run `dvc repro`, or "
            "do not give versions for it"
            for it in run.stores.values()
            if not it.code
        ),
    ]


def _digests(run: Run) -> Iterator[str]:
    codes = listed(f"{it.name} {it.description.code[:_DIGITS]}" for it in run.stores.values())
    yield f"Digests of the code that computed each store: {codes}."
    if run.protocols:
        folds = listed(f"{it.name} {it.folds.digest[:_DIGITS]}" for it in run.protocols)
        yield f"Digests of the folds: {folds}."
