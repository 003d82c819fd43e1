"""Crops: one pass over the aligned crops: a fingerprint of every clip, the faces of a few of each subject."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mestore.audit.fingerprint import Fingerprint, fingerprint
from mestore.progress import Progress
from mestore.sample import Sample
from mestore.store.feature import Feature
from mestore.store.folder import Folder

EACH = 3
"""Faces of a subject that are compared."""

_BATCH = 4  # subjects a worker takes at once: opening the store again costs less than one face
_NARROWEST = 12.0  # px between the eyes; the crops of 32 px, the smallest, have 12.8
_FLATTEST = 4.0  # grey levels, standard deviation: less is no photograph of a face


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is kept of one clip's crops.

    Parameters
    ----------
    clip : str
    content : str
        Digest of its onset, apex and offset frame.
    fingerprint : Fingerprint, optional
        None where the frames are flat.
    face : ndarray of float64, shape (128,), optional
        Embedding of the onset frame's face, of the clips it was asked for.
    trouble : str
        Why there is no face where one was asked for.
    """

    clip: str
    content: str
    fingerprint: Fingerprint | None
    face: NDArray[np.float64] | None = field(default=None, repr=False)
    trouble: str = ""


@dataclass(frozen=True, kw_only=True)
class _Job:
    dataset: str
    subject: str
    clips: tuple[str, ...]
    faces: frozenset[str]


def look_at(
    feature: Feature, table: pd.DataFrame, *, jobs: int = 1, progress: Progress | None = None
) -> list[Look]:
    """Look at the crops of every clip of the table that has some, in the table's order.

    Parameters
    ----------
    feature : Feature
        A store of crops.
    table : DataFrame
        Rows of its clip table.
    jobs : int
        Processes; threads would wait for each other in dlib.
    progress : callable, optional
        Is told how many subjects are done.
    """
    there = table[~table["clip_id"].isin(set(feature.failures["clip_id"]))]
    todo = [_job(rows) for _, rows in there.groupby(["dataset", "subject"], sort=True)]
    looks: dict[str, Look] = {}
    for done, part in enumerate(_side_by_side(feature, todo, jobs=jobs), start=1):
        looks.update((look.clip, look) for look in part)
        if progress is not None:
            progress(min(done * _BATCH, len(todo)), len(todo))
    return [looks[clip] for clip in there["clip_id"]]


def _side_by_side(feature: Feature, todo: Sequence[_Job], *, jobs: int) -> Iterator[list[Look]]:
    parts = [todo[start : start + _BATCH] for start in range(0, len(todo), _BATCH)]
    if jobs == 1 or len(parts) < 2:
        for part in parts:
            yield _look(feature.path, part, feature)
        return
    import joblib

    work = joblib.Parallel(n_jobs=jobs, return_as="generator")
    yield from work(joblib.delayed(_look)(feature.path, part) for part in parts)


def _look(path: Folder, jobs: Sequence[_Job], feature: Feature | None = None) -> list[Look]:
    feature = feature or Feature(path)
    found = []
    for job in jobs:
        opened = feature.open(job.dataset, job.subject)
        found += [_seen(clip, opened.sample(clip), face=clip in job.faces) for clip in job.clips]
    return found


def _job(rows: pd.DataFrame) -> _Job:
    clips = tuple(rows["clip_id"])
    photographs = [clip for clip, what in zip(clips, rows["modality"], strict=True) if what != "depth"]
    chosen = np.linspace(0, len(photographs) - 1, min(EACH, len(photographs))).round().astype(int)
    return _Job(
        dataset=str(rows["dataset"].iloc[0]),
        subject=str(rows["subject"].iloc[0]),
        clips=clips,
        faces=frozenset(photographs[place] for place in chosen),
    )


def _seen(clip: str, sample: Sample, *, face: bool) -> Look:
    onset, apex, offset = (frame_of(sample, number) for number in (sample.onset, sample.apex, sample.offset))
    content = hashlib.sha256()
    for image in (onset, apex, offset):
        content.update(repr(image.shape).encode() + image.tobytes())
    embedded, trouble = _face(onset, sample.landmarks) if face else (None, "")
    return Look(
        clip=clip,
        content=content.hexdigest(),
        fingerprint=fingerprint(onset, apex, offset),
        face=embedded,
        trouble=trouble,
    )


def frame_of(sample: Sample, number: int) -> NDArray[np.uint8]:
    """Return the crop of that frame number, or the nearest that is there."""
    image: NDArray[np.uint8] = sample.data[int(np.abs(sample.frames - number).argmin())]
    return image


def _face(image: NDArray[np.uint8], landmarks: NDArray[Any] | None) -> tuple[NDArray[np.float64] | None, str]:
    if landmarks is None or not np.isfinite(landmarks).all():
        return None, "no landmarks"
    from mestore.faces.embedding import embedding  # loads the network's library
    from mestore.faces.shape68 import eye_centres

    right, left = eye_centres(landmarks)
    if np.hypot(*(left - right)) < _NARROWEST:
        return None, f"eyes nearer than {_NARROWEST:g} px"
    if image.std() < _FLATTEST:
        return None, "a flat crop"
    colour = image if image.shape[2] == 3 else np.repeat(image[..., :1], 3, axis=2)
    return embedding(colour, landmarks), ""
