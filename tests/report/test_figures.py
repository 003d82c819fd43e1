"""Figures: pictures with closed-form answers, the motion curve, the roses, and one picture of a clip."""

import numpy as np
import pytest

from mestore.errors import StoreError
from mestore.features.rois import PAIRS
from mestore.report.subject import curves, figures, roses
from mestore.report.subject.clip import Clip
from mestore.report.subject.gallery import FIGURES, MOST_FRAMES, drawn
from mestore.report.subject.picture import clip_picture
from mestore.sample import Sample
from mestore.store.reader import open_store
from reported import made, named_table


def sequence(*, landmarks=None) -> Sample:
    """Flows that grow by a pixel a frame, to the right."""
    flows = np.zeros((4, 32, 32, 3), np.float32)
    flows[..., 0] = np.arange(1, 5)[:, None, None]
    pairs = np.array([[10, 10 + 5 * it] for it in range(1, 5)], np.float64)
    return Sample(data=flows, frames=pairs, onset=10, apex=20, offset=30, landmarks=landmarks)


def clip(**values) -> Clip:
    row = {"fps": 200.0, "apex_source": "annotated"}
    given = {"clip_id": "d/s/c@10", "row": row, "samples": {"sequence": sequence()}, "params": {}}
    return Clip(**{**given, **values})


def of(name: str, its: Clip):
    (figure,) = [it for it in FIGURES if it.name == name]
    return figure.draw(its)


def test_no_motion_is_white_and_directions_have_colours_of_their_own():
    still = figures.flow_colours(np.zeros((2, 2, 2), np.float32), scale=1.0)
    assert (still > 240).all() and np.ptp(still) < 8
    turn = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    flow = np.stack([np.cos(turn), np.sin(turn)], axis=-1)[None].astype(np.float32)
    colours = figures.flow_colours(flow, scale=1.0)[0].astype(int)
    distances = np.abs(colours[:, None] - colours[None]).sum(axis=-1)
    assert (distances + 999 * np.eye(8) > 40).all()
    np.testing.assert_array_equal(figures.flow_colours(flow * 9, scale=1.0)[0], colours)


def test_arrows_say_without_colour_where_the_flow_goes():
    white = np.full((120, 120, 3), 255, np.uint8)
    flow = np.zeros((120, 120, 2), np.float32)
    assert (figures.arrows(white, flow, scale=1.0) == 255).all()
    flow[50:60, 50:60] = (0.9, 0.0)  # one cell of 10 px
    right = np.argwhere(figures.arrows(white, flow, scale=1.0)[..., 0] < 128)
    assert (right.min(axis=0) >= 49).all() and (right.max(axis=0) <= 60).all()
    assert np.ptp(right[:, 1]) >= 8 > np.ptp(right[:, 0])
    left = np.argwhere(figures.arrows(white, -flow, scale=1.0)[..., 0] < 128)
    # The head is where the arrow is wide.
    assert np.ptp(right[right[:, 1] > 55, 0]) > np.ptp(right[right[:, 1] < 53, 0])
    assert np.ptp(left[left[:, 1] < 54, 0]) > np.ptp(left[left[:, 1] > 56, 0])
    np.testing.assert_array_equal(
        figures.arrows(white, 9 * flow, scale=0.9), figures.arrows(white, flow, scale=0.9)
    )


def test_strain_runs_from_dark_to_bright():
    row = figures.strain_colours(np.linspace(0, 0.1, 16, dtype=np.float32)[None], scale=0.1)[0]
    assert (np.diff(row.astype(int).sum(axis=1)) >= 0).mean() > 0.8
    np.testing.assert_array_equal(
        figures.strain_colours(np.full((1, 1), 9.0, np.float32), scale=0.1)[0, 0], row[-1]
    )


def test_the_wheel_shows_what_the_flow_shows():
    wheel = figures.wheel(65)
    right = figures.flow_colours(np.array([[[1, 0]]], np.float32), scale=1.0)[0, 0]
    np.testing.assert_array_equal(wheel[32, 64], right)
    assert (wheel[0, 0] == 255).all()


def test_amplified_motion_is_eight_times_as_far_and_a_still_clip_stays():
    ramp = np.tile(np.linspace(60, 160, 64), (64, 1))
    moved = ramp + 2
    frames = np.repeat(np.stack([ramp, moved])[..., None], 3, axis=-1).astype(np.uint8)
    shown = figures.amplified(frames).astype(int)
    np.testing.assert_array_equal(shown[0], frames[0])
    np.testing.assert_allclose(shown[1] - shown[0], 16, atol=1)
    still = np.repeat(frames[:1], 3, axis=0)
    np.testing.assert_array_equal(figures.amplified(still), still)


def test_the_curve_is_the_length_of_the_flow_in_px_from_zero_at_the_onset():
    mean, high = curves.motion(sequence())
    np.testing.assert_allclose(mean.x, [10, 15, 20, 25, 30])
    np.testing.assert_allclose(mean.y, [0, 1, 2, 3, 4])
    np.testing.assert_allclose(high.y, mean.y)


