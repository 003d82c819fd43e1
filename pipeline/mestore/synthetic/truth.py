"""Truth: the motion of a simulated clip, which can be evaluated anywhere.

Point x of the still is seen in frame t at M_t(x) = x + w(x) (H_t(x + e(t) U(x)) - x) + c: the expression U
grows with e(t), the head moves by the similarity H_t, the mask w keeps the background still, and c is an
offset by a fraction of a pixel that all frames share.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mestore.similarity import apply, inverse
from mestore.synthetic.actions import Field, field
from mestore.synthetic.head import Head, head_of
from mestore.synthetic.warps import pixel_grid

REGION = 0.25
"""The region of an expression is where its motion is at least this fraction of its largest."""

_TOLERANCE = 1e-9  # px
_ROUNDS = 100


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


def truth_of(
    landmarks: NDArray[np.float64],
    strengths: Mapping[int, tuple[float, float]],
    *,
    peak: float,
    head: Head | None = None,
    onset: int = 46,
    apex: int = 60,
    offset: int = 86,
    shift: ArrayLike = (0.37, 0.61),
) -> Truth:
    """Return the truth of a face that shows action units.

    Parameters
    ----------
    landmarks : ndarray of float64, shape (68, 2)
        Of the still, in pixels.
    strengths : mapping of int to (float, float)
        Action unit -> strength on the image's left and right half; only their ratios count.
    peak : float
        Largest displacement at the apex, in pixels.
    head : Head, optional
        By default one that keeps still.
    onset, apex, offset : int
        Frame numbers, in this order.
    shift : (float, float)
        In pixels.

    Returns
    -------
    Truth

    Raises
    ------
    ValueError
        If the frame numbers are out of order, or an action unit is unknown.
    """
    if not onset < apex < offset:
        raise ValueError(f"onset, apex, offset are {onset}, {apex}, {offset}; expected them to increase")
    return Truth(
        onset=onset,
        apex=apex,
        offset=offset,
        aus="+".join(map(str, strengths)),
        landmarks=landmarks,
        field=field(landmarks, strengths, peak=peak),
        head=head_of(landmarks) if head is None else head,
        shift=np.asarray(shift, np.float64),
    )


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
