"""The two photographs the simulator moves, and the subjects derived from them.

Both are works of United States agencies (NASA, US Navy), in the public domain, and come with scikit-image
and matplotlib: nothing is downloaded.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import skimage.data
from numpy.typing import NDArray

from mestore.faces.dlib import detect, landmarks
from mestore.faces.shape68 import eye_centres, mirror
from mestore.similarity import apply, inverse, similarity
from mestore.synthetic import warps
from mestore.synthetic.warps import bumps, pixel_grid

SIZE = 320
"""Width and height of a simulated frame, in pixels."""

STILLS = ("astronaut", "grace_hopper")

_HEADS = {"astronaut": (slice(0, 256), slice(96, 352)), "grace_hopper": (slice(20, 440), slice(60, 480))}
DETECTION_SCALE = 3
"""Enlargement before detection: dlib gives whole pixels, which so become thirds of one."""

_FEATURES = (
    (3, 4),
    (12, 13),
    (8,),
    (17, 18, 19),
    (24, 25, 26),
    (27,),
    (33,),
    (36, 39),
    (42, 45),
    (48,),
    (54,),
)
"""Landmarks about which a subject's shape departs from its still's."""


@dataclass(frozen=True, kw_only=True)
class Face:
    """A still face.

    Parameters
    ----------
    image : ndarray of float32, shape (y, x, 3)
        RGB, grey levels 0 to 255.
    landmarks : ndarray of float64, shape (68, 2)
        (x, y) in pixels.
    """

    image: NDArray[np.float32]
    landmarks: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What sets a subject apart from the still it is derived from.

    Parameters
    ----------
    mirrored : bool
        Whether left and right are exchanged.
    eye_distance : float
        Pixels between the eye centres in the frame.
    widening : float
        Relative stretch across the face; along the face it is shortened as much.
    shape : ndarray of float64, shape (11, 2)
        Displacement of each feature in units of the eye distance.
    gamma, gain : float
        Tone: 255 gain (level / 255) ** gamma.
    tint : ndarray of float64, shape (3,)
        Factor of each colour.
    texture : float
        Standard deviation of the skin texture, in grey levels.
    seed : int
        Of the skin texture.
    """

    mirrored: bool
    eye_distance: float
    widening: float
    shape: NDArray[np.float64]
    gamma: float
    gain: float
    tint: NDArray[np.float64]
    texture: float
    seed: int


@cache
def still(name: str) -> Face:
    """Return one of the photographs' heads with its landmarks.

    Parameters
    ----------
    name : str
        "astronaut" or "grace_hopper".

    Returns
    -------
    Face

    Raises
    ------
    ValueError
        If there is no still of that name.
    """
    if name not in STILLS:
        raise ValueError(f"still {name!r} is unknown; expected one of {STILLS}")
    head = np.ascontiguousarray(_photograph(name)[_HEADS[name]])
    large = cv2.resize(head, None, fx=DETECTION_SCALE, fy=DETECTION_SCALE, interpolation=cv2.INTER_CUBIC)
    pixels = np.asarray(large, np.uint8)
    (face,) = detect(pixels)
    points = landmarks(pixels, face)
    return Face(image=head.astype(np.float32), landmarks=(points + 0.5) / DETECTION_SCALE - 0.5)


def draw_traits(seed: int | tuple[int, ...], *, mirrored: bool) -> Traits:
    """Draw a subject's traits: shape 3 to 5 % of the eye distance, tone, texture."""
    rng = np.random.default_rng(seed)
    direction = rng.uniform(0, 2 * np.pi, len(_FEATURES))
    length = rng.uniform(0.03, 0.05, len(_FEATURES))
    return Traits(
        mirrored=mirrored,
        eye_distance=rng.uniform(76, 94),
        widening=rng.choice([-1, 1]) * rng.uniform(0.02, 0.04),
        shape=np.stack([length * np.cos(direction), length * np.sin(direction)], axis=1),
        gamma=rng.uniform(0.85, 1.15),
        gain=rng.uniform(0.88, 1.0),
        tint=rng.uniform(0.96, 1.04, 3),
        texture=rng.uniform(1.5, 2.5),
        seed=int(rng.integers(2**31)),
    )


def derive(face: Face, traits: Traits) -> Face:
    """Return a subject's face, 320 x 320 px, eyes level at 0.42 of the height.

    Parameters
    ----------
    face : Face
        A still.
    traits : Traits

    Returns
    -------
    Face
    """
    source = _mirrored(face) if traits.mirrored else face
    middle, half = np.array([SIZE / 2, 0.42 * SIZE]), np.array([traits.eye_distance / 2, 0])
    eyes = np.stack([middle - half, middle + half])
    place = similarity(eye_centres(source.landmarks), eyes)
    placed = apply(place, source.landmarks)
    departed = placed + _departure(placed, placed, traits)
    settle = similarity(eye_centres(departed), eyes)  # the departure has moved the eyes, too
    grid = pixel_grid(SIZE, SIZE)
    field = _departure(grid, placed, traits).reshape(SIZE, SIZE, 2).astype(np.float32)
    unsettled = apply(inverse(settle), grid).reshape(SIZE, SIZE, 2).astype(np.float32)
    origin = apply(inverse(place), warps.inverse(field, unsettled)).astype(np.float32)
    image = warps.sample(source.image, origin, interpolation=cv2.INTER_LANCZOS4)
    return Face(image=_toned(image, traits), landmarks=apply(settle, departed))


def _photograph(name: str) -> NDArray[np.uint8]:
    if name == "astronaut":
        astronaut: NDArray[np.uint8] = skimage.data.astronaut()  # type: ignore[no-untyped-call] # scikit-image's
        return astronaut
    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    photograph = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR_RGB)
    if photograph is None:
        raise ValueError(f"{path} is not an image; install matplotlib again")
    return np.asarray(photograph, np.uint8)


def _mirrored(face: Face) -> Face:
    width = face.image.shape[1]
    return Face(
        image=np.ascontiguousarray(face.image[:, ::-1]), landmarks=mirror(face.landmarks, width=width)
    )


def _departure(
    points: NDArray[np.float64], landmarks: NDArray[np.float64], traits: Traits
) -> NDArray[np.float64]:
    """Return by how many pixels a subject's shape departs from its still's at `points`."""
    eye_distance = traits.eye_distance
    centres = np.stack([landmarks[list(feature)].mean(axis=0) for feature in _FEATURES])
    features = bumps(
        points,
        centres=centres,
        vectors=traits.shape * eye_distance,
        widths=np.full(len(centres), 0.35 * eye_distance),
    )
    nose = landmarks[30]
    stretch = np.array([traits.widening, -traits.widening])
    return np.asarray(features + (points - nose) * stretch, np.float64)


def _toned(image: NDArray[np.float32], traits: Traits) -> NDArray[np.float32]:
    rng = np.random.default_rng(traits.seed)
    grain = cv2.GaussianBlur(rng.standard_normal(image.shape[:2], np.float32), (0, 0), 0.8)
    level = np.clip(image / 255, 0, 1) ** traits.gamma * traits.gain * traits.tint
    textured = 255 * level + (traits.texture / grain.std()) * grain[..., None]
    return np.asarray(np.clip(textured, 0, 255), np.float32)
