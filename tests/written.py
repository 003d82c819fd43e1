"""Subjects of random arrays, written by the real writer."""

from pathlib import Path

import numpy as np
import pandas as pd

from conftest import clip_table
from mestore import clips
from mestore.sample import Sample
from mestore.store.layout import SUFFIX, Description, subject_key
from mestore.store.tables import write_tables
from mestore.store.writer import SHARD_BYTES, write_dataset, write_subject


def described(**changes) -> Description:
    """Return a description, ragged uint8 unless `changes` say otherwise."""
    usual = {
        "store": "any",
        "kind": "any",
        "dataset": "toy",
        "axes": ("time", "y", "x"),
        "ragged": True,
        "dtype": "uint8",
        "units": "1",
        "params": {},
        "input": "index",
        "code": "none",
    }
    return Description(**(usual | changes))


def noise(shape, *, seed: int = 0, dtype: str = "uint8", landmarks: bool = False) -> Sample:
    """Return a clip of noise."""
    random = np.random.default_rng(seed)
    return Sample(
        data=random.integers(0, 256, shape).astype(dtype),
        frames=np.arange(1.0 + seed, 4.0 + seed),
        onset=seed,
        apex=seed + 1,
        offset=seed + 2,
        landmarks=random.uniform(0, 9, (68, 2)).astype(np.float32) if landmarks else None,
        measures={"residual": np.float64(seed / 7)},
    )


def write_clips(folder: Path, samples: dict[str, Sample], *, shard_bytes: int = SHARD_BYTES, **changes):
    """Write one subject and return its folder and its description."""
    description = described(**changes)
    folder.mkdir(parents=True)
    write_subject(
        folder, samples, description=description, inputs="none", failures={}, shard_bytes=shard_bytes
    )
    return description


def write_noise(folder: Path, *, persons: int = 4, shape=(5, 6, 7), seed: int = 0, **changes) -> pd.DataFrame:
    """Write a store of noise, every clip of the same shape, and return its clip table."""
    table = clip_table(persons=persons)
    description = described(store=folder.name, **changes)
    group = folder / f"toy{SUFFIX}"
    write_dataset(group, description)
    for subject, rows in table.groupby("subject"):
        samples = {
            clip: noise(shape, seed=seed + row, dtype=description.dtype)
            for row, clip in rows["clip_id"].items()
        }
        write_clips(group / subject_key(subject), samples, **changes)
    write_tables(folder, table, pd.DataFrame(columns=list(clips.FAILURES)))
    return table
