"""Alignment: the face of a clip in a standard place, by ONE similarity found on the onset frame."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mestore.align_params import AlignParams
from mestore.apex.spot import spot
from mestore.apex.stretch import Spotted
from mestore.errors import ClipFault
from mestore.faces import load_detector, load_landmarks
from mestore.faces.box import Box, for_dlib
from mestore.faces.choose import centre, choose
from mestore.faces.plausible import check, signs
from mestore.faces.repeat import repeat_error
from mestore.faces.shape68 import STABLE, eye_centres, eye_distance, reference_shape
from mestore.faces.spec import Face
from mestore.quality import clip_quality
from mestore.sample import CURVE, Sample
from mestore.similarity import apply, compose, fit_whole, inverse, scale, shifted, similarity
from mestore.warp import warp

_ALIGNED = 224
"""Side of the reference crop in which the box of the aligned face is looked for, in pixels: always the same,
so that the place of the crop does not depend on its size."""

_TIMES = 3
"""How many times as wide and as high as the frame a box from boxes.csv may be."""


@dataclass(frozen=True, kw_only=True)
class _Sure:
    """How sure landmarks are: the detector's score, and how little they move when looked for once more."""

    confidence: float
    repeat: float


_ASSURED = _Sure(confidence=1.0, repeat=0.0)  # what a lab says itself


def align_sample(sample: Sample, params: AlignParams, previous: Sample | None = None) -> Sample:
    """Return a clip's crops: landmarks of the onset frame, the same transform for every frame.

    Parameters
    ----------
    sample : Sample
        Raw frames (time, y, x, 3) uint8 RGB. If it has landmarks, of the onset frame in pixels of the
        recording, they are taken and no face is looked for; if it has a box, landmarks are looked for in it.
    params : AlignParams
    previous : Sample, optional
        What this function returned for the subject's last clip; `face: nearest` stays with that face where
        the frames have the same size.

    Returns
    -------
    Sample
        `data`: (time, size, size, 3) uint8. `landmarks`: of the onset frame, in pixels of the crop. `apex`:
        the one spotted, where `params.apex` names a method.
        `measures`: transform (2, 3) from raw to crop; frame_size (2,), width and height of the recording's
        frames; residual (), rms distance of the stable landmarks from
        the reference shape, in pixels of the crop; eye_distance (2,), pixels between the eye centres before
        and after; enlarged (), 1 if a pixel of the crop shows less than one of the recording; confidence (),
        the detector's score, and repeat (), how far the stable landmarks moved when they were looked for
        once more, over the eye distance (1 where the recording came with a box, 1 and 0 where it came with
        landmarks); those of
        `mestore.quality.clip_quality`; where `params.apex` names a method, apex_spotted (), 1 if the apex is
        one that it spotted, and apex_curve (time,), what it looked at, 0 where it did not look.

    Raises
    ------
    ClipFault
        If the onset frame is missing or shows no face, or no one face that `params.face` means, or the
        landmarks cannot be those of a face in it.
    ModelError
        If a face model that `params` names is not installed.
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
    if sample.landmarks is None:
        raw, sure = _found(onset, params, box=sample.box, previous=previous)
    else:
        raw, sure = _given(sample.landmarks, onset, params), _ASSURED
    transform, target = _placed(onset, raw, params)
    landmarks = apply(transform, raw)
    stable = list(STABLE)
    crops = np.stack([warp(frame, transform, params.side) for frame in sample.data])
    measures = {
        "transform": transform,
        "frame_size": _size(onset),
        "residual": np.asarray(np.sqrt(((landmarks[stable] - target[stable]) ** 2).sum(axis=1).mean())),
        "eye_distance": np.array([eye_distance(raw), eye_distance(landmarks)]),
        "enlarged": np.asarray(scale(transform) > 1, np.uint8),
        "confidence": np.asarray(sure.confidence, np.float64),
        "repeat": np.asarray(sure.repeat, np.float64),
        **clip_quality(
            crops, landmarks=landmarks, frames=sample.frames, onset=sample.onset, offset=sample.offset
        ),
    }
    aligned = replace(
        sample.having(crops, measures=measures), landmarks=landmarks.astype(np.float32), box=None
    )
    return _with_apex(aligned, params)


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


def _found(
    image: NDArray[np.uint8], params: AlignParams, *, box: Box | None, previous: Sample | None
) -> tuple[NDArray[np.float64], _Sure]:
    """Return the landmarks of the clip's face in `image`, and how sure they are."""
    if box is not None:
        face = _boxed(box, image, least=params.min_eye_distance)
    else:
        face = choose(
            load_detector(params.detector)(image),
            shape=image.shape,
            which=params.face,
            least=params.least(),
            near=_middle(previous, size=_size(image)),
        )
    model = load_landmarks(params.landmarks)
    points = model(image, face)
    seen = signs(points, shape=image.shape, width=for_dlib(face)[2])
    remedy = ("" if box is None else "see that the clip's row in boxes.csv is right, or ") + (
        "look at the frame: the head may be turned, or something be before the face; name another detector "
        "or landmark model, give the face's landmarks in landmarks.csv, or move the limit"
    )
    check(seen, params.limits(), remedy=remedy)
    repeat = repeat_error(image, points, model)
    check(replace(seen, repeat=repeat), params.limits(), remedy=remedy)
    return points, _Sure(confidence=face.score, repeat=repeat)


