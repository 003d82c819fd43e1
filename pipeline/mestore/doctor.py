"""Doctor: what is amiss with a workspace's machine: programs, folders, links, and who may read the crops."""

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from mestore.errors import MEStoreError
from mestore.faces import DETECTORS, LANDMARKS, ModelSpec
from mestore.faces.weights import FOLDER, WEIGHTS, cache_folder, find_weights, intact
from mestore.workspace import Workspace

PYTHON = (3, 11)

LINKS = "hardlink"
"""First of `cache.type`: with reflink first, a file system without reflinks keeps two copies."""

SCARCE = 2**30
"""Fewer free bytes than this are a problem: one subject's crops may be a quarter of it."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of what the doctor says.

    Examples
    --------
    >>> print(Check(name="raw root", ok=False, found="no folder data/raw", remedy="make it"))
    problem  raw root: no folder data/raw: make it
    """

    name: str
    ok: bool
    found: str
    remedy: str = ""

    def __str__(self) -> str:
        said = f"{'ok     ' if self.ok else 'problem'}  {self.name}: {self.found}"
        return said if self.ok else f"{said}: {self.remedy}"


def examine(workspace: Workspace) -> list[Check]:
    """Return all checks of a workspace, those that are well included."""
    config = dvc_config(workspace.root)
    cache = Path(config.get("dir") or workspace.root / ".dvc" / "cache")
    caches = {"DVC cache": cache, "build cache": workspace.cache}
    folders = caches | {"stores": workspace.stores}
    return [
        check_workspace(workspace.root),
        check_python(sys.version_info[:2]),
        *(check_program(name) for name in ("git", "dvc")),
        check_opencv(str(it.metadata["Name"]) for it in distributions()),
        *check_recordings(workspace),
        check_weights_folder(os.environ.get(FOLDER)),
        *check_models(models_in_use(workspace)),
        check_link_type(list(config.get("type") or ())),
        check_one_file_system(folders),
        *(check_free(name, folder) for name, folder in folders.items()),
        *(check_closed(name, folder) for name, folder in folders.items()),
        check_group(caches, shared=config.get("shared") == "group"),
        check_writable(workspace.cache),
        check_leftovers(workspace),
    ]


def dvc_config(root: Path) -> dict[str, Any]:
    """Return DVC's settings of the cache: system, user, repository and local, in DVC's own order."""
    from dvc.config import Config, ConfigError

    try:
        return dict(Config(dvc_dir=str(root / ".dvc"))["cache"])
    except ConfigError as error:
        raise MEStoreError(f"DVC's configuration below {root / '.dvc'} cannot be read: {error}") from None


def check_workspace(root: Path) -> Check:
    """Check that this is a workspace: DVC's folder and params.yaml are there."""
    missing = [name for name in (".dvc", "params.yaml") if not (root / name).exists()]
    found = f"{root} has no {' and no '.join(missing)}" if missing else str(root)
    return Check(
        name="workspace", ok=not missing, found=found, remedy="run in the folder that holds params.yaml"
    )


def check_python(version: tuple[int, ...]) -> Check:
    """Check Python's version."""
    found, needed = (".".join(map(str, its)) for its in (version, PYTHON))
    return Check(
        name="Python", ok=version >= PYTHON, found=found, remedy=f"make .venv with {needed} or newer"
    )


def check_program(name: str, *, path: str | None = None) -> Check:
    """Check that a program is on PATH, or beside this interpreter."""
    beside = Path(sys.executable).parent / name
    found = shutil.which(name, path=path) or (str(beside) if beside.is_file() else "")
    says = found or "neither on PATH nor beside Python"
    return Check(name=name, ok=bool(found), found=says, remedy=f"install {name}")


def check_opencv(installed: Iterable[str]) -> Check:
    """Check that one OpenCV wheel is installed: they share a folder, and the last one wins."""
    wheels = sorted({name.lower() for name in installed if name.lower().startswith("opencv-")})
    return Check(
        name="OpenCV",
        ok=len(wheels) == 1,
        found=", ".join(wheels) or "no wheel",
        remedy="uninstall all of them, then install opencv-contrib-python-headless",
    )


