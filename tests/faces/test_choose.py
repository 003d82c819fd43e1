"""Choose: which of several faces is a clip's."""

import numpy as np
import pytest

from mestore.errors import ClipFault
from mestore.faces.choose import choose
from mestore.faces.spec import Face

SHAPE = (480, 640, 3)
SMALL = Face(box=(10, 20, 60, 60), score=2.0, outline="hog")
LARGE = Face(box=(400, 200, 100, 100), score=1.0, outline="hog")
WEAK = Face(box=(200, 200, 300, 300), score=0.05, outline="hog")


def test_the_only_face_is_taken():
    assert choose([SMALL], shape=SHAPE) is SMALL


def test_several_faces_are_a_fault_that_lists_their_places():
    with pytest.raises(ClipFault, match=r"found 2 faces at x 40, y 50, x 450, y 250 \(of 640 x 480 px\)"):
        choose([SMALL, LARGE], shape=SHAPE)


def test_the_largest_and_the_nearest():
    faces = [SMALL, LARGE]
    assert choose(faces, shape=SHAPE, which="largest") is LARGE
    assert choose(faces, shape=SHAPE, which="nearest") is LARGE
    assert choose(faces, shape=SHAPE, which="nearest", near=np.array([100, 100])) is SMALL
    assert choose(faces, shape=SHAPE, which="nearest", near=np.array([400, 300])) is LARGE


def test_an_unsure_face_counts_as_none():
    assert choose([SMALL, WEAK], shape=SHAPE, least=0.1) is SMALL
    assert choose([SMALL, WEAK], shape=SHAPE, which="largest", least=0.1) is SMALL
    message = r"no face surer than 0\.1: the surest of 1, at x 350, y 350, has 0\.05 in 640 x 480 px"
    with pytest.raises(ClipFault, match=message):
        choose([WEAK], shape=SHAPE, least=0.1)


@pytest.mark.parametrize(("which", "expected"), [("only", "exactly one face"), ("largest", "a face in")])
def test_no_face_is_a_fault(which, expected):
    with pytest.raises(ClipFault, match=f"found no face in 640 x 480 px; expected {expected}"):
        choose([], shape=SHAPE, which=which)
