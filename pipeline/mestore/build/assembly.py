"""Assembly: a store, put together from the finished subjects of the build cache."""

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

import pandas as pd

from mestore import clips
from mestore.build.cache import remove_left_over
from mestore.build.subject import Task
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
        The clip table, and the failures of what the store was built from.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Not beside the store: readers and DVC take every folder in there for one.
    room = folder.parents[1]
    prefix = f".mestore-{folder.name}-"
    remove_left_over(room.glob(f"{prefix}*"))
    temporary = Path(tempfile.mkdtemp(prefix=prefix, dir=room))
    try:
        made = temporary / "new"
        made.mkdir()
        together = pd.concat([carried, *_fill(made, tasks)], ignore_index=True)
        write_tables(made, table, together)
        _swap(made, folder, aside=temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
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
        group = store / f"{task.description.dataset}{SUFFIX}"
        if not group.exists():
            write_dataset(group, task.description)
        target = group / subject_key(task.subject)
        task.cache.place(task.key, target)
        failures.append(_failures(task, Commit.read(target)))
    return failures


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
