"""Choose: which of the faces that a detector found in a frame is the one of the clip."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mestore.errors import ClipFault
from mestore.faces.spec import Face

Which = Literal["only", "largest", "nearest"]


def choose(
    faces: Sequence[Face],
    *,
    shape: tuple[int, ...],
    which: Which = "only",
    least: float = 0.0,
    near: NDArray[np.float64] | None = None,
) -> Face:
    """Return the face of a clip among those found in its onset frame.

    Parameters
    ----------
    faces : sequence of Face
        The surest first.
    shape : tuple of int
        Of the frame, (y, x, ...).
    which : {"only", "largest", "nearest"}
        only: there must be no other. largest: the one with the largest box. nearest: the one whose box has
        its centre nearest to `near`.
    least : float
        Faces of a lower score are passed over.
    near : ndarray of float64, shape (2,), optional
        (x, y) in pixels; without it, `nearest` is `largest`.

    Raises
    ------
    ClipFault
        If no face is sure enough, or there are several and `which` is "only".

    Examples
    --------
    >>> small = Face(box=(0, 0, 10, 10), score=2, outline="hog")
    >>> large = Face(box=(50, 0, 20, 20), score=1, outline="hog")
    >>> choose([small, large], shape=(40, 80), which="largest").box
    (50, 0, 20, 20)
    >>> choose([small, large], shape=(40, 80), which="nearest", near=np.array([9, 9])).box
    (0, 0, 10, 10)
    """
    sure = [face for face in faces if face.score >= least]
    size = f"{shape[1]} x {shape[0]} px"
    if not sure:
        raise ClipFault(
            found=f"{_none(faces, least)} in {size}",
            expected="exactly one face in the onset frame"
            if which == "only"
            else "a face in the onset frame",
            remedy="look at the frame; crop the recording to one whole upright face, name another detector, "
            "or give the face's landmarks in landmarks.csv",
        )
    if which == "only":
        if len(sure) > 1:
            raise ClipFault(
                found=f"{len(sure)} faces at {', '.join(map(_place, sure))} (of {size})",
                expected="exactly one face in the onset frame",
                remedy="look at the frame; crop the recording to one face, name which is meant with `face` "
                "(largest or nearest), or give the face's landmarks in landmarks.csv",
            )
        return sure[0]
    if which == "largest" or near is None:
        return max(sure, key=lambda face: face.box[2] * face.box[3])
    return min(sure, key=lambda face: float(np.hypot(*(centre(face) - near))))


def centre(face: Face) -> NDArray[np.float64]:
    """Return the middle (x, y) of a face's box, in pixels.

    Examples
    --------
    >>> centre(Face(box=(10, 20, 5, 3), score=1, outline="hog")).tolist()
    [12.0, 21.0]
    """
    x, y, width, height = face.box
    return np.array([x + (width - 1) / 2, y + (height - 1) / 2], np.float64)


def _place(face: Face) -> str:
    x, y = centre(face)
    return f"x {x:.0f}, y {y:.0f}"


def _none(faces: Sequence[Face], least: float) -> str:
    if not faces:
        return "no face"
    return (
        f"no face surer than {least:g}: the surest of {len(faces)}, at {_place(faces[0])}, "
        f"has {faces[0].score:.2g}"
    )
