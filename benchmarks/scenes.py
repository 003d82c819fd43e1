"""Pairs of frames with the true motion between them: the demo's faces, and two pictures of scikit-image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import skimage.data
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates, spline_filter

from mestore.faces.shape68 import STABLE, reference_shape
from mestore.features.grey import grey
from mestore.similarity import similarity
from mestore.synthetic.head import head_of
from mestore.synthetic.render import Camera, film
from mestore.synthetic.stills import Face, derive, draw_traits, still
from mestore.synthetic.truth import REGION, Truth, crop_displacement, region, seen_at, truth_of
from mestore.synthetic.warps import bumps, pixel_grid
from mestore.warp import warp

BORDER = 8
"""Pixels along the edge that no error counts: there the motion may leave the image."""

PICTURES = ("camera", "cat")

_NOISE = 1.0  # grey levels
_ONSET, _APEX = 46, 60
_PEAK = 1.0  # px of the frame, at the apex
_UNITS: Mapping[str, tuple[int, int]] = {"astronaut": (6, 12), "grace_hopper": (4, 9)}
_SPLINE = 5
_SUBPIXELS = 3  # a pixel is the mean of at least 3 x 3 points: what a sensor integrates

# Bumps of a picture's field: (x, y) as shares of width and height, (right, down) in px.
_CENTRES = np.array([[0.25, 0.3], [0.7, 0.25], [0.5, 0.55], [0.25, 0.75], [0.75, 0.75]])
_VECTORS = np.array([[0.5, 0.0], [-0.45, 0.6], [0.0, -1.0], [1.2, 0.9], [-1.2, 1.6]])
_WIDTH = 0.11  # standard deviation, as a share of the shorter side


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Two frames and the motion from the first to the second.

    Parameters
    ----------
    name : str
        Of the picture.
    prev, next : ndarray of uint8, shape (y, x)
        Grey levels.
    truth : ndarray of float64, shape (y, x, 2)
        (u to the right, v down) in pixels, at the pixels of `prev`.
    region : ndarray of bool, shape (y, x)
        Where the motion is at least a quarter of its largest, away from the border; on a face that of the
        expression alone, without the head.
    """

    name: str
    prev: NDArray[np.uint8]
    next: NDArray[np.uint8]
    truth: NDArray[np.float64]
    region: NDArray[np.bool_]


def scene(name: str, size: tuple[int, int]) -> Scene:
    """Return the scene of a name in a size.

    Parameters
    ----------
    name : str
        One of `mestore.synthetic.stills.STILLS` (faces; square) or of `PICTURES`.
    size : (int, int)
        Height and width, in pixels.

    Returns
    -------
    Scene

    Raises
    ------
    ValueError
        If a face is asked for that is not square.
    """
    if name in PICTURES:
        return _picture(name, size)
    if size[0] != size[1]:
        raise ValueError(f"found a face of {size}; expected height and width to be equal")
    (pair,) = face_scenes(name, size[0], frames=(_ONSET, _APEX))
    return pair


def face_scenes(name: str, side: int, *, frames: Sequence[int]) -> list[Scene]:
    """Return the scenes from the first frame of a face's clip to each other one.

    The face is moved, filmed (noise of 1 grey level, flicker, JPEG) and aligned as in the demo; its
    expression grows from frame 46 to 60 and fades until 86, while the head drifts and turns.

    Parameters
    ----------
    name : str
        One of `mestore.synthetic.stills.STILLS`.
    side : int
        Height and width of the crop, in pixels.
    frames : sequence of int
        At least two frame numbers.

    Returns
    -------
    list of Scene
    """
    face = _face(name)
    truth = _truth(name, face)
    first = frames[0]
    stable = list(STABLE)
    transform = similarity(
        seen_at(truth, first, face.landmarks)[stable], np.asarray(reference_shape(side))[stable]
    )
    recorded = film(face, truth, Camera(noise=_NOISE, seed=3), frames=frames)
    crops = grey(np.stack([warp(frame, transform, side) for frame in recorded]))
    return [
        Scene(
            name=name,
            prev=crops[0],
            next=crop,
            truth=crop_displacement(truth, first, frame, transform=transform, size=side),
            region=inside((side, side)) & region(truth, first, frame, transform=transform, size=side),
        )
        for frame, crop in zip(frames[1:], crops[1:], strict=True)
    ]


