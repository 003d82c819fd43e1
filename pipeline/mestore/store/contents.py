"""Contents: whether the arrays and the clip records of a subject agree with each other and with Zarr."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from mestore.store.finding import Finding
from mestore.store.layout import ATTRIBUTES, DATA, LANDMARKS, SUFFIX, Description
from mestore.store.mapped import map_rows

Record = Mapping[str, Any]

_KEYS = {"clip": str, "start": int, "rows": int, "onset": int, "apex": int, "offset": int}
_FIELDS = {"axes": tuple, "ragged": bool, "params": dict, "schema": int}


def clip_records(folder: Path) -> list[Record]:
    """Return the clip records of a subject's folder, in the order of the rows.

    Raises
    ------
    ValueError
        If they are not what the writer writes.
    """
    records = json.loads((folder / ATTRIBUTES).read_bytes()).get("attributes", {}).get("clips")
    if not isinstance(records, list):
        raise ValueError("no list of clip records in the attributes")
    for record in records:
        for key, kind in _KEYS.items():
            if not isinstance(record, dict) or not isinstance(record.get(key), kind):
                raise ValueError(f"a clip record without {key} as {kind.__name__}: {record!r:.80}")
    return records


def check_description(group: Path) -> Description:
    """Return the attributes of a dataset's group; raise for what cannot be meant.

    Raises
    ------
    StoreError, ValueError, TypeError
        If a key is missing, unknown or of another type, or the dataset is another one.
    """
    description = Description.read(group)
    if f"{description.dataset}{SUFFIX}" != group.name:
        raise ValueError(f"dataset {description.dataset!r} in {group.name}")
    for field in fields(description):
        value, kind = getattr(description, field.name), _FIELDS.get(field.name, str)
        if not isinstance(value, kind):
            raise TypeError(f"{field.name} is {value!r}, expected {kind.__name__}")
    np.dtype(description.dtype)
    return description


def check_arrays(folder: Path, records: Sequence[Record], *, description: Description) -> Iterator[Finding]:
    """Give what is wrong with the arrays of a subject whose files are whole.

    All of every array is read through Zarr, a shard at a time, so that its own checksums are compared too.
    """
    expected = {DATA} | ({LANDMARKS} if (folder / LANDMARKS).is_dir() else set()) if records else set()
    there = {path.parent.name for path in folder.glob("*/zarr.json")}
    for name in sorted(expected | there):
        if name not in there:
            yield Finding(where=str(folder / name), found="no array", expected=f"one of {len(records)} clips")
            continue
        try:
            array = zarr.open_array(folder / name, mode="r")
            _read_through(array)
            map_rows(folder / name)  # it misses absent chunks, which Zarr reads as zeros
        except Exception as error:  # Zarr and its codecs raise whatever a damaged file makes them raise
            found = f"what cannot be read ({error})"
            yield Finding(where=str(folder / name), found=found, expected="an array")
            continue
        check = {DATA: _check_data, LANDMARKS: _check_landmarks}.get(name)
        if check is not None:
            yield from check(array, records, description, str(folder / name))


def _read_through(array: zarr.Array[Any]) -> None:
    """Read an array, a shard at a time: bounded memory, every inner checksum compared."""
    step = (array.shards or array.chunks)[0]
    for start in range(0, array.shape[0], step):
        block = np.asarray(array[start : start + step])
        if len(block) != min(step, array.shape[0] - start) or block.dtype != array.dtype:
            raise ValueError(f"{block.dtype} {block.shape} where the attributes say {array.dtype}")


def _check_data(
    array: zarr.Array[Any], records: Sequence[Record], description: Description, where: str
) -> Iterator[Finding]:
    if description.ragged:
        starts = np.cumsum([0, *(record["rows"] for record in records)])
        for record, start in zip(records, starts, strict=False):
            if record["start"] != start:
                yield Finding(
                    where=f"{where}, clip {record['clip']}",
                    found=f"start {record['start']}",
                    expected=f"{start}, where the clip before it ends",
                )
        rows, axes = int(starts[-1]), tuple(description.axes)
    else:
        rows, axes = len(records), ("clip", *description.axes)
        for record in records:
            if record["rows"] != array.shape[1]:
                yield Finding(
                    where=f"{where}, clip {record['clip']}",
                    found=f"{array.shape[1]} rows",
                    expected=f"{record['rows']}, as its record says",
                )
    yield from _differs(where, "rows", array.shape[0], rows)
    yield from _differs(where, "dtype", str(array.dtype), description.dtype)
    yield from _differs(where, "axes", _axes(array), axes)


def _check_landmarks(
    array: zarr.Array[Any], records: Sequence[Record], description: Description, where: str
) -> Iterator[Finding]:
    yield from _differs(where, "shape", array.shape, (len(records), 68, 2))
    yield from _differs(where, "dtype", str(array.dtype), "float32")


def _differs(where: str, what: str, found: object, expected: object) -> Iterator[Finding]:
    if found != expected:
        yield Finding(where=where, found=f"{what} {found}", expected=f"{expected}")


def _axes(array: zarr.Array[Any]) -> tuple[object, ...]:
    names = array.metadata.to_dict().get("dimension_names")
    return tuple(names) if isinstance(names, list | tuple) else ()
