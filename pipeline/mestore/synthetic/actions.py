"""Action units as pulls on the skin: where, which way and how wide."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mestore.faces.shape68 import MIRROR, eye_centres
from mestore.synthetic.warps import bumps, pixel_grid


@dataclass(frozen=True, kw_only=True)
class Pull:
    """One Gaussian of an action unit, as on the image's left half of an upright face.

    Lengths are in units of the eye distance; axes along and across the eye line (right, down).

    Parameters
    ----------
    at : tuple of int
        Landmarks whose mean it stands on.
    offset : tuple of float
        From there to its centre.
    pull : tuple of float
        Direction and strength; 1 is the strongest of its action unit.
    width : float
        Standard deviation.
    paired : bool
        Whether the other half of the face has its mirror image.
    """

    at: tuple[int, ...]
    pull: tuple[float, float]
    width: float
    offset: tuple[float, float] = (0.0, 0.0)
    paired: bool = True


ACTIONS: dict[int, tuple[Pull, ...]] = {
    1: (Pull(at=(20, 21), pull=(0.0, -1.0), width=0.20),),
    2: (Pull(at=(17, 18, 19), pull=(0.0, -1.0), width=0.22),),
    4: (Pull(at=(20, 21), pull=(0.55, 0.85), width=0.22),),
    6: (Pull(at=(40, 41), offset=(-0.05, 0.28), pull=(0.0, -1.0), width=0.22),),
    7: (Pull(at=(40, 41), pull=(0.0, -1.0), width=0.16),),
    9: (
        Pull(at=(29, 31), pull=(0.0, -1.0), width=0.18),
        Pull(at=(21,), pull=(0.2, 0.4), width=0.18),
    ),
    12: (Pull(at=(48,), pull=(-0.7, -0.7), width=0.22),),
    14: (Pull(at=(48,), pull=(-0.95, 0.1), width=0.18),),
    15: (Pull(at=(48,), offset=(0.0, 0.05), pull=(-0.15, 1.0), width=0.20),),
    17: (Pull(at=(8, 57), pull=(0.0, -1.0), width=0.25, paired=False),),
}
"""After the anatomy in P. Ekman, W. V. Friesen, J. C. Hager, "Facial Action Coding System", 2002."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A sum of Gaussian displacements: the expression at its apex.

    Parameters
    ----------
    centres, vectors : ndarray of float64, shape (K, 2)
        In pixels of the still.
    widths : ndarray of float64, shape (K,)
        Standard deviations, in pixels.
    """

    centres: NDArray[np.float64]
    vectors: NDArray[np.float64]
    widths: NDArray[np.float64]

    def at(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the displacement at points (N, 2)."""
        return bumps(points, centres=self.centres, vectors=self.vectors, widths=self.widths)


def field(
    landmarks: NDArray[np.float64], strengths: Mapping[int, tuple[float, float]], *, peak: float
) -> Field:
    """Return what the action units do to a face at the apex.

    Parameters
    ----------
    landmarks : ndarray of float64, shape (68, 2)
        Of the still, in pixels.
    strengths : mapping of int to (float, float)
        Action unit -> strength on the image's left and right half; only their ratios count.
    peak : float
        Largest displacement anywhere, in pixels.

    Returns
    -------
    Field

    Raises
    ------
    ValueError
        If an action unit is unknown, or there is none.
    """
    unknown = sorted(set(strengths) - set(ACTIONS))
    if unknown or not strengths:
        raise ValueError(f"action units {unknown or 'none'}; expected at least one of {sorted(ACTIONS)}")
    parts = [
        part
        for unit, (left, right) in strengths.items()
        for pull in ACTIONS[unit]
        for part in _parts(landmarks, pull, left, right)
    ]
    centres, vectors, widths = (np.array(column) for column in zip(*parts, strict=True))
    raw = Field(centres=centres, vectors=vectors, widths=widths)
    return Field(centres=centres, vectors=vectors * (peak / _largest(raw)), widths=widths)


def _parts(
    landmarks: NDArray[np.float64], pull: Pull, left: float, right: float
) -> list[tuple[NDArray[np.float64], NDArray[np.float64], float]]:
    eyes = eye_centres(landmarks)
    along = eyes[1] - eyes[0]
    axes = np.stack([along, [-along[1], along[0]]])  # rows: one eye distance to the right, and down
    one_side = (landmarks[list(pull.at)].mean(axis=0), np.array([1.0, 1.0]), left)
    other_side = (landmarks[[MIRROR[i] for i in pull.at]].mean(axis=0), np.array([-1.0, 1.0]), right)
    sides = [one_side, other_side] if pull.paired else [one_side]
    width = pull.width * float(np.hypot(*along))
    return [
        (place + (flip * pull.offset) @ axes, strength * (flip * pull.pull) @ axes, width)
        for place, flip, strength in sides
    ]


def _largest(raw: Field) -> float:
    # The sum of wide Gaussians may peak between their centres: look on a lattice of two pixels as well.
    low = (raw.centres.min(axis=0) - raw.widths.max()).astype(int)
    extent = (np.ptp(raw.centres, axis=0) + 2 * raw.widths.max()).astype(int)
    lattice = low + 2 * pixel_grid(extent[1] // 2 + 1, extent[0] // 2 + 1)
    points = np.concatenate([raw.centres, lattice])
    return float(np.hypot(*raw.at(points).T).max())
