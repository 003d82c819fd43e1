"""Forget: find everything that is kept of a participant, remove it, look again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mestore.errors import MEStoreError
from mestore.forget.dvc_traces import dvc_at_rest, dvc_folders, dvc_memory, dvc_traces, old_tables
from mestore.forget.participant import IDENTITY, Participant, participant
from mestore.forget.published import published
from mestore.forget.recordings import RecordedFile, recorded_paths, still_there
from mestore.forget.search import LARGEST_TEXT, hits
from mestore.forget.trace import (
    Trace,
    checksum,
    files_below,
    fingerprints,
    links_elsewhere,
    personal_files,
)
from mestore.forget.workspace_traces import build_cache, clip_tables, clips_of, index, memos, outputs, stores
from mestore.params import load_params
from mestore.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is kept of a participant.

    Parameters
    ----------
    who : Participant
    traces : tuple of Trace
        In the order in which they go: the tables that say which subjects are theirs go last, so that whoever
        was interrupted can begin again.
    recordings : tuple of str
        What must be removed by hand first.
    paths : frozenset of RecordedFile
        Files of their recordings.
    """

    who: Participant
    traces: tuple[Trace, ...]
    recordings: tuple[str, ...]
    paths: frozenset[RecordedFile]


def find(workspace: Workspace, person: str, *, copies: Sequence[Path] = ()) -> Plan:
    """Return what is kept of a person in a workspace, its caches and published copies; changes nothing.

    Parameters
    ----------
    person : str
        As in the column `person` of the clip tables.
    copies : sequence of Path
        Destinations of `mestore publish`.

    Raises
    ------
    MEStoreError
        If no clip table knows the person.
    """
    dvc = dvc_folders(workspace.root)
    now = list(clip_tables(workspace))
    old = list(old_tables(dvc)) if dvc else []
    known = {clip for table in (*now, *old) for clip in table["clip_id"]}
    who = participant(person, clip_tables=now, old=[*old, _in_cache(person, workspace, known=known)])
    paths = recorded_paths(who, [*now, *old])
    return Plan(
        who=who,
        traces=tuple(_traces(who, workspace, paths, copies)),
        recordings=tuple(still_there(who, workspace, load_params(workspace.params), paths)),
        paths=paths,
    )


def describe(plan: Plan, *, root: Path) -> str:
    """Return a plan in words, paths below `root` without it."""
    who = plan.who
    names = ", ".join(f"{dataset}/{subject}" for dataset, subject in sorted(who.subjects))
    lines = [f"{who.person}: {names}, {len(who.clips)} clips"]
    for place in dict.fromkeys(trace.place for trace in plan.traces):
        its = [trace for trace in plan.traces if trace.place == place]
        size = sum(file.stat().st_size for trace in its for file in trace.gone())
        verb = "written anew" if its[0].rewrite else "removed"
        first = its[0].path
        shown = first.relative_to(root) if first.is_relative_to(root) else first
        lines.append(f"  {place}: {len(its)} {verb}, {size / 1e6:.1f} MB, such as {shown}")
    if plan.recordings:
        lines += ["first, by hand, or the next `dvc repro` builds them again:", *_listed(plan.recordings)]
    return "\n".join(lines)


def forget(workspace: Workspace, plan: Plan, *, copies: Sequence[Path] = ()) -> str:
    """Remove what a plan lists, prove that nothing is left, and return what is left to do by hand.

    Raises
    ------
    MEStoreError
        If recordings are still there, if files that mestore did not make hold the person (nothing is removed
        then), or if something is found after the removal.
    """
    who, prints = plan.who, _theirs_alone(workspace, plan)
    _refuse(who, "are still there, and the next `dvc repro` would build them again", plan.recordings)
    going = {file for trace in plan.traces for file in (*trace.gone(), trace.path)}
    foreign = hits(who, roots(workspace, copies), prints, leaving_out=going)
    _refuse(who, "are in files that mestore does not know", list(foreign))
    linked = links_elsewhere(plan.traces)
    with dvc_at_rest(workspace.root):
        _remove(plan)
    searched = prove(workspace, plan, prints, copies=copies)
    return "\n".join([searched, "left to do by hand:", *_listed(by_hand(workspace, plan, linked=linked))])


def prove(
    workspace: Workspace, plan: Plan, prints: Mapping[int, set[str]], *, copies: Sequence[Path] = ()
) -> str:
    """Look again for everything that `find` knows and, file by file, below all places; return what was done.

    Raises
    ------
    MEStoreError
        If anything is found.
    """
    left = [f"{it.path}: {it.place}" for it in _traces(plan.who, workspace, plan.paths, copies)]
    left += hits(plan.who, roots(workspace, copies), prints)
    if left:
        raise MEStoreError(
            f"{len(left)} traces of {plan.who.person} are there after the removal (is a build running?); "
            "remove them by hand:\n" + "\n".join(_listed(left))
        )
    count = sum(map(len, prints.values()))
    places = ", ".join(str(root) for root in roots(workspace, copies))
    return (
        f"{plan.who.person} is forgotten. Searched again: 0 files name their clips or folders, and 0 hold "
        f"one of the {count} contents that were removed, below {places} (files of more than "
        f"{LARGEST_TEXT >> 20} MB were not searched for names)"
    )


