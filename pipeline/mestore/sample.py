"""Sample: one clip as a kind of store reads it and writes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The arrays of one clip, without its dataset, its subject or its labels.

    A kind of store is a pure function from one sample to the next: raw frames -> crops -> flow.

    Parameters
    ----------
    data : ndarray
        Frames (time, y, x, channel) uint8 RGB, or a feature.
    frames : ndarray of float64, shape (time,) or (pairs, 2)
        The frame number each row of `data` shows (fractional after TIM), or the two it goes between.
    onset, apex, offset : int
        Frame numbers, as in the file names.
    landmarks : ndarray of float32, shape (68, 2), optional
        (x, y) in pixels of the crop, from the onset frame; of a raw sample, in pixels of the recording.
    measures : mapping of str to ndarray
        Named numbers about this clip that are stored beside `data` (residual, transform, ...).
    """

    data: NDArray[Any]
    frames: NDArray[np.float64]
    onset: int
    apex: int
    offset: int
    landmarks: NDArray[np.float32] | None = None
    measures: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def having(
        self,
        data: NDArray[Any],
        *,
        frames: NDArray[np.float64] | None = None,
        measures: Mapping[str, NDArray[Any]] | None = None,
    ) -> "Sample":
        """Return this clip with new `data`; the landmarks and the three frame numbers go along."""
        return replace(
            self,
            data=data,
            frames=self.frames if frames is None else frames,
            measures={} if measures is None else measures,
        )
