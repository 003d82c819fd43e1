"""Build cache: finished subjects, each in a folder named by the digest of all that it depends on."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


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
    folder with a digest for a name is whole, and whoever comes second finds it done.
    """

    root: Path

    def path(self, key: str) -> Path:
        """Return where the subject of that digest lies, or will lie."""
        return self.root / "subjects" / key[:2] / key

    def __contains__(self, key: str) -> bool:
        return self.path(key).is_dir()

    @contextmanager
    def create(self, key: str) -> Iterator[Path]:
        """Give a temporary folder to fill; it becomes the subject of that digest when the block ends well."""
        final = self.path(key)
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{key[:12]}-", dir=final.parent))
        try:
            yield temporary
            temporary.chmod(0o755)
            self._rename(temporary, final)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _rename(self, temporary: Path, final: Path) -> None:
        for folder, _, names in os.walk(temporary):
            for name in names:
                _sync(Path(folder) / name)
            _sync(Path(folder))
        try:
            temporary.rename(final)
        except OSError:
            # Another builder was faster: the digest says that the content is the same.
            if not final.is_dir():
                raise
        _sync(final.parent)

    def place(self, key: str, target: Path) -> None:
        """Put the subject of that digest at `target`: hard links, or copies across file systems."""
        shutil.copytree(self.path(key), target, copy_function=_link_or_copy)


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
