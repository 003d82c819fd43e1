import json
from dataclasses import replace

import numpy as np
import pytest

from mestore.faces.shape68 import reference_shape
from mestore.synthetic.head import head_of
from mestore.synthetic.truth import (
    crop_displacement,
    displacement,
    from_json,
    origin_of,
    region,
    seen_at,
    to_json,
    truth_of,
    without_head,
)
from mestore.synthetic.warps import pixel_grid

FACE = reference_shape(210) + np.array([55, 60])
HEAD = head_of(FACE, drift=(0.4, -0.3), sway=(0.1, 0.2), rotation=0.2, growth=0.001)
TRUTH = truth_of(FACE, {6: (1, 0.9), 12: (0.8, 1)}, peak=1.5, head=HEAD)
GRID = pixel_grid(32, 32) * 10
WHERE = {"transform": np.array([[0.7, -0.1, 5], [0.1, 0.7, -3]]), "size": 64}


def test_at_the_onset_the_still_is_only_shifted():
    np.testing.assert_allclose(seen_at(TRUTH, TRUTH.onset, GRID), GRID + TRUTH.shift, atol=1e-12)


def test_the_background_keeps_still():
    corners = np.array([[0.0, 0.0], [319, 0], [0, 319], [319, 319]])
    for frame in range(TRUTH.onset, TRUTH.offset + 1):
        np.testing.assert_array_equal(seen_at(TRUTH, frame, corners), corners + TRUTH.shift)


def test_the_strength_rises_to_one_and_falls_to_none():
    strengths = [TRUTH.strength(frame) for frame in range(TRUTH.onset - 2, TRUTH.offset + 3)]
    assert (strengths[2], max(strengths), strengths[-3]) == pytest.approx((0, 1, 0))
    top = strengths.index(max(strengths))
    assert top == TRUTH.apex - TRUTH.onset + 2
    assert (np.diff(strengths[2 : top + 1]) > 0).all()
    assert (np.diff(strengths[top:-2]) < 0).all()


def test_displacement_is_the_difference_of_where_a_point_is_seen():
    first, second = 52, 75
    expected = seen_at(TRUTH, second, GRID) - seen_at(TRUTH, first, GRID)
    np.testing.assert_allclose(
        displacement(TRUTH, first, second, seen_at(TRUTH, first, GRID)), expected, atol=1e-7
    )
    np.testing.assert_allclose(origin_of(TRUTH, second, seen_at(TRUTH, second, GRID)), GRID, atol=1e-7)


def test_a_turning_head_turns_its_middle_by_the_closed_form():
    head = head_of(FACE, rotation=2.0, drift=(1.0, -2.0))
    truth = truth_of(FACE, {12: (1, 1)}, peak=0.0, head=head)
    point = head.centre + np.array([[20.0, 0.0]])
    angle = np.deg2rad(2.0)
    arm = np.array([20 * np.cos(angle), 20 * np.sin(angle)])
    expected = head.centre + arm + head.drift + truth.shift
    np.testing.assert_allclose(seen_at(truth, truth.offset, point), [expected])


def test_the_crop_turns_and_scales_the_motion():
    truth = truth_of(FACE, {12: (1, 1)}, peak=0.0, head=replace(HEAD, axes=np.full(2, 1e6), sway=np.zeros(2)))
    truth = replace(truth, head=replace(truth.head, rotation=0.0, growth=0.0))
    flow = crop_displacement(truth, truth.onset, truth.offset, **WHERE)
    expected = WHERE["transform"][:, :2] @ truth.head.drift
    np.testing.assert_allclose(flow, np.broadcast_to(expected, (64, 64, 2)), atol=1e-7)


def test_the_region_leaves_the_head_out():
    mask = region(TRUTH, TRUTH.onset, TRUTH.apex, **WHERE)
    np.testing.assert_array_equal(mask, region(without_head(TRUTH), TRUTH.onset, TRUTH.apex, **WHERE))
    flow = np.hypot(*crop_displacement(without_head(TRUTH), TRUTH.onset, TRUTH.apex, **WHERE).T).T
    np.testing.assert_array_equal(mask, flow >= flow.max() / 4)
    assert 0 < mask.mean() < 1


def test_truth_survives_json():
    again = from_json(json.loads(json.dumps(to_json(TRUTH))))
    np.testing.assert_array_equal(
        displacement(again, TRUTH.onset, 70, GRID), displacement(TRUTH, TRUTH.onset, 70, GRID)
    )
    assert (again.aus, again.onset, again.apex, again.offset) == ("6+12", 46, 60, 86)


def test_motion_that_folds_the_face_is_refused():
    wild = truth_of(FACE, {7: (1, 1)}, peak=60.0)
    with pytest.raises(ValueError, match="folds the face at frame 60"):
        origin_of(wild, wild.apex, GRID)


def test_frame_numbers_must_increase():
    with pytest.raises(ValueError, match="are 46, 46, 86; expected them to increase"):
        truth_of(FACE, {12: (1, 1)}, peak=1.0, onset=46, apex=46, offset=86)
