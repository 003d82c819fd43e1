import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from mestore.align import align_sample
from mestore.align_params import AlignParams
from mestore.errors import ClipFault
from mestore.faces.choose import centre
from mestore.faces.dlib import detect
from mestore.faces.shape68 import STABLE, eye_centres, reference_shape
from mestore.sample import Sample
from mestore.similarity import apply, inverse, scale
from mestore.synthetic.stills import still
from mestore.warp import warp

QUALITY = ("drift_px", "sharpness", "exposure", "clipped", "flicker", "missing")


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
        "frame_size": ((2,), "float64"),
        "residual": ((), "float64"),
        "eye_distance": ((2,), "float64"),
        "enlarged": ((), "uint8"),
    } | dict.fromkeys(("confidence", "repeat", *QUALITY), ((), "float64"))
    assert aligned.landmarks.dtype == np.float32
    before, after = aligned.measures["eye_distance"]
    assert aligned.measures["frame_size"].tolist() == [420, 420]
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
    assert AlignParams.model_validate({"side": 128, "method": "as_delivered"}).detector == "dlib"
    assert AlignParams().ragged(input_ragged=True)
    wrongs = [{"detector": "nobody"}, {"landmarks": "nobody"}, {"side": 8}, {"method": "each"}, {"size": 224}]
    for wrong in [*wrongs, {"preset": "casme"}, {"face": "first"}, {"apex": "first"}, {"max_repeat": 0.0}]:
        with pytest.raises(ValidationError):
            AlignParams.model_validate(wrong)
    with pytest.raises(ValidationError, match=r"min_share 0\.7 is above max_share 0\.6"):
        AlignParams(min_share=0.7)


# face, preset, box, apex


@pytest.fixture(scope="module")
def two(portrait):
    """The portrait, and to its right the same at three quarters of the size."""
    small = cv2.resize(portrait, (315, 315), interpolation=cv2.INTER_AREA)
    return np.hstack([portrait, np.vstack([small, np.zeros((105, 315, 3), np.uint8)])])


def middle(aligned):
    """Where the face of a clip is in its recording."""
    return apply(inverse(aligned.measures["transform"]), aligned.landmarks.astype(float)).mean(axis=0)


def test_of_several_faces_the_largest_or_the_one_nearest_to_the_clip_before(two):
    clip = sample_of([two], [46], 46)
    largest = align_sample(clip, AlignParams(face="largest"))
    assert middle(largest)[0] < 420
    nearest = AlignParams(face="nearest")
    assert middle(align_sample(clip, nearest))[0] < 420
    only_right = two.copy()
    only_right[:, :420] = 0
    before = align_sample(sample_of([only_right], [46], 46), nearest)
    again = align_sample(clip, nearest, before)
    assert middle(again)[0] > 420
    np.testing.assert_allclose(again.landmarks, before.landmarks, atol=1e-3)


def test_a_face_of_too_low_a_score_is_none(portrait, aligned):
    score = float(aligned.measures["confidence"])
    with pytest.raises(ClipFault, match=f"no face surer than 9: the surest of 1, at .* has {score:.2g}"):
        align_sample(sample_of([portrait], [46], 46), AlignParams(min_confidence=9.0))


def test_landmarks_that_cannot_be_a_faces_are_a_fault_of_the_clip(portrait):
    clip = sample_of([portrait], [46], 46)
    for limit, what in (
        ({"min_eye_distance": 500.0}, "whose eyes are"),
        ({"max_residual": 1e-3}, "whose stable points lie"),
        ({"max_repeat": 1e-5}, "that move by"),
    ):
        with pytest.raises(ClipFault, match=f"found landmarks {what}.*another detector or landmark model"):
            align_sample(clip, AlignParams.model_validate(limit))


