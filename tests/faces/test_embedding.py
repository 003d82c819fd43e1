"""Embedding: one person's faces are near, two persons' are far; at every size of crop, in colour and grey."""

import numpy as np
import pytest

from mestore.align import STABLE, apply, similarity, warp
from mestore.faces.embedding import embedding
from mestore.faces.shape68 import reference_shape
from mestore.synthetic.script import cast


def embedded(index: int, *, side: int, grey: bool = False) -> np.ndarray:
    face = cast(index, seed=1).face
    stable = list(STABLE)
    transform = similarity(face.landmarks[stable], reference_shape(side)[stable])
    crop = warp(np.clip(face.image, 0, 255).astype(np.uint8), transform, side)
    if grey:
        crop = np.repeat(crop.mean(axis=2, keepdims=True).round().astype(np.uint8), 3, axis=2)
    return embedding(crop, apply(transform, face.landmarks).astype(np.float32))


@pytest.mark.parametrize(("side", "grey"), [(64, False), (128, False), (128, True), (224, False)])
def test_reshaped_and_mirrored_faces_of_one_still_are_nearer_than_two_stills(side, grey):
    one, again, mirrored, other = (embedded(index, side=side, grey=grey) for index in (0, 4, 2, 1))
    assert one.shape == (128,)
    assert max(np.linalg.norm(one - its) for its in (again, mirrored)) < 0.5
    assert min(np.linalg.norm(other - its) for its in (one, again, mirrored)) > 0.55


def test_what_is_no_face_crop_is_refused():
    points = np.zeros((68, 2), np.float32)
    with pytest.raises(ValueError, match="expected uint8 RGB"):
        embedding(np.zeros((8, 8), np.uint8), points)
    with pytest.raises(ValueError, match=r"expected \(68, 2\), all finite"):
        embedding(np.zeros((8, 8, 3), np.uint8), points + np.nan)
