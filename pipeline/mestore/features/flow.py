"""Optical flow between frames of a clip, with its strain: what all methods share."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mestore.errors import ClipFault
from mestore.features.drift import Drift, without_drift
from mestore.features.grey import grey
from mestore.features.rest import noise_floor
from mestore.features.spec import KindParams
from mestore.features.strain import strain
from mestore.sample import Sample

Pairs = Literal["onset-apex", "onset-each", "consecutive"]
Flow = NDArray[np.float32]
Method = Callable[[NDArray[np.uint8], NDArray[np.uint8], Flow | None], Flow]
"""(first image, second image, flow to start from or None) -> flow (y, x, 2)."""


class FlowParams(KindParams):
    """Parameters of every kind of flow."""

    pairs: Pairs = Field(
        default="onset-apex",
        description="between which frames: onset-apex (one flow), onset-each (the onset and every other "
        "frame) or consecutive (each frame and the next)",
    )
    onset_is_apex: Literal["offset-apex", "meb"] = Field(
        default="offset-apex",
        description="the pair of an onset-apex flow where the apex is the onset: offset-apex keeps the sign "
        "of the motion towards the apex; meb is apex to offset, as MEB has it",
    )
    drift: Drift = Field(
        default="none",
        description="head motion to remove before strain is taken. none; median or affine: that at the "
        "13 stable landmarks; robust: the affine motion that most of the crop shares",
    )

    def ragged(self, *, input_ragged: bool) -> bool:
        """Return whether clips differ in length: a sequence has as many flows as its input has frames."""
        return input_ragged and self.pairs != "onset-apex"

    def axes(self, dims: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the axes of a clip's data: a single flow has no axis of pairs."""
        return dims[1:] if self.pairs == "onset-apex" else dims


def check_pair(prev: NDArray[np.uint8], next_: NDArray[np.uint8], *, least: int = 4) -> None:
    """Raise ValueError if two images are not grey levels of one size with sides of at least `least` px.

    Under 4 px there is no gradient away from the border.
    """
    for image in (prev, next_):
        if image.ndim != 2 or image.dtype != np.uint8 or min(image.shape) < least:
            raise ValueError(
                f"found an image {image.dtype} {image.shape}; expected grey levels, uint8 (y, x), "
                f"with sides of at least {least} px"
            )
    if prev.shape != next_.shape:
        raise ValueError(f"found images of {prev.shape} and {next_.shape}; expected two of one size")


def flow_sample(sample: Sample, params: FlowParams, method: Method, *, warm: bool = False) -> Sample:
    """Return the flows of a clip with their strain: channels (u, v, strain), float32.

    `data` is (y, x, 3) for onset-apex and (pairs, y, x, 3) otherwise; `frames` (pairs, 2) holds the
    numbers of each pair's first and second frame, as they are in the input. With `warm`, each flow of a
    sequence starts from what the flows before it foretell.

    With `params.drift`, head motion is removed from every flow before its strain is taken. Where there are
    landmarks, `measures` has noise_floor_px (): how far the face moves where it should keep still.
    """
    _check(sample, params)
    pairs = _pairs(sample, params)
    rows, positions = np.unique(pairs, return_inverse=True)
    images = grey(sample.data[rows])
    flows = np.empty((len(pairs), *images.shape[1:], 3), dtype=np.float32)
    for run in _runs(pairs):
        known = _Known(numbers=sample.frames, anchored=params.pairs == "onset-each")
        for k in run:
            first, second = positions.reshape(pairs.shape)[k]
            first_row, second_row = pairs[k]
            start = known.foretell(first_row, second_row) if warm else None
            flow = method(images[first], images[second], start)
            known.add(first_row, second_row, flow)
            # What is foretold is the whole motion; what is kept, that of the face.
            flows[k, ..., :2] = without_drift(flow, how=params.drift, landmarks=sample.landmarks)
            flows[k, ..., 2] = strain(flows[k, ..., :2])
    data = flows[0] if params.pairs == "onset-apex" else flows
    floor = None if sample.landmarks is None else noise_floor(data, sample.landmarks)
    measures = {} if floor is None else {"noise_floor_px": np.asarray(floor, np.float64)}
    return sample.having(data, frames=sample.frames[pairs], measures=measures)


