"""Durable: what is made under a temporary name, and gets its own when all of it is on the disk."""

import os
from pathlib import Path

REMOVED = ".removed-"
"""Begins the name of what is being removed: it is renamed first, so that nobody sees half of it."""


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def rename_once(made: Path, final: Path) -> None:
    """Give a folder its name, which is the digest of its content: whoever comes second finds it done."""
    try:
        made.rename(final)
    except OSError:
        if not final.is_dir():
            raise
    sync(final.parent)
