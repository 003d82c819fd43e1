import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.ndimage import shift as spline_shift
from skimage.transform import SimilarityTransform

from mestore.align import (
    STABLE,
    AlignParams,
    align_sample,
    apply,
    fit_whole,
    inverse,
    scale,
    similarity,
    warp,
)
from mestore.errors import ClipFault
from mestore.faces.shape68 import eye_centres, reference_shape
from mestore.sample import Sample
from mestore.synthetic.stills import still

POINTS = np.random.default_rng(1).normal(scale=50, size=(11, 2))


def turn(degrees, factor, shift=(0.0, 0.0)):
    cos, sin = factor * np.cos(np.deg2rad(degrees)), factor * np.sin(np.deg2rad(degrees))
    return np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]]])


def texture(size, *, blur, seed=0, shift=(0.0, 0.0)):
    """A periodic random texture with a pixel's blur, moved exactly, through its Fourier transform."""
    frequency = np.fft.fftfreq(size)
    x, y = np.meshgrid(frequency, frequency)
    radius2 = x**2 + y**2
    spectrum = np.fft.fft2(np.random.default_rng(seed).standard_normal((size, size)))
    spectrum = spectrum * np.exp(-2 * np.pi**2 * blur**2 * radius2) / np.sqrt(radius2 + 1e-4)
    plane = np.fft.ifft2(spectrum * np.exp(-2j * np.pi * (x * shift[0] + y * shift[1]))).real
    still_plane = np.fft.ifft2(spectrum).real
    level = 128 + 30 * (plane - still_plane.mean()) / still_plane.std()
    return np.clip(np.rint(level), 0, 255).astype(np.uint8)


# similarity


@given(st.floats(-180, 180), st.floats(0.05, 20), st.floats(-500, 500))
def test_a_similarity_is_found_exactly(degrees, factor, shift):
    expected = turn(degrees, factor, (shift, -shift))
    np.testing.assert_allclose(similarity(POINTS, apply(expected, POINTS)), expected, atol=1e-8)


@given(st.integers(0, 2**32 - 1))
def test_least_squares_is_that_of_scikit_image(seed):
    rng = np.random.default_rng(seed)
    target = apply(turn(rng.uniform(-180, 180), rng.uniform(0.3, 3)), POINTS) + rng.normal(size=POINTS.shape)
    other = SimilarityTransform.from_estimate(POINTS, target).params[:2]
    np.testing.assert_allclose(similarity(POINTS, target), other, atol=1e-7)


def test_a_mirror_image_is_never_fitted_by_a_reflection():
    found = similarity(POINTS, POINTS * [-1, 1])
    assert np.linalg.det(found[:, :2]) > 0


def test_the_inverse_undoes():
    transform = turn(30, 0.7, (3, -4))
    np.testing.assert_allclose(apply(inverse(transform), apply(transform, POINTS)), POINTS, atol=1e-10)
    assert scale(inverse(transform)) == pytest.approx(1 / 0.7)


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (POINTS, POINTS[:5], "source has 11 points and target 5"),
        (POINTS[:, :1], POINTS[:, :1], r"source has shape \(11, 1\)"),
        (np.ones((4, 2)), POINTS[:4], "points of source coincide"),
        (POINTS[:4], np.ones((4, 2)), "points of target coincide"),
        (POINTS, np.where(POINTS > 0, np.nan, POINTS), "target holds values that are not finite"),
    ],
)
def test_points_that_fix_no_similarity_are_refused(source, target, message):
    with pytest.raises(ValueError, match=message):
        similarity(source, target)


# warp


def test_the_identity_copies_the_image():
    image = texture(64, blur=0.3)
    np.testing.assert_array_equal(warp(image, turn(0, 1), 64), image)


def test_a_crop_does_not_depend_on_what_lies_far_from_it():
    image = texture(160, blur=0.5)
    changed = image.copy()
    changed[100:] = 0
    transform = turn(3, 0.5, (-5, -8))
    np.testing.assert_array_equal(warp(image, transform, 24), warp(changed, transform, 24))


