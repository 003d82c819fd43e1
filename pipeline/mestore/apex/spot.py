"""Spot: the apex of a clip by a named method."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mestore.apex import APEX
from mestore.apex.stretch import Spotted, Stretch
from mestore.features.grey import grey
from mestore.features.spec import resolve

_LEAST = 3  # frames: onset, apex and offset


def spot(
    frames: NDArray[np.uint8],
    *,
    numbers: NDArray[np.floating],
    onset: int,
    offset: int,
    method: str,
    landmarks: NDArray[np.floating] | None = None,
    fps: float = np.nan,
) -> Spotted:
    """Return the apex of a clip, looked for between onset and offset and nowhere else.

    Parameters
    ----------
    frames : ndarray of uint8, shape (time, y, x, 3) or (time, y, x)
        Aligned crops.
    numbers : ndarray, shape (time,)
        Their frame numbers, increasing.
    onset, offset : int
        Frame numbers.
    method : str
        One of `mestore.apex.APEX`.
    landmarks : ndarray, shape (68, 2), optional
        Of the onset, (x, y) in pixels of the crops.
    fps : float
        Frames per second of the recording.

    Returns
    -------
    Spotted
        `row` of `frames`, None where fewer than 3 of them lie between onset and offset; `curve` is 0 outside.

    Raises
    ------
    ClipFault
        If the method needs landmarks or a frame rate and there are none.
    ValueError
        If there is no such method, or the frames are no clip.
    """
    if method not in APEX:
        raise ValueError(f"apex method {method!r} is unknown; expected one of {sorted(APEX)}")
    curve = np.zeros(len(numbers), np.float32)
    (rows,) = np.nonzero((numbers >= onset) & (numbers <= offset))
    if len(rows) < _LEAST:
        return Spotted(row=None, curve=curve)
    stretch = Stretch(
        images=grey(frames[rows]),
        numbers=np.asarray(numbers[rows], np.float64),
        onset=onset,
        offset=offset,
        landmarks=None if landmarks is None else np.asarray(landmarks, np.float64),
        fps=fps,
    )
    function: Callable[[Stretch], Spotted] = resolve(APEX[method].function)
    found = function(stretch)
    curve[rows] = found.curve
    return Spotted(row=None if found.row is None else int(rows[found.row]), curve=curve)
