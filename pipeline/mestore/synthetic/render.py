"""Rendering: the frames of a moving face, through the numerical inverse of its motion."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline

from mestore.synthetic import warps
from mestore.synthetic.stills import Face
from mestore.synthetic.truth import Truth

UPSAMPLING = 4
"""A cubic spline enlarges the still once; bilinear sampling of that moves nothing by over 0.003 px."""

MAINS = 100.4
"""Brightness changes a second of lamps on a 50 Hz net that runs a little fast."""

FPS = 200.0


@dataclass(frozen=True, kw_only=True)
class Camera:
    """What a camera adds.

    Parameters
    ----------
    noise : float
        Standard deviation of each pixel's and colour's noise, in grey levels.
    flicker : float
        Amplitude of the lamps' flicker, relative.
    quality : int
        Of the JPEG, 1 to 100.
    seed : int or tuple of int
        Of noise and flicker.
    """

    noise: float = 1.0
    flicker: float = 0.003
    quality: int = 95
    seed: int | tuple[int, ...] = 0


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A face ready to be rendered in any frame of its clip: everything that does not change with time.

    Parameters
    ----------
    enlarged : ndarray of float32, shape (4 y - 3, 4 x - 3, 4)
        The still, enlarged; RGB and an empty channel.
    grid : ndarray of float32, shape (y, x, 2)
        (x, y) of every pixel.
    expression : ndarray of float32, shape (y, x, 2)
        U at every pixel.
    mask : ndarray of float32, shape (y, x, 1)
        w at every pixel.
    """

    enlarged: NDArray[np.float32]
    grid: NDArray[np.float32]
    expression: NDArray[np.float32]
    mask: NDArray[np.float32]


def enlarge(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return an image through whose pixels a cubic spline is laid, read every quarter of a pixel.

    Parameters
    ----------
    image : ndarray of float32, shape (y, x, channel)

    Returns
    -------
    ndarray of float32, shape (4 y - 3, 4 x - 3, channel)
        Pixel (4 y, 4 x) is pixel (y, x) of `image`.

    Examples
    --------
    >>> ramp = np.arange(8, dtype=np.float32)[None, :, None] + np.zeros((8, 1, 1), np.float32)
    >>> enlarge(ramp)[0, 4:9, 0].tolist()
    [1.0, 1.25, 1.5, 1.75, 2.0]
    """
    for axis in (0, 1):
        places = np.arange(image.shape[axis])
        fine = np.arange(UPSAMPLING * (len(places) - 1) + 1) / UPSAMPLING
        image = make_interp_spline(places, image, k=3, axis=axis)(fine).astype(np.float32)
    return image


def prepare(enlarged: NDArray[np.float32], truth: Truth) -> Scene:
    """Return the scene of a clip; `enlarged` is the still through `enlarge`, shape (4 y - 3, 4 x - 3, 3)."""
    height, width = ((length - 1) // UPSAMPLING + 1 for length in enlarged.shape[:2])
    points = warps.pixel_grid(height, width)
    return Scene(
        # OpenCV samples four float channels in a twentieth of the time it takes for three.
        enlarged=np.pad(enlarged, ((0, 0), (0, 0), (0, 1))),
        grid=points.reshape(height, width, 2).astype(np.float32),
        expression=truth.field.at(points).reshape(height, width, 2).astype(np.float32),
        mask=truth.head.mask(points).reshape(height, width, 1).astype(np.float32),
    )


def origins(scene: Scene, truth: Truth, frame: float) -> NDArray[np.float32]:
    """Return for each pixel of a frame the point (x, y) of the still it shows, shape (y, x, 2)."""
    pose = truth.pose(frame).astype(np.float32)
    expressed = scene.grid + np.float32(truth.strength(frame)) * scene.expression
    moved = expressed @ pose[:, :2].T + pose[:, 2]
    field = scene.mask * (moved - scene.grid)
    return warps.inverse(field, scene.grid - truth.shift.astype(np.float32))


def render(scene: Scene, truth: Truth, frame: float) -> NDArray[np.float32]:
    """Return one frame as a perfect camera sees it, (y, x, 3) float32 RGB, grey levels."""
    return warps.sample(scene.enlarged, UPSAMPLING * origins(scene, truth, frame))[..., :3]


def expose(
    scene: Scene, truth: Truth, camera: Camera, *, frames: Iterable[int] | None = None
) -> Iterator[NDArray[np.uint8]]:
    """Yield frames as a real camera delivers them before compression.

    Parameters
    ----------
    scene : Scene
    truth : Truth
    camera : Camera
    frames : iterable of int, optional
        Frame numbers; by default all from onset to offset.

    Yields
    ------
    ndarray of uint8, shape (y, x, 3)
        RGB.
    """
    rng = np.random.default_rng(camera.seed)
    start = rng.uniform(0, 2 * np.pi)
    for frame in range(truth.onset, truth.offset + 1) if frames is None else frames:
        clean = render(scene, truth, frame)
        gain = 1 + camera.flicker * np.sin(start + 2 * np.pi * MAINS * frame / FPS)
        noise = camera.noise * rng.standard_normal(clean.shape, np.float32)
        yield np.clip(np.rint(np.float32(gain) * clean + noise), 0, 255).astype(np.uint8)


def jpeg(image: NDArray[np.uint8], quality: int) -> bytes:
    """Return an RGB image as a JPEG file's bytes."""
    done, encoded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"image {image.dtype} {image.shape} does not encode; expected uint8 (y, x, 3)")
    return encoded.tobytes()


def film(
    face: Face, truth: Truth, camera: Camera, *, frames: Iterable[int] | None = None
) -> NDArray[np.uint8]:
    """Return frames as read back from their JPEG files; parameters as for `expose`.

    Returns
    -------
    ndarray of uint8, shape (time, y, x, 3)
        RGB.
    """
    scene = prepare(enlarge(face.image), truth)
    files = (jpeg(frame, camera.quality) for frame in expose(scene, truth, camera, frames=frames))
    return np.stack([_decoded(encoded) for encoded in files])


def _decoded(encoded: bytes) -> NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR_RGB)
    return np.asarray(image, np.uint8)
