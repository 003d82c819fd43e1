"""Acting: stores of real faces that move by known fields, one clip a row, written by the real writer."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from conftest import clip_table, vector_sample, write_store
from mestore.align import AlignParams, align_sample
from mestore.sample import Sample
from mestore.synthetic.render import UPSAMPLING, Scene, expose, prepare
from mestore.synthetic.script import Actor, Take, cast, direct

CLIPS = 3
SEED = 2026
PAINT = 24.0
"""Grey levels, standard deviation."""
AXES = ("time", "y", "x", "channel")


@cache
def _actor(index: int) -> tuple[Actor, np.ndarray, list[Take]]:
    """Return an actor, painted so that nobody looks like others of the same photograph, enlarged."""
    actor = cast(index, seed=SEED)
    side = actor.face.image.shape[0]
    paint = cv2.GaussianBlur(np.random.default_rng(index).standard_normal((side, side, 1)), (0, 0), 6)
    painted = np.clip(actor.face.image + (PAINT / paint.std() * paint)[..., None], 0, 255)
    fine = UPSAMPLING * (side - 1) + 1
    # `enlarge` is finer and takes seconds; nothing here measures motion.
    enlarged = cv2.warpAffine(
        painted.astype(np.float32),
        np.array([[1 / UPSAMPLING, 0, 0], [0, 1 / UPSAMPLING, 0]]),
        (fine, fine),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return actor, enlarged, direct(actor, clips=CLIPS, seed=SEED)


@cache
def frames_of(index: int, number: int, *, after: int = 0) -> np.ndarray:
    """Return onset, apex and offset of a clip, or the frames so many after each, (3, y, x, 3)."""
    _, enlarged, takes = _actor(index)
    truth = takes[number].truth
    scene: Scene = prepare(enlarged, truth)
    numbers = [it + after for it in (truth.onset, truth.apex, truth.offset)]
    return np.stack(list(expose(scene, truth, takes[number].camera, frames=numbers)))


def crop(frames: np.ndarray, row: dict, index: int, *, side: int = 128) -> Sample:
    """Return the crops of such frames, aligned by the true landmarks."""
    raw = Sample(
        data=frames,
        frames=np.array([row["onset"], row["apex"], row["offset"]], np.float64),
        onset=row["onset"],
        apex=row["apex"],
        offset=row["offset"],
        landmarks=_actor(index)[0].face.landmarks.astype(np.float32),
    )
    return align_sample(raw, AlignParams(side=side))


def acted(row: dict) -> Sample:
    """Return the crops of a row of `clip_table`: subject s05, clip c1 is actor 5, take 1."""
    index, number = int(row["subject"][1:]), int(row["clip"][1:])
    return crop(frames_of(index, number), row, index)


def write_stores(
    folder: Path, table: pd.DataFrame, *, crops=acted, values=vector_sample, kind: str = "mdmo"
) -> Path:
    """Write `crops` and `vector` below a folder; None leaves one out."""
    if crops is not None:
        write_store(folder / "crops", table, crops, kind="align", axes=AXES, dtype="uint8", ragged=True)
    if values is not None:
        write_store(
            folder / "vector", table, values, kind=kind, axes=("value",), dtype="float32", ragged=False
        )
    return folder


def acted_table(*, persons: int = 12, **options) -> pd.DataFrame:
    """Return a clip table whose every subject is an actor; the person is the subject."""
    return clip_table(persons=persons, clips_each=CLIPS, **options)


def by_still(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the photographs as persons, as they are."""
    number = table["subject"].str[1:].astype(int)
    return table.assign(person=number.map(lambda it: _actor(it)[0].person))
