"""Images that are hard for a face model, made of photographs of real people; and where weights lie."""

import hashlib
import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from checkout import ROOT, shared_media
from mestore.faces.weights import FOLDER, WEIGHTS
from mestore.synthetic.stills import STILLS, still

VIDEOS = ("single_face.mp4", "WolfgangLanger_Pexels.mp4")
MODELS = Path(os.path.normpath(ROOT / ".." / "shared" / "models"))


def retinaface_weights(monkeypatch) -> None:
    """Have RetinaFace's weights looked for in shared/models, or skip the test if they are not there."""
    if not (MODELS / WEIGHTS["retinaface_mobilenet0.25"].file).is_file():
        pytest.skip(f"{WEIGHTS['retinaface_mobilenet0.25'].file} is not in shared/models here")
    monkeypatch.setenv(FOLDER, str(MODELS))


def pinned(monkeypatch, name: str, folder: Path, content: bytes) -> Path:
    """Write `content` as the weights called `name`, pin its hash, and have weights looked for there."""
    path = folder / WEIGHTS[name].file
    path.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    monkeypatch.setitem(WEIGHTS, name, replace(WEIGHTS[name], sha256=sha256))
    monkeypatch.setenv(FOLDER, str(folder))
    return path


def portrait(name: str = "grace_hopper") -> np.ndarray:
    """Return a photograph of one face, uint8 RGB."""
    return still(name).image.astype(np.uint8)


def first_frame(name: str) -> np.ndarray | None:
    """Return the first frame of a video in shared/media, None where it is not there."""
    path = shared_media(name)
    if path is None:
        return None
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def group() -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Return an image of all the people there are, side by side, and where their faces are, left to right."""
    people = [portrait(name) for name in STILLS]
    people += [frame for name in VIDEOS if (frame := first_frame(name)) is not None]
    scaled = [cv2.resize(image, (round(image.shape[1] * 360 / image.shape[0]), 360)) for image in people]
    image = np.concatenate(scaled, axis=1)
    starts = np.cumsum([0, *(part.shape[1] for part in scaled)])
    return image, [(float(a), float(b)) for a, b in pairwise(starts)]


def turned(image: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """Return an image turned about its middle, as large as it was, and the transform (2, 3) to it."""
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    return cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), turn


def with_hand(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Return an image of a face with four fingers of its colour before the mouth and half the nose."""
    covered = image.copy()
    width = float(np.ptp(landmarks[:, 0]))
    skin = image[np.rint(landmarks[29, 1]).astype(int), np.rint(landmarks[29, 0]).astype(int)].astype(int)
    x, y = landmarks[[33, 57]].mean(axis=0)
    for finger in range(4):
        centre = [round(x), round(y + (finger - 1.5) * 0.14 * width)]
        tone = [int(it) for it in np.clip(skin - 8 * finger, 0, 255)]
        axes = (round(0.55 * width), round(0.08 * width))
        cv2.ellipse(covered, centre, axes, -8, 0, 360, tone, cv2.FILLED, cv2.LINE_AA)
        cv2.ellipse(covered, centre, axes, -8, 0, 360, [it // 2 for it in tone], 2, cv2.LINE_AA)
    return covered


def wide(image: np.ndarray) -> np.ndarray:
    """Return an image in the middle of a grey frame of 2040 x 1088 px (SAMM's), enlarged to its height."""
    scale = 1088 / image.shape[0]
    large = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)[:1088]
    frame = np.full((1088, 2040, 3), 110, np.uint8)
    left = (2040 - large.shape[1]) // 2
    frame[: len(large), left : left + large.shape[1]] = large
    return frame