def test_the_curve_looks_at_the_face_alone():
    grid = np.stack(np.meshgrid(np.linspace(8, 16, 17), np.linspace(8, 16, 4)), axis=-1).reshape(68, 2)
    flows = sequence(landmarks=grid.astype(np.float32))
    flows.data[:, :6] = 0
    assert curves.motion(flows)[0].y[-1] == pytest.approx(4)


def test_the_chart_has_frames_and_milliseconds_and_both_apexes():
    its = clip(annotated=20, spotted=25, row={"fps": 100.0, "apex_source": "estimated:flow"})
    shown = of("curve", its)
    (chart,) = shown.values["charts"]
    ticks = {tick.text: tick.below for tick in chart.x_ticks}
    assert ticks["10"] == "0" and ticks["30"] == "200"
    assert "px" in chart.y_title and chart.x_title == "frame / ms after the onset"
    marks = {kind: (at, text) for kind, at, text, _, _ in chart.marks if text}
    assert marks["annotated"][1] == "apex, annotated 20" and marks["spotted"][1] == "apex, flow 25"
    middle = (curves.LEFT + curves.WIDTH - curves.RIGHT) / 2
    assert marks["annotated"][0] == pytest.approx(middle)
    assert "annotated 20" in shown.alt and "flow 25" in shown.alt
    timeless = of("curve", clip(row={"fps": float("nan"), "apex_source": "annotated"}))
    assert timeless.values["charts"][0].x_title == "frame"


def test_what_the_apex_was_spotted_by_has_a_chart_of_its_own():
    curve = np.array([0, 1, 4, 2, 0], np.float32)
    crops = Sample(
        data=np.zeros((5, 32, 32, 3), np.uint8),
        frames=np.arange(10.0, 35, 5),
        onset=10,
        apex=20,
        offset=30,
        measures={"apex_curve": curve},
    )
    samples = {"sequence": sequence(), "crops": crops}
    its = clip(samples=samples, params={"crops": {"apex": "strain"}}, spotted=20)
    charts = of("curve", its).values["charts"]
    assert len(charts) == 2 and charts[1].y_title.startswith("strain")
    heights = [float(point.split(",")[1]) for point in charts[1].lines[0][1].split()]
    assert int(np.argmin(heights)) == 2


def test_a_rose_points_where_its_region_moves_and_is_as_long_as_its_share():
    rho, theta = np.zeros(2 * PAIRS), np.zeros(2 * PAIRS)
    rho[:3], theta[:3] = [1, 0.5, 0.5], [0, np.pi / 2, -np.pi / 4]
    shown = roses.roses(*roses.split(np.stack([0.9 * rho, 0.1 * theta], axis=1).ravel(), alpha=0.9))
    needles = np.array([it.tip for it in shown]) - np.array([it.centre for it in shown])
    expected = roses.LONGEST * np.array([(1, 0), (0, 0.5), (0.5 / 2**0.5, -0.5 / 2**0.5)])
    np.testing.assert_allclose(needles[:3], expected, atol=0.11)
    np.testing.assert_allclose(needles[3:], 0, atol=0.11)
    assert [it.way for it in shown[:4]] == ["right", "down", "up right", ""]
    assert roses.in_words(shown).startswith("outer forehead, left right 1.00; ")


def test_mdmo_that_holds_no_directions_says_so():
    sample = Sample(data=np.zeros(72, np.float32), frames=np.zeros((1, 2)), onset=0, apex=1, offset=2)
    shown = of("mdmo", clip(samples={"mdmo": sample}, params={"mdmo": {"alpha": 1.0}}))
    assert "only directions or only strengths" in shown.alt and shown.values["roses"] == []


def test_a_long_clip_has_a_player_of_some_of_its_frames():
    frames = np.zeros((100, 300, 300, 3), np.uint8)
    sample = Sample(data=frames, frames=np.arange(100.0), onset=0, apex=50, offset=99)
    shown = of("player", clip(samples={"clips": sample}))
    assert len(shown.values["frames"]) == 50 <= MOST_FRAMES and "50 of 100" in shown.caption
    height, width = shown.sheets["play"].shape[:2]
    assert (height, width) == (5 * 224, 10 * 224)


def test_figures_without_arrays_and_figures_with_faces_are_left_out():
    assert [figure.name for figure, _ in drawn(clip(), faces=True)] == ["curve"]
    assert not [it.name for it in FIGURES if it.face and it.needs in ("flow", "sequence", "mdmo")]
    assert all(it.face for it in FIGURES if it.needs in ("crops", "clips"))


def test_one_picture_shows_a_clip_and_an_unknown_one_is_named(tmp_path):
    lab = made(tmp_path, named_table(["s1", "s2"]))
    store = open_store(lab.workspace.stores)
    image = clip_picture(store, lab.params, "toy/s1/c0@10")
    assert image.dtype == np.uint8 and image.shape[2] == 3 and image.shape[1] > 1000 and image.std() > 20
    with pytest.raises(StoreError, match=r"no clip 'c0'.*toy/s1/c0@10"):
        clip_picture(store, lab.params, "c0")
