"""Trace: one thing that is kept of a participant, and how it goes."""

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ARRAY_METADATA = "zarr.json"
"""Of an array: shape and dtype, equal for many subjects. That of a subject's group holds clip ids."""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A file or folder that holds something of a participant.

    Parameters
    ----------
    place : str
        Where, in words.
    path : Path
    personal : tuple of Path
        Files or folders, `path` or below it, that are the participant's alone.
    rewrite : callable, optional
        Writes `path` anew without them; by default it is removed.
    """

    place: str
    path: Path
    personal: tuple[Path, ...] = ()
    rewrite: Callable[[], None] | None = None

    def remove(self) -> None:
        """Remove what there is of the participant."""
        if self.rewrite is not None:
            self.rewrite()
        elif self.path.is_dir() and not self.path.is_symlink():
            shutil.rmtree(self.path)
        else:
            self.path.unlink(missing_ok=True)

    def gone(self) -> Iterator[Path]:
        """Give the files that `remove` removes."""
        for path in self.personal if self.rewrite is not None else (self.path,):
            yield from files_below(path)


def files_below(path: Path) -> Iterator[Path]:
    """Give a file, or all files in a folder and below, links left out."""
    if path.is_symlink():
        return
    if path.is_file():
        yield path
    for folder, _, names in os.walk(path):
        files = (Path(folder) / name for name in names)
        yield from (file for file in files if file.is_file() and not file.is_symlink())


def personal_files(traces: Iterable[Trace]) -> Iterator[Path]:
    """Give the files whose content is the participant's alone."""
    for trace in traces:
        for path in trace.personal:
            yield from (file for file in files_below(path) if _is_personal(file, below=path))


def fingerprints(files: Iterable[Path]) -> dict[int, set[str]]:
    """Return the sha256 of files, by size."""
    found: dict[int, set[str]] = {}
    for file in files:
        found.setdefault(file.stat().st_size, set()).add(checksum(file, "sha256"))
    return found


def checksum(file: Path, name: str) -> str:
    """Return the checksum of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, name).hexdigest()


def links_elsewhere(traces: Iterable[Trace]) -> int:
    """Return how many of their files have hard links that stay, in places that nobody named."""
    links: Counter[tuple[int, int, int]] = Counter()
    for file in set(personal_files(traces)):
        stat = file.stat()
        links[stat.st_dev, stat.st_ino, stat.st_nlink] += 1
    return sum(1 for (_, _, there), found in links.items() if there > found)


def _is_personal(file: Path, *, below: Path) -> bool:
    parts = file.relative_to(below).parts
    return parts[-1:] != (ARRAY_METADATA,) or len(parts) == 1
