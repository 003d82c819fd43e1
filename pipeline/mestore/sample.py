"""Sample: one clip as a kind of store reads it and writes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

CURVE = "_curve"
"""How the name of a measure ends that holds a value per frame."""


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
    apex_given : bool
        Whether the coding sheet (or a correction of it) says where the apex is; otherwise it is estimated.
    fps : float
        Frames per second of the recording; NaN where nobody said.
    landmarks : ndarray of float32, shape (68, 2), optional
        (x, y) in pixels of the crop, from the onset frame; of a raw sample, in pixels of the recording.
    box : tuple of float, optional
        Of a raw sample, (x, y, w, h) of the face in the onset frame, in pixels of the recording.
    measures : mapping of str to ndarray
        Named numbers about this clip that are stored beside `data` (residual, transform, ...): the same
        names for every clip of a store, of one shape, or with a value per frame if the name ends in `CURVE`.
    """

    data: NDArray[Any]
    frames: NDArray[np.float64]
    onset: int
    apex: int
    offset: int
    apex_given: bool = True
    fps: float = nan
    landmarks: NDArray[np.float32] | None = None
    box: tuple[float, float, float, float] | None = None
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
