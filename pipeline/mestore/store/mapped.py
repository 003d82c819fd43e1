"""Mapped: the rows of an uncompressed array as read-only views of its shard files.

A shard is its chunks, one after the other, then the index: offset and length of every chunk, and its crc32c::

    | row 0 | crc32c | row 1 | crc32c | ... | (offset, length) of each chunk, uint64 | crc32c |

So the rows of a shard are an array whose stride is a row and four bytes: no byte has to be copied.

References
----------
Zarr v3, sharding codec, version 1.0: zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed
"""

import ctypes
import functools
import json
import mmap
import os
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from mestore.errors import StoreError
from mestore.store.finding import REBUILD

_CRC = 4
_ENTRY = 16  # bytes of an offset and a length
_LITTLE = {"uint8": "|u1", "float32": "<f4"}
_READ_BELOW = 2**16
"""Bytes; a smaller file is read: mapping it would cost more than it saves."""


@dataclass(frozen=True, kw_only=True)
class MappedRows:
    """The rows of an array, each shard an array of its own.

    Parameters
    ----------
    shape : tuple of int
        Of the whole array.
    dtype : dtype
    shards : tuple of ndarray, each of shape (rows of the shard, ...)
        Read-only views.
    per_shard : int
        Rows of every shard but the last.
    """

    later: ClassVar[bool] = False
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    shards: tuple[NDArray[Any], ...]
    per_shard: int

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return rows, shape (stop - start, ...): a view, or a copy where they lie in two shards."""
        first, last = start // self.per_shard, (stop - 1) // self.per_shard
        if stop <= start:
            return _read_only(np.empty((0, *self.shape[1:]), self.dtype))
        parts = [
            self.shards[i][max(start - i * self.per_shard, 0) : stop - i * self.per_shard]
            for i in range(first, last + 1)
        ]
        return parts[0] if len(parts) == 1 else _read_only(np.concatenate(parts))


def map_rows(folder: Path) -> MappedRows | None:
    """Return the rows of the array in `folder`; None if it is not laid out for mapping.

    Raises
    ------
    StoreError
        If a shard is short, its index is damaged, or a chunk is missing.
    OSError
        If a file cannot be read.
    """
    layout = _layout(json.loads((folder / "zarr.json").read_bytes()))
    if layout is None:
        return None
    shape, dtype, per_chunk, per_shard = layout
    shards = []
    for number, start in enumerate(range(0, shape[0], per_shard)):
        path = folder.joinpath("c", str(number), *["0"] * (len(shape) - 1))
        rows = min(per_shard, shape[0] - start)
        chunk = (per_chunk, *shape[1:])
        found = _shard(path, chunk, dtype, slots=per_shard // per_chunk)[:rows]
        if len(found) < rows:
            raise StoreError(f"{path} holds {len(found)} rows, expected {rows}; {REBUILD}")
        shards.append(found)
    return MappedRows(shape=shape, dtype=dtype, shards=tuple(shards), per_shard=per_shard)


def _layout(meta: dict[str, Any]) -> tuple[tuple[int, ...], np.dtype[Any], int, int] | None:
    """Return shape, dtype, rows of a chunk and of a shard, if nothing is compressed; else None."""
    try:
        (sharding,) = meta["codecs"]
        inner = sharding["configuration"]
        plain = [codec["name"] for codec in inner["codecs"]] == ["bytes", "crc32c"]
        index = [codec["name"] for codec in inner["index_codecs"]] == ["bytes", "crc32c"]
        endian = [codec.get("configuration", {}).get("endian", "little") for codec in inner["codecs"][:1]]
        shape, dtype = tuple(meta["shape"]), np.dtype(_LITTLE[meta["data_type"]])
        shard = meta["chunk_grid"]["configuration"]["chunk_shape"]
        chunk = inner["chunk_shape"]
        whole = list(shape[1:]) == shard[1:] == chunk[1:] and shard[0] % chunk[0] == 0
    except (KeyError, ValueError, TypeError):
        return None
    known = plain and index and whole and endian == ["little"] and inner.get("index_location") == "end"
    return (shape, dtype, chunk[0], shard[0]) if known else None


def _shard(path: Path, chunk: tuple[int, ...], dtype: np.dtype[Any], *, slots: int) -> NDArray[Any]:
    """Return the rows of a shard, shape (rows of all chunks, ...)."""
    content = _content(path)
    offsets = _offsets(path, content, length=_nbytes(chunk, dtype) + _CRC, slots=slots)
    step = _nbytes(chunk, dtype) + _CRC
    inner = np.ndarray(chunk, dtype, content, offset=int(offsets[0]))
    rows: NDArray[Any]
    if np.array_equal(offsets, offsets[0] + step * np.arange(len(offsets))) and inner.flags.aligned:
        chunks = np.ndarray(
            (len(offsets), *chunk), dtype, content, offset=int(offsets[0]), strides=(step, *inner.strides)
        )
        rows = chunks.reshape(-1, *chunk[1:])  # a view where a chunk is one row, or all rows one chunk
    else:
        # Another writer may put the chunks in any order; the specification allows it.
        rows = np.concatenate([np.ndarray(chunk, dtype, content, offset=int(at)) for at in offsets])
    return _read_only(rows)


def _offsets(path: Path, content: NDArray[np.uint8], *, length: int, slots: int) -> NDArray[np.int64]:
    """Return where each chunk that is there begins, after checking the index."""
    size = slots * _ENTRY + _CRC
    if len(content) < size + length:
        raise StoreError(f"{path} has {len(content)} bytes, expected {size + length} or more; {REBUILD}")
    index = content[-size:-_CRC]
    if google_crc32c.value(index.tobytes()) != int.from_bytes(content[-_CRC:].tobytes(), "little"):
        raise StoreError(f"{path} has a damaged index (its crc32c differs); {REBUILD}")
    entries = np.frombuffer(index.tobytes(), "<u8").reshape(slots, 2)
    there = entries[entries[:, 1] != np.iinfo(np.uint64).max]
    offsets: NDArray[np.int64] = there[:, 0].astype(np.int64)
    fits = (there[:, 1] == length) & (offsets >= 0) & (offsets <= len(content) - size - length)
    # Only the last shard may have slots without chunks, and those at its end.
    if not fits.all() or len(there) == 0 or (entries[: len(there), 1] != length).any():
        raise StoreError(f"{path} lacks chunks or has chunks of another length; {REBUILD}")
    return offsets


def _content(path: Path) -> NDArray[np.uint8]:
    """Return the bytes of a file: mapped or, if it is small, read."""
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if size < _READ_BELOW:
            return np.frombuffer(stream.read(), np.uint8)
        return np.frombuffer(_map(stream.fileno(), size), np.uint8)


def _map(descriptor: int, size: int) -> memoryview:
    """Return a read-only map of a file that lives as long as what looks at it.

    Before Python 3.13, `mmap.mmap` keeps a descriptor open for every map, and 1024 descriptors are what a
    process usually has: fewer than there are subjects.
    """
    address = _libc().mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
    if address == ctypes.c_void_p(-1).value:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    region = (ctypes.c_ubyte * size).from_address(address)
    unmap = weakref.finalize(region, _libc().munmap, ctypes.c_void_p(address), ctypes.c_size_t(size))
    unmap.atexit = False
    return memoryview(region).cast("B").toreadonly()


@functools.cache
def _libc() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = (
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_longlong,
    )
    return library


def _nbytes(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    return int(np.prod(shape, dtype=np.int64)) * dtype.itemsize


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
