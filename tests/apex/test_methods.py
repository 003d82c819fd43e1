"""Every method on simulated clips whose apex is known, and on still ones; closed forms of each."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.simulated import filmed
from mestore.apex import APEX
from mestore.apex.landmark_cells import landmark_cells
from mestore.apex.lbp import codes, distances
from mestore.apex.max_difference import max_difference
from mestore.apex.spot import spot
from mestore.apex.stretch import Stretch
from mestore.errors import ClipFault
from mestore.faces.shape68 import reference_shape
from mestore.synthetic.head import head_of
from mestore.synthetic.render import Camera
from mestore.synthetic.script import cast
from mestore.synthetic.truth import truth_of

ONSET, APEX_FRAME, OFFSET = 46, 66, 82
FRAMES = range(ONSET, OFFSET + 1)
SPOTTERS = sorted(set(APEX) - {"middle"})
DECENT = {"max_difference": 2, "flow": 1, "strain": 1, "landmark_cells": 2}
"""Frames that a method may be off at 1 px and sigma 1; lbp and frequency are worse (docs/apex.md)."""


def simulated(peak, *, number=0, noise=1.0, drift=0.0, side=112):
    face = cast(number, seed=7).face
    head = head_of(face.landmarks, drift=(drift, 0.5 * drift), rotation=0.3 * drift, growth=0.004 * drift)
    truth = truth_of(
        face.landmarks,
        {6: (1, 0.9), 12: (1, 0.9)},
        peak=peak,
        head=head,
        onset=ONSET,
        apex=APEX_FRAME,
        offset=OFFSET,
    )
    return filmed(face, truth, Camera(noise=noise, seed=(number, 3)), side=side, frames=FRAMES)


def spotted(clip, method, **options):
    said = {"numbers": np.array(FRAMES, float), "onset": ONSET, "offset": OFFSET, "fps": 200.0}
    return spot(clip.images, method=method, **(said | {"landmarks": clip.landmarks} | options))


@pytest.fixture(scope="module")
def smile():
    return simulated(1.0)


@pytest.mark.parametrize("method", sorted(DECENT))
def test_an_apex_is_found_to_a_frame_or_two(smile, method):
    found = spotted(smile, method)
    assert abs(FRAMES[found.row] - APEX_FRAME) <= DECENT[method]


@pytest.mark.parametrize("method", ["flow", "strain"])
def test_flow_and_strain_find_it_while_the_head_drifts(method):
    found = spotted(simulated(1.0, drift=1.0), method)
    assert abs(FRAMES[found.row] - APEX_FRAME) <= 3


@pytest.mark.parametrize("noise", [0.3, 1.5])
@pytest.mark.parametrize("number", [0, 1])
def test_a_still_clip_has_no_apex(number, noise):
    still = simulated(0.0, number=number, noise=noise)
    assert {method: spotted(still, method).row for method in SPOTTERS} == dict.fromkeys(SPOTTERS)


@pytest.mark.parametrize("method", ["flow", "max_difference"])
def test_a_drift_alone_is_no_apex(method):
    assert spotted(simulated(0.0, drift=1.0), method).row is None


@pytest.mark.parametrize("method", sorted(APEX))
def test_what_lies_outside_onset_and_offset_is_not_looked_at(smile, method):
    burst = np.random.default_rng(0).integers(0, 256, (3, *smile.images.shape[1:]), dtype=np.uint8)
    images = np.concatenate([burst, smile.images, burst])
    numbers = np.arange(ONSET - 3, OFFSET + 4, dtype=float)
    found = spot(
        images,
        numbers=numbers,
        onset=ONSET,
        offset=OFFSET,
        method=method,
        landmarks=smile.landmarks,
        fps=200.0,
    )
    alone = spotted(smile, method)
    assert found.row == (None if alone.row is None else alone.row + 3)
    np.testing.assert_array_equal(found.curve, np.pad(alone.curve, 3))


@pytest.mark.parametrize("method", sorted(APEX))
def test_a_curve_has_a_finite_value_for_each_frame_and_0_at_the_onset(smile, method):
    curve = spotted(smile, method).curve
    assert curve.shape == (len(FRAMES),) and curve.dtype == np.float32
    assert np.isfinite(curve).all() and (curve[0] == 0 or method == "frequency")


@pytest.mark.parametrize("method", SPOTTERS)
def test_colour_is_seen_as_grey(smile, method):
    coloured = replace(smile, images=np.repeat(smile.images[..., None], 3, axis=3))
    assert spotted(coloured, method).row == spotted(smile, method).row


@pytest.mark.parametrize("method", sorted(APEX))
def test_the_smallest_crops_and_identical_frames_do_no_harm(method):
    found = spot(
        np.full((9, 32, 32), 7, np.uint8),
        numbers=np.arange(9.0),
        onset=0,
        offset=8,
        method=method,
        landmarks=reference_shape(32),
        fps=30.0,
    )
    assert found.row == (4 if method == "middle" else None)
    assert np.isfinite(found.curve).all()


@pytest.mark.parametrize("method", sorted(APEX))
def test_two_frames_have_no_apex(smile, method):
    assert spotted(smile, method, offset=ONSET + 1).row is None


@pytest.mark.parametrize(("offset", "apex"), [(82, 64), (81, 63), (60, 53)])
def test_the_middle_is_that_of_the_clip_table(smile, offset, apex):
    assert FRAMES[spotted(smile, "middle", offset=offset).row] == apex


def test_the_middle_of_a_clip_with_gaps_is_the_nearest_frame_there_is():
    still = np.zeros((4, 8, 8), np.uint8)
    found = spot(still, numbers=np.array([1.0, 2, 9, 11]), onset=1, offset=11, method="middle")
    assert found.row == 2


def test_the_middle_is_between_the_annotated_frames_where_the_offset_is_missing():
    """As in formula (21) and in the index, which count from onset to offset."""
    still = np.zeros((8, 8, 8), np.uint8)
    assert spot(still, numbers=np.arange(8.0), onset=0, offset=11, method="middle").row == 5


def test_an_unknown_method_is_refused(smile):
    with pytest.raises(ValueError, match="apex method 'best' is unknown"):
        spotted(smile, "best")


def test_what_a_method_needs_and_has_not_is_a_fault(smile):
    with pytest.raises(ClipFault, match="frames per second"):
        spotted(smile, "frequency", fps=np.nan)
    with pytest.raises(ClipFault, match="no landmarks"):
        spotted(smile, "landmark_cells", landmarks=None)


def test_the_window_of_frequency_goes_by_the_frame_rate(smile):
    short, long = (spotted(smile, "frequency", fps=fps).curve for fps in (50.0, 200.0))
    assert not np.array_equal(short, long)


# closed forms


def stretch(images):
    images = np.asarray(images, np.uint8)
    return Stretch(
        images=images,
        numbers=np.arange(len(images), dtype=float),
        onset=0,
        offset=len(images) - 1,
        landmarks=reference_shape(images.shape[-1]),
        fps=200.0,
    )


def levels(*values):
    return np.stack([np.full((64, 64), value, np.uint8) for value in values])


def test_maximum_difference_is_the_mean_absolute_difference_in_grey_levels():
    assert max_difference(stretch(levels(10, 12, 7, 10))).curve.tolist() == [0, 2, 3, 0]


def test_a_landmark_cell_scores_the_change_since_the_onset_over_that_since_the_frame_before():
    """(2 + 1) / (2 + 1), (3 + 1) / (5 + 1), (3 + 1) / (0 + 1)"""
    found = landmark_cells(stretch(levels(10, 12, 7, 7))).curve
    np.testing.assert_allclose(found, [0, 1, 4 / 6, 4], rtol=1e-6)


def test_lbp_of_equal_frames_are_no_distance_apart_and_do_not_see_brightness():
    texture = np.random.default_rng(1).integers(0, 200, (64, 64), dtype=np.uint8)
    other = np.random.default_rng(2).integers(0, 200, (64, 64), dtype=np.uint8)
    found = distances(codes(np.stack([texture, texture, texture + 40, other])))
    np.testing.assert_allclose(found[:2], 0, atol=1e-6)
    assert found[2] < 0.01 < found[3]  # bilinear levels may tie with the centre: they round either way
