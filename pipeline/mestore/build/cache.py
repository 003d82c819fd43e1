"""Build cache: finished subjects, each in a folder named by the digest of all that it depends on."""

import errno
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from mestore.replacing import clear, clear_left_over, uninterrupted
from mestore.store.durable import REMOVED, rename_once, sync

_KEY = re.compile("[0-9a-f]{64}")
_HALF = re.compile(r"\.([0-9a-f]{12}|damaged|removed)-.+")


def digest(record: object) -> str:
    """Return the sha256 of a JSON-able record.

    Examples
    --------
    >>> digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    True
    """
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class BuildCache:
    """Finished subjects below `root`; shared by workspaces, experiments and lab members.

    Nothing in it is ever written in place: a subject is made under a temporary name and renamed, so that a
    folder with a digest for a name is whole, and whoever comes second finds it done. Its files may be hard
    links of those in DVC's cache and in a workspace. Folders take the mode of `root`: in a lab's 2770 all
    stay 2770.

    Parameters
    ----------
    root : Path
        Where they are.
    build : str
        Names the build that writes, in all of its processes.
    """

    root: Path
    build: str = field(default_factory=lambda: uuid.uuid4().hex[:12], compare=False)

    def path(self, key: str) -> Path:
        """Return where the subject of that digest lies, or will lie."""
        return self.root / "subjects" / key[:2] / key

    def __contains__(self, key: str) -> bool:
        return self.path(key).is_dir()

    @contextmanager
    def create(self, key: str) -> Iterator[Path]:
        """Give a temporary folder to fill; it becomes the subject of that digest when the block ends well.

        Raises
        ------
        OSError
            Before the block, if nothing can be written here. `root` is not made: below a mount point whose
            disk is gone, the subjects would go to another disk.
        """
        final = self.path(key)
        mode = stat.S_IMODE(self.root.stat().st_mode)
        for folder in (final.parent.parent, final.parent):
            with suppress(FileExistsError):
                folder.mkdir()
                folder.chmod(mode)
        temporary = Path(tempfile.mkdtemp(prefix=f".{key[:12]}-{self.build}-", dir=final.parent))
        made = temporary.stat()
        try:
            yield temporary
            if not os.path.samestat(made, temporary.stat()):
                # Zarr makes the folders that it misses, here on whatever disk lies below a lost mount.
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(temporary))
            _settle(temporary, mode)
            rename_once(temporary, final)
        finally:
            clear(temporary)

    def discard(self, key: str) -> None:
        """Remove a damaged subject: out of sight in one step, and no longer trusted by DVC."""
        aside = Path(tempfile.mkdtemp(prefix=f".damaged-{self.build}-", dir=self.path(key).parent))
        try:
            with suppress(FileNotFoundError):  # another builder has discarded it
                self.path(key).rename(aside / key)
            for path in aside.rglob("*"):
                # DVC's object is the same file by another name, and DVC trusts what is read-only: with
                # another mode it compares the checksum, and drops the object instead of handing it out.
                if path.is_file():
                    with suppress(PermissionError):
                        path.chmod(0o644)
        finally:
            clear(aside)

    def place(self, key: str, target: Path) -> None:
        """Put the subject of that digest at `target`: hard links, or copies across file systems."""
        _place(self.path(key), target)
        with suppress(PermissionError):  # a colleague's: he counts as its user
            os.utime(self.path(key))  # copies leave no other trace of its use

    @contextmanager
    def cleared(self) -> Iterator[None]:
        """Remove at the block's end what processes of this build left half-written.

        Those that are still at work, on other machines, find their folder gone, and give up.
        """
        try:
            yield
        finally:
            with uninterrupted(), suppress(OSError):  # where the share is gone, so is what could be said
                for path in self.half_written():
                    if f"-{self.build}-" in path.name:
                        _clear_aside(path)

    def sweep(self) -> None:
        """Remove what builds that were killed more than a day ago left half-written."""
        clear_left_over(self.half_written())

    def entries(self) -> Iterator[Path]:
        """Give the finished subjects. What has another name is not ours, whoever chose this folder."""
        for path in sorted(self.root.glob("subjects/[0-9a-f][0-9a-f]/*")):
            if _KEY.fullmatch(path.name) and path.name[:2] == path.parent.name and path.is_dir():
                yield path

    def half_written(self) -> Iterator[Path]:
        """Give the folders in which a subject is or was being written or removed."""
        for path in sorted(self.root.glob("subjects/[0-9a-f][0-9a-f]/.*")):
            if _HALF.fullmatch(path.name):
                yield path


def _clear_aside(path: Path) -> None:
    """Remove a folder that somebody may be about to rename: away first, or it would stand there in part."""
    aside = path.with_name(f"{REMOVED}{uuid.uuid4().hex}")
    with suppress(FileNotFoundError):  # it has it
        path.rename(aside)
    clear(aside)


def _settle(temporary: Path, mode: int) -> None:
    """Give all folders their mode, and have everything on the disk before it gets its name."""
    for folder, _, names in os.walk(temporary):
        Path(folder).chmod(mode)
        for name in names:
            sync(Path(folder) / name)
        sync(Path(folder))


def _place(source: Path, target: Path) -> None:
    target.mkdir()
    for path in source.iterdir():
        if path.is_dir():
            _place(path, target / path.name)
        else:
            _link_or_copy(path, target / path.name)


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)
