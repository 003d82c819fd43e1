"""Grey frames: what flow and texture features are computed on."""

import cv2
import numpy as np
from numpy.typing import NDArray


def grey(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return RGB frames as grey levels, .299 R + .587 G + .114 B, rounded.

    Parameters
    ----------
    frames : ndarray of uint8, shape (time, y, x, 3), (time, y, x, 1) or (time, y, x)
        RGB frames; frames with one channel are grey already.

    Returns
    -------
    ndarray of uint8, shape (time, y, x)

    Raises
    ------
    ValueError
        If the frames have another shape or dtype.

    Examples
    --------
    >>> grey(np.array([[[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]], dtype=np.uint8)).tolist()
    [[[76, 150, 29]]]
    """
    frames = np.asarray(frames)
    if frames.dtype != np.uint8 or frames.ndim not in (3, 4) or frames.shape[3:] not in ((), (1,), (3,)):
        raise ValueError(
            f"found frames {frames.dtype} {frames.shape}; expected uint8 (time, y, x) or (time, y, x, 1 or 3)"
        )
    if frames.ndim == 3:
        return frames
    if frames.shape[3] == 1:
        return frames[..., 0]
    out = np.empty(frames.shape[:3], dtype=np.uint8)
    if out.size:  # OpenCV converts no empty image
        for frame, into in zip(frames, out, strict=True):
            into[...] = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    return out
