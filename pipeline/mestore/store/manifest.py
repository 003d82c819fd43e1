"""Manifest: what a whole store is made of: the tables, the attributes and every subject's commit record.

Commit records vouch for the arrays; the manifest vouches for the commit records and for all that lies beside
them. So one digest stands for every byte of a store.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mestore.errors import StoreError
from mestore.store.finding import REBUILD
from mestore.store.layout import CLIPS, COMMIT, FAILURES, SUFFIX, file_sha256

MANIFEST = "manifest.json"

_NAMED = (CLIPS, FAILURES, f"*{SUFFIX}/zarr.json", f"*{SUFFIX}/*/{COMMIT}")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Size and checksum of the files that no commit record names.

    Parameters
    ----------
    files : dict
        Path below the store -> {"size": bytes, "sha256": hex}.
    """

    files: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, folder: Path) -> "Manifest":
        """Return the manifest of a store as it lies there, whatever is written in it."""
        paths = sorted(path for pattern in _NAMED for path in folder.glob(pattern))
        return cls(
            files={
                path.relative_to(folder).as_posix(): {
                    "size": path.stat().st_size,
                    "sha256": file_sha256(path),
                }
                for path in paths
            }
        )

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Read the manifest that was written into a store; refuse one of which a byte has changed."""
        path = folder / MANIFEST
        try:
            content = path.read_bytes()
            manifest = cls(files=json.loads(content)["files"])
            whole = content == manifest._bytes()
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise StoreError(f"{path} cannot be read ({error}); {REBUILD}") from None
        if not whole:
            raise StoreError(f"{path} has changed since it was written; {REBUILD}")
        return manifest

    @property
    def digest(self) -> str:
        """The digest of the whole store."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def write(self, folder: Path) -> None:
        """Write the manifest into its store."""
        (folder / MANIFEST).write_bytes(self._bytes())

    def _bytes(self) -> bytes:
        # With its own digest, so that a flipped byte anywhere in the file shows.
        record = {"digest": self.digest, **asdict(self)}
        return (json.dumps(record, sort_keys=True, indent=1) + "\n").encode()


def digest_of(stores: Iterable[Path]) -> str:
    """Return one digest of several stores: of their names and all they hold, wherever they lie."""
    record = sorted((folder.name, Manifest.of(folder).digest) for folder in stores)
    return hashlib.sha256(json.dumps(record).encode()).hexdigest()
