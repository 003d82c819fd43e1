"""The store: a batch of random clips beside a memory map, HDF5 and zarr-python; opening many subjects."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import h5py
import numpy as np
import pandas as pd
import zarr
from numpy.typing import NDArray

from benchmarks.table import Row
from mestore import clips, open_store
from mestore.bench.timing import Effort, interleave
from mestore.sample import Sample
from mestore.store.layout import SUFFIX, Description
from mestore.store.tables import write_tables
from mestore.store.writer import write_dataset, write_subject

Clip: TypeAlias = Callable[[int], NDArray[np.uint8]]

_BATCH = 32
_SHAPE, _TOY_SHAPE = (8, 224, 224, 3), (2, 8, 8, 3)
_SUBJECTS, _TOY_SUBJECTS = 100, 16
_CLIPS_EACH = 3
_MANY, _TOY_MANY = 700, 7

_STORE = "clips"
_OURS = "mestore"
_MAP = "numpy.memmap of the same files"
_HDF5 = "h5py, a chunk a clip, Fletcher-32"
_GOALS = {_MAP: 0.77, _HDF5: 4}
"""How many times as fast as each; 0.77 is 1.3 times the time."""


def rows(effort: Effort) -> list[Row]:
    """Return rows of batches and of opening; what is read lies in the page cache."""
    with tempfile.TemporaryDirectory() as folder:
        return [*_batches(Path(folder) / "few", effort), *_openings(Path(folder) / "many", effort)]


def _batches(folder: Path, effort: Effort) -> Iterator[Row]:
    """Give rows of mestore beside a map of its own files, and beside files of other kinds."""
    shape, subjects = (_TOY_SHAPE, _TOY_SUBJECTS) if effort.toy else (_SHAPE, _SUBJECTS)
    table = _written(folder, subjects=subjects, shape=shape)
    chosen = open_store(folder).select(_STORE, sorted(set(table["person"])))
    maps = _memmaps(folder, subjects, shape)
    # One for all: where a buffer lies in memory (huge pages or not) makes a third of the time.
    batch = np.zeros((_BATCH, *shape), np.uint8)
    case = f"batch of {_BATCH} random clips, {shape[0]} frames of {shape[1]} x {shape[2]}"
    ours = _filled(batch, lambda row: chosen[row].data, len(table))
    yield from _beside(_MAP, case, {_MAP: _filled(batch, _at(maps), len(table)), _OURS: ours}, effort)
    with h5py.File(folder / "peers.h5", "w") as file:
        for number, its in enumerate(maps):
            file.create_dataset(f"plain/{_subject(number)}", data=its)
            file.create_dataset(f"summed/{_subject(number)}", data=its, chunks=(1, *shape), fletcher32=True)
        methods = {
            "h5py, contiguous": _in_hdf5(file, "plain"),
            _HDF5: _in_hdf5(file, "summed"),
            "zarr-python": _at(_zarrs(folder, subjects)),
        }
        filled = {name: _filled(batch, clip, len(table)) for name, clip in methods.items()}
        yield from _beside(_HDF5, f"{case}, other readers", {**filled, _OURS: ours}, effort)


def _beside(peer: str, case: str, methods: dict[str, Callable[[], None]], effort: Effort) -> Iterator[Row]:
    for name, found in interleave(methods, effort).items():
        yield Row(
            case=case,
            method=name,
            minimum=found.minimum,
            median=found.median,
            beside=peer if name == _OURS else "",
            at_least=_GOALS[peer] if name == _OURS else None,
        )


def _filled(batch: NDArray[np.uint8], clip: Clip, clips: int) -> Callable[[], None]:
    """Return what copies random clips into a batch."""
    random = np.random.default_rng(3)

    def run() -> None:
        for place, row in enumerate(random.integers(0, clips, _BATCH)):
            batch[place] = clip(int(row))

    return run


def _openings(folder: Path, effort: Effort) -> Iterator[Row]:
    subjects = _TOY_MANY if effort.toy else _MANY
    table = _written(folder, subjects=subjects, shape=(8,))
    persons = sorted(set(table["person"]))

    def opened() -> None:
        open_store(folder).select(_STORE, persons)

    def read() -> None:
        open_store(folder).read(_STORE, persons)

    methods = {_OURS: opened, "mestore, and every clip read": read}
    for method, found in interleave(methods, effort).items():
        yield Row(
            case=f"opening a store of {subjects} subjects",
            method=method,
            minimum=found.minimum,
            median=found.median,
            at_most_ms=500,
        )


def _written(folder: Path, *, subjects: int, shape: tuple[int, ...]) -> pd.DataFrame:
    """Write a store of noise, and return its clip table, a row per clip in the order of the shards."""
    random = np.random.default_rng(7)
    table = _table(subjects)
    axes = tuple(f"axis {number}" for number in range(len(shape)))
    description = Description(
        store=_STORE,
        kind="noise",
        dataset="noise",
        axes=axes,
        ragged=False,
        dtype="uint8",
        units="1",
        params={},
        input="index",
        code="",
    )
    group = folder / _STORE / f"noise{SUFFIX}"
    write_dataset(group, description)
    for subject, part in table.groupby("subject"):
        samples = {
            clip: Sample(
                data=random.integers(0, 256, shape, dtype=np.uint8),
                frames=np.arange(float(shape[0])),
                onset=0,
                apex=1,
                offset=2,
            )
            for clip in part["clip_id"]
        }
        (group / str(subject)).mkdir()
        write_subject(group / str(subject), samples, description=description, inputs="", failures={})
    write_tables(folder / _STORE, table, pd.DataFrame(columns=list(clips.FAILURES)))
    return table


def _table(subjects: int) -> pd.DataFrame:
    record: dict[str, object] = {name: "" for name in clips.TYPES if name not in clips.SOURCES}
    record |= {"dataset": "noise", "kind": "micro", "onset": 0, "apex": 1, "offset": 2, "fps": 200.0}
    names = [(_subject(number), str(clip)) for number in range(subjects) for clip in range(_CLIPS_EACH)]
    rows = [
        record
        | {"clip_id": f"noise/{subject}/{clip}@0", "subject": subject, "person": subject, "clip": clip}
        | {"gaps": False, "emotion": "surprise"}
        for subject, clip in names
    ]
    return pd.DataFrame(rows)


def _subject(number: int) -> str:
    return f"s{number:03d}"


def _memmaps(folder: Path, subjects: int, shape: tuple[int, ...]) -> list[NDArray[np.uint8]]:
    """Return the clips of every shard; behind each stands a checksum of four bytes."""
    strides = (int(np.prod(shape)) + 4, *np.empty(shape, np.uint8).strides)
    found = []
    for number in range(subjects):
        shard = _array(folder, number).joinpath("c", *["0"] * (len(shape) + 1))
        flat = np.memmap(shard, np.uint8, mode="r")
        found.append(np.ndarray((_CLIPS_EACH, *shape), np.uint8, flat, strides=strides))
    return found


def _zarrs(folder: Path, subjects: int) -> list[Any]:
    return [zarr.open_array(_array(folder, number), mode="r") for number in range(subjects)]


def _in_hdf5(file: h5py.File, group: str) -> Clip:
    """Return what reads a clip by the name of its subject, as who reads by fold does."""
    return lambda row: np.asarray(file[f"{group}/{_subject(row // _CLIPS_EACH)}"][row % _CLIPS_EACH])


def _array(folder: Path, number: int) -> Path:
    return folder / _STORE / f"noise{SUFFIX}" / _subject(number) / "data"


def _at(arrays: Sequence[Any]) -> Clip:
    return lambda row: np.asarray(arrays[row // _CLIPS_EACH][row % _CLIPS_EACH])
