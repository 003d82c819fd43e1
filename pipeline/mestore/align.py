"""Alignment: the face of a clip in a standard place, by ONE similarity found on the onset frame."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mestore.errors import ClipFault
from mestore.faces import BACKENDS, load_backend
from mestore.faces.shape68 import eye_centres, reference_shape
from mestore.features.spec import KindParams
from mestore.sample import Sample

if TYPE_CHECKING:
    BackendName = str
else:
    BackendName = Literal[tuple(BACKENDS)]

STABLE = (36, 39, 42, 45, 27, 28, 29, 30, 31, 33, 35)
"""Landmarks that no expression moves: eye corners, bridge and base of the nose."""

PIXEL_BLUR = 0.5
"""Standard deviation of a pixel's own blur, in pixels; docs/alignment.md has the figures that chose it."""

_REACH = 5  # Lanczos-4 reads four pixels to each side, and one for rounding


class AlignParams(KindParams):
    """Parameters of a store of crops."""

    side: int = Field(
        default=224, ge=32, le=1024, description="width and height of the crop, in pixels (32 to 1024)"
    )
    method: Literal["onset", "as_delivered"] = Field(
        default="onset",
        description="onset: one similarity, found on the onset frame, for every frame; "
        "as_delivered: frames are only scaled to fit, for crops that a dataset ships registered",
    )
    backend: BackendName = Field(
        default="dlib",
        description="what finds faces and landmarks; the names are in mestore/faces/__init__.py",
    )

    def ragged(self, *, input_ragged: bool) -> bool:
        """Return True: a crop clip has as many frames as its recording."""
        return True