def test_a_box_that_came_with_the_recording_stands_in_for_the_detector(portrait, aligned):
    (face,) = detect(portrait)
    (x, y), width = centre(face), face.box[2] / 1.1  # docs/faces.md: from a box to dlib's square
    box = (x - 0.5 * width, y - 0.58 * 1.3 * width, width, 1.3 * width)
    clip = replace(sample_of([portrait], [46], 46), box=box)
    boxed = align_sample(clip, AlignParams())
    assert boxed.measures["confidence"] == 1 and boxed.box is None
    apart = boxed.measures["eye_distance"][0]
    assert np.abs(middle(boxed) - middle(aligned)).max() < 0.05 * apart


@pytest.mark.parametrize("landmarks", ["dlib", "mesh"])
@pytest.mark.parametrize(
    "box",
    [
        (-1e300, 0, 90, 90),
        (420, 0, 90, 90),
        (0, -90, 90, 90),
        (0, 0, 1e9, 1e9),
        (0, 0, 1261, 200),
        (0, 0, 200, 15),
        (9, 9, 0.1, 0.1),
    ],
    ids=str,
)
def test_a_box_that_is_no_faces_in_the_frame_is_a_fault_that_names_the_file(portrait, box, landmarks):
    clip = replace(sample_of([portrait], [46], 46), box=box)
    with pytest.raises(ClipFault, match=r"found a box at x .* in a frame of 420 x 420 px.*row in boxes\.csv"):
        align_sample(clip, AlignParams(landmarks=landmarks))


@pytest.mark.parametrize("box", [(0, 0, 1260, 1260), (419, 419, 100, 100), (-99, -99, 100, 100)], ids=str)
def test_landmarks_of_a_box_beside_the_face_are_a_fault_that_names_the_file(portrait, box):
    clip = replace(sample_of([portrait], [46], 46), box=box)
    with pytest.raises(ClipFault, match=r"found landmarks .*boxes\.csv"):
        align_sample(clip, AlignParams())


def test_the_place_of_a_face_in_a_frame_of_another_size_says_nothing(two, portrait):
    """The clip before showed a face on the right of a wide frame, now the larger one is on the left."""
    nearest = AlignParams(face="nearest")
    only_right = two.copy()
    only_right[:, :420] = 0
    before = align_sample(sample_of([only_right], [46], 46), nearest)
    other = np.pad(two, ((0, 60), (0, 0), (0, 0)))
    assert middle(align_sample(sample_of([two], [46], 46), nearest, before))[0] > 420
    assert middle(align_sample(sample_of([other], [46], 46), nearest, before))[0] < 420


def test_a_face_under_16_px_between_the_eyes_is_a_fault(portrait):
    """Right landmarks of smaller faces are off by so much that `repeat` cannot tell them from wrong ones."""
    for apart, passes in ((15, False), (17, True)):
        side = round(apart / 82.7 * 420)
        clip = sample_of([cv2.resize(portrait, (side, side), interpolation=cv2.INTER_AREA)], [46], 46)
        if passes:
            assert align_sample(clip, AlignParams()).measures["eye_distance"][0] >= 16
        else:
            with pytest.raises(ClipFault, match=r"whose eyes are .* px apart; expected at least 16 px"):
                align_sample(clip, AlignParams())


def test_a_preset_is_values_for_what_is_not_given():
    assert AlignParams() == AlignParams(preset="")
    meb = AlignParams(preset="meb")
    assert (meb.detector, meb.fit, meb.crop, meb.side) == ("retinaface", "eyes", "box", 150)
    mine = AlignParams.model_validate({"preset": "meb", "side": 96, "detector": "dlib"})
    assert (mine.detector, mine.fit, mine.crop, mine.side) == ("dlib", "eyes", "box", 96)
    again = AlignParams.model_validate_json(mine.model_dump_json())
    assert again == mine
    with pytest.raises(ValidationError, match="as_delivered only scales"):
        AlignParams.model_validate({"preset": "dfme", "method": "as_delivered"})


def seen(size, *, degrees, scale, shift):
    """The reference face of a crop of `size` as a recording shows it, and the similarity back."""
    cos, sin = scale * np.cos(np.deg2rad(degrees)), scale * np.sin(np.deg2rad(degrees))
    forth = np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]]])
    return apply(forth, reference_shape(size)), inverse(forth)


