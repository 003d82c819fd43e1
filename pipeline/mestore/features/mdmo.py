"""MDMO: the main direction and strength of motion in 36 regions of the face."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from mestore.errors import ClipFault
from mestore.features.bilinear import bilinear
from mestore.features.rois import PAIRS, STABLE, pixels, polygons
from mestore.features.spec import KindParams
from mestore.sample import Sample

DIRECTIONS = 8

STILL = 1e-3
"""px; a shorter vector has no direction. Far under any motion, far over the rounding of float32 flow."""

_LONGEST = 1e3  # px; longer vectors lead out of any crop, and float32 would round them by near `STILL`
_FARTHEST = 1e6  # px; landmarks beyond are damaged
_REGIONS = 2 * PAIRS
_NONE = DIRECTIONS  # the bin of vectors without a direction


class MdmoParams(KindParams):
    """Parameters of kind `mdmo`."""

    alpha: float = Field(
        default=0.9, ge=0, le=1, description="weight of the strength; the direction has 1 - alpha"
    )

    def check_input(self, given: KindParams) -> None:
        """Refuse flow that is not onset-each: MDMO averages the motion since the onset."""
        pairs = getattr(given, "pairs", None)
        if pairs != "onset-each":
            raise ValueError(f"found flow with pairs: {pairs}; mdmo reads a store with pairs: onset-each")


def mdmo(flows: ArrayLike, landmarks: ArrayLike, *, alpha: float = 0.9) -> NDArray[np.float64]:
    """Return the main directional mean optical flow of a clip.

    From every flow the affine motion of the head (translation included), fitted by least squares at 13
    landmarks of contour and nose, is removed. In every region the vectors of the fullest of 8 direction
    bins are averaged as vectors, and these means are averaged over the flows. rho and theta are the length
    and the angle of the result, rho as a share of the largest of the 36.

    Parameters
    ----------
    flows : array_like, shape (pairs, y, x, 2 or more)
        Flows from the onset to each other frame, (u to the right, v down) in pixels; further channels
        are left alone.
    landmarks : array_like, shape (68, 2)
        (x, y) in pixels of the flows, iBUG order, from the onset.
    alpha : float
        Weight of rho, in [0, 1].

    Returns
    -------
    ndarray of float64, shape (72,)
        alpha rho and (1 - alpha) theta of region 0, of region 1, ... (`rois.REGIONS`, then their mirror
        images). theta = atan2(v, u) is in (-pi, pi]. Both are 0 in a region that does not move (mean
        under `STILL`) or lies outside the crop.

    Raises
    ------
    ValueError
        If shapes are others, u or v is NaN, infinite or beyond 1000 px, a landmark is not finite, `alpha` is
        out of range, or fewer than 3 of the 13 landmarks, or only ones in a line, lie in the crop.

    References
    ----------
    Y.-J. Liu, J.-K. Zhang, W.-J. Yan, S.-J. Wang, G. Zhao, X. Fu, "A main directional mean optical flow
    feature for spontaneous micro-expression recognition", IEEE TAFFC 7(4), 2016; as equations 12-16 of
    docs/formulas.md, which lists the departures.
    """
    flows, landmarks = _checked(np.asarray(flows), np.asarray(landmarks), alpha)
    size = flows.shape[1:3]
    members = [pixels(polygon, size) for polygon in polygons(landmarks)]
    where = np.concatenate(members)
    region = np.repeat(np.arange(_REGIONS), [len(member) for member in members])
    u, v = _without_head(flows, landmarks, where)
    mean = _main_directions(u, v, region).mean(axis=0)
    rho = np.hypot(mean[:, 0], mean[:, 1])
    moves = rho >= STILL
    theta = np.where(moves, np.arctan2(mean[:, 1], mean[:, 0]), 0.0)
    theta[theta <= -np.pi] = np.pi  # a v of -1e-20 must not turn the direction by a whole circle
    rho = np.where(moves, rho, 0.0) / max(rho.max(), STILL)
    return np.stack([alpha * rho, (1 - alpha) * theta], axis=1).ravel()


def mdmo_sample(sample: Sample, params: MdmoParams) -> Sample:
    """Return the MDMO of a clip's onset-each flows, float32 (72,)."""
    if sample.data.ndim != 4:
        raise ValueError(
            f"found a flow of shape {sample.data.shape}; expected a sequence (pairs, y, x, channel): set "
            "pairs: onset-each in the tvl1 store that this store reads"
        )
    if sample.landmarks is None:
        raise ClipFault(
            found="no landmarks",
            expected="68 landmarks of the onset frame",
            remedy="build the crops with a face backend that finds landmarks",
        )
    feature = mdmo(sample.data, sample.landmarks, alpha=params.alpha)
    return sample.having(feature.astype(np.float32))


