"""Remote: the rows of an array through Zarr, where no file can be mapped: behind a URL, or compressed."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.abc.store import ByteRequest, Store
from zarr.storage import FsspecStore, LocalStore, WrapperStore

from mestore.errors import StoreError
from mestore.store.finding import REBUILD
from mestore.store.folder import Folder

if TYPE_CHECKING:
    from zarr.core.buffer import Buffer, BufferPrototype


class _Present(WrapperStore[Store]):
    """A store in which a missing chunk is an error: Zarr would read it as zeros."""

    async def get(
        self, key: str, prototype: "BufferPrototype", byte_range: ByteRequest | None = None
    ) -> "Buffer | None":
        found = await super().get(key, prototype, byte_range)
        if found is None and key.startswith("c/"):
            raise FileNotFoundError(f"{self._store}/{key}")
        return found


@dataclass(frozen=True, kw_only=True)
class ZarrRows:
    """The rows of an array, read when they are asked for.

    Parameters
    ----------
    where : Folder
        For messages.
    array : zarr.Array
    """

    later: ClassVar[bool] = True
    where: Folder
    array: "zarr.Array[Any]"

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the whole array."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the array."""
        return np.dtype(self.array.dtype)

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return rows, shape (stop - start, ...), read-only."""
        try:
            rows = np.asarray(self.array[start:stop])
        except (ValueError, RuntimeError) as error:
            # What the codecs say of bytes that they cannot decode.
            raise StoreError(f"{self.where} is damaged ({error}); {REBUILD}") from None
        rows.flags.writeable = False
        return rows


def zarr_rows(folder: Folder) -> ZarrRows:
    """Return the rows of the array in `folder`.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    store: Store
    if isinstance(folder, Path):
        store = LocalStore(folder, read_only=True)
    else:
        options = dict(folder.storage_options)
        store = FsspecStore.from_url(str(folder), storage_options=options or None, read_only=True)
    return ZarrRows(where=folder, array=zarr.open_array(_Present(store), mode="r"))
