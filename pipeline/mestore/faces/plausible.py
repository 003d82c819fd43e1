"""Plausible: whether 68 landmarks can be those of a face that looks about into the camera.

A landmark model gives 68 points for any box, also where there is no face; no score of its own says so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mestore.errors import ClipFault
from mestore.faces.shape68 import STABLE, eye_distance, mirror, reference_shape
from mestore.similarity import apply, similarity


@dataclass(frozen=True, kw_only=True)
class Signs:
    """What tells a face from 68 points that are none.

    Parameters
    ----------
    eye_distance : float
        Pixels between the eye centres.
    asymmetry : float
        Root mean square distance of the 68 points from their mirror image, laid on them by a similarity, over
        the eye distance.
    residual : float
        Root mean square distance of the stable points from the reference shape, laid on them by a similarity,
        over the eye distance.
    inside : float
        Share of the 68 points inside the image.
    share : float, optional
        Eye distance over the width of the face's box; None where there is no box.
    repeat : float, optional
        How far the stable points move when they are looked for once more (`mestore.faces.repeat`), over the
        eye distance; None where nobody looked.
    """

    eye_distance: float
    asymmetry: float
    residual: float
    inside: float
    share: float | None = None
    repeat: float | None = None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How far signs may go; the figures behind the defaults are in docs/alignment.md."""

    min_eye_distance: float
    min_share: float
    max_share: float
    max_asymmetry: float
    max_residual: float
    min_inside: float
    max_repeat: float


def signs(landmarks: NDArray[np.floating], *, shape: tuple[int, ...], width: float | None = None) -> Signs:
    """Return the signs of a set of landmarks.

    Parameters
    ----------
    landmarks : ndarray, shape (68, 2)
        (x, y) in pixels of the image.
    shape : tuple of int
        Of the image, (y, x, ...).
    width : float, optional
        Of the face's box, in pixels, as dlib draws it (`mestore.faces.box.for_dlib`).

    Examples
    --------
    >>> face = signs(reference_shape(200), shape=(300, 200), width=160)
    >>> [round(it, 3) + 0 for it in (face.eye_distance, face.asymmetry, face.residual, face.inside)]
    [80.0, 0.0, 0.0, 1.0]
    """
    points = np.asarray(landmarks, np.float64)
    apart = max(eye_distance(points), np.finfo(np.float64).eps)
    stable, mirrored = list(STABLE), mirror(points, width=1)
    back = apply(similarity(mirrored, points), mirrored)
    target = reference_shape(1)[stable]
    laid = apply(similarity(target, points[stable]), target)
    within = (points >= -0.5) & (points < [shape[1] - 0.5, shape[0] - 0.5])
    return Signs(
        eye_distance=apart,
        asymmetry=_rms(back - points) / apart,
        residual=_rms(laid - points[stable]) / apart,
        inside=float(within.all(axis=1).mean()),
        share=None if width is None else apart / width,
    )


def _rms(away: NDArray[np.float64]) -> float:
    return float(np.sqrt((away**2).sum(axis=1).mean()))


def check(found: Signs, limits: Limits, *, remedy: str) -> None:
    """Raise `ClipFault` for the first sign that no face would give.

    Examples
    --------
    >>> limits = Limits(
    ...     min_eye_distance=8, min_share=0.3, max_share=0.6, max_asymmetry=0.3, max_residual=0.1,
    ...     min_inside=0.8, max_repeat=0.06,
    ... )
    >>> check(Signs(eye_distance=5, asymmetry=0, residual=0, inside=1), limits, remedy="look")
    Traceback (most recent call last):
        ...
    mestore.errors.ClipFault: found landmarks whose eyes are 5 px apart; expected at least 8 px; look
    """
    share = limits.min_share if found.share is None else found.share
    repeat = 0.0 if found.repeat is None else found.repeat
    rules = (
        (
            found.eye_distance >= limits.min_eye_distance,
            f"whose eyes are {found.eye_distance:.3g} px apart",
            f"at least {limits.min_eye_distance:g} px",
        ),
        (
            limits.min_share <= share <= limits.max_share,
            f"whose eyes are {share:.2f} of the face's box apart",
            f"{limits.min_share:g} to {limits.max_share:g}",
        ),
        (
            found.inside >= limits.min_inside,
            f"of which {found.inside:.0%} lie inside the frame",
            f"at least {limits.min_inside:.0%}",
        ),
        (
            found.asymmetry <= limits.max_asymmetry,
            f"that lie {found.asymmetry:.2f} of the eye distance from their mirror image",
            f"at most {limits.max_asymmetry:g}, a face that looks into the camera",
        ),
        (
            found.residual <= limits.max_residual,
            f"whose stable points lie {found.residual:.2f} of the eye distance from the reference face",
            f"at most {limits.max_residual:g}",
        ),
        (
            repeat <= limits.max_repeat,
            f"that move by {repeat:.2f} of the eye distance when they are looked for once more",
            f"at most {limits.max_repeat:g}",
        ),
    )
    for holds, what, expected in rules:
        if not holds:
            raise ClipFault(found=f"landmarks {what}", expected=expected, remedy=remedy)
