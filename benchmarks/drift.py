"""Head drift: the error of a flow against the expression alone, before and after its removal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from benchmarks.scenes import end_point_error, inside
from benchmarks.simulated import EXPRESSIONS, filmed
from benchmarks.table import plain
from mestore.bench.timing import Effort
from mestore.features.drift import without_drift
from mestore.features.tvl1 import tvl1
from mestore.synthetic.head import head_of
from mestore.synthetic.render import Camera
from mestore.synthetic.script import cast
from mestore.synthetic.truth import crop_displacement, region, truth_of, without_head

DRIFTS = (0.0, 0.3, 0.5, 1.0, 2.0)
"""How far the head has moved at the apex, in px of the frame."""

_ONSET, _APEX, _OFFSET = 46, 66, 86  # half way: so much of the movement to the offset is done
_DONE = 0.5
_TURN, _GROWTH = 0.25, 0.003  # at the apex, per px of drift: degrees, and the logarithm of the scale
_ACTORS, _UNITS = 4, 6

Removal = Callable[["Scene"], NDArray[np.floating]]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """An estimated flow, what the expression alone did, and where."""

    flow: NDArray[np.float32]
    landmarks: NDArray[np.float64]
    expression: NDArray[np.float64]
    region: NDArray[np.bool_]


REMOVALS: Mapping[str, Removal] = {
    "none": lambda one: one.flow,
    "median of the whole crop": lambda one: one.flow - np.median(one.flow, axis=(0, 1)),
    "median": lambda one: without_drift(one.flow, how="median", landmarks=one.landmarks),
    "affine": lambda one: without_drift(one.flow, how="affine", landmarks=one.landmarks),
    "robust": lambda one: without_drift(one.flow, how="robust"),
}
"""Ways to remove drift: those of the parameter `drift`, and one more."""


def text(effort: Effort) -> str:
    """Return the table: mean EPE where the expression is, and over the crop, by drift and removal."""
    side, actors, units = (64, 1, 1) if effort.toy else (224, _ACTORS, _UNITS)
    found: dict[str, list[str]] = {name: [] for name in REMOVALS}
    for drift in DRIFTS:
        scenes = [_scene(actor, unit, drift, side=side) for actor in range(actors) for unit in range(units)]
        for name, removal in REMOVALS.items():
            found[name].append(_errors([(one, removal(one)) for one in scenes], side))
    rows = [[name, *cells] for name, cells in found.items()]
    return (
        "**Head drift.** Kind `tvl1`, crops of 224 px, expressions of 1 px, noise of 1 grey level, JPEG 95; "
        f"{_ACTORS} faces, {_UNITS} expressions each; the head moves by the drift, turns by {_TURN} degrees "
        f"and nears by {100 * _GROWTH:g} % per px of it. Mean EPE in px against the expression alone, where "
        "it moves by a quarter of its largest motion / in the whole crop.\n\n"
        + plain(["drift removed", *(f"{drift:g} px" for drift in DRIFTS)], rows)
    )


def _scene(number: int, unit: int, drift: float, *, side: int) -> Scene:
    face = cast(number, seed=7).face
    rng = np.random.default_rng((number, unit))
    angle, (turn, growth) = rng.uniform(0, 2 * np.pi), rng.choice([-1, 1], 2)
    head = head_of(
        face.landmarks,
        drift=drift / _DONE * np.array([np.cos(angle), np.sin(angle)]),
        rotation=turn * _TURN * drift / _DONE,
        growth=growth * _GROWTH * drift / _DONE,
    )
    strengths = dict.fromkeys(EXPRESSIONS[unit], (1.0, 0.85))
    moments = {"onset": _ONSET, "apex": _APEX, "offset": _OFFSET}
    truth = truth_of(face.landmarks, strengths, peak=1.0, head=head, **moments)
    clip = filmed(face, truth, Camera(seed=(number, unit)), side=side, frames=(_ONSET, _APEX))
    where = partial(crop_displacement, transform=clip.transform, size=side)
    return Scene(
        flow=tvl1(*clip.images),
        landmarks=clip.landmarks,
        expression=where(without_head(truth), _ONSET, _APEX),
        region=region(truth, _ONSET, _APEX, transform=clip.transform, size=side),
    )


def _errors(pairs: list[tuple[Scene, NDArray[np.floating]]], side: int) -> str:
    masks = [[one.region, inside((side, side))] for one, _ in pairs]
    means = [
        mean(
            end_point_error(flow, one.expression, mask[k])
            for (one, flow), mask in zip(pairs, masks, strict=True)
        )
        for k in (0, 1)
    ]
    return " / ".join(f"{value:.3f}" for value in means)
