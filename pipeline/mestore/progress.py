"""Progress: one bar for every long step, and none in CI or without a terminal."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

Progress = Callable[[int, int], None]
"""Is told how many are done, and of how many."""


def progress_bar(title: str, *, unit: str, total: int | None = None) -> "tqdm[None]":
    """Return a bar on standard error; it stays hidden in CI and where there is no terminal."""
    return tqdm(total=total, desc=title, unit=unit, disable=True if os.environ.get("CI") else None)


@contextmanager
def shown(title: str, *, unit: str) -> Iterator[Progress]:
    """Give a callable that moves a bar.

    Examples
    --------
    >>> with shown("clips", unit="clip") as progress:
    ...     progress(1, 2)
    """
    with progress_bar(title, unit=unit) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
