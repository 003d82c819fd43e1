"""Watching: what other processes do to files, looked at from here."""

import time
from collections.abc import Callable
from pathlib import Path


def listed(folder: Path, pattern: str) -> list[Path]:
    """Return what matches at this moment; a folder that others remove meanwhile stops pathlib's glob."""
    while True:
        try:
            return list(folder.glob(pattern))
        except FileNotFoundError:
            continue


def soon(condition: Callable[[], bool], *, seconds: float = 300.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
