"""Unpack: a delivery that came as one zip file, into a folder of its own. What is in it is not trusted."""

import json
import lzma
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from mestore.errors import AnnotationError
from mestore.replacing import clear

ORIGIN = ".unpacked-from.json"
"""The file in an unpacked folder that says which archive it came from; hidden, so that no reader minds it."""

_ENCRYPTED = 0x1  # bit of a member's flags


def unpack(
    archive: Path, target: Path, *, progress: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Unpack a zip file into the new folder `target`.

    Parameters
    ----------
    archive : Path
        The zip file.
    target : Path
        The folder to make. It appears when all is in it, under a temporary name before. The file `ORIGIN` in
        it names the archive.
    progress : callable
        Told (files done, files in all).

    Raises
    ------
    AnnotationError
        If `target` is there, the file is no zip, is empty, is one of several volumes, is damaged, needs a
        password or more room than there is, holds a link, a path that leaves the folder or two things of one
        name, or the disk fails.
    """
    if target.exists():
        raise AnnotationError(f"{target} is there already; remove it to unpack {archive} again")
    partial = target.with_name(f".{target.name}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        clear(partial)
        with zipfile.ZipFile(archive) as opened:
            members = [_checked(member, archive) for member in opened.infolist() if not member.is_dir()]
            _require_room(members, partial.parent, archive)
            _require_distinct(members, archive)
            for done, member in enumerate(members, 1):
                opened.extract(member, partial)
                progress(done, len(members))
        (partial / ORIGIN).write_text(json.dumps(_identity(archive)), encoding="utf-8")
        partial.rename(target)
    except OSError as error:
        raise AnnotationError(
            f"{archive} cannot be unpacked to {target}: {error.filename or archive}: "
            f"{error.strerror or error}; mend that, or unpack it elsewhere and give the folder"
        ) from error
    except (
        *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError),
        *(NotImplementedError, RuntimeError, ValueError),  # methods and names that zipfile cannot do
    ) as error:
        raise AnnotationError(
            f"{archive} cannot be unpacked ({str(error) or 'it ends too soon'}); get it again if it is "
            "damaged; if it is one of several volumes (.z01, .z02, ...) or packed with another program's "
            "method, unpack it with that program and give the folder"
        ) from error
    finally:
        clear(partial)


def require_origin(target: Path, archive: Path) -> None:
    """Require that the folder `target` was unpacked from `archive`.

    Raises
    ------
    AnnotationError
        If it was another archive, or nothing says which.
    """
    try:
        known = json.loads((target / ORIGIN).read_text(encoding="utf-8"))
        origin = f"{known['size']} bytes of {known['name']}"
    except (OSError, ValueError, TypeError, KeyError):
        known, origin = None, "nobody knows what"
    if known != _identity(archive):
        raise AnnotationError(
            f"{target} was unpacked from {origin}, not from {archive} as it is now; remove that folder, or "
            "give another --name"
        )


def _identity(archive: Path) -> dict[str, object]:
    status = archive.stat()
    return {"name": archive.name, "size": status.st_size, "time_ns": status.st_mtime_ns}


def _checked(member: zipfile.ZipInfo, archive: Path) -> zipfile.ZipInfo:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if not path.parts or path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise AnnotationError(
            f"{archive} holds {member.filename!r}, which leaves its folder; it is no delivery of a dataset"
        )
    if stat.S_ISLNK(member.external_attr >> 16):
        raise AnnotationError(f"{archive} holds the link {member.filename!r}; expected files alone")
    if member.flag_bits & _ENCRYPTED:
        raise AnnotationError(
            f"{archive} needs a password; unpack it with the one you were sent, and give the folder"
        )
    return member


def _require_distinct(members: Sequence[zipfile.ZipInfo], archive: Path) -> None:
    if not members:
        raise AnnotationError(f"{archive} holds no file; fetch it again")
    files: set[PurePosixPath] = set()
    for member in members:
        path = PurePosixPath(member.filename)
        if path in files:
            raise AnnotationError(f"{archive} holds {member.filename!r} twice; expected one file of a name")
        files.add(path)
    for path in {folder for file in files for folder in file.parents} & files:
        raise AnnotationError(
            f"{archive} holds a file and a folder that are both called {str(path)!r}; ask who sent it"
        )


def _require_room(members: Sequence[zipfile.ZipInfo], folder: Path, archive: Path) -> None:
    needed, free = sum(member.file_size for member in members), shutil.disk_usage(folder).free
    if needed > free:
        raise AnnotationError(
            f"{archive} takes {needed / 1e9:.1f} GB unpacked and {folder} has {free / 1e9:.1f} GB free; "
            "unpack it where there is room, and give the folder"
        )
