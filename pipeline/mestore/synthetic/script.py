"""The demo's script: who its subjects are, and what each of their clips shows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mestore.synthetic.actions import ACTIONS
from mestore.synthetic.head import head_of
from mestore.synthetic.render import Camera
from mestore.synthetic.stills import STILLS, Face, derive, draw_traits, still
from mestore.synthetic.truth import Truth, truth_of

EXPRESSIONS: tuple[tuple[str, tuple[tuple[int, ...], ...]], ...] = (
    ("happiness", ((6, 12), (6, 12), (12,))),
    ("disgust", ((4, 9), (4, 9), (9,))),
    ("surprise", ((1, 2),)),
    ("repression", ((14, 17), (15, 17), (14,))),
    ("others", ((4, 7), (4, 7), (4,))),
)
"""Emotions, and the combinations of action units that may show each."""

PEAKS = (0.3, 2.0)
"""Smallest and largest peak of an expression, in pixels of the frame."""


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A subject of the demo.

    Parameters
    ----------
    subject : str
        As in the folders: sub01, sub02, ...
    person : str
        The still: subjects of one still are one person.
    face : Face
    habits : mapping of int to (float, float)
        Action unit -> how strongly the image's left and right half of this face do it.
    """

    subject: str
    person: str
    face: Face
    habits: dict[int, tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Take:
    """One clip of the demo.

    Parameters
    ----------
    clip : str
        Name, as in the coding sheet.
    emotion : str
    truth : Truth
    camera : Camera
    """

    clip: str
    emotion: str
    truth: Truth
    camera: Camera


def cast(index: int, *, seed: int) -> Actor:
    """Return the subject number `index`, counted from 0: stills take turns, every other pair is mirrored."""
    rng = np.random.default_rng((seed, index))
    person = STILLS[index % len(STILLS)]
    traits = draw_traits((seed, index), mirrored=index // len(STILLS) % 2 == 1)
    habits = {}
    for unit in ACTIONS:
        strength, asymmetry = rng.uniform(0.8, 1.25), rng.uniform(-0.2, 0.2)
        habits[unit] = (strength * (1 + asymmetry), strength * (1 - asymmetry))
    return Actor(
        subject=f"sub{index + 1:02d}", person=person, face=derive(still(person), traits), habits=habits
    )


def direct(actor: Actor, *, clips: int, seed: int) -> list[Take]:
    """Return the takes of one subject; the emotions are the same for all, what shows them varies.

    The peaks are spread evenly, in ratio, between the two of `PEAKS`, and go around from subject to subject,
    so that no emotion is stronger than another.
    """
    number = int(actor.subject[3:])
    rng = np.random.default_rng((seed, number, clips))
    peaks = np.roll(np.geomspace(*PEAKS, clips), number)
    return [_take(actor, index, float(peak), rng, seed) for index, peak in enumerate(peaks)]


def _take(actor: Actor, index: int, peak: float, rng: np.random.Generator, seed: int) -> Take:
    emotion, mixes = EXPRESSIONS[index % len(EXPRESSIONS)]
    units = mixes[rng.integers(len(mixes))]
    landmarks = actor.face.landmarks
    onset, duration = int(rng.integers(20, 180)), int(rng.integers(30, 46))
    # Half of the clips rise as long as they fall; the others rise faster.
    rise = 0.5 if rng.random() < 0.5 else rng.uniform(0.3, 0.45)
    truth = truth_of(
        landmarks,
        _mixed(actor, units, rng),
        peak=peak,
        head=head_of(
            landmarks, drift=_vector(rng, 0.5), sway=_vector(rng, 0.15), rotation=rng.uniform(-0.2, 0.2)
        ),
        onset=onset,
        apex=onset + round(rise * duration),
        offset=onset + duration,
        shift=rng.uniform(0.3, 0.7, 2),
    )
    name = f"EP{index % len(EXPRESSIONS) + 1:02d}_{index // len(EXPRESSIONS) + 1:02d}f"
    camera = Camera(seed=(seed, int(actor.subject[3:]), index))
    return Take(clip=name, emotion=emotion, truth=truth, camera=camera)


def _mixed(actor: Actor, units: tuple[int, ...], rng: np.random.Generator) -> dict[int, tuple[float, float]]:
    mixed = {}
    for unit in units:
        share = rng.uniform(0.75, 1.3)
        left, right = actor.habits[unit]
        mixed[unit] = (share * left, share * right)
    return mixed


def _vector(rng: np.random.Generator, longest: float) -> NDArray[np.float64]:
    angle, length = rng.uniform(0, 2 * np.pi), longest * np.sqrt(rng.random())
    return np.asarray(length * np.array([np.cos(angle), np.sin(angle)]), np.float64)