def check_recordings(workspace: Workspace) -> list[Check]:
    """Check that the raw root is there, and in it a folder of every dataset of params.yaml."""
    from mestore.params import load_params

    if not workspace.raw.is_dir():
        remedy = (
            "make or link it, or set MESTORE_RAW; without recordings, `dvc pull` brings tables and stores"
        )
        return [Check(name="raw root", ok=False, found=f"no folder {workspace.raw}", remedy=remedy)]
    checks = [Check(name="raw root", ok=True, found=str(workspace.raw))]
    try:
        datasets = load_params(workspace.params).datasets
    except MEStoreError as error:
        return [*checks, Check(name="params.yaml", ok=False, found=str(error), remedy="mend it")]
    for name in datasets:
        folder = workspace.raw / name
        found = str(folder.resolve()) if folder.is_dir() else f"no folder {folder}"
        remedy = "put the dataset there or link it, or take it out of params.yaml"
        checks.append(Check(name=f"dataset {name}", ok=folder.is_dir(), found=found, remedy=remedy))
    return checks


def models_in_use(workspace: Workspace) -> set[str]:
    """Return the functions of the face models that the stores of params.yaml name; none if it is amiss."""
    from mestore.align_params import AlignParams
    from mestore.params import kind_params, load_params

    try:
        all_params = [kind_params(store) for store in load_params(workspace.params).stores.values()]
    except MEStoreError:
        return set()
    named = [params for params in all_params if isinstance(params, AlignParams)]
    detectors = {DETECTORS[params.detector].function for params in named}
    return detectors | {LANDMARKS[params.landmarks].function for params in named}


def check_weights_folder(given: str | None) -> Check:
    """Say where weights are looked for; a folder that is named and not there is a problem."""
    places = [*([given] if given else []), str(cache_folder())]
    return Check(
        name="weights",
        ok=not given or Path(given).is_dir(),
        found=f"looked for in {', then in '.join(places)}",
        remedy=f"make the folder that {FOLDER} names, or do not set it",
    )


def check_models(used: Collection[str]) -> list[Check]:
    """Say of every face model whether its packages are installed and its weights intact, and its licences.

    What is absent is a problem only for a model whose function is among `used`; what is damaged, always.
    """
    kinds = (("detector", DETECTORS), ("landmarks", LANDMARKS))
    return [
        _check_model(f"{kind} {name}", spec, used=spec.function in used)
        for kind, registry in kinds
        for name, spec in registry.items()
    ]


def _check_model(name: str, spec: ModelSpec, *, used: bool) -> Check:
    if missing := spec.missing():
        found = f"{', '.join(missing)} not installed; run: {spec.install()}"
        return Check(name=name, ok=not used, found=found, remedy="or name another model in params.yaml")
    weights = [_weights(it) for it in spec.weights]
    absent = any(state == "absent" for state, _ in weights)
    damaged = any(state == "damaged" for state, _ in weights)
    return Check(
        name=name,
        ok=not damaged and not (used and absent),
        found="; ".join([f"installed, licence {spec.licence}", *(text for _, text in weights)]),
        remedy="remove damaged weights; those that are absent are fetched by the first build with a network, "
        "or put the file there",
    )


def _weights(name: str) -> tuple[str, str]:
    """Return the state of a file of weights, and a sentence about it."""
    weights, path = WEIGHTS[name], find_weights(name)
    if path is None:
        return "absent", (
            f"weights {weights.file} absent (sha256 {weights.sha256}, from {weights.address}): "
            f"{weights.licence}"
        )
    state = "intact" if intact(path, weights.sha256) else "damaged"
    return state, f"weights {path} {state}: {weights.licence}"


