"""What all kinds of flow share: pairs, strain, warm starts."""

import numpy as np
import pytest

from mestore.errors import ClipFault
from mestore.features import FEATURES, FLOWS
from mestore.features.dis import dis
from mestore.features.farneback import farneback
from mestore.features.flow import FlowParams, flow_sample
from mestore.features.strain import strain
from mestore.features.tvl1 import tvl1, tvl1_fast
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


def shift(first, second, start=None):
    """A method that sees one shift: that of least squares on the gradients."""
    gy, gx = np.gradient((first.astype(float) + second) / 2)
    gradients = np.stack([gx[2:-2, 2:-2].ravel(), gy[2:-2, 2:-2].ravel()], axis=1)
    change = (first.astype(float) - second)[2:-2, 2:-2].ravel()
    found = np.linalg.lstsq(gradients, change, rcond=None)[0]
    return np.broadcast_to(found, (*first.shape, 2)).astype(np.float32)


def flows_of(clip, **params):
    return flow_sample(clip, FlowParams(**params), shift)


class TestFlowSample:
    def test_onset_to_apex_with_strain(self):
        clip = clip_of()
        out = flows_of(clip)
        assert out.data.shape == (64, 72, 3) and out.data.dtype == np.float32
        assert out.frames.tolist() == [[10, 13]] and out.frames.dtype == np.float64
        np.testing.assert_allclose(inner_mean(out.data), [1.2, 0], atol=0.06)
        np.testing.assert_array_equal(out.data[..., 2], strain(out.data))
        assert out.landmarks is clip.landmarks

    def test_onset_to_each_other_frame(self):
        out = flows_of(clip_of(4), pairs="onset-each")
        assert out.data.shape == (3, 64, 72, 3)
        assert out.frames.tolist() == [[10, 11], [10, 12], [10, 13]]
        found = [inner_mean(flow)[0] for flow in out.data]
        np.testing.assert_allclose(found, [0.4, 0.8, 1.2], atol=0.06)

    def test_each_frame_to_the_next(self):
        out = flows_of(clip_of(3, numbers=[10, 11, 14]), pairs="consecutive")
        assert out.data.shape == (2, 64, 72, 3)
        assert out.frames.tolist() == [[10, 11], [11, 14]]

    def test_reads_the_row_nearest_the_apex(self):
        clip = clip_of(4, apex=15, offset=22, numbers=[10, 14.1, 18.2, 22.3])
        assert flows_of(clip).frames.tolist() == [[10, 14.1]]

    def test_an_apex_on_the_onset_is_read_from_the_offset(self):
        clip = clip_of(4, apex=10, offset=19, numbers=[10, 13, 16, 19])
        kept = flows_of(clip)
        turned = flows_of(clip, onset_is_apex="meb")
        assert kept.frames.tolist() == [[19, 10]] and turned.frames.tolist() == [[10, 19]]
        np.testing.assert_allclose(inner_mean(kept.data), [-1.2, 0], atol=0.06)
        np.testing.assert_allclose(inner_mean(turned.data), [1.2, 0], atol=0.06)

    def test_faults(self):
        with pytest.raises(ClipFault, match="found 1 frame"):
            flows_of(clip_of(1))
        with pytest.raises(ClipFault, match="in one frame"):
            flows_of(clip_of(3, apex=10, offset=10))

    def test_only_a_sequence_is_ragged(self):
        assert not FlowParams().ragged(input_ragged=True)
        for pairs in ("onset-each", "consecutive"):
            assert FlowParams(pairs=pairs).ragged(input_ragged=True)
            assert not FlowParams(pairs=pairs).ragged(input_ragged=False)


def test_after_tim_an_apex_beside_the_onset_is_the_next_row_and_not_the_offset():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (10, 24, 24, 3), dtype=np.uint8)
    sample = Sample(data=images, frames=np.linspace(1, 100, 10), onset=1, apex=6, offset=100)
    np.testing.assert_array_equal(flows_of(sample).frames, [[1, 12]])


