"""Unpack: a delivery that came as one zip file, into a folder of its own. What is in it is not trusted."""

import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from mestore.datasets.sheet import spreadsheets
from mestore.errors import AnnotationError

_ENCRYPTED = 0x1  # bit of a member's flags


def unpack(
    archive: Path, target: Path, *, progress: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Unpack a zip file into the new folder `target`, with the coding sheets that lie beside it.

    Parameters
    ----------
    archive : Path
        The zip file.
    target : Path
        The folder to make. It appears when all is in it, under a temporary name before.
    progress : callable
        Told (files done, files in all).

    Raises
    ------
    AnnotationError
        If `target` is there, the file is no zip, is one of several volumes, is damaged, needs a password or
        more room than there is, or holds a link or a path that leaves the folder.
    """
    if target.exists():
        raise AnnotationError(f"{target} is there already; remove it to unpack {archive} again")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [_checked(member, archive) for member in opened.infolist() if not member.is_dir()]
            _require_room(members, partial.parent, archive)
            for done, member in enumerate(members, 1):
                opened.extract(member, partial)
                progress(done, len(members))
        for name in spreadsheets(archive.parent):
            shutil.copyfile(archive.parent / name, partial / name)
        partial.rename(target)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise AnnotationError(
            f"{archive} cannot be unpacked ({error}); if it is one of several volumes (.z01, .z02, ...) or "
            "packed with another program's method, unpack it with that program and give the folder"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _checked(member: zipfile.ZipInfo, archive: Path) -> zipfile.ZipInfo:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
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


def _require_room(members: list[zipfile.ZipInfo], folder: Path, archive: Path) -> None:
    needed, free = sum(member.file_size for member in members), shutil.disk_usage(folder).free
    if needed > free:
        raise AnnotationError(
            f"{archive} takes {needed / 1e9:.1f} GB unpacked and {folder} has {free / 1e9:.1f} GB free; "
            "unpack it where there is room, and give the folder"
        )
