"""Raw: the clips of a subject as they lie in the recordings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mestore.datasets.content import clip_digest
from mestore.datasets.media import read_frames
from mestore.errors import BuildError
from mestore.sample import Sample

_DECIDES = (
    *("clip_id", "onset", "apex", "offset", "apex_source", "fps"),
    *("modality", "landmarks", "box", "digest"),
)
_READ = (*_DECIDES, "media", "frames", "paths")


@dataclass(frozen=True, kw_only=True)
class RawClips:
    """Clips to be read from the recordings: `rows` of the clip table below the dataset's `folder`."""

    folder: Path
    rows: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, folder: Path, table: pd.DataFrame) -> "RawClips":
        """Return those of a subject's rows that have recordings; the others failed in the index."""
        rows = table.loc[table["digest"] != "", list(_READ)].to_dict("records")
        return cls(folder=folder, rows=tuple({str(key): row[key] for key in row} for row in rows))

    def digest(self) -> object:
        """Return a record of all that decides what the clips hold; where they lie does not."""
        return [[row[key] for key in _DECIDES] for row in self.rows]

    def clips(self) -> Iterator[tuple[str, Callable[[], Sample]]]:
        """Give each clip's id and what reads it, so that one clip's frames are in memory at a time."""
        for row in self.rows:
            yield row["clip_id"], partial(self._read, row)

    def _read(self, row: dict[str, Any]) -> Sample:
        where = {"media": row["media"], "frames": row["frames"], "paths": row["paths"]}
        if clip_digest(self.folder, **where) != row["digest"]:
            # Filed under the index's digest, other frames would be handed out for ever.
            raise BuildError(
                f"{row['clip_id']}: its recordings in {self.folder} have changed since the index was made; "
                "run `dvc repro` when nobody copies there"
            )
        return raw_sample(self.folder, row)


def raw_sample(folder: Path, row: Mapping[str, Any]) -> Sample:
    """Return the recording of a clip as its `row` of the clip table says, whatever its digest.

    `landmarks` and `box`, where landmarks.csv and boxes.csv give them, are in pixels of the recording.
    """
    given = row["landmarks"]
    landmarks = np.asarray(given, np.float32).reshape(68, 2) if len(given) else None
    where = {"media": row["media"], "frames": row["frames"], "paths": row["paths"]}
    return Sample(
        data=read_frames(folder, **where, modality=row["modality"], face=landmarks),
        frames=np.asarray(row["frames"], np.float64),
        onset=row["onset"],
        apex=row["apex"],
        offset=row["offset"],
        apex_given=not row["apex_source"].startswith("estimated:"),
        fps=row["fps"],
        landmarks=landmarks,
        box=_box(row["box"]),
    )


def _box(given: Sequence[float]) -> tuple[float, float, float, float] | None:
    if len(given) == 0:
        return None
    x, y, width, height = map(float, given)
    return x, y, width, height