def test_detail_finer_than_the_crop_becomes_grey():
    """Stripes of one pixel, shrunk to 0.45: without the blur they come back as coarse stripes."""
    stripes = np.tile(np.array([0, 255], np.uint8), (120, 60))
    crop = warp(stripes, turn(0, 0.45), 50)[4:-4, 4:-4]
    assert np.ptp(crop.astype(int)) <= 12
    assert crop.mean() == pytest.approx(127.5, abs=1)


@pytest.mark.parametrize("factor", [0.45, 0.75, 1.1])
def test_a_shift_by_parts_of_a_pixel_arrives_everywhere(factor):
    """Sharp texture (blur 0.5 px, no noise): rms over windows of 21 px within 0.008 px of the crop."""
    size = int(270 * factor)
    transform = turn(3, factor)
    transform[:, 2] = size / 2 - transform[:, :2] @ [150, 150] + 0.3
    for shift in ((0.1, 0.0), (0.5, 0.3)):
        still_crop = warp(texture(300, blur=0.5), transform, size)
        moved_crop = warp(texture(300, blur=0.5, shift=shift), transform, size)
        true = transform[:, :2] @ shift
        back = spline_shift(moved_crop.astype(float), -true[::-1], order=5, mode="mirror")
        assert local_shift(still_crop.astype(float), back) < 0.008


def local_shift(first, second):
    """Root mean square of the shifts of windows of 21 px, by least squares on the gradients."""
    margin, window = 16, 21
    gy, gx = np.gradient((first + second) / 2)
    dt = second - first
    shifts = []
    for y in range(margin, first.shape[0] - margin - window, window):
        for x in range(margin, first.shape[1] - margin - window, window):
            where = np.s_[y : y + window, x : x + window]
            gradients = np.stack([gx[where].ravel(), gy[where].ravel()], axis=1)
            shifts.append(np.linalg.lstsq(gradients, -dt[where].ravel(), rcond=None)[0])
    return np.sqrt((np.array(shifts) ** 2).sum(axis=1).mean())


def test_outside_the_image_is_black():
    crop = warp(np.full((10, 10, 3), 200, np.uint8), turn(0, 1, (20, 20)), 40)
    assert crop[:12].max() == 0
    assert (crop[22:28, 22:28] == 200).all()


@pytest.mark.parametrize(
    ("image", "transform", "size", "message"),
    [
        (np.zeros((9, 9), np.float32), turn(0, 1), 4, "image is float32"),
        (np.zeros(9, np.uint8), turn(0, 1), 4, "expected uint8"),
        (np.zeros((9, 9), np.uint8), turn(0, 0), 4, "expected a finite"),
        (np.zeros((9, 9), np.uint8), np.eye(3), 4, "expected a finite"),
        (np.zeros((9, 9), np.uint8), turn(0, 1), 0, "size is 0"),
        (np.zeros((9, 9), np.uint8), turn(0, 1, (500, 0)), 4, "outside the image of 9 x 9 px"),
    ],
)
def test_bad_warps_are_refused(image, transform, size, message):
    with pytest.raises(ValueError, match=message):
        warp(image, transform, size)


# align_sample


def sample_of(frames, numbers, onset):
    return Sample(
        data=np.stack(frames), frames=np.array(numbers, float), onset=onset, apex=onset + 1, offset=onset + 2
    )


@pytest.fixture(scope="module")
def portrait():
    return still("grace_hopper").image.astype(np.uint8)


@pytest.fixture(scope="module")
def aligned(portrait):
    """Three frames, of which only the second, the onset, shows the face upright."""
    frames = [portrait[::-1], portrait, portrait[:, ::-1]]
    return align_sample(sample_of(frames, [45, 46, 47], 46), AlignParams())


def test_every_frame_gets_the_transform_of_the_onset(aligned, portrait):
    assert aligned.data.shape == (3, 224, 224, 3)
    assert aligned.data.dtype == np.uint8
    for crop, frame in zip(aligned.data, [portrait[::-1], portrait, portrait[:, ::-1]], strict=True):
        np.testing.assert_array_equal(crop, warp(frame, aligned.measures["transform"], 224))