def check_link_type(types: Sequence[str]) -> Check:
    """Check that DVC tries hard links first, so that cache and workspace share one copy."""
    return Check(
        name="DVC link type",
        ok=list(types[:1]) == [LINKS],
        found=",".join(types) or "DVC's default, reflink,copy",
        remedy="run `dvc config cache.type hardlink,reflink,copy`",
    )


def check_one_file_system(folders: Mapping[str, Path]) -> Check:
    """Check that links between all of the folders are possible."""
    one = len({existing(folder).stat().st_dev for folder in folders.values()}) == 1
    where = "one file system" if one else "different file systems: each holds its own copy"
    return Check(
        name="links",
        ok=one,
        found=f"{', '.join(folders)} are on {where}",
        remedy="move the workspace, or the caches (`dvc cache dir`, MESTORE_CACHE)",
    )


def check_free(name: str, folder: Path) -> Check:
    """Say how much room is left where a folder lies."""
    free = shutil.disk_usage(existing(folder)).free
    found = f"{free / 2**30:.1f} GiB free"
    remedy = f"make room, {SCARCE / 2**30:.0f} GiB at least"
    return Check(name=f"room, {name}", ok=free >= SCARCE, found=found, remedy=remedy)


def check_closed(name: str, folder: Path) -> Check:
    """Check that a folder above keeps others out; access lists beyond the mode are not looked at.

    DVC makes its files 0444 and its shared folders 2775 whatever the umask, so no mode further down does.
    """
    closing = closed_by(folder)
    # A folder above one that is not there, such as / or /tmp, is not ours to close.
    close = f"run `chmod o-rwx {folder}`, or move it" if existing(folder) == folder else f"make {folder}"
    return Check(
        name=f"closed to others, {name}",
        ok=closing is not None,
        found=f"others can read {folder}" if closing is None else f"by {closing}",
        remedy=f"{close} below a folder of mode 2770 (docs/nas.md)",
    )


def closed_by(folder: Path) -> Path | None:
    """Return the folder nearest to `folder`, or itself, that others cannot pass; None if all let them."""
    there = existing(folder).resolve()
    return next((path for path in (there, *there.parents) if not path.stat().st_mode & stat.S_IXOTH), None)


def check_group(caches: Mapping[str, Path], *, shared: bool) -> Check:
    """Check that what one member writes into a shared cache belongs to the group, and that all may write."""
    if not shared:
        return Check(name="group", ok=True, found="the caches are not shared (DVC's cache.shared)")
    wanted = stat.S_ISGID | stat.S_IRWXG
    modes = {path: path.stat().st_mode for path in map(existing, caches.values())}
    bad = [
        f"{path} has mode {stat.S_IMODE(mode):o}" for path, mode in modes.items() if mode & wanted != wanted
    ]
    return Check(
        name="group",
        ok=not bad,
        found="; ".join(bad) or "new files in the caches belong to the group",
        remedy="run `chgrp` to the lab's group, then `chmod 2770`",
    )


def check_writable(folder: Path) -> Check:
    """Check that the build cache can be written, by writing."""
    try:
        with tempfile.TemporaryFile(dir=existing(folder)):
            return Check(name="build cache", ok=True, found=f"{folder} can be written")
    except OSError as error:
        remedy = "ask for the right to write there, or set MESTORE_CACHE to a folder of your own"
        return Check(name="build cache", ok=False, found=str(error), remedy=remedy)


def check_leftovers(workspace: Workspace) -> Check:
    """Count what killed builds left: folders with a leading dot, which nobody reads."""
    places = (("subjects/*/.*", workspace.cache), (".*-*", workspace.stores.parent))
    left = [path for pattern, folder in places for path in folder.glob(pattern) if path.is_dir()]
    return Check(
        name="leftovers of killed builds",
        ok=not left,
        found=f"{len(left)} folders, such as {left[0]}" if left else "none",
        remedy="remove them if no build runs; after a day, the next build does",
    )


def existing(path: Path) -> Path:
    """Return a path, or the nearest folder above it that is there."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists())
