"""Roses: MDMO as one needle per region of the face, drawn on the reference face."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mestore.faces.shape68 import reference_shape
from mestore.features.rois import REGIONS, polygons
from mestore.report.subject.figures import flow_colours

SIDE = 224
"""Of the reference face, in units of the viewBox."""

BOX = "20 8 184 214"
"""The viewBox: the regions with their rings; the hair is left out."""

LONGEST = 15
"""Length of a needle whose region moves most, in units of the viewBox: the radius of the ring about it."""

_WAYS = ("right", "down right", "down", "down left", "left", "up left", "up", "up right")


@dataclass(frozen=True, kw_only=True)
class Rose:
    """The main motion of one region.

    Parameters
    ----------
    name : str
        Of the region, with the side of the image.
    rho : float
        Share of the motion of the region that moves most.
    theta : float
        Direction in degrees, from right (0) over down (90); the image's y goes down.
    way : str
        The direction in words; "" where nothing moves.
    centre, tip : tuple of float
        Of the needle, in units of the viewBox.
    head : str
        Points of its head.
    colour : str
        The colour that the wheel of the flow has there.
    outline : str
        Points of the region on the reference face.
    """

    name: str
    rho: float
    theta: float
    way: str
    centre: tuple[float, float]
    tip: tuple[float, float]
    head: str
    colour: str
    outline: str


def split(data: NDArray[np.floating], *, alpha: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return rho and theta (rad), each (36,), out of the 72 numbers of MDMO.

    Raises
    ------
    ValueError
        If `alpha` is 0 or 1: one of the two was multiplied by 0.

    Examples
    --------
    >>> rho, theta = split(np.array([0.9, 0.1] * 36), alpha=0.9)
    >>> round(float(rho[0]), 6), round(float(theta[0]), 6)
    (1.0, 1.0)
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha:g}: MDMO then holds only directions or only strengths")
    pairs = np.asarray(data, np.float64).reshape(-1, 2)
    return pairs[:, 0] / alpha, pairs[:, 1] / (1 - alpha)


def roses(rho: NDArray[np.float64], theta: NDArray[np.float64]) -> list[Rose]:
    """Return the 36 roses of a clip.

    Parameters
    ----------
    rho, theta : ndarray of float64, shape (36,)
        As `split` gives them.
    """
    unit = np.stack([np.cos(theta), np.sin(theta)], axis=1)
    colours = flow_colours((rho[:, None] * unit)[None].astype(np.float32), scale=1.0)[0]
    found = []
    for number, (name, outline, centre) in enumerate(_regions()):
        moves = rho[number] > 0
        tip = np.array(centre) + LONGEST * rho[number] * unit[number]
        found.append(
            Rose(
                name=name,
                rho=float(rho[number]),
                theta=float(np.degrees(theta[number])),
                way=way(float(theta[number])) if moves else "",
                centre=centre,
                tip=(round(float(tip[0]), 1), round(float(tip[1]), 1)),
                head=_head(tip, unit[number], length=min(4.5, LONGEST * rho[number])),
                colour="#{:02x}{:02x}{:02x}".format(*colours[number]),
                outline=outline,
            )
        )
    return found


def way(theta: float) -> str:
    """Return a direction of the image in words.

    Examples
    --------
    >>> way(0.0), way(np.pi / 2), way(-np.pi / 2), way(np.pi)
    ('right', 'down', 'up', 'left')
    """
    return _WAYS[round(theta / (np.pi / 4)) % len(_WAYS)]


def in_words(all_of_them: list[Rose], *, most: int = 5) -> str:
    """Return the regions that move most, in words."""
    moving = sorted((it for it in all_of_them if it.way), key=lambda it: -it.rho)[:most]
    return "; ".join(f"{it.name} {it.way} {it.rho:.2f}" for it in moving) or "no region moves"


def path(polygon: NDArray[np.floating]) -> str:
    """Return a polygon as the data of an SVG path.

    Examples
    --------
    >>> path(np.array([[0, 0], [1.25, 0], [1, 2]]))
    'M0 0L1.2 0L1 2Z'
    """
    return "M" + "L".join(f"{x:.4g} {y:.4g}" for x, y in np.round(polygon, 1)) + "Z"


def outlines() -> list[NDArray[np.float64]]:
    """Return the 36 regions on the reference face, each (corners, 2), in the order of `roses`."""
    return polygons(reference_shape(SIDE))


@cache
def _regions() -> tuple[tuple[str, str, tuple[float, float]], ...]:
    """Return name, outline and centre of each region on the reference face."""
    names = [f"{region.name}, {side}" for side in ("left", "right") for region in REGIONS]
    shapes = outlines()
    return tuple(
        (name, path(shape), (round(float(x), 1), round(float(y), 1)))
        for name, shape, (x, y) in zip(names, shapes, map(_centroid, shapes), strict=True)
    )


def _centroid(polygon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the centre of area of a polygon (corners, 2)."""
    following = np.roll(polygon, -1, axis=0)
    cross = polygon[:, 0] * following[:, 1] - following[:, 0] * polygon[:, 1]
    return np.asarray(((polygon + following) * cross[:, None]).sum(axis=0) / (3 * cross.sum()), np.float64)


def _head(tip: NDArray[np.float64], unit: NDArray[np.float64], *, length: float) -> str:
    """Return the points of a needle's head."""
    across = np.array([-unit[1], unit[0]])
    corners = [tip, tip - length * (unit + 0.5 * across), tip - length * (unit - 0.5 * across)]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