class TestWarmStart:
    """What a flow starts from, seen by a method that only writes it down."""

    @staticmethod
    def starts(clip, **params):
        """Return {numbers of the pair: what it starts from}, of a motion of 2 px a frame, and a half on v."""
        numbers, seen = {image.tobytes(): n for image, n in zip(clip.data, clip.frames, strict=True)}, {}

        def note(first, second, start):
            pair = numbers[first.tobytes()], numbers[second.tobytes()]
            seen[pair] = None if start is None else start[0, 0].tolist()
            return np.full((*first.shape, 2), np.float32([2, 0.5]) * (pair[1] - pair[0]), dtype=np.float32)

        flow_sample(clip, FlowParams(**params), note, warm=True)
        return seen

    @staticmethod
    def clip(numbers, onset):
        data = np.stack([np.full((8, 8), number, np.uint8) for number in range(len(numbers))])
        return Sample(data=data, frames=np.array(numbers, float), onset=onset, apex=onset, offset=numbers[-1])

    def test_goes_outward_from_the_onset_along_the_line_through_what_is_known(self):
        found = self.starts(self.clip([8, 9, 10, 11, 12, 14], 10), pairs="onset-each")
        assert found == {
            (10, 11): None,
            (10, 12): [4, 1],
            (10, 14): [6, 1.5],  # a line is followed no farther than it is known: one frame more
            (10, 9): None,
            (10, 8): [-4, -1],
        }

    def test_takes_consecutive_flows_as_a_speed(self):
        found = self.starts(self.clip([10, 11, 14, 15], 10), pairs="consecutive")
        assert found == {(10, 11): None, (11, 14): [6, 1.5], (14, 15): [2, 0.5]}

    def test_a_single_flow_has_none(self):
        clip = self.clip([10, 11, 12], 10)
        assert set(self.starts(clip).values()) == {None}


@pytest.mark.parametrize("kind", FLOWS)
def test_every_kind_of_flow_finds_the_drift_of_a_clip(kind):
    spec = FEATURES[kind]
    params = spec.params_model().model_validate({"pairs": "onset-each"})
    out = spec.load()(clip_of(4), params)
    assert out.data.shape == (3, 64, 72, 3) and out.data.dtype == np.float32
    np.testing.assert_allclose(
        [inner_mean(flow) for flow in out.data], [[0.4, 0], [0.8, 0], [1.2, 0]], atol=0.1
    )
    np.testing.assert_array_equal(out.data[..., 2], strain(out.data[..., :2]))


OTHER_VALUES = {
    "tvl1": {
        **{"tau": 0.1, "lambda": 0.05, "theta": 0.1, "scales": 1, "scale_step": 0.5, "warps": 1},
        **{"epsilon": 0.5, "inner_iterations": 3, "outer_iterations": 1, "median_filtering": 1},
    },
    "dis": {"preset": "ultrafast"},
    "farneback": {"window": 5},
}
OTHER_VALUES["tvl1-fast"] = OTHER_VALUES["tvl1"] | {"outer_iterations": 4, "scale_step": 0.7}
METHODS = {"tvl1": tvl1, "tvl1-fast": tvl1_fast, "dis": dis, "farneback": farneback}


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind in FLOWS for key in OTHER_VALUES[kind]])
def test_every_parameter_of_params_yaml_reaches_its_method(kind, key):
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 3, (2, 64, 72))
    images = np.clip(np.stack([texture(), texture(right=1.7)]) + noise, 0, 255).astype(np.uint8)
    clip = Sample(data=images, frames=np.array([1.0, 2.0]), onset=1, apex=2, offset=2)
    spec = FEATURES[kind]
    default, other = (
        spec.load()(clip, spec.params_model().model_validate(given)).data[..., :2]
        for given in ({}, {key: OTHER_VALUES[kind][key]})
    )
    np.testing.assert_array_equal(default, METHODS[kind](*images))
    assert not np.array_equal(default, other)


def test_frame_numbers_that_do_not_increase_are_a_fault():
    with pytest.raises(ClipFault, match="do not increase"):
        flows_of(clip_of(3, numbers=[10, 10, 11]), pairs="consecutive")
