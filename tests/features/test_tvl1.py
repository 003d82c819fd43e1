from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from mestore.errors import ClipFault
from mestore.features.strain import strain
from mestore.features.tvl1 import Tvl1Params, flow_sample, tvl1
from mestore.sample import Sample


def texture(height=64, width=72, *, right=0.0, down=0.0):
    """Smooth texture, moved by a known vector."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    x, y = x - right, y - down
    waves = np.sin(x / 3) + np.sin(y / 4 + x / 9) + np.cos((x - y) / 5)
    return np.rint(127.5 + 40 * waves).astype(np.uint8)


def clip_of(count=6, *, onset=10, apex=None, offset=None, numbers=None):
    """A colour clip drifting 0.4 px to the right per frame."""
    frames = np.stack([np.repeat(texture(right=0.4 * i)[..., None], 3, axis=2) for i in range(count)])
    numbers = np.arange(onset, onset + count) if numbers is None else numbers
    return Sample(
        data=frames,
        frames=np.asarray(numbers, dtype=np.float64),
        onset=onset,
        apex=onset + count // 2 if apex is None else apex,
        offset=onset + count - 1 if offset is None else offset,
        landmarks=np.zeros((68, 2), dtype=np.float32),
    )


def inner_mean(flow):
    return flow[8:-8, 8:-8, :2].mean(axis=(0, 1))


@pytest.mark.parametrize(("right", "down"), [(0.7, 0.0), (0.0, -0.5), (1.5, 1.0)])
def test_finds_a_known_shift(right, down):
    flow = tvl1(texture(), texture(right=right, down=down))
    assert flow.shape == (64, 72, 2) and flow.dtype == np.float32
    np.testing.assert_allclose(inner_mean(flow), [right, down], atol=0.06)


def test_does_not_depend_on_threads():
    pairs = [(texture(), texture(right=0.2 * i)) for i in range(4)]
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        alone = [tvl1(*pair) for pair in pairs]
        cv2.setNumThreads(2)
        with ThreadPoolExecutor(2) as pool:
            together = list(pool.map(lambda pair: tvl1(*pair), pairs))
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(alone, together)


def test_parameters_reach_the_solver():
    smooth = tvl1(texture(), texture(right=1), lambda_=0.01)
    sharp = tvl1(texture(), texture(right=1), lambda_=0.5)
    assert np.ptp(smooth[..., 0]) < np.ptp(sharp[..., 0])


@pytest.mark.parametrize(
    ("prev", "following", "message"),
    [
        (np.zeros((9, 9)), np.zeros((9, 9)), "float64"),
        (np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9, 3), np.uint8), r"\(9, 9, 3\)"),
        (np.zeros((3, 9), np.uint8), np.zeros((3, 9), np.uint8), "at least 4 px"),
        (np.zeros((9, 9), np.uint8), np.zeros((9, 8), np.uint8), "two of one size"),
    ],
)
def test_refuses_what_is_no_pair(prev, following, message):
    with pytest.raises(ValueError, match=message):
        tvl1(prev, following)


@pytest.mark.parametrize(
    "option", [{"tau": 0.0}, {"scales": 0}, {"scale_step": 1.0}, {"median_filtering": 4}, {"lambda_": -1.0}]
)
def test_refuses_parameters_out_of_range(option):
    with pytest.raises(ValueError, match=next(iter(option)).rstrip("_")):
        tvl1(texture(), texture(), **option)


class TestFlowSample:
    def test_onset_to_apex_with_strain(self):
        clip = clip_of()
        out = flow_sample(clip, Tvl1Params())
        assert out.data.shape == (64, 72, 3) and out.data.dtype == np.float32
        assert out.frames.tolist() == [[10, 13]] and out.frames.dtype == np.float64
        np.testing.assert_allclose(inner_mean(out.data), [1.2, 0], atol=0.06)
        np.testing.assert_array_equal(out.data[..., 2], strain(out.data))
        assert out.landmarks is clip.landmarks

    def test_onset_to_each_other_frame(self):
        out = flow_sample(clip_of(4), Tvl1Params(pairs="onset-each"))
        assert out.data.shape == (3, 64, 72, 3)
        assert out.frames.tolist() == [[10, 11], [10, 12], [10, 13]]
        found = [inner_mean(flow)[0] for flow in out.data]
        np.testing.assert_allclose(found, [0.4, 0.8, 1.2], atol=0.06)

    def test_each_frame_to_the_next(self):
        out = flow_sample(clip_of(3, numbers=[10, 11, 14]), Tvl1Params(pairs="consecutive"))
        assert out.data.shape == (2, 64, 72, 3)
        assert out.frames.tolist() == [[10, 11], [11, 14]]

    def test_reads_the_row_nearest_the_apex(self):
        clip = clip_of(4, apex=15, offset=22, numbers=[10, 14.1, 18.2, 22.3])
        assert flow_sample(clip, Tvl1Params()).frames.tolist() == [[10, 14.1]]

    def test_an_apex_on_the_onset_is_read_from_the_offset(self):
        clip = clip_of(4, apex=10, offset=19, numbers=[10, 13, 16, 19])
        kept = flow_sample(clip, Tvl1Params())
        turned = flow_sample(clip, Tvl1Params(onset_is_apex="meb"))
        assert kept.frames.tolist() == [[19, 10]] and turned.frames.tolist() == [[10, 19]]
        np.testing.assert_allclose(inner_mean(kept.data), [-1.2, 0], atol=0.06)
        np.testing.assert_allclose(inner_mean(turned.data), [1.2, 0], atol=0.06)

    def test_faults(self):
        with pytest.raises(ClipFault, match="found 1 frame"):
            flow_sample(clip_of(1), Tvl1Params())
        with pytest.raises(ClipFault, match="in one frame"):
            flow_sample(clip_of(3, apex=10, offset=10), Tvl1Params())

    def test_only_a_sequence_is_ragged(self):
        assert not Tvl1Params().ragged(input_ragged=True)
        for pairs in ("onset-each", "consecutive"):
            assert Tvl1Params(pairs=pairs).ragged(input_ragged=True)
            assert not Tvl1Params(pairs=pairs).ragged(input_ragged=False)

    def test_lambda_is_named_lambda_in_params_yaml(self):
        assert Tvl1Params.model_validate({"lambda": 0.3}).lambda_ == 0.3
        with pytest.raises(ValueError, match="lamda"):
            Tvl1Params.model_validate({"lamda": 0.3})


def test_after_tim_an_apex_beside_the_onset_is_the_next_row_and_not_the_offset():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (10, 24, 24, 3), dtype=np.uint8)
    sample = Sample(data=images, frames=np.linspace(1, 100, 10), onset=1, apex=6, offset=100)
    np.testing.assert_array_equal(flow_sample(sample, Tvl1Params()).frames, [[1, 12]])
