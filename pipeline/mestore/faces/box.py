"""Box: what one detector draws around a face, as each landmark model expects it.

A landmark model is trained on the boxes of one detector; on another's, its points are off. The numbers here
are measured (docs/faces.md).
"""

from typing import NamedTuple

import numpy as np

from mestore.faces.spec import Face

Box = tuple[float, float, float, float]

_DLIB_SIDE = 1.1
_DLIB_CENTRE = (0.5, 0.58)
"""Side and centre of dlib's square, in widths, and in widths and heights, of a WIDER box."""

_TILTED = 15.0
"""Degrees from which a head is turned level before its landmarks are looked for: dlib's trees know upright
faces only."""

_FIVE_SIDE, _FIVE_DROP = 2.35, 0.54
"""Side of dlib's square in distances of the eyes (or of eyes and mouth, if longer), and how far its centre
lies on the way from between the eyes to the mouth."""

_FAN_REFERENCE = {"hog": 195.0, "wider": 165.0}
"""Width and height together of a box that FAN sees at its own scale, as face-alignment 1.5.0 has them for
dlib and for RetinaFace."""

_FAN_RISE = 0.12
"""By how many heights FAN's centre lies above the middle of a box (face-alignment 1.5.0)."""


def for_dlib(face: Face) -> Box:
    """Return the square (x, y, w, h) that dlib's landmark trees start from, in pixels.

    Examples
    --------
    >>> for_dlib(Face(box=(10, 20, 100, 100), score=1, outline="hog"))
    (10, 20, 100, 100)
    """
    if face.outline == "hog":
        return face.box
    x, y, width, height = face.box
    side = _DLIB_SIDE * width
    return (x + _DLIB_CENTRE[0] * width - side / 2, y + _DLIB_CENTRE[1] * height - side / 2, side, side)


class Tilted(NamedTuple):
    """dlib's square about a tilted head: centre (x, y) and side in pixels, and degrees, clockwise as seen."""

    x: float
    y: float
    side: float
    degrees: float


def tilted(face: Face) -> Tilted | None:
    """Return dlib's square about a head that is tilted; None for an upright one, or if nothing tells.

    Examples
    --------
    >>> five = np.array([[0, 0], [0, 10], [-5, 5], [-10, 0], [-10, 10]])
    >>> tilted(Face(box=(-12, -5, 20, 20), score=1, outline="wider", five=five))
    Tilted(x=-5.4, y=5.0, side=23.5, degrees=90.0)
    """
    if face.five is None:
        return None
    eyes, mouth = face.five[:2].mean(axis=0), face.five[3:].mean(axis=0)
    across, down = face.five[1] - face.five[0], mouth - eyes
    degrees = float(np.degrees(np.arctan2(across[1], across[0])))
    if abs(degrees) < _TILTED:
        return None
    centre = eyes + _FIVE_DROP * down
    side = _FIVE_SIDE * max(np.hypot(*across), np.hypot(*down))
    return Tilted(float(centre[0]), float(centre[1]), float(side), degrees)


def for_fan(face: Face) -> Box:
    """Return the square (x, y, w, h), in pixels, that makes FAN see the face where it should.

    face-alignment scales FAN's view by what it knows of the detector; here one detector stands for all.

    Examples
    --------
    >>> for_fan(Face(box=(10, 20, 100, 100), score=1, outline="hog"))
    (10.0, 20.0, 100.0, 100.0)
    """
    x, y, width, height = face.box
    side = (width + height) / 2 * _FAN_REFERENCE["hog"] / _FAN_REFERENCE[face.outline]
    middle = y + height / 2 + _FAN_RISE * (side - height)
    return (x + width / 2 - side / 2, middle - side / 2, side, side)
