"""Upgrade: bring a workspace to this version of mestore without merging, and say what that means."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mestore.build.provenance import STAGES, stage_code, store_code
from mestore.errors import MEStoreError
from mestore.params import Params, load_params
from mestore.reference import params_keys
from mestore.template import Record, digest, is_ours, put, template, version_here
from mestore.workspace import Workspace, find_workspace

_AGAIN = {
    "folds": "folds are made again; where they differ, scores of before are not comparable",
    "evaluate": "scores are computed again",
    "report": "report pages are written again, those of unchanged subjects out of the cache",
}


def upgrade_workspace(directory: Path) -> str:
    """Replace what is mestore's in a workspace, and return what was done and what `dvc repro` will do.

    A file that somebody edited stays, and the new one is put beside it as FILE.new. params.yaml stays.

    Raises
    ------
    MEStoreError
        If `mestore init` did not make it.
    """
    before = Record.read(directory)
    given = {name: content for name, content in template().items() if is_ours(name)}
    said, files = [], {}
    for name, content in given.items():
        what, files[name] = _replace(directory / name, content, before.files.get(name))
        said += [f"  {what}: {name}"] if what else []
    for name in sorted(set(before.files) - set(given)):
        said.append(f"  {_retire(directory / name, before.files[name])}: {name}")
    after = Record(version=version_here(), files=files, keys=params_keys())
    after.write(directory)
    return "\n".join(
        [
            f"workspace: {directory}, from mestore {before.version} to {after.version}",
            *(said or ["  its files are as this version has them"]),
            "params.yaml: left as it is",
            *_of_keys(before.keys, after.keys),
            "next `dvc repro`:",
            *_meaning(find_workspace(directory, environment={})),
        ]
    )


def _replace(path: Path, content: bytes, recorded: str | None) -> tuple[str, str]:
    """Return what was done about a file, and the digest to record: of what mestore last wrote there."""
    beside = path.with_name(f"{path.name}.new")
    there = path.read_bytes() if path.is_file() else None
    if there is None or digest(there) in (recorded, digest(content)):
        if there != content:
            put(path, content)
        beside.unlink(missing_ok=True)
        return "" if there == content else "new" if there is None else "replaced", digest(content)
    put(beside, content)
    found = recorded or "none"
    return f"kept, it was edited; the new one is {beside.name}, take over your change and rename it", found


def _retire(path: Path, recorded: str) -> str:
    if path.is_file() and digest(path.read_bytes()) != recorded:
        return "kept, it was edited; this version has no such file"
    path.unlink(missing_ok=True)
    return "removed, this version has no such file"


def _of_keys(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    for key in sorted(set(after) - set(before)):
        yield f"  new key: {key} (default: {after[key] or 'empty'})"
    for key in sorted(set(before) - set(after)):
        yield f"  no longer a key: {key}"
    for key in sorted(set(before) & set(after)):
        if before[key] != after[key]:
            yield f"  other default: {key}: {before[key] or 'empty'}, now {after[key] or 'empty'}"


def _meaning(workspace: Workspace) -> Iterator[str]:
    """Give what will be built again, by comparing the code that built it with the code that is here."""
    try:
        params = load_params(workspace.params)
    except MEStoreError as error:
        yield f"  mend params.yaml first, then `mestore init --upgrade` says what will be built: {error}"
        return
    again = dict(_changed(workspace, params))
    stores = {name: why for name, why in again.items() if name in params.stores}
    for name, why in stores.items():
        yield f"  store {name} is built again ({why}), and what reads it where that changes its arrays"
    kept = [name for name in params.stores if name not in stores]
    if kept:
        yield f"  kept, unless what they read changes: {', '.join(kept)}"
    for name in again:
        if name not in params.stores:
            yield f"  {_AGAIN.get(name, f'{name} is made again')} ({again[name]})"


def _changed(workspace: Workspace, params: Params) -> Iterator[tuple[str, str]]:
    """Give what has been built by other code than is here, and what of it differs."""
    now = {name: store_code(store) for name, store in params.stores.items()}
    now |= {name: stage_code(workspace, name) for name in STAGES}
    for name, record in now.items():
        path = workspace.code / f"{name}.json"
        try:
            old = json.loads(path.read_bytes())
        except (OSError, ValueError):  # not built yet
            continue
        if old.get("digest") != record["digest"]:
            yield name, _difference(old, record)


def _difference(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Return which libraries differ, or that the code does.

    Examples
    --------
    >>> _difference({"libraries": {"numpy": "2.3"}}, {"libraries": {"numpy": "2.4"}})
    'numpy 2.3, now 2.4'
    """
    was, its = old.get("libraries", {}), new.get("libraries", {})
    said = [
        f"{name} {was[name]}, now {its[name]}"
        for name in sorted(was)
        if its.get(name, was[name]) != was[name]
    ]
    parts = ("modules", "scripts", "files", "declared")
    return "; ".join(said + ["its code changed"] * any(old.get(it) != new.get(it) for it in parts))
