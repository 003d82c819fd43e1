"""Replacing: a result appears whole or not at all, and what is half-written goes, whatever breaks it off."""

import glob
import shutil
import signal
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

LEFT_OVER = 24 * 3600.0
"""Seconds after which a temporary name belongs to somebody who was killed: writing takes minutes."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside the file `path`, and rename it to `path` if all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = beside(path)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Give a new folder beside the folder `path`, and have it take that one's place if all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    room = beside(path)
    new, old = room / "new", room / "old"
    try:
        new.mkdir(parents=True)
        yield new
        with uninterrupted():  # between two renames there is no folder of that name
            if path.exists():
                new.chmod(path.stat().st_mode)  # whom the lab lets in
                path.rename(old)
            try:
                new.rename(path)
            except OSError:
                if old.exists():
                    old.rename(path)
                raise
    finally:
        # Where neither could be renamed, as on a share that went away, the old one is in there alone.
        clear(room if path.exists() or not old.exists() else new)


def beside(path: Path) -> Path:
    """Return a name beside `path` that nobody else has, after what a killed process left there is removed.

    Not tempfile: only their owner may read what it makes, and a lab shares these.
    """
    clear_left_over(path.parent.glob(f".{glob.escape(path.name)}.{'[0-9a-f]' * 12}.tmp"))
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.tmp")


def clear(*paths: Path) -> None:
    """Remove files and folders that may not be there, to the end, whatever signal comes meanwhile."""
    with uninterrupted():
        for path in paths:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink()


def clear_left_over(paths: Iterable[Path]) -> None:
    """Remove those temporary folders that nobody can be filling any more."""
    for path in paths:
        with suppress(FileNotFoundError):
            if time.time() - path.lstat().st_mtime > LEFT_OVER:
                clear(path)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put off Ctrl-C, and what else ends a process politely, until the block is done.

    A signal that nobody here listens to still ends the process at once.
    """
    if threading.current_thread() is not threading.main_thread():  # no other one is interrupted
        yield
        return
    heard: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        heard.append(number)

    listening = {number: its for number in _SIGNALS if callable(its := signal.getsignal(number))}
    try:
        for number in listening:
            signal.signal(number, remember)
        yield
    finally:
        # The first in comes out last: until then what it heard waits.
        for number, its in reversed(listening.items()):
            signal.signal(number, its)
        if heard:
            signal.raise_signal(heard[0])
