"""Assembly: a store, put together from the finished subjects of the build cache."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd

from mestore import clips
from mestore.build.subject import Task
from mestore.replacing import clear, clear_left_over
from mestore.store.contents import clip_records
from mestore.store.layout import SUFFIX, Commit, subject_key
from mestore.store.tables import write_tables
from mestore.store.writer import write_dataset


def assemble(
    folder: Path, tasks: Sequence[Task], *, table: pd.DataFrame, carried: pd.DataFrame
) -> pd.DataFrame:
    """Put the built subjects together under a temporary name, rename, and return all failures.

    An older store is renamed away first and removed last: between the two renames there is none, and never a
    part of one.

    Parameters
    ----------
    folder : Path
        Of the store; an older one is replaced.
    tasks : sequence of Task
        All finished.
    table, carried : DataFrame
        The clip table, and the failures of what the store was built from. Where the store spotted a clip's
        apex, its own table has that one, and by which method.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Not beside the store: readers and DVC take every folder in there for one.
    room = folder.parents[1]
    prefix = f".mestore-{folder.name}-"
    clear_left_over(room.glob(f"{prefix}*"))
    temporary = Path(tempfile.mkdtemp(prefix=prefix, dir=room))
    try:
        made = temporary / "new"
        made.mkdir()
        together = pd.concat([carried, *_fill(made, tasks)], ignore_index=True)
        write_tables(made, with_apexes(table, dict(_spotted(made, tasks))), together)
        _swap(made, folder, aside=temporary)
    finally:
        clear(temporary)
    return together


def _swap(made: Path, folder: Path, *, aside: Path) -> None:
    """Put `made` where `folder` is; another builder of the same store may do so at the same time."""
    for number in count():
        old = aside / f"old{number}"
        with suppress(FileNotFoundError):
            folder.rename(old)
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():
                if old.is_dir():
                    old.rename(folder)  # it is removed with `aside` otherwise
                raise
        else:
            return


def _fill(store: Path, tasks: Sequence[Task]) -> list[pd.DataFrame]:
    """Put all subjects into an empty store and return the failures of each."""
    failures = []
    for task in tasks:
        target = _folder(store, task)
        if not target.parent.exists():
            write_dataset(target.parent, task.description)
        task.cache.place(task.key, target)
        failures.append(_failures(task, Commit.read(target)))
    return failures


def _folder(store: Path, task: Task) -> Path:
    return store / f"{task.description.dataset}{SUFFIX}" / subject_key(task.subject)


def _spotted(store: Path, tasks: Sequence[Task]) -> Iterator[tuple[str, tuple[int, str]]]:
    """Give the clips whose apex the store spotted: the frame number, and how `apex_source` names the method.

    What is built of such a store need not be looked at: it takes the store's table along.
    """
    for task in tasks:
        if "apex" not in task.description.params:
            continue
        for record in clip_records(_folder(store, task)):
            if record["measures"].get("apex_spotted"):
                yield record["clip"], (record["apex"], f"estimated:{task.description.params['apex']}")


def with_apexes(table: pd.DataFrame, spotted: Mapping[str, tuple[int, str]]) -> pd.DataFrame:
    """Return a clip table with other apexes.

    Parameters
    ----------
    table : DataFrame
    spotted : mapping of str to (int, str)
        Frame number and source of the apex by clip id; the other rows keep theirs.

    Examples
    --------
    >>> table = pd.DataFrame({"clip_id": ["a", "b"], "apex": [5, 6], "apex_source": "annotated"})
    >>> with_apexes(table, {"b": (8, "estimated:flow")}).to_numpy().tolist()
    [['a', 5, 'annotated'], ['b', 8, 'estimated:flow']]
    """
    own: dict[str, list[Any]] = {name: table[name].tolist() for name in clips.SPOTTED}
    for row, clip in enumerate(table["clip_id"]):
        if clip in spotted:
            own["apex"][row], own["apex_source"][row] = spotted[clip]
    return table.assign(**own)


def _failures(task: Task, commit: Commit) -> pd.DataFrame:
    rows = [
        {
            "clip_id": clip,
            "dataset": task.description.dataset,
            "subject": task.subject,
            "store": task.description.store,
            **fault,
        }
        for clip, fault in commit.failures.items()
    ]
    return pd.DataFrame(rows, columns=list(clips.FAILURES), dtype="str")
