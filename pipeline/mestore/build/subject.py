"""Subject: the unit of work. Read its clips, compute each, write them into the build cache."""

import json
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mestore.build.cache import BuildCache
from mestore.build.threads import single_threaded
from mestore.datasets.media import read_frames
from mestore.errors import ClipFault
from mestore.features.spec import FeatureSpec
from mestore.sample import Sample
from mestore.store.layout import Description
from mestore.store.reader import Feature
from mestore.store.writer import write_subject


@dataclass(frozen=True, kw_only=True)
class RawClips:
    """Clips to be read from the recordings: `rows` of the clip table below the dataset's folder."""

    folder: Path
    rows: tuple[dict[str, Any], ...]

    def clips(self) -> Iterator[tuple[str, Callable[[], Sample]]]:
        """Give each clip's id and what reads it; one clip is in memory at a time."""
        for row in self.rows:
            yield row["clip_id"], lambda row=row: self._read(row)  # type: ignore[misc]

    def _read(self, row: dict[str, Any]) -> Sample:
        images = read_frames(self.folder, media=row["media"], frames=row["frames"], paths=row["paths"])
        return Sample(
            data=images,
            frames=np.asarray(row["frames"], np.float64),
            onset=row["onset"],
            apex=row["apex"],
            offset=row["offset"],
        )


@dataclass(frozen=True, kw_only=True)
class StoredClips:
    """Clips to be read from another store."""

    store: Path
    dataset: str
    subject: str

    def clips(self) -> Iterator[tuple[str, Callable[[], Sample]]]:
        """Give each clip's id and what reads it."""
        for clip, sample in Feature(self.store).samples(self.dataset, self.subject).items():
            yield clip, lambda sample=sample: sample  # type: ignore[misc]


@dataclass(frozen=True, kw_only=True)
class Task:
    """All that a worker needs to build one subject: paths and parameters, never arrays.

    `key` is the digest of everything that the result depends on, and its name in the cache.
    """

    subject: str
    key: str
    spec: FeatureSpec
    description: Description
    source: RawClips | StoredClips
    cache: BuildCache


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a worker says of a task: how many clips failed or, where the machine or the code did, how."""

    task: Task
    failed: int = 0
    error: str = ""


def build_subject(task: Task) -> Outcome:
    """Build one subject into the cache.

    A fault of a clip is written into the subject's commit record; anything else is the machine's or the
    code's fault: nothing is kept, and the next build tries again.
    """
    try:
        with single_threaded():
            samples, failures = compute_subject(task)
        with task.cache.create(task.key) as folder:
            write_subject(folder, samples, description=task.description, inputs=task.key, failures=failures)
    except Exception:
        return Outcome(task=task, error=traceback.format_exc())
    return Outcome(task=task, failed=len(failures))


def compute_subject(task: Task) -> tuple[dict[str, Sample], dict[str, dict[str, str]]]:
    """Return the computed clips of a subject and, by clip id, why the others could not be."""
    function = task.spec.load()
    params = task.spec.params_model().model_validate_json(json.dumps(task.description.params))
    samples: dict[str, Sample] = {}
    failures: dict[str, dict[str, str]] = {}
    for clip, read in task.source.clips():
        try:
            samples[clip] = function(read(), params)
        except ClipFault as fault:
            failures[clip] = {"found": fault.found, "expected": fault.expected, "remedy": fault.remedy}
        except ValueError as error:
            # Kernels know nothing of clips: what they refuse is a fault of the clip that they were given.
            failures[clip] = {
                "found": str(error),
                "expected": f"a clip that {task.description.kind} can compute",
                "remedy": f"look at its frames, or change stores.{task.description.store}.params",
            }
    return samples, failures
