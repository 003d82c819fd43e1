"""A dataset's folder: paths that stay below it, and the frames of a clip by their numbers."""

import errno
import os
import re
from pathlib import Path, PurePosixPath

from mestore.errors import AnnotationError, ClipFault, UnsafePathError

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".bmp", ".png"})
VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mov", ".mkv"})

_LONGEST_NAME = 255  # bytes; longer ones make every file system fail as if the disk were at fault


def inside(root: Path, relative: str) -> Path:
    """Return `root / relative`, links resolved, sure to lie below `root`.

    Sheets come from anywhere, so their paths are not trusted. `root` itself may be a link (to a NAS, say).

    Raises
    ------
    UnsafePathError
        If `relative` is empty, absolute, holds "..", a backslash or NUL, a name longer than any
        file's, or passes a link that leaves `root`.

    Examples
    --------
    >>> inside(Path("/"), "s1/../x")
    Traceback (most recent call last):
    mestore.errors.UnsafePathError: path 's1/../x' has '..' in it; write a path below the dataset's folder
    """
    objection = _objection(relative)
    if objection:
        raise UnsafePathError(f"path {relative!r} {objection}; write a path below the dataset's folder")
    base = root.resolve()
    # Not Path.resolve: from version to version Python differs in what it does about links in a circle.
    target = Path(os.path.realpath(base / relative))
    if _in_circle(target):
        raise UnsafePathError(f"path {relative!r} passes a link to itself; mend the link")
    if not target.is_relative_to(base):
        raise UnsafePathError(
            f"path {relative!r} passes a link that leaves the dataset's folder; "
            "only that folder itself may be a link: link it, or copy the recordings into it"
        )
    return target


def file_inside(root: Path, name: str, *, what: str) -> Path | None:
    """Return the file `name` of a dataset's folder, None where there is none.

    Raises
    ------
    AnnotationError
        If something else is called so. A link that leads nowhere is no reason to go on without the file.
    """
    if not os.path.lexists(root / name):
        return None
    path = inside(root, name)
    if not path.is_file():
        raise AnnotationError(
            f"{root / name} is no file; expected {what}: put it there, or remove what is called so"
        )
    return path


def _in_circle(path: Path) -> bool:
    try:
        path.stat()
    except OSError as error:
        return error.errno == errno.ELOOP
    return False


def _objection(relative: str) -> str:
    path = PurePosixPath(relative)
    if "\0" in relative:
        return "has a NUL character in it"
    if "\\" in relative:
        return "has a backslash in it, where a slash belongs"
    if path.is_absolute():
        return "is absolute"
    if ".." in path.parts:
        return "has '..' in it"
    if any(len(os.fsencode(part)) > _LONGEST_NAME for part in path.parts):
        return f"has a name of more than {_LONGEST_NAME} bytes in it"
    return "" if path.parts else "is empty"


def frame_number(name: str) -> int | None:
    """Return the number of the frame in file `name`, None if it is no numbered image.

    It is the last run of digits, whatever the padding: clip names before it often hold digits too.

    Examples
    --------
    >>> frame_number("reg_img46.jpg"), frame_number("006_1_2_05562.JPG"), frame_number("Thumbs.db")
    (46, 5562, None)
    """
    stem, dot, suffix = name.rpartition(".")
    if name.startswith(".") or dot + suffix.lower() not in IMAGE_SUFFIXES:
        return None
    runs = re.findall("[0-9]+", stem)
    return int(runs[-1]) if runs else None


def frames_by_number(folder: Path) -> dict[int, os.DirEntry[str]]:
    """Return the image files of a clip's folder by frame number, ascending.

    Entries rather than names, so that whoever needs size and time of a file asks only for those files.

    Raises
    ------
    ClipFault
        If two files have the same number.
    """
    found: dict[int, os.DirEntry[str]] = {}
    with os.scandir(folder) as entries:
        files = sorted(entries, key=lambda entry: entry.name)
    for entry in files:
        number = frame_number(entry.name)
        if number is None or not entry.is_file():
            continue
        if number in found:
            raise ClipFault(
                found=f"frame {number} twice, as {found[number].name!r} and {entry.name!r}",
                expected="one file per frame number",
                remedy="move one of the two out of the folder",
            )
        found[number] = entry
    return dict(sorted(found.items()))


def folders_below(root: Path, relative: str, *, depth: int) -> list[str]:
    """Return the folders `depth` levels below `root / relative`, as paths below `root`, sorted.

    Hidden folders and links are left out; what has fewer levels gives none.
    """
    found = [relative]
    for _ in range(depth):
        found = [f"{path}/{name}" for path in found for name in subfolders(inside(root, path))]
    return found


def subfolders(folder: Path, *, links: bool = False) -> list[str]:
    """Return the names of the folders directly in `folder`, sorted; hidden ones left out.

    With `links`, those of links to folders too: where the folders are the annotation, a link that leaves the
    dataset's folder shall be refused and not be left out.
    """
    with os.scandir(folder) as entries:
        return sorted(
            entry.name
            for entry in entries
            if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=links)
        )


def listing(folder: Path, *, most: int = 8) -> str:
    """Return what a folder holds, in words for an error message."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more if names else "nothing"
