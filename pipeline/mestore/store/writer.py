"""Writer: one subject's clips into one folder, read back and compared, the commit record last."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.abc.codec import BytesBytesCodec
from zarr.codecs import Crc32cCodec, ZstdCodec
from zarr.storage import LocalStore

from mestore.errors import StoreError
from mestore.sample import Sample
from mestore.store.layout import DATA, LANDMARKS, Commit, Description, file_sha256
from mestore.store.subject import open_subject

SHARD_BYTES = 256 * 2**20
"""Largest shard: a subject's crops may hold gigabytes, and tools hold whole files in memory."""

_CODECS: dict[str, tuple[BytesBytesCodec, ...]] = {"none": (), "zstd": (ZstdCodec(level=3, checksum=False),)}


def write_subject(
    folder: Path,
    samples: Mapping[str, Sample],
    *,
    description: Description,
    inputs: str,
    failures: Mapping[str, dict[str, str]],
    shard_bytes: int = SHARD_BYTES,
) -> Commit:
    """Write one subject into an empty folder; equal input gives equal bytes.

    What was written is opened as a reader opens it, and compared with what should be there.

    Parameters
    ----------
    folder : Path
        An empty folder, not yet visible to readers.
    samples : mapping of str to Sample
        By clip id, in the order of the rows.
    description : Description
        What the arrays are.
    inputs : str
        Digest of all that they were computed from.
    failures : mapping of str to dict
        found, expected, remedy of the clips that are not there.
    shard_bytes : int
        Most bytes of one file, before compression.

    Raises
    ------
    StoreError
        If the disk gives back other bytes than it was given.
    """
    starts = accumulate((len(sample.data) for sample in samples.values()), initial=0)
    clips = [
        _record(name, sample, start=start)
        for (name, sample), start in zip(samples.items(), starts, strict=False)
    ]
    group = zarr.create_group(LocalStore(folder), zarr_format=3, attributes={"clips": clips})
    for name, data, dims in _arrays(samples, description):
        # Landmarks are read all at once, and are few bytes: they are one chunk.
        chunk = len(data) if name == LANDMARKS else 1
        codecs = [*_CODECS[description.compressor], Crc32cCodec()]
        _write(group, name, data, dims=dims, chunk=chunk, codecs=codecs, shard_bytes=shard_bytes)
    files = {
        path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": file_sha256(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    commit = Commit(inputs=inputs, files=files, failures=dict(failures))
    commit.write(folder)
    _compare(folder, samples, description)
    return commit


def write_dataset(folder: Path, description: Description) -> None:
    """Write the group of a dataset: its attributes; subjects are put beside them."""
    zarr.create_group(LocalStore(folder), zarr_format=3, attributes=description.attributes())


def _arrays(
    samples: Mapping[str, Sample], description: Description
) -> Iterator[tuple[str, NDArray[Any], tuple[str, ...]]]:
    """Give the name, the rows and the axes of each array of a subject."""
    if not samples:
        return
    data = [_typed(sample.data, description) for sample in samples.values()]
    if description.ragged:
        yield DATA, np.concatenate(data), description.axes
    else:
        yield DATA, _stacked(data, samples), ("clip", *description.axes)
    points = [sample.landmarks for sample in samples.values() if sample.landmarks is not None]
    if points and len(points) != len(samples):
        raise TypeError(f"{len(points)} of {len(samples)} clips have landmarks; a kind gives all or none")
    if points:
        yield LANDMARKS, np.stack(points).astype(np.float32), ("clip", "landmark", "xy")


def _compare(folder: Path, samples: Mapping[str, Sample], description: Description) -> None:
    """Raise `StoreError` if what a reader finds is not what was written."""
    opened = open_subject(folder, ragged=description.ragged)
    for clip, sample in samples.items():
        found = opened.sample(clip)
        same = [np.array_equal(found.data, sample.data, equal_nan=sample.data.dtype.kind == "f")]
        if sample.landmarks is not None and found.landmarks is not None:
            same.append(np.array_equal(found.landmarks, sample.landmarks.astype(np.float32), equal_nan=True))
        if not all(same):
            raise StoreError(
                f"{folder}: clip {clip} does not read back as it was written; look at the disk and its free "
                "space, then build again"
            )


def _record(clip: str, sample: Sample, *, start: int) -> dict[str, Any]:
    """Return what the attributes say of a clip; JSON keeps a float64 exactly."""
    return {
        "clip": clip,
        "start": start,
        "rows": len(sample.data),
        "onset": int(sample.onset),
        "apex": int(sample.apex),
        "offset": int(sample.offset),
        "frames": np.asarray(sample.frames, np.float64).tolist(),
        "measures": {name: np.asarray(value).tolist() for name, value in sorted(sample.measures.items())},
    }


def _typed(data: NDArray[Any], description: Description) -> NDArray[Any]:
    """Return `data` if it is what the description says; a kind that breaks its word is a bug."""
    if data.dtype != np.dtype(description.dtype) or data.ndim != len(description.axes):
        raise TypeError(
            f"kind {description.kind} returned {data.dtype} with shape {data.shape}; its spec says "
            f"{description.dtype} with axes {description.axes}"
        )
    return data


def _stacked(data: Sequence[NDArray[Any]], samples: Mapping[str, Sample]) -> NDArray[Any]:
    shapes = {array.shape for array in data}
    if len(shapes) > 1:
        names = ", ".join(f"{name} {array.shape}" for name, array in zip(samples, data, strict=True))
        raise TypeError(f"clips of one subject differ in shape: {names}; the kind must say that it is ragged")
    return np.stack(data)


def _write(
    group: zarr.Group,
    name: str,
    data: NDArray[Any],
    *,
    dims: Sequence[str],
    chunk: int,
    codecs: Sequence[BytesBytesCodec],
    shard_bytes: int,
) -> None:
    """Write an array in one assignment: `chunk` rows per chunk, all chunks in as few shards as may be."""
    row = max(1, data[:1].nbytes)
    shard = max(chunk, min(len(data), shard_bytes // row) // chunk * chunk)
    array = group.create_array(
        name,
        shape=data.shape,
        dtype=data.dtype,
        chunks=(chunk, *data.shape[1:]),
        shards=(shard, *data.shape[1:]),
        compressors=list(codecs),
        fill_value=0,
        dimension_names=list(dims),
        # All-zero chunks are written too: an absent chunk must mean a loss.
        config={"write_empty_chunks": True},
    )
    array[:] = data
