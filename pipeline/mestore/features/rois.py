"""The 36 facial regions of MDMO, as polygons over the 68 landmarks.

Corners are landmarks, means of landmarks, or either moved by a fraction of the distance between the
eyes. Neighbours share corners, so that regions meet without overlap. All keep clear of `STABLE`, of the
eye openings, and of the outline of the face.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mestore.faces.shape68 import MIRROR

STABLE = (0, 1, 2, 14, 15, 16, 27, 28, 29, 30, 31, 33, 35)
"""The 13 landmarks head motion is fitted to: upper contour, nose bridge and base (iBUG order, from 0)."""

PAIRS = 18
"""Region i, on the left of the image, has its mirror image in region i + 18."""


@dataclass(frozen=True)
class Corner:
    """A weighted mean of landmarks, moved by a fraction of the distance between the eyes.

    `landmarks` holds (landmark, weight); `right` and `down` are along and across the line of the eyes.
    """

    landmarks: tuple[tuple[int, float], ...]
    right: float = 0.0
    down: float = 0.0

    def mirrored(self) -> "Corner":
        """Return the same corner on the other half of the face."""
        opposite = tuple((MIRROR[landmark], weight) for landmark, weight in self.landmarks)
        return Corner(opposite, -self.right, self.down)


@dataclass(frozen=True)
class Region:
    """A region on the left of the image: its name, the action units it shows, and its corners in order."""

    name: str
    aus: tuple[int, ...]
    corners: tuple[str, ...]


def _moved(landmark: int, right: float, down: float) -> Corner:
    return Corner(((landmark, 1.0),), right, down)


def _inwards(contour: int, inner: int, share: float = 0.25) -> Corner:
    return Corner(((contour, 1 - share), (inner, share)))


CORNERS: dict[str, Corner] = {
    "above 17": _moved(17, 0, -0.30),
    "above 19": _moved(19, 0, -0.30),
    "above 21": _moved(21, 0, -0.30),
    "forehead": Corner(((21, 0.5), (22, 0.5)), 0, -0.30),
    "lid": Corner(((37, 0.5), (38, 0.5))),
    "root": _moved(27, 0, -0.10),
    "beside root": _moved(27, -0.08, -0.10),
    "beside 28": _moved(28, -0.08, 0),
    "beside 29": _moved(29, -0.09, 0),
    "beside 30": _moved(30, -0.09, -0.02),
    "nose side": _moved(29, -0.22, 0),
    "beside 31": _moved(31, -0.10, -0.07),
    "below 31": _moved(31, -0.02, 0.09),
    "below 33": _moved(33, 0, 0.08),
    "below 36": _moved(36, 0, 0.16),
    "below eye": Corner(((40, 0.5), (41, 0.5)), 0, 0.16),
    "below 39": _moved(39, 0, 0.16),
    "temple": _inwards(1, 36, 1 / 3),
    "cheekbone": _inwards(2, 31),
    "cheek": _inwards(2, 31, 0.5),
    "jaw 4": _inwards(4, 48),
    "jaw 5": _inwards(5, 59),
    "jaw 7": _inwards(7, 58),
    "chin": _inwards(8, 57),
    "below 59": _moved(59, -0.04, 0.22),
}
"""Corners that are no landmarks, by name; a corner named by a number is that landmark."""

REGIONS: tuple[Region, ...] = (
    Region("outer forehead", (2,), ("17", "18", "19", "above 19", "above 17")),
    Region("inner forehead", (1,), ("19", "20", "21", "above 21", "above 19")),
    Region("glabella", (1, 4), ("21", "above 21", "forehead", "root", "beside root")),
    Region("outer upper lid", (2, 4), ("17", "18", "19", "lid", "37", "36")),
    Region("inner upper lid", (1, 4), ("19", "20", "21", "39", "38", "lid")),
    Region("nose root", (4, 9), ("21", "beside root", "beside 28", "39")),
    Region("lower lid", (6, 7), ("36", "41", "40", "39", "below 39", "below eye", "below 36")),
    Region("outer eye corner", (6,), ("17", "36", "below 36", "temple")),
    Region("outer cheekbone", (6, 12), ("temple", "below 36", "below eye", "cheek", "cheekbone")),
    Region("inner cheekbone", (6, 9), ("below eye", "below 39", "nose side", "beside 31", "cheek")),
    Region("nose bridge", (9,), ("39", "beside 28", "beside 29", "nose side", "below 39")),
    Region("nose wing", (9, 10), ("nose side", "beside 29", "beside 30", "beside 31")),
    Region("nasolabial fold", (10, 12), ("beside 31", "below 31", "49", "48", "cheek")),
    Region("cheek", (12, 14), ("cheekbone", "cheek", "48", "jaw 4")),
    Region("upper lip", (9, 10), ("below 31", "below 33", "51", "50", "49")),
    Region("mouth", (12, 14, 15), ("48", "49", "50", "51", "57", "58", "59")),
    Region("below mouth corner", (14, 15), ("48", "59", "below 59", "jaw 5", "jaw 4")),
    Region("chin", (15, 17), ("59", "58", "57", "chin", "jaw 7", "below 59")),
)


def polygons(landmarks: NDArray[np.floating]) -> list[NDArray[np.float64]]:
    """Return the 36 regions of a face, each the (x, y) of its corners, shape (corners, 2).

    Parameters
    ----------
    landmarks : ndarray, shape (68, 2)
        (x, y) in pixels, iBUG order.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    along = points[42:48].mean(axis=0) - points[36:42].mean(axis=0)
    across = np.array([-along[1], along[0]])
    return [
        np.stack([_place(corner, points, along, across) for corner in corners]) for corners in _outlines()
    ]


def pixels(polygon: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.int64]:
    """Return the flat indices of the pixels of a (y, x) image whose centres lie in a polygon.

    A pixel on an edge that two polygons share belongs to exactly one of them.

    Examples
    --------
    >>> pixels(np.array([[0.5, 0.5], [2.5, 0.5], [2.5, 1.5], [0.5, 1.5]]), (3, 4)).tolist()
    [5, 6]
    """
    height, width = shape
    first = np.maximum(np.floor(polygon.min(axis=0)), 0).astype(int)
    last = np.minimum(np.ceil(polygon.max(axis=0)), [width - 1, height - 1]).astype(int)
    x = np.arange(first[0], last[0] + 1)
    y = np.arange(first[1], last[1] + 1)[:, None]
    inside = np.zeros((y.size, x.size), dtype=bool)
    for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        # Upper end first: both polygons of a shared edge must compute the same crossing.
        (x1, y1), (x2, y2) = (start, end) if start[1] <= end[1] else (end, start)
        if y1 < y2:
            inside ^= (y1 <= y) & (y < y2) & (x < x1 + (y - y1) * ((x2 - x1) / (y2 - y1)))
    rows, columns = np.nonzero(inside)
    indices: NDArray[np.int64] = (rows + first[1]) * width + columns + first[0]
    return indices


@cache
def _outlines() -> tuple[tuple[Corner, ...], ...]:
    left = tuple(tuple(_corner(name) for name in region.corners) for region in REGIONS)
    return left + tuple(tuple(corner.mirrored() for corner in outline) for outline in left)


def _corner(name: str) -> Corner:
    return CORNERS[name] if name in CORNERS else Corner(((int(name), 1.0),))


def _place(
    corner: Corner, points: NDArray[np.float64], along: NDArray[np.float64], across: NDArray[np.float64]
) -> NDArray[np.float64]:
    place = corner.right * along + corner.down * across
    for landmark, weight in corner.landmarks:
        place = place + weight * points[landmark]
    return place
