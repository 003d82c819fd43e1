"""Depth: 16-bit frames of a depth camera as 8-bit grey levels, one range for the whole clip.

CAS(ME)^3 ships depth as grey PNG files of 16 bits, 0 where nothing was measured; its unit is presumably the
millimetre, for no source states it. Crops are uint8, so depth is scaled, which loses some of it:
`mestore.datasets.media.read_depth` gives the numbers themselves.
"""

import numpy as np
from numpy.typing import NDArray

from mestore.errors import ClipFault

DEPTH = "depth"
"""The modality whose frames are read so."""

SPAN = 400
"""What is told apart behind the nearest pixel of a face, in units of the files (presumably mm)."""

_LEVELS = 254  # steps between level 1 and level 255; level 0 is kept for what was not measured


def nearest(frame: NDArray[np.uint16], *, face: NDArray[np.floating] | None = None) -> int:
    """Return the depth at which the range of a clip begins.

    The owners of CAS(ME)^3 take the depths above 0 in a box around the face, look 400 mm behind the nearest
    and leave a clip out whose face reaches farther [1]_. Here the nearest is the smallest of those within
    three standard deviations of their mean, so that one wild pixel does not move the range, and a clip whose
    face mostly lies behind the range is refused.

    Parameters
    ----------
    frame : ndarray of uint16, shape (y, x)
        A clip's first frame: one range for all its frames does not flicker, and knows of no other clip.
    face : ndarray, shape (N, 2), optional
        Points (x, y) of the face in that frame, in pixels, whose bounding box is looked at; the whole frame
        without them, in which case a hand before the face moves the range.

    Raises
    ------
    ClipFault
        If nothing was measured there, or more than half of it lies beyond the range.

    References
    ----------
    .. [1] J. Li et al., CAS(ME)^3, depthFlowComputation/RGBD_tensor_construction.py of the owners' release.

    Examples
    --------
    >>> nearest(np.array([[0, 700, 650, 800]], np.uint16))
    650
    """
    where = "the first frame" if face is None else "the face in the first frame"
    region = frame if face is None else frame[_box(face, frame.shape)]
    depths = region[region > 0]
    if depths.size == 0:
        raise ClipFault(
            found=f"no depth above 0 in {where}",
            expected="a face that the camera measured",
            remedy="look at the frame, and at its landmarks",
        )
    near = int(depths[depths >= depths.mean() - 3 * depths.std()].min())
    if np.median(depths) > near + SPAN:
        raise ClipFault(
            found=f"a nearest depth of {near} and most of {where} beyond {near + SPAN}",
            expected=f"a face within {SPAN} of its nearest pixel",
            remedy="give the face's landmarks in landmarks.csv, or look at what is before it",
        )
    return near


def _box(points: NDArray[np.floating], shape: tuple[int, ...]) -> tuple[slice, slice]:
    size = [shape[1], shape[0]]
    low = np.clip(np.floor(points.min(axis=0)), 0, size).astype(int)
    high = np.clip(np.ceil(points.max(axis=0)) + 1, 0, size).astype(int)
    return slice(low[1], high[1]), slice(low[0], high[0])


def grey_levels(near: int) -> NDArray[np.uint8]:
    """Return the grey level of each depth, for a range that begins at `near`.

    Level 0 is what was not measured. Depth `near` and less is level 1, `near + SPAN` and more level 255, and
    what is between is rounded to the nearest of 254 steps of 400 / 254 = 1.57 mm: a movement of less along
    the camera's axis is lost, and so is everything behind the range.

    Parameters
    ----------
    near : int
        Depth at which the range begins.

    Returns
    -------
    ndarray of uint8, shape (65536,)
        Index it with a frame of depths.

    Examples
    --------
    >>> depths = np.array([0, 599, 600, 601, 800, 1000, 5000], np.uint16)
    >>> grey_levels(600)[depths].tolist()
    [0, 1, 1, 2, 128, 255, 255]
    """
    behind = np.clip(np.arange(2**16) - near, 0, SPAN)
    levels = 1 + (_LEVELS * behind + SPAN // 2) // SPAN
    levels[0] = 0
    return levels.astype(np.uint8)