def _boxed(box: Box, image: NDArray[np.uint8], *, least: float) -> Face:
    """Return the face in a box that came with a recording, if it can be one of a face in `image`.

    Landmark models ask for nothing, and spend seconds or all memory on a box that is far off. One that is
    narrower than eyes may be apart, `least` px, is refused with its cause.
    """
    x, y, width, height = box
    across, down = _size(image)
    seen = -width < x < across and -height < y < down
    if not (seen and least <= width <= _TIMES * across and least <= height <= _TIMES * down):
        raise ClipFault(
            found=f"a box at x {x:g}, y {y:g}, {width:g} wide and {height:g} high, in a frame of "
            f"{across:g} x {down:g} px",
            expected="the box of a face in the onset frame, in pixels of the frame as recorded: "
            f"over the frame, sides from {least:g} px to {_TIMES} times the frame's",
            remedy="mend the clip's row in boxes.csv, or remove it, and the detector looks for the face",
        )
    return Face(box=box, score=_ASSURED.confidence, outline="wider")


def _size(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the width and height of a frame."""
    return np.array([image.shape[1], image.shape[0]], np.float64)


def _middle(aligned: Sample | None, *, size: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the middle (x, y) of a clip's face in pixels of its recording, whose frames must be of `size`.

    A place in a frame of one size says nothing of where a face is in one of another: None then.
    """
    if aligned is None or not np.array_equal(aligned.measures["frame_size"], size):
        return None
    points = apply(inverse(aligned.measures["transform"]), np.asarray(aligned.landmarks, np.float64))
    return np.asarray((points.min(axis=0) + points.max(axis=0)) / 2, np.float64)


def _given(
    landmarks: NDArray[np.floating], image: NDArray[np.uint8], params: AlignParams
) -> NDArray[np.float64]:
    """Return landmarks that came with a recording, if they can be those of a face in `image`.

    A point may lie outside: a chin is often cut off. Farther out than the image is large, it is of another
    recording or in other units.
    """
    points = np.asarray(landmarks, np.float64)
    if points.shape != (68, 2):
        raise ValueError(f"landmarks have shape {points.shape}; expected (68, 2)")
    size = np.array([image.shape[1], image.shape[0]])
    remedy = "mend the clip's row in landmarks.csv, or remove it, and the detector looks for the face"
    (far,) = np.nonzero(~((points >= -size) & (points <= 2 * size)).all(axis=1))
    apart = eye_distance(points)
    if far.size or apart < 1:
        what = (
            f"landmark {far[0]} at x {points[far[0], 0]:g}, y {points[far[0], 1]:g}"
            if far.size
            else f"landmarks whose eyes are {apart:.2g} px apart"
        )
        raise ClipFault(
            found=f"{what} in a frame of {size[0]} x {size[1]} px",
            expected="68 points of a face in the onset frame, in pixels of the frame as recorded",
            remedy=remedy,
        )
    # The lab saw the face: it may be small, or stand over the edge.
    limits = replace(params.limits(), min_eye_distance=1.0, min_inside=0.0)
    check(signs(points, shape=image.shape), limits, remedy=remedy)
    return points


def _placed(
    onset: NDArray[np.uint8], raw: NDArray[np.float64], params: AlignParams
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the transform (2, 3) from raw to crop, and where it means to put the landmarks (68, 2)."""
    if params.method == "as_delivered":
        return fit_whole(onset.shape, params.side), reference_shape(params.side)
    target = reference_shape(params.side if params.crop == "eyes" else _ALIGNED)
    fitted = _fit(raw, target, params)
    if params.crop == "eyes":
        return fitted, target
    zoom = _to_box(_aligned_face(onset, fitted, params), params.side)
    return compose(zoom, fitted), apply(zoom, target)


def _fit(raw: NDArray[np.float64], target: NDArray[np.float64], params: AlignParams) -> NDArray[np.float64]:
    if params.fit == "eyes":
        return similarity(eye_centres(raw), eye_centres(target))
    stable = list(STABLE)
    return similarity(raw[stable], target[stable])


def _aligned_face(image: NDArray[np.uint8], fitted: NDArray[np.float64], params: AlignParams) -> Face:
    """Return the face in the aligned onset frame, in pixels of the reference crop."""
    margin = _ALIGNED // 2
    aligned = warp(image, shifted(fitted, margin), 2 * _ALIGNED)
    face = choose(
        load_detector(params.detector)(aligned),
        shape=aligned.shape,
        which="nearest",
        least=params.least(),
        near=np.full(2, _ALIGNED - 0.5),
    )
    x, y, width, height = face.box
    return replace(face, box=(x - margin, y - margin, width, height), five=None)


def _to_box(face: Face, side: int) -> NDArray[np.float64]:
    """Return the transform (2, 3) to the crop that shows the square about a box, as large as its longer side.

    Examples
    --------
    >>> _to_box(Face(box=(10, 20, 60, 100), score=1, outline="wider"), 200).tolist()
    [[2.0, 0.0, 20.5], [0.0, 2.0, -39.5]]
    """
    longer = max(face.box[2:])
    factor = side / longer
    shift = (side - 1) / 2 - factor * centre(face)
    return np.array([[factor, 0, shift[0]], [0, factor, shift[1]]])


def _with_apex(aligned: Sample, params: AlignParams) -> Sample:
    """Return the clip with the apex that `params.apex` spots, unless it has one that counts."""
    if params.apex == "as_given":
        return aligned
    spotted = Spotted(row=None, curve=np.zeros(len(aligned.frames), np.float32))
    if params.apex_of == "all" or not aligned.apex_given:
        spotted = spot(
            aligned.data,
            numbers=aligned.frames,
            onset=aligned.onset,
            offset=aligned.offset,
            method=params.apex,
            landmarks=aligned.landmarks,
            fps=aligned.fps,
        )
    measures: dict[str, NDArray[Any]] = {
        **aligned.measures,
        "apex_spotted": np.asarray(spotted.row is not None, np.uint8),
        f"apex{CURVE}": spotted.curve,
    }
    apex = aligned.apex if spotted.row is None else int(aligned.frames[spotted.row])
    return replace(aligned, apex=apex, measures=measures)