@pytest.mark.parametrize("preset", ["", "fourdme"])
def test_a_known_similarity_is_undone(preset):
    params = AlignParams(preset=preset)
    points, back = seen(params.side, degrees=12, scale=1.5, shift=(120, 40))
    noise = np.random.default_rng(0).integers(0, 256, (1, 480, 640, 3), dtype=np.uint8)
    crops = align_sample(replace(sample_of(noise, [46], 46), landmarks=points.astype(np.float32)), params)
    np.testing.assert_allclose(crops.measures["transform"], back, atol=1e-3)
    assert crops.data.shape == (1, params.side, params.side, 3)


def test_fitting_the_eyes_puts_the_eye_centres_in_their_places_and_no_other_point():
    points, _ = seen(224, degrees=-20, scale=0.8, shift=(100, 200))
    points[27:36] += [6, 4]  # the nose
    clip = sample_of(np.zeros((1, 480, 640, 3), np.uint8), [46], 46)
    clip = replace(clip, landmarks=points.astype(np.float32))
    eyes, stable = (align_sample(clip, AlignParams(fit=fit)).landmarks for fit in ("eyes", "stable"))
    np.testing.assert_allclose(eye_centres(eyes), eye_centres(reference_shape(224)), atol=1e-3)
    assert np.abs(eye_centres(stable) - eye_centres(reference_shape(224))).max() > 1


@pytest.mark.parametrize("preset", ["dfme", "meb"])
def test_a_crop_by_the_box_shows_the_box_of_the_aligned_face(portrait, preset):
    """Whatever the tilt, size and place in the recording, and in a store of any side."""
    params = {"preset": preset, "detector": "dlib", "side": 150}
    crops = []
    for degrees, size in ((0, 1.0), (8, 0.9)):
        cos, sin = size * np.cos(np.deg2rad(degrees)), size * np.sin(np.deg2rad(degrees))
        moved = warp(portrait, np.array([[cos, -sin, 60], [sin, cos, 20]]), 480)
        crops.append(align_sample(sample_of([moved], [46], 46), AlignParams.model_validate(params)))
    straight, tilted = crops
    (face,) = detect(straight.data[0])
    width = face.box[2]
    assert np.abs(centre(face) - 74.5).max() < 8
    assert 150 / 1.25 < width < 150 * 1.25  # dlib's boxes grow by steps of a fifth
    assert np.abs(straight.landmarks[list(STABLE)] - tilted.landmarks[list(STABLE)]).max() < 8
    eyes = eye_centres(tilted.landmarks)
    assert abs(eyes[1, 1] - eyes[0, 1]) < 2  # level
    double = align_sample(sample_of([portrait], [46], 46), AlignParams.model_validate(params | {"side": 300}))
    single = align_sample(sample_of([portrait], [46], 46), AlignParams.model_validate(params))
    np.testing.assert_allclose(double.landmarks + 0.5, 2 * (single.landmarks + 0.5), atol=1e-3)


def test_the_apex_is_spotted_where_the_sheet_gives_none(portrait):
    frames = [portrait.copy() for _ in range(7)]
    for number, strength in enumerate((0, 20, 40, 80, 60, 30, 10)):
        frames[number][260:300, 150:260] = np.clip(
            frames[number][260:300, 150:260].astype(int) + strength, 0, 255
        )
    clip = replace(sample_of(frames, range(46, 53), 46), apex=48, offset=52)
    spot = {"apex": "max_difference"}
    kept = align_sample(clip, AlignParams.model_validate(spot))
    assert kept.apex == 48 and kept.measures["apex_spotted"] == 0 and not kept.measures["apex_curve"].any()
    for which, given in (("missing", False), ("all", True)):
        params = AlignParams.model_validate(spot | {"apex_of": which})
        found = align_sample(replace(clip, apex_given=given), params)
        assert found.apex == 49 and found.measures["apex_spotted"] == 1
        assert found.measures["apex_curve"].argmax() == 3
    assert "apex_spotted" not in align_sample(replace(clip, apex_given=False), AlignParams()).measures
