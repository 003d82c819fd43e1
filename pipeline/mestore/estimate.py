"""Estimate: what a whole build will take in time and disk, from two of its clips computed here and now."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import pandas as pd

from mestore.build.raw import raw_sample
from mestore.build.threads import single_threaded
from mestore.datasets.index import index_dataset
from mestore.delivery import Delivery
from mestore.errors import ClipFault
from mestore.features import FEATURES
from mestore.params import Params, is_ragged, kind_params
from mestore.workspace import Workspace

_TIMED = 2  # clips computed; the first compiles
_TRIALS = 6  # clips to try: of some the face is not found


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a build takes.

    Parameters
    ----------
    clips, frames : int
        How many there are to compute.
    seconds : float
        Of one core.
    sizes : mapping of str to float
        Bytes of each store.
    """

    clips: int
    frames: int
    seconds: float
    sizes: Mapping[str, float]

    def as_dict(self, *, workers: int) -> dict[str, Any]:
        """Return plain JSON values, for that many workers."""
        return {
            "clips": self.clips,
            "frames": self.frames,
            "core_seconds": round(self.seconds, 1),
            "workers": workers,
            "bytes": {name: round(size) for name, size in self.sizes.items()},
        }

    def sentence(self, *, workers: int) -> str:
        """Return the estimate in words, for that many workers."""
        sizes = ", ".join(f"{name} {_bytes(size)}" for name, size in self.sizes.items())
        return (
            f"to build {self.clips} clips, {self.frames} frames: about {_time(self.seconds / workers)} of "
            f"computing with {workers} workers, up to as much again to write, check and report, and "
            f"{_bytes(sum(self.sizes.values()))} of disk ({sizes})"
        )


def estimate(root: Path, table: pd.DataFrame, params: Params) -> Estimate:
    """Return what building all stores of a dataset takes, by building two of its clips in memory.

    The first compiles and is not timed; the second's times and sizes are scaled by frames where clips differ
    in length, by clips elsewhere.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    table : DataFrame
        Its clip table.
    params : Params

    Raises
    ------
    ClipFault, ValueError
        If none of the clips that were tried can be computed; the reason is that of the last.
    """
    there = table[table["frames"].map(len) > 0]
    if there.empty:
        raise ClipFault(found="no clip with frames", expected="at least one", remedy="see `mestore check`")
    frames = int(there["frames"].map(len).sum())
    done: list[dict[str, tuple[float, float]]] = []
    faults: list[ClipFault | ValueError] = []
    with single_threaded():
        for row in _typical(there):
            try:
                done.append(_costs(root, row, params, clips=len(there), frames=frames))
            except (
                ClipFault,
                ValueError,
            ) as fault:  # kernels know nothing of clips, and refuse by ValueError
                faults.append(fault)
            if len(done) == _TIMED:
                break
    if not done:
        raise faults[-1]
    return Estimate(
        clips=len(there),
        frames=frames,
        seconds=sum(seconds for seconds, _ in done[-1].values()),
        sizes={name: size for name, (_, size) in done[-1].items() if name in params.stores},
    )


def estimate_dataset(workspace: Workspace, delivery: Delivery, params: Params) -> Estimate | str:
    """Return the estimate of a dataset, all its subjects; or why there is none."""
    index = index_dataset(
        delivery.root,
        dataset=delivery.name,
        reader=delivery.reader,
        options=delivery.options,
        hashes_folder=workspace.cache / "hashes",
        own=workspace.own / delivery.name,
        content=False,
    )
    try:
        return estimate(delivery.root, index.clips, params)
    except (ClipFault, ValueError) as fault:
        return str(fault)


def workers_of(params: Params) -> int:
    """Return how many workers build side by side on this machine."""
    return int(joblib.effective_n_jobs(params.compute.n_jobs))


def _typical(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Give the clips whose length is nearest the mean, a few."""
    lengths = table["frames"].map(len)
    order = (lengths - lengths.mean()).abs().sort_values(kind="stable").index[:_TRIALS]
    for row in table.loc[order].to_dict("records"):
        yield {str(key): value for key, value in row.items()}


def _costs(
    root: Path, row: dict[str, Any], params: Params, *, clips: int, frames: int
) -> dict[str, tuple[float, float]]:
    """Return seconds and bytes of the whole dataset, by store; the recordings' name is "index"."""
    by_frame = frames / len(row["frames"])
    start = time.perf_counter()
    samples = {"index": raw_sample(root, row)}
    costs = {"index": ((time.perf_counter() - start) * by_frame, 0.0)}
    todo = dict(params.stores)
    while todo:
        name = next(name for name, store in todo.items() if (store.input_store or "index") in samples)
        store = todo.pop(name)
        source = samples[store.input_store or "index"]
        start = time.perf_counter()
        samples[name] = FEATURES[store.kind].load()(source, kind_params(store))
        seconds = time.perf_counter() - start
        ragged = is_ragged(params.stores, store.input_store) if store.input_store else True
        costs[name] = (
            seconds * (by_frame if ragged else clips),
            samples[name].data.nbytes * (by_frame if is_ragged(params.stores, name) else clips),
        )
    return costs


def _time(seconds: float) -> str:
    for unit, length in (("days", 86400), ("hours", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 1):.0f} s"


def _bytes(size: float) -> str:
    for unit, length in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if size >= length:
            return f"{size / length:.2g} {unit}" if size < 100 * length else f"{size / length:.0f} {unit}"
    return f"{size / 1e3:.0f} kB"