def inside(size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which pixels of an image lie at least `BORDER` px from its edge.

    Examples
    --------
    >>> int(inside((20, 18)).sum())
    8
    """
    mask = np.zeros(size, np.bool_)
    mask[BORDER:-BORDER, BORDER:-BORDER] = True
    return mask


def end_point_error(
    flow: NDArray[np.floating], truth: NDArray[np.float64], where: NDArray[np.bool_]
) -> float:
    """Return the mean length of the difference of two flows (y, x, 2) over the pixels `where`, in pixels.

    Examples
    --------
    >>> still = np.zeros((20, 20, 2))
    >>> end_point_error(still + [3, 4], still, inside((20, 20)))
    5.0
    """
    return float(np.hypot(*(flow - truth)[where].T).mean())


@cache
def _face(name: str) -> Face:
    return derive(still(name), draw_traits(7, mirrored=False))


def _truth(name: str, face: Face) -> Truth:
    head = head_of(face.landmarks, drift=(0.4, 0.2), sway=(0.1, -0.1), rotation=0.15)
    strengths = dict.fromkeys(_UNITS[name], (1.0, 0.85))
    return truth_of(face.landmarks, strengths, peak=_PEAK, head=head, onset=_ONSET, apex=_APEX)


def _picture(name: str, size: tuple[int, int]) -> Scene:
    """Return a picture moved by Gaussian bumps of 0.5 to 2 px, with noise of 1 grey level.

    `next` is the picture itself and `prev` shows at x what `next` shows at x + f(x), so that f is the flow
    with no inversion in between. Both are read from one spline of degree 5 by the same means over each
    pixel, so that neither the sampling nor a sharper image favours a method.
    """
    points = pixel_grid(*size)
    truth = _bumps(points, size)
    length = np.hypot(*truth.T).reshape(size)
    rng = np.random.default_rng(11)
    source = _coefficients(name)
    prev, next_ = (
        np.clip(np.rint(seen + _NOISE * rng.standard_normal(size)), 0, 255).astype(np.uint8)
        for seen in (_exposed(source, size, moved=True), _exposed(source, size, moved=False))
    )
    return Scene(
        name=name,
        prev=prev,
        next=next_,
        truth=truth.reshape(*size, 2),
        region=inside(size) & (length >= REGION * length.max()),
    )


def _bumps(points: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Return the field of a picture in `size` at points (N, 2)."""
    centres = _CENTRES * [size[1] - 1, size[0] - 1]
    return bumps(points, centres=centres, vectors=_VECTORS, widths=np.full(len(_CENTRES), _WIDTH * min(size)))


def _exposed(source: NDArray[np.float64], size: tuple[int, int], *, moved: bool) -> NDArray[np.float64]:
    """Return the middle of a picture, moved or as it is, in `size`: the mean over each pixel."""
    step = min(source.shape[0] / size[0], source.shape[1] / size[1])  # px of the picture per px of the image
    middle = (np.array(source.shape[::-1]) - 1) / 2 - step * (np.array(size[::-1]) - 1) / 2
    parts = max(_SUBPIXELS, int(np.ceil(step)))
    offsets = (np.arange(parts) + 0.5) / parts - 0.5
    total = np.zeros(size[0] * size[1])
    for offset in np.stack(np.meshgrid(offsets, offsets), axis=-1).reshape(-1, 2):
        points = pixel_grid(*size) + offset
        x, y = ((points + _bumps(points, size) if moved else points) * step + middle).T
        total += map_coordinates(source, [y, x], order=_SPLINE, mode="mirror", prefilter=False)
    return np.asarray(total.reshape(size) / parts**2, np.float64)


@cache
def _coefficients(name: str) -> NDArray[np.float64]:
    """Return the spline through a picture's grey levels; both pictures come with scikit-image itself."""
    load = {"camera": skimage.data.camera, "cat": skimage.data.cat}[name]
    (levels,) = grey(load()[None])  # type: ignore[no-untyped-call]
    return np.asarray(spline_filter(levels.astype(np.float64), order=_SPLINE, mode="mirror"), np.float64)
