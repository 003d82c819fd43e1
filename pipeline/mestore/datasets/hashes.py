"""Memo: what was computed from a file's content, remembered until the file's size or times change."""

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from mestore.replacing import replacing

Stamp = tuple[int, int, int]
"""Size in bytes; times of the last change of the content and of the file's entry, in ns."""

_THREADS = 8  # they wait for the disk or the NAS, not for the processor
_SAVE_EVERY = 20_000  # files; a first run over a NAS takes hours, and one that is killed should not lose them
_SETTLED = 2_000_000_000  # ns; the coarsest time of change that a file system keeps

_COLUMNS = ("path", "size", "mtime_ns", "ctime_ns", "value")


def stamp_of(stat: os.stat_result) -> Stamp:
    """Return what changes when a file does, also when another of its size and age is renamed to its name."""
    # No inode number: network and FAT drives may give others at each mount, and all would be read again.
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


class Memo:
    """Values computed from files of one dataset's folder, kept in one file of a cache.

    Use it as a context: it writes itself when left, also by an error. A missing or corrupt file is an empty
    memo, and one that cannot be written is lost: nothing depends on it but time.

    Parameters
    ----------
    cache : Path
        The folder for such files; made if it is not there. The dataset's folder is known by its own path.
    root : Path
        The dataset's folder.
    name : str
        What is computed.
    compute : callable
        Path -> str, from the content of a file alone. Errors pass through and nothing is remembered.

    Attributes
    ----------
    lost : str
        Why it could not be written, for the user; empty if it could.
    """

    def __init__(self, cache: Path, *, root: Path, name: str, compute: Callable[[Path], str]) -> None:
        self._root = root.resolve()
        folder = hashlib.sha256(str(self._root).encode("utf-8", "surrogateescape")).hexdigest()[:32]
        self._file = cache / f"{folder}-{name}.parquet"
        self._compute = compute
        self._known = _read(self._file)
        self._unsaved = 0
        self.lost = ""
        self._pool = ThreadPoolExecutor(_THREADS)

    def __enter__(self) -> "Memo":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        self.save()

    def values(self, stamps: Mapping[str, Stamp]) -> list[str]:
        """Return the value of each file, in order; `stamps` are by path below the dataset's folder."""
        known = {path: self._known[path][1] for path, stamp in stamps.items() if self._holds(path, stamp)}
        unknown = [path for path in stamps if path not in known]
        # A file changed within the tick of its clock would look unchanged, so young files are not remembered.
        settled = time.time_ns() - _SETTLED
        for path, value in zip(unknown, self._pool.map(self._value, unknown), strict=True):
            known[path] = value
            if max(stamps[path][1:]) < settled:
                self._known[path] = (stamps[path], value)
                self._unsaved += 1
        if self._unsaved >= _SAVE_EVERY:
            self.save()
        return [known[path] for path in stamps]

    def save(self) -> None:
        """Write what is new, or say in `lost` why it could not be written."""
        if not self._unsaved:
            return
        rows = [(path, *stamp, value) for path, (stamp, value) in sorted(self._known.items())]
        columns = [list(column) for column in zip(*rows, strict=True)]
        self._unsaved, self.lost = 0, ""
        try:
            with replacing(self._file) as temporary:
                pq.write_table(pa.table(columns, names=list(_COLUMNS)), temporary)
        except OSError as error:
            self.lost = f"{self._file} cannot be written ({error}), so the next index reads the files again"

    def _holds(self, path: str, stamp: Stamp) -> bool:
        return path in self._known and self._known[path][0] == stamp

    def _value(self, path: str) -> str:
        return self._compute(self._root / path)


def _read(file: Path) -> dict[str, tuple[Stamp, str]]:
    try:
        table = pq.read_table(file, columns=list(_COLUMNS))
        paths, sizes, mtimes, ctimes, values = (column.to_pylist() for column in table.columns)
    except (OSError, ValueError, KeyError, pa.ArrowException):  # what pyarrow raises for damaged files
        return {}
    stamps = zip(sizes, mtimes, ctimes, strict=True)
    return dict(zip(paths, zip(stamps, values, strict=True), strict=True))