def test_landmarks_lie_on_the_reference_up_to_the_residual(aligned):
    stable = list(STABLE)
    away = aligned.landmarks[stable] - reference_shape(224)[stable]
    residual = aligned.measures["residual"]
    assert residual == pytest.approx(np.sqrt((away**2).sum(axis=1).mean()), abs=1e-4)
    assert 0 < residual < 6
    np.testing.assert_allclose(away.mean(axis=0), 0, atol=1e-4)


def test_measures_have_their_shapes_and_types(aligned):
    kinds = {name: (value.shape, value.dtype.name) for name, value in aligned.measures.items()}
    assert kinds == {
        "transform": ((2, 3), "float64"),
        "residual": ((), "float64"),
        "eye_distance": ((2,), "float64"),
        "enlarged": ((), "uint8"),
    }
    assert aligned.landmarks.dtype == np.float32
    before, after = aligned.measures["eye_distance"]
    assert after / before == pytest.approx(scale(aligned.measures["transform"]))
    np.testing.assert_array_equal(aligned.frames, [45, 46, 47])


def test_enlarging_is_flagged(portrait):
    clip = sample_of([portrait], [46], 46)
    flags = [int(align_sample(clip, AlignParams(side=size)).measures["enlarged"]) for size in (128, 320)]
    assert flags == [0, 1]


def test_as_delivered_scales_and_centres_and_never_stretches(portrait):
    clip = sample_of([portrait[:, 60:-60]], [46], 46)  # 420 x 300 px
    whole = align_sample(clip, AlignParams(side=210, method="as_delivered"))
    np.testing.assert_allclose(whole.measures["transform"][:, :2], np.eye(2) / 2)
    assert whole.data[0, :, :28].max() == 0
    assert whole.data[0, :, 40:-40].mean() > 30
    before = eye_centres(apply(inverse(whole.measures["transform"]), whole.landmarks))
    assert np.hypot(*(before[1] - before[0])) == pytest.approx(whole.measures["eye_distance"][0], abs=1e-3)


def test_fitting_the_whole_keeps_the_middle_in_the_middle():
    np.testing.assert_allclose(apply(fit_whole((480, 640, 3), 224), np.array([319.5, 239.5])), [111.5, 111.5])


def test_faults_of_the_data_say_what_was_found(portrait):
    empty = np.zeros_like(portrait)
    two = np.hstack([portrait, portrait])
    with pytest.raises(ClipFault, match="found no face in 420 x 420 px; expected exactly one face"):
        align_sample(sample_of([empty], [46], 46), AlignParams())
    with pytest.raises(ClipFault, match=r"found 2 faces at x \d+, y \d+, x \d+, y \d+ \(of 840 x 420 px\)"):
        align_sample(sample_of([two], [46], 46), AlignParams())
    with pytest.raises(ClipFault, match=r"found 0 frames numbered 46 \(47 to 48\)"):
        align_sample(sample_of([portrait, portrait], [47, 48], 46), AlignParams())


def test_a_face_after_the_onset_does_not_help(portrait):
    with pytest.raises(ClipFault, match="no face"):
        align_sample(sample_of([np.zeros_like(portrait), portrait], [46, 47], 46), AlignParams())


def placed(size, *, scale=1.0, shift=(0.0, 0.0)):
    """The reference face in a square of `size`, scaled and shifted."""
    return (scale * reference_shape(size) + shift).astype(np.float32)


@pytest.mark.parametrize("method", ["onset", "as_delivered"])
def test_landmarks_that_come_with_the_recording_stand_in_for_the_backends(portrait, aligned, method):
    frames = [portrait[::-1], portrait, portrait[:, ::-1]]
    clip = sample_of(frames, [45, 46, 47], 46)
    found = align_sample(clip, AlignParams(method=method))
    points = apply(inverse(found.measures["transform"]), found.landmarks).astype(np.float32)
    again = align_sample(replace(clip, landmarks=points), AlignParams(method=method))
    np.testing.assert_allclose(again.measures["transform"], found.measures["transform"], atol=1e-3)
    np.testing.assert_allclose(again.landmarks, found.landmarks, atol=1e-3)
    assert again.measures.keys() == found.measures.keys()