def _check(sample: Sample, params: FlowParams) -> None:
    """Raise ClipFault if a clip has no motion to look at, or not what removing drift needs."""
    if len(sample.data) < 2:
        raise ClipFault(
            found=f"{len(sample.data)} frame",
            expected="at least 2 frames to see motion between",
            remedy="check the clip's onset and offset, or exclude the clip",
        )
    if not (np.diff(sample.frames) > 0).all():
        raise ClipFault(
            found="frame numbers that do not increase",
            expected="every frame later than the one before",
            remedy="mend the names of the clip's frames, or exclude the clip",
        )
    if sample.landmarks is None and params.drift in ("median", "affine"):
        raise ClipFault(
            found="no landmarks",
            expected="68 landmarks of the onset frame, to see the head drift",
            remedy="set drift to robust or none, or build the crops with a face backend that finds landmarks",
        )


class _Known:
    """The last flows of a run, in pixels per frame where the first frame moves along, and their times.

    Parameters
    ----------
    numbers : ndarray, shape (frames,)
        Frame numbers.
    anchored : bool
        Whether all pairs begin at one frame: the flow of that frame to itself is known to be 0.
    """

    def __init__(self, *, numbers: NDArray[np.float64], anchored: bool) -> None:
        self.numbers = numbers
        self.anchored = anchored
        self.flows: list[tuple[float, Flow]] = []

    def foretell(self, first: int, second: int) -> Flow | None:
        """Return the flow of a pair of rows on the line through the last two, or None before the first."""
        if not self.flows:
            return None
        at, span = self._when(first, second)
        then, last = self.flows[-1]
        if len(self.flows) > 1:
            earlier, before = self.flows[-2]
        elif self.anchored:
            earlier, before = self.numbers[first], np.zeros_like(last)
        else:
            return last * np.float32(span)
        # A line is followed no farther than it is known.
        ahead = min((at - then) / (then - earlier), 1.0)
        return (last + np.float32(ahead) * (last - before)) * np.float32(span)

    def add(self, first: int, second: int, flow: Flow) -> None:
        """Add the flow of a pair of rows."""
        at, span = self._when(first, second)
        self.flows = [*self.flows[-1:], (at, flow / np.float32(span))]

    def _when(self, first: int, second: int) -> tuple[float, float]:
        """Return the time of a pair, and the frames that its flow spans if it is a velocity."""
        if self.anchored:
            return self.numbers[second], 1.0
        return (self.numbers[first] + self.numbers[second]) / 2, self.numbers[second] - self.numbers[first]


def _runs(pairs: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the numbers of the pairs that follow each other in time: away from the onset on either side."""
    ahead = pairs[:, 1] > pairs[:, 0]
    return [np.flatnonzero(ahead), np.flatnonzero(~ahead)[::-1]]


def _pairs(sample: Sample, params: FlowParams) -> NDArray[np.int64]:
    """Return the rows of each pair's first and second frame, shape (pairs, 2)."""
    rows = np.arange(len(sample.frames))
    onset, offset = _nearest(sample, sample.onset, rows), _nearest(sample, sample.offset, rows)
    if params.pairs == "consecutive":
        return np.stack([rows[:-1], rows[1:]], axis=1)
    if params.pairs == "onset-each":
        others = rows[rows != onset]
        return np.stack([np.full_like(others, onset), others], axis=1)
    if sample.apex != sample.onset:
        # After TIM the apex may lie nearest to the onset's own row, which is not the frame that is meant.
        return np.array([[onset, _nearest(sample, sample.apex, rows[rows != onset])]])
    apex = onset
    if apex == offset:
        raise ClipFault(
            found=f"onset {sample.onset}, apex {sample.apex} and offset {sample.offset} in one frame",
            expected="an apex apart from the onset or the offset",
            remedy="correct the clip's frame numbers, or exclude the clip",
        )
    return np.array([[offset, apex] if params.onset_is_apex == "offset-apex" else [apex, offset]])


def _nearest(sample: Sample, number: int, rows: NDArray[np.int64]) -> int:
    """Return the one of `rows` whose frame number is nearest."""
    return int(rows[np.abs(sample.frames[rows] - number).argmin()])
