"""Assembly: a store, put together from the finished subjects of the build cache."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from mestore import clips
from mestore.build.subject import Task
from mestore.errors import StoreError
from mestore.store.layout import SUFFIX, Commit, subject_key
from mestore.store.tables import write_tables
from mestore.store.writer import write_dataset


def finished(task: Task) -> bool:
    """Return whether the cache holds a subject, whole; a damaged one is thrown away."""
    if task.key not in task.cache:
        return False
    folder = task.cache.path(task.key)
    try:
        Commit.read(folder).check(folder, content=True)
    except StoreError:
        shutil.rmtree(folder)
        return False
    return True


def assemble(
    folder: Path, tasks: Sequence[Task], *, table: pd.DataFrame, carried: pd.DataFrame
) -> pd.DataFrame:
    """Put the built subjects together under a temporary name, rename, and return all failures.

    Parameters
    ----------
    folder : Path
        Of the store; an older one is replaced.
    tasks : sequence of Task
        All finished.
    table, carried : DataFrame
        The clip table, and the failures of what the store was built from.
    """
    temporary = folder.with_name(f".{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    failures = [carried]
    for task in tasks:
        group = temporary / f"{task.description.dataset}{SUFFIX}"
        if not group.exists():
            write_dataset(group, task.description)
        target = group / subject_key(task.subject)
        task.cache.place(task.key, target)
        failures.append(_failures(task, Commit.read(target)))
    together = pd.concat(failures, ignore_index=True)
    write_tables(temporary, table, together)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)
    return together


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
