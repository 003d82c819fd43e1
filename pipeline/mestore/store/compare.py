"""Compare: in what two stores differ, by what they say of themselves: `verify` says whether it is true."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mestore.store.layout import ATTRIBUTES, CLIPS, FAILURES, SUFFIX, Commit, Description
from mestore.store.manifest import Manifest
from mestore.store.reader import Feature
from mestore.store.verify import stores_at


def differences(path: Path, other: Path) -> list[str]:
    """Return in what the stores at `path` and `other` differ, a line each; empty if their digests agree.

    Both are one store each, whatever they are called, or both a folder of stores, compared by name.

    Raises
    ------
    StoreError
        If there is no store, or a commit record cannot be read.
    """
    here, there = stores_at(path), stores_at(other)
    if here == [path] and there == [other]:
        return list(_store(path, other))
    return list(_named({store.name: store for store in here}, {store.name: store for store in there}))


def _named(here: dict[str, Path], there: dict[str, Path]) -> Iterator[str]:
    for name in sorted(here.keys() | there.keys()):
        if name in here and name in there:
            yield from _store(here[name], there[name])
        else:
            yield f"store {name}: {_only(name in here)}"


def _store(path: Path, other: Path) -> Iterator[str]:
    if Manifest.of(path) == Manifest.of(other):
        return
    here, there = Feature(path), Feature(other)
    for name in sorted(here.descriptions.keys() | there.descriptions.keys()):
        where = f"{path.name}/{name}{SUFFIX}"
        if name in here.descriptions and name in there.descriptions:
            yield from _attributes(where, here.descriptions[name], there.descriptions[name])
            yield from _subjects(where, here, there, name)
        else:
            yield f"{where}: {_only(name in here.descriptions)}"
    yield from _rows(f"{path.name}/{CLIPS}", here.clips, there.clips)
    yield from _rows(f"{path.name}/{FAILURES}", here.failures, there.failures)


def _attributes(where: str, here: Description, there: Description) -> Iterator[str]:
    ours, theirs = _flat(here.attributes()), _flat(there.attributes())
    for key in sorted(ours.keys() | theirs.keys()):
        a, b = ours.get(key, "nothing"), theirs.get(key, "nothing")
        if a != b:
            yield f"{where}: attribute {key} is {a} here, {b} there"


def _flat(attributes: Mapping[str, Any], *, prefix: str = "") -> dict[str, str]:
    """Return attributes by dotted names."""
    flat: dict[str, str] = {}
    for key, value in attributes.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, prefix=f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = repr(value)
    return flat


def _subjects(where: str, here: Feature, there: Feature, dataset: str) -> Iterator[str]:
    ours, theirs = set(here.subjects(dataset)), set(there.subjects(dataset))
    for subject in sorted(ours | theirs):
        name = f"{where}/{subject}"
        if subject not in ours or subject not in theirs:
            yield f"{name}: {_only(subject in ours)}"
        else:
            yield from _commits(name, here.commit(dataset, subject), there.commit(dataset, subject))


def _commits(where: str, here: Commit, there: Commit) -> Iterator[str]:
    names = sorted(
        {
            name.split("/")[0]
            for name in here.files.keys() | there.files.keys()
            if here.files.get(name) != there.files.get(name)
        }
    )
    for name in names:
        what = "the clip records differ" if name == ATTRIBUTES else f"array {name} differs"
        yield f"{where}: {what}"
    if here.failures != there.failures:
        yield f"{where}: the failures differ"
    if not names and here.inputs != there.inputs:
        yield f"{where}: equal arrays from other inputs"


def _rows(where: str, here: pd.DataFrame, there: pd.DataFrame) -> Iterator[str]:
    ours, theirs = ({row["clip_id"]: row for row in table.to_dict("records")} for table in (here, there))
    for clip in sorted(ours.keys() | theirs.keys()):
        if clip not in ours or clip not in theirs:
            yield f"{where}: clip {clip} {_only(clip in ours)}"
        elif ours[clip] != theirs[clip]:
            columns = ", ".join(str(key) for key in ours[clip] if ours[clip][key] != theirs[clip][key])
            yield f"{where}: clip {clip} differs in {columns}"


def _only(here: bool) -> str:
    return "only here" if here else "only there"