def by_hand(workspace: Workspace, plan: Plan, *, linked: int) -> list[str]:
    """Return what mestore cannot do."""
    dvc = dvc_folders(workspace.root)
    todo = [
        "`dvc repro`, then `mestore publish` for copies that are gone",
        "every other checkout, export, backup, snapshot and trained model that had their data",
        "git history needs nothing: dvc.lock holds hashes and no names",
    ]
    if linked:
        todo.append(
            f"{linked} removed files have hard links elsewhere: another checkout that shares the cache?"
        )
    if dvc is not None and dvc.remotes:
        gone = [trace.path for trace in plan.traces if trace.path.is_relative_to(dvc.objects)]
        names = [f"files/md5/{path.relative_to(dvc.objects).as_posix()}" for path in gone]
        names += [
            f"runs/{trace.path.relative_to(dvc.runs).as_posix()}"
            for trace in plan.traces
            if trace.path.is_relative_to(dvc.runs)
        ]
        todo += [
            f"in remote {name}, if pushed: rm {url}/{it}" for name, url in dvc.remotes.items() for it in names
        ]
    return todo


def roots(workspace: Workspace, copies: Sequence[Path]) -> list[Path]:
    """Return where mestore and DVC keep things of a workspace, none below another; not the recordings."""
    data, raw = workspace.root / "data", workspace.raw.resolve()
    places = [path.resolve() for path in sorted(data.glob("*")) if path.resolve() != raw]
    places += [
        workspace.root.resolve() / ".dvc",
        workspace.cache.resolve(),
        *(path.resolve() for path in copies),
    ]
    dvc = dvc_folders(workspace.root)
    places += [dvc.objects.resolve(), dvc.runs.resolve(), dvc.memos.resolve()] if dvc else []
    return [
        place
        for number, place in enumerate(places)
        if place not in places[:number]
        and not any(place != other and place.is_relative_to(other) for other in places)
    ]


def _traces(
    who: Participant, workspace: Workspace, paths: frozenset[RecordedFile], copies: Sequence[Path]
) -> Iterator[Trace]:
    dvc = dvc_folders(workspace.root)
    built = [*build_cache(who, workspace)]
    stored = [*stores(who, workspace)]
    yield from built
    yield from published(who, copies, root=workspace.root)
    yield from memos(who, workspace, frozenset(it.path for it in paths))
    yield from stored
    yield from outputs(who, workspace)
    if dvc is not None:
        yield from dvc_memory(who, dvc)
        yield from dvc_traces(who, dvc, list(personal_files([*built, *stored])))
    yield from index(who, workspace)


def _theirs_alone(workspace: Workspace, plan: Plan) -> dict[int, set[str]]:
    """Return the contents that are theirs, by size; what another subject has too is no trace of them."""
    prints = fingerprints(personal_files(plan.traces))
    for file in _of_others(workspace, plan):
        size = file.stat().st_size
        if size in prints:
            prints[size].discard(checksum(file, "sha256"))
    return prints


def _of_others(workspace: Workspace, plan: Plan) -> Iterator[Path]:
    """Give the files of other subjects in the stores and, their pages among them, in the build cache."""
    for file in files_below(workspace.stores):
        if not plan.who.below(file.relative_to(workspace.stores).as_posix()):
            yield file
    theirs = {trace.path for trace in plan.traces}
    for folder in sorted((workspace.cache / "subjects").glob("*/*")):
        if folder not in theirs:
            yield from files_below(folder)


def _in_cache(person: str, workspace: Workspace, *, known: set[str]) -> pd.DataFrame:
    """Return clips of the build cache that no table knows, of the subject that a person is named after."""
    dataset, _, subject = person.partition("/")
    folders = (workspace.cache / "subjects").glob("*/*") if subject else ()
    found = {clip for folder in folders for clip in clips_of(folder) if clip.startswith(f"{person}/")}
    rows = [(clip, dataset, subject, person) for clip in sorted(found - known)]
    return pd.DataFrame(rows, columns=list(IDENTITY), dtype="str")


def _remove(plan: Plan) -> None:
    for trace in plan.traces:
        try:
            trace.remove()
        except OSError as error:
            raise MEStoreError(
                f"{trace.path} cannot be removed ({error}), and what comes after it was not tried; ask who "
                f"owns it, then run this again: {plan.who.person} is still known"
            ) from error


def _refuse(who: Participant, why: str, found: Sequence[str]) -> None:
    if found:
        raise MEStoreError(
            f"traces of {who.person} {why}. Nothing was removed. Remove these by hand first:\n"
            + "\n".join(_listed(found))
        )


def _listed(lines: Sequence[str]) -> list[str]:
    return [f"  - {line}" for line in lines]