def similarity(source: NDArray[np.floating], target: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the similarity that takes `source` to `target` with least squares.

    Rotation, scale and shift; never a reflection. In the plane a similarity is z -> a z + b over complex
    numbers, so least squares has the closed form a = <z, w> / <z, z> of the centred points.

    Parameters
    ----------
    source, target : ndarray, shape (N, 2)
        Matching points (x, y), at least two different ones.

    Returns
    -------
    ndarray of float64, shape (2, 3)
        [[a, -b, x], [b, a, y]], as `apply` and `warp` read it.

    Raises
    ------
    ValueError
        If the shapes differ, are not (N, 2), hold what is not finite, or the points of `source` or of
        `target` coincide.

    References
    ----------
    .. [1] S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
       IEEE TPAMI 13(4), 1991.

    Examples
    --------
    >>> square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    >>> apply(similarity(square, 2 * square + [3, 4]), np.array([[0.5, 0.5]])).tolist()
    [[4.0, 5.0]]
    """
    z, w = _complex(source, "source"), _complex(target, "target")
    if z.shape != w.shape:
        raise ValueError(f"source has {len(z)} points and target {len(w)}; expected as many")
    centred, goal = z - z.mean(), w - w.mean()
    factor = np.vdot(centred, goal) / np.vdot(centred, centred)
    shift = w.mean() - factor * z.mean()
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def _complex(points: NDArray[np.floating], name: str) -> NDArray[np.complex128]:
    points = np.asarray(points, np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2:
        raise ValueError(f"{name} has shape {points.shape}; expected (N, 2) with N of at least 2")
    if not np.isfinite(points).all():
        raise ValueError(f"{name} holds values that are not finite; expected pixels")
    if (points == points[0]).all():
        raise ValueError(f"the points of {name} coincide; expected at least two different ones")
    return np.asarray(points @ [1, 1j], np.complex128)


def apply(transform: NDArray[np.float64], points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return points (..., 2) carried through a transform (2, 3).

    Examples
    --------
    >>> apply(np.array([[2.0, 0, 3], [0, 2, 4]]), np.array([[1, 1]])).tolist()
    [[5.0, 6.0]]
    """
    return np.asarray(points @ transform[:, :2].T + transform[:, 2], np.float64)


def inverse(transform: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the transform (2, 3) that undoes another.

    Examples
    --------
    >>> inverse(np.array([[2.0, 0, 3], [0, 2, 4]])).tolist()
    [[0.5, 0.0, -1.5], [0.0, 0.5, -2.0]]
    """
    linear = np.linalg.inv(transform[:, :2])
    return np.concatenate([linear, -linear @ transform[:, 2:]], axis=1)


def scale(transform: NDArray[np.float64]) -> float:
    """Return by what a similarity (2, 3) multiplies lengths.

    Examples
    --------
    >>> scale(np.array([[0.0, -3, 1], [3, 0, 2]]))
    3.0
    """
    return float(np.hypot(transform[0, 0], transform[1, 0]))


def warp(image: NDArray[np.uint8], transform: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """Return the crop a similarity cuts out of an image: one resampling, anti-aliased.

    Where the crop is smaller than what it shows, the region it needs is blurred first, by what a pixel's
    blur lacks: sigma = 0.5 sqrt(1 / s^2 - 1) px for scale s. Sampling is Lanczos-4. What lies outside the
    image is black.

    Parameters
    ----------
    image : ndarray of uint8, shape (y, x, channel) or (y, x)
        A frame as recorded.
    transform : ndarray of float64, shape (2, 3)
        Similarity from pixels of the image to pixels of the crop.
    size : int
        Width and height of the crop, in pixels.

    Returns
    -------
    ndarray of uint8, shape (size, size, channel) or (size, size)

    Raises
    ------
    ValueError
        If `image` is not uint8 with two or three axes, `transform` is no (2, 3) of positive scale, `size` is
        not positive, or the crop shows nothing of the image.

    Examples
    --------
    >>> image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    >>> warp(image, np.array([[1.0, 0, -2], [0, 1, -3]]), 2).tolist()
    [[26, 27], [34, 35]]
    """
    if image.dtype != np.uint8 or image.ndim not in (2, 3):
        raise ValueError(f"image is {image.dtype} {image.shape}; expected uint8 (y, x, channel) or (y, x)")
    if transform.shape != (2, 3) or not np.isfinite(transform).all() or scale(transform) == 0:
        raise ValueError(f"transform is {transform.tolist()}; expected a finite (2, 3) of positive scale")
    if size <= 0:
        raise ValueError(f"size is {size}; expected a positive number of pixels")
    sigma = PIXEL_BLUR * np.sqrt(max(scale(transform) ** -2 - 1, 0))
    rows, columns = _needed(image.shape, transform, size, margin=_REACH + int(np.ceil(4 * sigma)))
    region = np.ascontiguousarray(image[rows, columns], np.float32)
    if sigma > 0:
        region[:] = cv2.GaussianBlur(region, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    moved = transform.copy()
    moved[:, 2] = apply(transform, np.array([columns.start, rows.start], np.float64))
    crop = cv2.warpAffine(
        region, moved, (size, size), flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_CONSTANT
    )
    return np.asarray(np.clip(np.rint(crop), 0, 255), np.uint8)


def _needed(
    shape: tuple[int, ...], transform: NDArray[np.float64], size: int, *, margin: int
) -> tuple[slice, slice]:
    """Return the rows and columns of an image of `shape` that a crop depends on."""
    edge = size - 1.0
    corners = apply(inverse(transform), np.array([[0, 0], [edge, 0], [edge, edge], [0, edge]]))
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - margin, 0)
    high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + margin + 1, [shape[1], shape[0]])
    if (low >= high).any():
        start, stop = corners.min(axis=0).round(1).tolist(), corners.max(axis=0).round(1).tolist()
        raise ValueError(
            f"the crop spans {start} to {stop}, outside the image of {shape[1]} x {shape[0]} px; "
            "expected a transform that meets the image"
        )
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def fit_whole(shape: tuple[int, ...], size: int) -> NDArray[np.float64]:
    """Return the transform (2, 3) that scales an image (y, x, ...) to fit the crop, centred, not stretched.

    Examples
    --------
    >>> fit_whole((100, 50), 200).tolist()
    [[2.0, 0.0, 50.5], [0.0, 2.0, 0.5]]
    """
    height, width = shape[:2]
    factor = size / max(height, width)
    shift = (size - 1) / 2 - factor * (np.array([width, height]) - 1) / 2
    return np.array([[factor, 0, shift[0]], [0, factor, shift[1]]])


def align_sample(sample: Sample, params: AlignParams) -> Sample:
    """Return a clip's crops: landmarks of the onset frame, the same transform for every frame.

    Parameters
    ----------
    sample : Sample
        Raw frames (time, y, x, 3) uint8 RGB. If it has landmarks, of the onset frame in pixels of the
        recording, they are taken and no face is looked for.
    params : AlignParams

    Returns
    -------
    Sample
        `data`: (time, size, size, 3) uint8. `landmarks`: of the onset frame, in pixels of the crop.
        `measures`: transform (2, 3) from raw to crop; residual (), rms distance of the stable landmarks from
        the reference shape, in pixels of the crop; eye_distance (2,), pixels between the eye centres before
        and after; enlarged (), 1 if a pixel of the crop shows less than one of the recording.

    Raises
    ------
    ClipFault
        If the onset frame is missing or does not show exactly one face, or the landmarks that came with the
        recording cannot be those of a face in it.
    ValueError
        If `data` is not uint8 (time, y, x, 3), or its landmarks are not (68, 2).

    References
    ----------
    .. [1] S. Zhao et al., "DFME: a new benchmark for dynamic facial micro-expression recognition", section
       4.2, 2023.
    """
    if sample.data.ndim != 4:
        raise ValueError(f"frames have shape {sample.data.shape}; expected (time, y, x, 3)")
    onset = _onset_frame(sample)
    given = sample.landmarks
    raw = _only_face(onset, params.backend) if given is None else _given_face(given, onset)
    target = reference_shape(params.side)
    stable = list(STABLE)
    if params.method == "onset":
        transform = similarity(raw[stable], target[stable])
    else:
        transform = fit_whole(sample.data.shape[1:], params.side)
    landmarks = apply(transform, raw)
    residual = np.sqrt(((landmarks[stable] - target[stable]) ** 2).sum(axis=1).mean())
    crops = np.stack([warp(frame, transform, params.side) for frame in sample.data])
    measures: dict[str, NDArray[Any]] = {
        "transform": transform,
        "residual": np.asarray(residual, np.float64),
        "eye_distance": np.array([_eye_distance(raw), _eye_distance(landmarks)]),
        "enlarged": np.asarray(scale(transform) > 1, np.uint8),
    }
    return replace(sample.having(crops, measures=measures), landmarks=landmarks.astype(np.float32))


def _onset_frame(sample: Sample) -> NDArray[np.uint8]:
    (rows,) = np.nonzero(sample.frames == sample.onset)
    if len(rows) != 1:
        numbers = (
            "no frames" if sample.frames.size == 0 else f"{sample.frames.min():g} to {sample.frames.max():g}"
        )
        raise ClipFault(
            found=f"{len(rows)} frames numbered {sample.onset} ({numbers})",
            expected="the onset frame, once",
            remedy="look for the missing file, or correct the onset in the coding sheet",
        )
    return np.asarray(sample.data[rows[0]])


def _only_face(image: NDArray[np.uint8], backend: str) -> NDArray[np.float64]:
    faces = load_backend(backend)(image)
    if len(faces) == 1:
        return faces[0]
    places = ", ".join(f"x {x:.0f}, y {y:.0f}" for x, y in (face.mean(axis=0) for face in faces))
    size = f"{image.shape[1]} x {image.shape[0]} px"
    raise ClipFault(
        found=f"{len(faces)} faces at {places} (of {size})" if faces else f"no face in {size}",
        expected="exactly one face in the onset frame",
        remedy="look at the frame; crop the recording to one whole upright face, name another backend, or "
        "give the face's landmarks in landmarks.csv",
    )


def _given_face(landmarks: NDArray[np.floating], image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return landmarks that came with a recording, if they can be those of a face in `image`.

    A point may lie outside: a chin is often cut off. Farther out than the image is large, it is of another
    recording or in other units.
    """
    points = np.asarray(landmarks, np.float64)
    if points.shape != (68, 2):
        raise ValueError(f"landmarks have shape {points.shape}; expected (68, 2)")
    size = np.array([image.shape[1], image.shape[0]])
    (far,) = np.nonzero(~((points >= -size) & (points <= 2 * size)).all(axis=1))
    if far.size == 0 and _eye_distance(points) >= 1:
        return points
    what = (
        f"landmark {far[0]} at x {points[far[0], 0]:g}, y {points[far[0], 1]:g}"
        if far.size
        else f"landmarks whose eyes are {_eye_distance(points):.2g} px apart"
    )
    raise ClipFault(
        found=f"{what} in a frame of {size[0]} x {size[1]} px",
        expected="68 points of a face in the onset frame, in pixels of the frame as recorded",
        remedy="mend the clip's row in landmarks.csv, or remove it, and the face backend looks for the face",
    )


def _eye_distance(landmarks: NDArray[np.float64]) -> float:
    right, left = eye_centres(landmarks)
    return float(np.hypot(*(left - right)))
