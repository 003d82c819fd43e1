"""Truth: the motion of a simulated clip, which can be evaluated anywhere.

Point x of the still is seen in frame t at M_t(x) = x + w(x) (H_t(x + e(t) U(x)) - x) + c: the expression U
grows with e(t), the head moves by the similarity H_t, the mask w keeps the background still, and c is an
offset by a fraction of a pixel that all frames share.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mestore.align import apply, inverse
from mestore.faces.shape68 import eye_centres
from mestore.synthetic.actions import Field
from mestore.synthetic.warps import pixel_grid

REGION = 0.25
"""The region of an expression is where its motion is at least this fraction of its largest."""

_TOLERANCE = 1e-9  # px
_ROUNDS = 100


@dataclass(frozen=True, kw_only=True)
class Head:
    """Where the head is and how it moves from the onset to the offset.

    Parameters
    ----------
    centre : ndarray of float64, shape (2,)
        (x, y) in pixels of the still.
    axes : ndarray of float64, shape (2,)
        Half width and half height of the ellipse that moves as a whole, in pixels.
    fade : float
        Outside the ellipse the motion fades, and ends at `fade` times its size.
    drift : ndarray of float64, shape (2,)
        How far it has moved at the offset, in pixels.
    sway : ndarray of float64, shape (2,)
        A movement to and back, largest half way, in pixels.
    rotation : float
        Turned at the offset, clockwise in the image, in degrees.
    growth : float
        Logarithm of the scale at the offset.
    """

    centre: NDArray[np.float64]
    axes: NDArray[np.float64]
    fade: float
    drift: NDArray[np.float64]
    sway: NDArray[np.float64]
    rotation: float
    growth: float

    def mask(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return w at points (N, 2): 1 on the head, 0 in the background, twice differentiable."""
        radius = np.hypot(*((points - self.centre) / self.axes).T)
        z = np.clip((self.fade - radius) / (self.fade - 1), 0, 1)
        return np.asarray(z**3 * (10 - 15 * z + 6 * z**2), np.float64)

    def pose(self, phase: float) -> NDArray[np.float64]:
        """Return H_t as a transform (2, 3) at `phase`, 0 at the onset and 1 at the offset."""
        gone = (1 - np.cos(np.pi * phase)) / 2
        angle = np.deg2rad(self.rotation * gone)
        cos, sin = np.exp(self.growth * gone) * np.array([np.cos(angle), np.sin(angle)])
        linear = np.array([[cos, -sin], [sin, cos]])
        moved = self.drift * gone + self.sway * np.sin(np.pi * phase) ** 2
        return np.concatenate([linear, (self.centre - linear @ self.centre + moved)[:, None]], axis=1)


def head_of(
    landmarks: NDArray[np.float64],
    *,
    drift: tuple[float, float] = (0.0, 0.0),
    sway: tuple[float, float] = (0.0, 0.0),
    rotation: float = 0.0,
    growth: float = 0.0,
) -> Head:
    """Return the head that goes with landmarks (68, 2); the movements are those of `Head`."""
    right, left = eye_centres(landmarks)
    return Head(
        centre=landmarks[27:31].mean(axis=0),
        axes=np.hypot(*(left - right)) * np.array([1.15, 1.4]),
        fade=1.45,
        drift=np.array(drift),
        sway=np.array(sway),
        rotation=rotation,
        growth=growth,
    )


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The motion of one simulated clip.

    Parameters
    ----------
    onset, apex, offset : int
        Frame numbers.
    aus : str
        Action units, as in the coding sheet.
    landmarks : ndarray of float64, shape (68, 2)
        Of the still, in pixels.
    field : Field
        U, the expression at its apex.
    head : Head
    shift : ndarray of float64, shape (2,)
        c, in pixels.
    """

    onset: int
    apex: int
    offset: int
    aus: str
    landmarks: NDArray[np.float64]
    field: Field
    head: Head
    shift: NDArray[np.float64]

    def strength(self, frame: float) -> float:
        """Return e(t): raised cosines from 0 at the onset to 1 at the apex and 0 at the offset."""
        phase = np.interp(frame, [self.onset, self.apex, self.offset], [0, 1, 2])
        return float((1 - np.cos(np.pi * phase)) / 2)

    def pose(self, frame: float) -> NDArray[np.float64]:
        """Return the head's transform (2, 3) in a frame; before the onset and after the offset it rests."""
        return self.head.pose(float(np.interp(frame, [self.onset, self.offset], [0, 1])))


