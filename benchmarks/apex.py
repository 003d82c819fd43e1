"""Apex spotting: how many frames each method is off, and how often it sees an apex where nothing moves."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulated import EXPRESSIONS, filmed
from benchmarks.table import digits, plain
from mestore.apex import APEX
from mestore.apex.spot import spot
from mestore.bench.timing import Effort, interleave
from mestore.synthetic.head import head_of
from mestore.synthetic.render import FPS, Camera
from mestore.synthetic.script import cast
from mestore.synthetic.truth import Truth, truth_of

PEAKS = (0.3, 0.5, 1.0, 2.0)
"""Largest motion of an expression, px of the frame."""

CAMERAS = ((0.3, 100), (1.0, 95), (1.5, 90))
"""Noise in grey levels, and quality of the JPEG."""

DRIFT = 0.5
"""px by which a head has moved at the offset, where it drifts."""

_ACTORS, _TAKES, _STILLS = 4, 3, 3
_ONSET = 46


@dataclass(frozen=True, kw_only=True)
class Case:
    """A clip whose apex is known; one with a peak of 0 has none."""

    peak: float
    drifts: bool
    apex: int
    images: NDArray[np.uint8]
    landmarks: NDArray[np.float64]


def text(effort: Effort) -> str:
    """Return the table: of every method the clips it spots and its mean error, and what it says of stills."""
    side = 48 if effort.toy else 224
    found: dict[str, list[tuple[Case, int | None]]] = {method: [] for method in APEX}
    for case in _cases(toy=effort.toy, side=side):
        for method in APEX:
            found[method].append((case, _spotted(case, method)))
    methods = {method: lambda method=method: _spotted(case, method) for method in APEX}
    times = interleave(methods, effort)
    rows = [[name, *_cells(found[name]), digits(1000 * times[name].minimum)] for name in APEX]
    head = ["method", *(f"{peak:g} px" for peak in PEAKS), *(f"{peak:g} px, drift" for peak in PEAKS)]
    return (
        f"**Apex.** Clips of 31 to 46 frames at 200 fps, crops of 224 px, {_ACTORS} faces, {_TAKES} "
        "expressions each, noise of 0.3 to 1.5 grey levels and JPEG 100 to 90 in turn; under *drift* the "
        f"head moves {DRIFT:g} px until the offset, turns and nears. Mean absolute error in frames, with the "
        "middle where no apex was found, and the share of clips where one was. *Still* and *still, drift*: "
        "clips without an expression in which one was found. Time: a clip, on one thread.\n\n"
        + plain([*head, "still", "still, drift", "ms"], rows)
    )


def _cases(*, toy: bool, side: int) -> Iterator[Case]:
    actors, takes = (1, 1) if toy else (_ACTORS, _TAKES)
    for peak in (*PEAKS, 0.0):
        for drifts in (False, True):
            for actor in range(actors):
                for take in range(takes * (_STILLS if peak == 0 and not toy else 1)):
                    yield _case(actor, take, peak, drifts=drifts, side=side)


def _case(number: int, take: int, peak: float, *, drifts: bool, side: int) -> Case:
    face = cast(number, seed=7).face
    rng = np.random.default_rng((number, take, round(10 * peak), drifts))
    length = int(rng.integers(30, 46))
    apex = _ONSET + round(rng.uniform(0.25, 0.65) * length)
    angle = rng.uniform(0, 2 * np.pi)
    drift = DRIFT * drifts
    head = head_of(
        face.landmarks,
        drift=drift * np.array([np.cos(angle), np.sin(angle)]),
        sway=drift * rng.uniform(-0.2, 0.2, 2),
        rotation=drift * rng.uniform(-0.5, 0.5),
        growth=drift * rng.uniform(-0.005, 0.005),
    )
    units = EXPRESSIONS[(_TAKES * number + take) % len(EXPRESSIONS)]
    truth = truth_of(
        face.landmarks,
        {unit: (rng.uniform(0.8, 1.2), rng.uniform(0.8, 1.2)) for unit in units},
        peak=peak,
        head=head,
        onset=_ONSET,
        apex=apex,
        offset=_ONSET + length,
    )
    noise, quality = CAMERAS[(number + take) % len(CAMERAS)]
    camera = Camera(noise=noise, quality=quality, seed=(number, take, round(10 * peak), int(drifts)))
    clip = filmed(face, truth, camera, side=side, frames=_numbers(truth))
    return Case(peak=peak, drifts=drifts, apex=apex, images=clip.images, landmarks=clip.landmarks)


def _numbers(truth: Truth) -> range:
    return range(truth.onset, truth.offset + 1)


def _spotted(case: Case, method: str) -> int | None:
    """Return the frame number of the apex that a method finds, if any."""
    last = _ONSET + len(case.images) - 1
    numbers = np.arange(_ONSET, last + 1, dtype=np.float64)
    found = spot(
        case.images,
        numbers=numbers,
        onset=_ONSET,
        offset=last,
        method=method,
        landmarks=case.landmarks,
        fps=FPS,
    )
    return None if found.row is None else int(numbers[found.row])


def _middle(case: Case) -> int:
    return _ONSET + (len(case.images) - 1) // 2


def _cells(found: list[tuple[Case, int | None]]) -> list[str]:
    cells = []
    for drifts in (False, True):
        for peak in PEAKS:
            each = [(case, row) for case, row in found if (case.peak, case.drifts) == (peak, drifts)]
            errors = [abs((_middle(case) if row is None else row) - case.apex) for case, row in each]
            share = np.mean([row is not None for _, row in each])
            cells.append(f"{np.mean(errors):.1f} ({share:.0%})")
    for drifts in (False, True):
        stills = [apex for case, apex in found if case.peak == 0 and case.drifts == drifts]
        cells.append(f"{sum(apex is not None for apex in stills)} of {len(stills)}")
    return cells