def test_no_face_is_looked_for_where_landmarks_come_with_the_recording():
    """Noise of 32 x 24 px: no detector would find a face, and the smallest fixtures are like that."""
    noise = np.random.default_rng(0).integers(0, 256, (3, 24, 32, 3), dtype=np.uint8)
    clip = replace(sample_of(noise, [46, 47, 48], 46), landmarks=placed(24, shift=(4, 0)))
    crops = align_sample(clip, AlignParams(side=48))
    # Doubled about the edges of pixels: x -> 2 (x - 4 + .5) - .5.
    np.testing.assert_allclose(crops.measures["transform"], [[2, 0, -7.5], [0, 2, 0.5]], atol=1e-5)
    np.testing.assert_allclose(crops.landmarks, reference_shape(48), atol=1e-4)
    assert crops.measures["residual"] == pytest.approx(0, abs=1e-5)
    assert crops.data.shape == (3, 48, 48, 3) and crops.data.std(axis=(1, 2)).min() > 10


def test_no_backend_is_loaded_where_all_clips_have_landmarks():
    code = """
import sys
import numpy as np
from mestore.align import AlignParams, align_sample
from mestore.faces.shape68 import reference_shape
from mestore.sample import Sample
frames = np.zeros((1, 24, 24, 3), np.uint8)
clip = Sample(data=frames, frames=np.zeros(1), onset=0, apex=0, offset=0, landmarks=reference_shape(24))
align_sample(clip, AlignParams(side=48))
print(sorted({"dlib", "mestore.faces.dlib"} & set(sys.modules)))
"""
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said == "[]\n"


@pytest.mark.parametrize(
    ("landmarks", "message"),
    [
        (placed(24, shift=(70, 0)), "found landmark 0 at x 71.1749, y 8.63262 in a frame of 32 x 24 px"),
        (placed(24, shift=(0, -40)), "found landmark 0 at x 1.17489, y -31.3674 in"),
        (placed(24, scale=0.05), "landmarks whose eyes are 0.48 px apart in a frame of 32 x 24 px"),
        (np.where(np.arange(68)[:, None] == 5, np.nan, placed(24)), "found landmark 5 at x nan"),
    ],
)
def test_landmarks_of_another_recording_are_a_fault_of_the_clip(landmarks, message):
    noise = np.random.default_rng(0).integers(0, 256, (1, 24, 32, 3), dtype=np.uint8)
    clip = replace(sample_of(noise, [46], 46), landmarks=landmarks)
    with pytest.raises(ClipFault, match=f"{message}.*expected 68 points.*row in landmarks.csv"):
        align_sample(clip, AlignParams(side=48))


def test_a_face_may_stand_over_the_edge_of_the_frame():
    noise = np.random.default_rng(0).integers(0, 256, (1, 24, 32, 3), dtype=np.uint8)
    clip = replace(sample_of(noise, [46], 46), landmarks=placed(24, shift=(-12, 6)))
    crop = align_sample(clip, AlignParams(side=48)).data[0]
    assert crop[:, :16].max() == 0 and crop[:26, 33:].std() > 10


def test_landmarks_of_another_scheme_are_refused(portrait):
    clip = replace(sample_of([portrait], [46], 46), landmarks=np.zeros((49, 2), np.float32))
    with pytest.raises(ValueError, match=r"shape \(49, 2\); expected \(68, 2\)"):
        align_sample(clip, AlignParams())


def test_the_remedy_for_a_face_that_no_backend_finds_names_the_file(portrait):
    with pytest.raises(ClipFault, match=r"give the face's landmarks in landmarks\.csv"):
        align_sample(sample_of([np.zeros_like(portrait)], [46], 46), AlignParams())


def test_wrong_frames_are_refused(portrait):
    grey = replace(sample_of([portrait], [46], 46), data=portrait[None, ..., 0])
    with pytest.raises(ValueError, match=r"expected \(time, y, x, 3\)"):
        align_sample(grey, AlignParams())


def test_parameters_are_checked():
    assert AlignParams.model_validate({"side": 128, "method": "as_delivered"}).backend == "dlib"
    assert AlignParams().ragged(input_ragged=True)
    for wrong in ({"backend": "nobody"}, {"side": 8}, {"method": "each"}, {"size": 224}):
        with pytest.raises(ValidationError):
            AlignParams.model_validate(wrong)
