"""Plausible: points that are no face are told from a face."""

from dataclasses import replace

import numpy as np
import pytest

from mestore.align_params import AlignParams
from mestore.errors import ClipFault
from mestore.faces.dlib import detect, landmarks
from mestore.faces.plausible import check, signs
from mestore.faces.repeat import repeat_error
from mestore.faces.shape68 import reference_shape
from mestore.synthetic.stills import STILLS, still

LIMITS = AlignParams().limits()
SHAPE = (200, 200, 3)


@pytest.mark.parametrize("degrees", [0, 30, 170])
def test_signs_do_not_depend_on_place_size_and_turn(degrees):
    face = reference_shape(200) + np.random.default_rng(0).normal(size=(68, 2))
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    before = signs(face, shape=SHAPE)
    after = signs(3 * face @ [[cos, sin], [-sin, cos]] + 5, shape=SHAPE)
    assert after.eye_distance == pytest.approx(3 * before.eye_distance)
    assert after.asymmetry == pytest.approx(before.asymmetry)
    assert after.residual == pytest.approx(before.residual)


def test_signs_of_noise_are_that_noise():
    """Points moved by sigma each way: a fit of 4 numbers to 11 points leaves sigma sqrt(2 (1 - 4/22))."""
    rng = np.random.default_rng(0)
    found = [
        signs(reference_shape(1000) + rng.normal(scale=8, size=(68, 2)), shape=SHAPE) for _ in range(300)
    ]
    residual = np.sqrt(np.mean([(it.residual * it.eye_distance) ** 2 for it in found]))
    assert residual == pytest.approx(8 * np.sqrt(2 * (1 - 4 / 22)), rel=0.05)


FACE = reference_shape(200)
SWAPPED = FACE[:, ::-1]
ORDER = np.roll(FACE, 5, axis=0)


@pytest.mark.parametrize(
    ("points", "width", "message"),
    [
        (FACE / 8, 20, "whose eyes are 10 px apart; expected at least 16 px"),
        (FACE, 300, r"whose eyes are 0\.27 of the face's box apart; expected 0\.3 to 0\.6"),
        (FACE, 120, r"whose eyes are 0\.67 of the face's box apart"),
        (FACE + np.array([0, 100]), 160, r"of which \d+% lie inside the frame; expected at least 75%"),
        (SWAPPED, None, "from their mirror image|from the reference face"),
        (ORDER, None, "from their mirror image"),
        (
            FACE * [1, 0.5],
            None,
            r"whose stable points lie 0\.\d+ of the eye distance from the reference face",
        ),
    ],
)
def test_each_sign_is_a_fault_that_says_what_was_expected(points, width, message):
    with pytest.raises(ClipFault, match=message):
        check(signs(points, shape=SHAPE, width=width), LIMITS, remedy="look")


def test_points_that_coincide_are_a_fault_and_no_error():
    points = FACE.copy()
    points[36:48] = 100
    with pytest.raises(ClipFault, match=r"whose eyes are 2\.22e-16 px apart"):
        check(signs(points, shape=SHAPE), LIMITS, remedy="look")


@pytest.mark.parametrize("name", STILLS)
def test_right_landmarks_come_back_and_those_of_a_wrong_box_do_not(name):
    image = still(name).image.astype(np.uint8)
    (face,) = detect(image)
    assert repeat_error(image, landmarks(image, face), landmarks) < LIMITS.max_repeat / 2
    x, y, width, height = face.box
    wrong = replace(face, box=(x + 0.6 * width, y + 0.5 * height, width, height))
    moved = landmarks(image, wrong)
    error = repeat_error(image, moved, landmarks)
    with pytest.raises(ClipFault, match=r"that move by 0\.\d+ of the eye distance.*at most 0\.06"):
        check(replace(signs(FACE, shape=SHAPE), repeat=error), LIMITS, remedy="look")


@pytest.mark.parametrize("name", STILLS)
def test_a_good_face_is_plausible(name):
    image = still(name).image.astype(np.uint8)
    (face,) = detect(image)
    points = landmarks(image, face)
    found = signs(points, shape=image.shape, width=face.box[2])
    check(replace(found, repeat=repeat_error(image, points, landmarks)), LIMITS, remedy="look")
    assert found.asymmetry < LIMITS.max_asymmetry / 2 and found.residual < LIMITS.max_residual / 2
