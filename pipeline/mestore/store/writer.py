"""Writer: one subject's clips into one folder, the commit record last."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import Crc32cCodec
from zarr.storage import LocalStore

from mestore.sample import Sample
from mestore.store.layout import DATA, LANDMARKS, Commit, Description, file_sha256

SHARD_BYTES = 256 * 2**20
"""Largest shard: a subject's crops may hold gigabytes, and a reader maps whole files."""


def write_subject(
    folder: Path,
    samples: Mapping[str, Sample],
    *,
    description: Description,
    inputs: str,
    failures: Mapping[str, dict[str, str]],
) -> Commit:
    """Write one subject into an empty folder; equal input gives equal bytes.

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
    """
    clips = [
        _record(name, sample, start=start)
        for (name, sample), start in zip(samples.items(), _starts(samples.values()), strict=True)
    ]
    group = zarr.create_group(LocalStore(folder), zarr_format=3, attributes={"clips": clips})
    if samples:
        data = [_typed(sample.data, description) for sample in samples.values()]
        if description.ragged:
            _write(group, DATA, np.concatenate(data), dims=description.axes)
        else:
            _write(group, DATA, _stacked(data, samples), dims=("clip", *description.axes))
        points = [sample.landmarks for sample in samples.values() if sample.landmarks is not None]
        if points:
            stacked = np.stack(points).astype(np.float32)
            _write(group, LANDMARKS, stacked, dims=("clip", "landmark", "xy"), chunk=len(points))
    files = {
        str(path.relative_to(folder)): {"size": path.stat().st_size, "sha256": file_sha256(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    commit = Commit(inputs=inputs, files=files, failures=dict(failures))
    commit.write(folder)
    commit.check(folder, content=False)
    return commit


def write_dataset(folder: Path, description: Description) -> None:
    """Write the group of a dataset: its attributes; subjects are put beside them."""
    zarr.create_group(LocalStore(folder), zarr_format=3, attributes=description.attributes())


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


def _starts(samples: Sequence[Sample] | Any) -> list[int]:
    lengths = [len(sample.data) for sample in samples]
    return [sum(lengths[:i]) for i in range(len(lengths))]


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
    chunk: int = 1,
) -> None:
    """Write an array in one assignment: `chunk` rows per chunk, all chunks in as few shards as may be."""
    row = max(1, data[:1].nbytes)
    shard = max(chunk, min(len(data), SHARD_BYTES // row) // chunk * chunk)
    array = group.create_array(
        name,
        shape=data.shape,
        dtype=data.dtype,
        chunks=(chunk, *data.shape[1:]),
        shards=(shard, *data.shape[1:]),
        compressors=[Crc32cCodec()],
        fill_value=0,
        dimension_names=list(dims),
        # All-zero chunks are written too: an absent chunk must mean a loss.
        config={"write_empty_chunks": True},
    )
    array[:] = data