def _without_head(
    flows: NDArray[np.floating], landmarks: NDArray[np.float64], where: NDArray[np.int64]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return u and v, each (pairs, pixels), at the flat pixels `where` less the affine head motion."""
    _, height, width = flows.shape[:3]
    points = landmarks[list(STABLE)]
    points = points[((points >= 0) & (points <= [width - 1, height - 1])).all(axis=1)]
    # Centred: the fit stays well conditioned, whatever the size of the crop.
    origin = np.array([width, height]) / 2
    design = np.column_stack([points - origin, np.ones(len(points))])
    if len(points) < 3 or np.linalg.matrix_rank(design, tol=1e-6 * max(width, height)) < 3:
        raise ValueError(
            f"found {len(points)} of the 13 landmarks {STABLE} in the crop of {width} x {height} px; "
            "expected at least 3 that are not in one line, to fit head motion; use a larger crop"
        )
    motion = np.linalg.pinv(design) @ bilinear(flows, points)  # (pairs, 3, 2)
    x = (where % width - origin[0]).astype(flows.dtype)
    y = (where // width - origin[1]).astype(flows.dtype)
    parts = motion.astype(flows.dtype)[..., None]
    u, v = (
        flows[..., channel].reshape(len(flows), -1)[:, where]
        - (parts[:, 0, channel] * x + parts[:, 1, channel] * y + parts[:, 2, channel])
        for channel in (0, 1)
    )
    return u, v


def _main_directions(
    u: NDArray[np.floating], v: NDArray[np.floating], region: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the mean vector of the fullest bin, shape (pairs, 36, 2), of vectors (pairs, pixels).

    Bin 0 is centred on angle 0, so that motion to the right is not split; of equally full bins the
    first counts. Vectors without a direction have a bin of their own, whose mean is 0.
    """
    turn = np.arctan2(v, u) * (DIRECTIONS / (2 * np.pi))
    bins = np.floor(turn + 0.5).astype(np.int64) % DIRECTIONS
    bins[u * u + v * v < STILL**2] = _NONE
    bins += region * (DIRECTIONS + 1)
    bins += (np.arange(len(u)) * (_REGIONS * (DIRECTIONS + 1)))[:, None]
    shape = (len(u), _REGIONS, DIRECTIONS + 1)
    bins = bins.ravel()
    counts = np.bincount(bins, minlength=np.prod(shape)).reshape(shape)
    fullest = counts.argmax(axis=2)[..., None]
    count = np.take_along_axis(counts, fullest, axis=2)
    sums = [np.bincount(bins, weights=part.ravel(), minlength=counts.size).reshape(shape) for part in (u, v)]
    sums = [np.take_along_axis(part, fullest, axis=2) for part in sums]
    moving = (fullest != _NONE) & (count > 0)
    mean: NDArray[np.float64] = np.concatenate(sums, axis=2) / np.maximum(count, 1) * moving
    return mean


def _checked(
    flows: NDArray[np.floating], landmarks: NDArray[np.floating], alpha: float
) -> tuple[NDArray[np.floating], NDArray[np.float64]]:
    if flows.ndim != 4 or flows.shape[-1] < 2 or min(flows.shape[:3]) < 1 or flows.dtype.kind != "f":
        raise ValueError(f"found flows {flows.dtype} {flows.shape}; expected floats (pairs, y, x, 2)")
    if min(flows.shape[1:3]) < 2:
        raise ValueError(f"found flows of {flows.shape[1:3]} px; expected at least 2 x 2")
    # Not "any above": NaN is above nothing.
    if not (np.abs(flows[..., :2]) <= _LONGEST).all():
        raise ValueError(
            f"found flows with NaN or beyond {_LONGEST:g} px; expected motion within the crop, in pixels"
        )
    if landmarks.shape != (68, 2) or landmarks.dtype.kind not in "iuf":
        raise ValueError(f"found landmarks {landmarks.dtype} {landmarks.shape}; expected numbers (68, 2)")
    if not (np.abs(landmarks) <= _FARTHEST).all():
        raise ValueError(f"found landmarks with NaN or beyond {_FARTHEST:g} px; expected pixels of the crop")
    if not 0 <= alpha <= 1:
        raise ValueError(f"found alpha {alpha}; expected a weight in [0, 1]")
    working = np.float32 if flows.dtype.itemsize <= 4 else np.float64
    return flows.astype(working, copy=False), landmarks.astype(np.float64)