def seen_at(truth: Truth, frame: float, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return M_t: where points (N, 2) of the still are seen in a frame."""
    moved = apply(truth.pose(frame), points + truth.strength(frame) * truth.field.at(points))
    return points + truth.head.mask(points)[:, None] * (moved - points) + truth.shift


def origin_of(truth: Truth, frame: float, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the points (N, 2) of the still that are seen at `points` of a frame.

    Raises
    ------
    ValueError
        If the motion is so strong that no unique origin is found.
    """
    origin = points - truth.shift
    for _ in range(_ROUNDS):
        error = points - seen_at(truth, frame, origin)
        origin = origin + error
        if np.abs(error).max() < _TOLERANCE:
            return origin
    raise ValueError(
        f"the motion folds the face at frame {frame}: {np.abs(error).max():.3g} px are left after {_ROUNDS} "
        "rounds; expected a peak and a head motion of a few pixels"
    )


def displacement(
    truth: Truth, first: float, second: float, points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far what is seen at `points` of one frame has moved in another, head included.

    Parameters
    ----------
    truth : Truth
    first, second : float
        Frame numbers.
    points : ndarray of float64, shape (N, 2)
        (x, y) in pixels of the raw frame `first`.

    Returns
    -------
    ndarray of float64, shape (N, 2)
        (right, down), in pixels of the raw frame.
    """
    return seen_at(truth, second, origin_of(truth, first, points)) - points


def crop_displacement(
    truth: Truth, first: float, second: float, *, transform: NDArray[np.float64], size: int
) -> NDArray[np.float64]:
    """Return the true flow between two frames of an aligned clip.

    Parameters
    ----------
    truth : Truth
    first, second : float
        Frame numbers.
    transform : ndarray of float64, shape (2, 3)
        From the raw frame to the crop, as stored beside the crops.
    size : int
        Width and height of the crop, in pixels.

    Returns
    -------
    ndarray of float64, shape (size, size, 2)
        (right, down), in pixels of the crop.
    """
    points = apply(inverse(transform), pixel_grid(size, size))
    moved = displacement(truth, first, second, points) @ transform[:, :2].T
    return np.asarray(moved.reshape(size, size, 2), np.float64)


def without_head(truth: Truth) -> Truth:
    """Return the same expression on a head that keeps still."""
    still = replace(truth.head, drift=np.zeros(2), sway=np.zeros(2), rotation=0.0, growth=0.0)
    return replace(truth, head=still)


def region(
    truth: Truth, first: float, second: float, *, transform: NDArray[np.float64], size: int
) -> NDArray[np.bool_]:
    """Return where the expression alone moves a crop by at least a quarter of its largest motion.

    Parameters are those of `crop_displacement`; the result has shape (size, size).
    """
    flow = crop_displacement(without_head(truth), first, second, transform=transform, size=size)
    length = np.hypot(flow[..., 0], flow[..., 1])
    return np.asarray(length >= REGION * length.max(), np.bool_)


def to_json(truth: Truth) -> dict[str, Any]:
    """Return a truth as numbers, lists and text."""
    return _plain(asdict(truth))


def from_json(values: Mapping[str, Any]) -> Truth:
    """Return the truth that `to_json` wrote."""
    arrays = _arrays(values)
    return Truth(**{**arrays, "field": Field(**arrays["field"]), "head": Head(**arrays["head"])})


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _plain(value)
        if isinstance(value, dict)
        else value.tolist()
        if hasattr(value, "tolist")
        else value
        for key, value in values.items()
    }


def _arrays(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _arrays(value)
        if isinstance(value, dict)
        else np.array(value)
        if isinstance(value, list)
        else value
        for key, value in values.items()
    }
