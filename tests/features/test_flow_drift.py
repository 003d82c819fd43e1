"""Head drift out of flows: closed forms, and what the simulator did."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mestore.errors import ClipFault
from mestore.faces.shape68 import reference_shape
from mestore.features.drift import without_drift
from mestore.features.flow import FlowParams, flow_sample
from mestore.features.rois import STABLE
from mestore.features.strain import strain
from mestore.sample import Sample
from mestore.synthetic.warps import bumps, pixel_grid

SIDE = 96
POINTS = reference_shape(SIDE)
HOWS = ("median", "affine", "robust")
REAL = st.floats(-0.02, 0.02)


def affine(a, b, c, d, right, down, side=SIDE):
    """u = a x + b y + right, v = c x + d y + down."""
    grid = pixel_grid(side, side).reshape(side, side, 2)
    return (grid @ np.array([[a, c], [b, d]]) + [right, down]).astype(np.float32)


def bump(at, vector, width=6.0, side=SIDE):
    field = bumps(
        pixel_grid(side, side), centres=np.array([at]), vectors=np.array([vector]), widths=np.array([width])
    )
    return field.reshape(side, side, 2).astype(np.float32)


@pytest.mark.parametrize("how", HOWS)
@given(right=st.floats(-3, 3), down=st.floats(-3, 3))
def test_a_translation_leaves_exactly_nothing(how, right, down):
    flow = affine(0, 0, 0, 0, right, down)
    assert not without_drift(flow, how=how, landmarks=POINTS).any()


@pytest.mark.parametrize("how", ["affine", "robust"])
@given(motion=st.tuples(REAL, REAL, REAL, REAL, st.floats(-3, 3), st.floats(-3, 3)))
def test_an_affine_motion_leaves_nothing_but_the_rounding_of_float32(how, motion):
    found = without_drift(affine(*motion), how=how, landmarks=POINTS)
    np.testing.assert_allclose(found, 0, atol=2e-6)


@pytest.mark.parametrize("how", HOWS)
def test_a_motion_away_from_the_stable_points_is_kept(how):
    drift = affine(0, 0, 0, 0, 0.7, -0.4) if how == "median" else affine(0.002, -3e-3, 3e-3, 0.002, 0.7, -0.4)
    smile = bump(POINTS[48], [-0.8, -0.6], width=4.0)
    found = without_drift(drift + smile, how=how, landmarks=POINTS)
    np.testing.assert_allclose(found, smile, atol=0.01)


def test_affine_is_misled_by_a_motion_at_a_stable_point_and_robust_is_not():
    nose = bump(POINTS[33], [0.0, -1.0])
    errors = {how: np.abs(without_drift(nose, how=how, landmarks=POINTS) - nose).max() for how in HOWS}
    assert errors["affine"] > 0.3 and errors["robust"] < 0.01


def test_landmarks_outside_the_crop_are_left_out():
    points = POINTS.copy()
    points[list(STABLE[:3])] = [[-5, 10], [SIDE, 4], [1e4, 1e4]]
    found = without_drift(affine(0.01, 0, 0, 0.01, 1, 1), how="affine", landmarks=points)
    np.testing.assert_allclose(found, 0, atol=2e-6)


@pytest.mark.parametrize("how", ["median", "affine"])
def test_landmarks_that_show_no_plane_are_refused(how):
    flow = np.zeros((SIDE, SIDE, 2), np.float32)
    with pytest.raises(ValueError, match="0 of the 13 landmarks"):
        without_drift(flow, how=how, landmarks=POINTS + 1000)
    with pytest.raises(ValueError, match="not in one line"):
        without_drift(flow, how=how, landmarks=np.repeat(np.arange(68.0)[:, None], 2, axis=1))
    with pytest.raises(ValueError, match="no landmarks"):
        without_drift(flow, how=how)


def test_an_unknown_way_is_refused():
    with pytest.raises(ValueError, match="drift 'mean'"):
        without_drift(np.zeros((8, 8, 2), np.float32), how="mean")


# in a store


def clip(landmarks=POINTS):
    images = np.random.default_rng(0).integers(0, 256, (4, SIDE, SIDE, 3), dtype=np.uint8)
    points = None if landmarks is None else landmarks.astype(np.float32)
    return Sample(data=images, frames=np.arange(4.0), onset=0, apex=2, offset=3, landmarks=points)


def seen(first, second, start):
    """A method that sees a drift, a turn and a smile, whatever the images."""
    return affine(0, -0.01, 0.01, 0, 0.5, 0.25) + bump(POINTS[48], [-0.8, -0.6])


flows = partial(flow_sample, clip(), method=seen)


@pytest.mark.parametrize("pairs", ["onset-apex", "onset-each", "consecutive"])
@pytest.mark.parametrize("how", HOWS)
def test_drift_is_removed_from_every_flow_before_its_strain(how, pairs):
    found = flows(FlowParams(pairs=pairs, drift=how)).data.reshape(-1, SIDE, SIDE, 3)
    expected = without_drift(seen(None, None, None), how=how, landmarks=POINTS.astype(np.float32))
    for flow in found:
        np.testing.assert_array_equal(flow[..., :2], expected)
        np.testing.assert_array_equal(flow[..., 2], strain(expected))


def test_by_default_a_flow_is_as_its_method_gives_it():
    found = flows(FlowParams()).data
    np.testing.assert_array_equal(found[..., :2], seen(None, None, None))
    assert FlowParams().drift == "none"


def test_a_warm_start_foretells_the_whole_motion():
    starts = []

    def note(first, second, start):
        starts.append(start)
        return affine(0, 0, 0, 0, 0.5, 0.25)

    flow_sample(clip(), FlowParams(pairs="onset-each", drift="robust"), note, warm=True)
    np.testing.assert_allclose(starts[1][0, 0], [1.0, 0.5])


@pytest.mark.parametrize("how", ["median", "affine"])
def test_a_clip_without_landmarks_is_a_fault_where_they_are_needed(how):
    with pytest.raises(ClipFault, match="no landmarks"):
        flow_sample(clip(None), FlowParams(drift=how), seen)


def test_a_clip_without_landmarks_has_a_robust_drift_and_no_noise_floor():
    found = flow_sample(clip(None), FlowParams(drift="robust"), seen)
    np.testing.assert_array_equal(found.data, flows(FlowParams(drift="robust")).data)
    assert not found.measures


def test_the_noise_floor_is_that_of_what_is_kept():
    floors = [float(flows(FlowParams(drift=how)).measures["noise_floor_px"]) for how in ("none", "robust")]
    assert floors[0] > 0.3 and floors[1] < 0.01
