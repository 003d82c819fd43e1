"""Quality numbers: closed form, and against the simulator (the figures of docs/quality.md)."""

import cv2
import numpy as np
import pytest

from mestore.faces.shape68 import STABLE, reference_shape
from mestore.features.grey import grey
from mestore.features.rest import noise_floor
from mestore.quality import clip_quality, clipped, drift, face_mask, missing, sharpness
from mestore.similarity import similarity
from mestore.synthetic.head import head_of
from mestore.synthetic.render import Camera, film
from mestore.synthetic.stills import STILLS, derive, draw_traits, still
from mestore.synthetic.truth import seen_at, truth_of
from mestore.warp import warp

SIDE = 224
FACE = reference_shape(SIDE)
WHOLE = np.ones((SIDE, SIDE), bool)
NUMBERS = range(46, 87, 8)


def texture(seed=0, *, side=SIDE + 40):
    noise = np.random.default_rng(seed).normal(size=(side, side))
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return np.clip(128 + 40 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def moved(*shifts):
    """Return windows of a texture whose content moves by whole pixels (x, y), as RGB crops."""
    whole = texture()
    windows = [whole[20 - y : 20 - y + SIDE, 20 - x : 20 - x + SIDE] for x, y in shifts]
    return np.repeat(np.stack(windows)[..., None], 3, axis=-1)


def quality(crops, *, frames=None, onset=1, offset=None):
    frames = np.arange(1.0, len(crops) + 1) if frames is None else np.asarray(frames, float)
    offset = int(frames[-1]) if offset is None else offset
    found = clip_quality(crops, landmarks=FACE, frames=frames, onset=onset, offset=offset)
    assert all(value.dtype == np.float64 and value.shape == () for value in found.values())
    assert np.isfinite(list(found.values())).all()
    return {name: float(value) for name, value in found.items()}


# drift


def test_a_known_shift_is_the_drift_in_each_frame():
    crops = moved((0, 0), (1, 0), (3, -4), (0, 2))
    np.testing.assert_allclose(drift(grey(crops), FACE), [0, 1, 5, 2], atol=0.05)
    assert quality(crops)["drift_px"] == pytest.approx(5, abs=0.05)


def test_drift_is_counted_from_the_onset_wherever_it_is():
    crops = moved((0, 0), (2, 0), (4, 0))
    assert quality(crops, onset=2)["drift_px"] == pytest.approx(2, abs=0.05)


def test_what_moves_one_patch_alone_is_no_drift():
    crops = moved((0, 0), (0, 0), (0, 0))
    below = int(FACE[[29, 30, 33]].mean(axis=0)[1]) + 10
    crops[1:, below:] = moved((0, 6))[0, below:]
    assert quality(crops)["drift_px"] < 0.1


@pytest.mark.parametrize("level", [0, 128, 255])
def test_blank_crops_have_finite_numbers(level):
    found = quality(np.full((3, SIDE, SIDE, 3), level, np.uint8))
    assert (found["drift_px"], found["sharpness"]) == (0, 0)
    assert found["exposure"] == pytest.approx(level)
    assert found["clipped"] == pytest.approx(float(level != 128))


def test_one_frame_and_landmarks_outside_the_crop_have_finite_numbers():
    crops = moved((0, 0))
    frames = np.array([1.0])
    for landmarks in (FACE + 500, FACE - 500, FACE * 1e-6):
        found = clip_quality(crops, landmarks=landmarks, frames=frames, onset=1, offset=1)
        assert np.isfinite(list(found.values())).all() and found["drift_px"] == 0


def test_light_that_changes_is_no_drift():
    crops = moved((0, 0), (2, 0))
    crops[1] = (0.8 * crops[1]).astype(np.uint8)
    assert quality(crops)["drift_px"] == pytest.approx(2, abs=0.05)


def filmed(name, shift, noise, *, units=(12,), peak=0.0):
    """Return the crops of a simulated clip with exact landmarks, and the head's true drift in the crop."""
    face = derive(still(name), draw_traits(7, mirrored=False))
    at_rest = truth_of(face.landmarks, dict.fromkeys(units, (1, 0.85)), peak=peak)
    stable = list(STABLE)
    transform = similarity(seen_at(at_rest, 46, face.landmarks)[stable], FACE[stable])
    scale = np.hypot(*transform[:, 0])
    head = head_of(face.landmarks, drift=np.asarray(shift) / scale)
    truth = truth_of(face.landmarks, dict.fromkeys(units, (1, 0.85)), peak=peak, head=head)
    frames = film(face, truth, Camera(noise=noise, seed=3), frames=NUMBERS)
    landmarks = seen_at(truth, 46, face.landmarks) @ transform[:, :2].T + transform[:, 2]
    images = grey(np.stack([warp(frame, transform, SIDE) for frame in frames]))
    return images, landmarks, np.hypot(*shift)


@pytest.mark.parametrize("noise", [0.3, 1.0, 1.5])
@pytest.mark.parametrize("name", STILLS)
def test_the_drift_of_a_simulated_head_is_found_to_a_fifteenth_px(name, noise):
    for length in (0.0, 0.3, 0.5, 1.0, 2.0):
        images, landmarks, true = filmed(name, (0.8 * length, -0.6 * length), noise)
        # The last frame is four before the offset, where a raised cosine has gone 99.4 % of the way.
        assert drift(images, landmarks).max() == pytest.approx(true, abs=0.065)


@pytest.mark.parametrize("units", [(1, 2), (4, 7), (6, 12)], ids=str)
@pytest.mark.parametrize("name", STILLS)
def test_an_expression_of_one_px_on_a_still_head_drifts_by_less_than_a_tenth(name, units):
    images, landmarks, _ = filmed(name, (0.0, 0.0), 1.0, units=units, peak=1.0)
    assert drift(images, landmarks).max() < 0.1


# light, detail, frames


def test_blur_lowers_the_sharpness_and_neither_light_nor_contrast_changes_it():
    image = texture(side=SIDE)
    found = sharpness(image, WHOLE)
    blurred = [sharpness(cv2.GaussianBlur(image, (0, 0), sigma), WHOLE) for sigma in (1, 2, 3)]
    assert found > blurred[0] > blurred[1] > blurred[2] > 0
    assert sharpness(255 - image, WHOLE) == pytest.approx(found)
    assert sharpness(image // 2 + 60, WHOLE) == pytest.approx(found, rel=0.1)  # rounding adds detail


def test_the_least_sharp_frame_counts():
    crops = moved((0, 0), (0, 0))
    crops[1] = cv2.GaussianBlur(crops[1], (0, 0), 2)
    inside = face_mask(FACE, (SIDE, SIDE))
    assert quality(crops)["sharpness"] == sharpness(grey(crops)[1], inside)


def test_a_ramp_of_brightness_has_its_standard_deviation_as_flicker():
    crops = np.stack([np.full((SIDE, SIDE, 3), 100 + 2 * frame, np.uint8) for frame in range(10)])
    found = quality(crops)
    assert found["exposure"] == pytest.approx(109)
    assert found["flicker"] == pytest.approx(2 * np.sqrt((10**2 - 1) / 12))


def test_only_the_face_counts():
    inside = face_mask(FACE, (SIDE, SIDE))
    crops = np.full((2, SIDE, SIDE, 3), 90, np.uint8)
    crops[:, ~inside] = 255
    found = quality(crops)
    assert (found["exposure"], found["clipped"], found["flicker"]) == pytest.approx((90, 0, 0))
    assert 0.3 < inside.mean() < 0.8


def test_clipped_is_the_share_of_pixels_with_a_colour_at_either_end():
    crops = np.full((2, SIDE, SIDE, 3), 90, np.uint8)
    crops[0, : SIDE // 2, :, 0], crops[1, :, : SIDE // 4] = 255, 0
    assert clipped(crops, WHOLE) == pytest.approx((0.5 + 0.25) / 2)


@pytest.mark.parametrize(
    ("frames", "share"), [([1, 2, 3, 4], 0), ([1, 3, 4], 0.25), ([1, 1, 4, 9, -2], 0.5), ([7], 1)]
)
def test_missing_is_the_share_of_numbers_without_a_frame(frames, share):
    assert missing(np.array(frames, float), onset=1, offset=4) == share


@pytest.mark.parametrize("offset", [0, -1, -9])
def test_an_offset_before_the_onset_misses_nothing(offset):
    assert missing(np.array([1.0, 2.0]), onset=1, offset=offset) == 0


def test_landmarks_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"landmarks have shape \(5, 2\); expected \(68, 2\)"):
        clip_quality(moved((0, 0)), landmarks=FACE[:5], frames=np.ones(1), onset=1, offset=1)


# noise floor


def test_the_noise_floor_is_the_rms_of_the_flow_in_the_middle_one_of_three_regions():
    rng = np.random.default_rng(0)
    flow = rng.normal(0, 0.1, (SIDE, SIDE, 3)).astype(np.float32)
    assert noise_floor(flow, FACE) == pytest.approx(0.1 * np.sqrt(2), rel=0.1)
    moving = flow.copy()
    moving[:80, :, 1] += 1  # brows, eyes and the bridge of the nose
    assert noise_floor(moving, FACE) == pytest.approx(noise_floor(flow, FACE), rel=0.1)
    assert noise_floor(flow + np.float32(3), FACE) == pytest.approx(np.hypot(3, 3), rel=0.02)


def test_all_flows_of_a_sequence_count_and_strain_does_not():
    still, shift = np.zeros((SIDE, SIDE, 3), np.float32), np.zeros((SIDE, SIDE, 3), np.float32)
    still[..., 2] = 9
    shift[..., 0] = 2
    assert noise_floor(still, FACE) == 0
    assert noise_floor(np.stack([still, shift]), FACE) == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize("landmarks", [FACE + 900, FACE - 900, FACE * 1e-9], ids=["right", "left", "point"])
def test_regions_outside_the_flow_are_taken_at_its_edge(landmarks):
    assert noise_floor(np.ones((64, 48, 2), np.float32), landmarks) == pytest.approx(np.sqrt(2))


def test_what_is_no_flow_is_refused():
    with pytest.raises(ValueError, match=r"found flows \(4, 4\) and landmarks \(68, 2\)"):
        noise_floor(np.zeros((4, 4)), FACE)
