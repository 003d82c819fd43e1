"""Folder: where a store lies, on a disk, a network drive or behind a URL, and what reading it may raise."""

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from mestore.errors import StoreError

if TYPE_CHECKING:
    from upath import UPath

Folder: TypeAlias = "Path | UPath"
"""A local or mounted path, or one of fsspec's (memory://, s3://, ...)."""

_LOCAL = ("", "file", "local")

REOPEN = "it was replaced, moved or removed since the store was opened: open the store again"


def as_folder(path: "str | Path | UPath") -> Folder:
    """Return the folder that a path or a URL names; links are followed now, once.

    A published store is a link that is renamed when the next version comes: who follows it once reads one
    version to the end.

    Examples
    --------
    >>> as_folder("file:///srv/stores")
    PosixPath('/srv/stores')
    >>> as_folder("memory://stores").name
    'stores'
    """
    if isinstance(path, str) and "://" in path:
        from upath import UPath

        try:
            path = UPath(path)
        except (ValueError, ImportError) as error:
            raise StoreError(f"{path} cannot be opened: {error}; install what fsspec needs for it") from None
    if isinstance(path, str | Path):
        return Path(path).resolve()
    return Path(path.path).resolve() if path.protocol in _LOCAL else path


def sizes(folder: Folder, names: Iterable[str]) -> dict[str, int | None]:
    """Return the size in bytes of files below a folder, by name; None where there is none."""
    if isinstance(folder, Path):
        return {name: _size(folder / name) for name in names}
    # One listing instead of two requests a file; a listing that was kept from before may be stale.
    folder.fs.invalidate_cache(folder.path)
    root = folder.path.strip("/") + "/"
    listed = folder.fs.find(folder.path, detail=True)
    found = {path.strip("/").removeprefix(root): int(entry["size"]) for path, entry in listed.items()}
    return {name: found.get(name) for name in names}


@contextmanager
def reading(what: object) -> Iterator[None]:
    """Turn what the system says while `what` is read into a `StoreError` that says what to do."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{what} cannot be read ({error}); {remedy(error)}") from None


def remedy(error: Exception) -> str:
    """Return what to do about what the system said.

    Examples
    --------
    >>> remedy(PermissionError())
    'ask who keeps the store for permission to read it'
    >>> remedy(OSError(errno.ESTALE, "a file handle of a server that has replaced the file"))
    'it was replaced, moved or removed since the store was opened: open the store again'
    """
    if isinstance(error, PermissionError):
        return "ask who keeps the store for permission to read it"
    if isinstance(error, FileNotFoundError | NotADirectoryError) or _errno(error) == errno.ESTALE:
        return REOPEN
    return "look at the disk or the network drive, then read again"


def _errno(error: Exception) -> int | None:
    return error.errno if isinstance(error, OSError) else None


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError as error:
        with reading(path):
            raise error
