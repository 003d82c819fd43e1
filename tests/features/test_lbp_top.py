from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mestore.errors import ClipFault
from mestore.features.grey import grey
from mestore.features.lbp_top import LbpTopParams, _counts, lbp_top, lbp_top_sample, uniform_bins
from mestore.sample import Sample

GOLDEN = Path(__file__).parents[1] / "golden" / "lbp_top.npz"


def noise(shape=(9, 20, 24), seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("case", range(10))
def test_equals_the_authors_release(case):
    golden = np.load(GOLDEN)
    found = lbp_top(
        golden["clip"],
        radii=tuple(golden["radii_xyt"][case].tolist()),
        sampling="bilinear" if golden["bilinear"][case] else "nearest",
    )
    np.testing.assert_allclose(found, golden["histograms"][case][None], rtol=0, atol=1e-12)


def test_every_golden_case_is_tested():
    assert len(np.load(GOLDEN)["histograms"]) == 10


@pytest.mark.parametrize(
    ("where", "codes"),
    [
        # One bright pixel seen from the centre (1, 2, 2): the bit it sets on XY, XT, YT.
        ((1, 2, 3), (1 << 0, 1 << 0, 0)),  # right
        ((1, 1, 3), (1 << 1, 0, 0)),  # up and right
        ((1, 1, 2), (1 << 2, 0, 1 << 2)),  # up
        ((1, 2, 1), (1 << 4, 1 << 4, 0)),  # left
        ((1, 3, 2), (1 << 6, 0, 1 << 6)),  # down
        ((2, 2, 3), (0, 1 << 1, 0)),  # later and right
        ((2, 2, 2), (0, 1 << 2, 1 << 0)),  # later
        ((0, 2, 2), (0, 1 << 6, 1 << 4)),  # before
        ((2, 1, 2), (0, 0, 1 << 1)),  # later and up
        ((0, 3, 2), (0, 0, 1 << 5)),  # before and down
    ],
)
def test_planes_blocks_and_bins_stand_in_their_order(where, codes):
    clip = np.zeros((3, 5, 5), dtype=np.uint8)
    clip[1, 2, 2] = 100
    clip[where] = 200
    found = _counts(clip, grid=(3, 3), radii=(1, 1, 1), neighbours=8, sampling="nearest")
    assert found.shape == (9, 3, 59)
    # One centre per block: the middle one is block 4.
    assert found[4].argmax(axis=1).tolist() == uniform_bins(8)[list(codes)].tolist()
    assert found[4].sum(axis=1).tolist() == [1, 1, 1]


def test_blocks_go_row_by_row():
    clip = noise((3, 8, 11))
    blocks = lbp_top(clip, grid=(2, 3))
    # 6 x 9 centres: rows 0-2 and 3-5, columns 0-2, 3-5 and 6-8.
    np.testing.assert_array_equal(blocks[2], lbp_top(clip[:, :5, 6:])[0])
    np.testing.assert_array_equal(blocks[3], lbp_top(clip[:, 3:, :5])[0])


@given(
    rows=st.integers(1, 5),
    columns=st.integers(1, 5),
    radii=st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)),
    sampling=st.sampled_from(["nearest", "bilinear"]),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_blocks_partition_the_centres(rows, columns, radii, sampling, seed):
    clip = noise(seed=seed)
    options = {"radii": radii, "neighbours": 8, "sampling": sampling}
    blocks = _counts(clip, grid=(rows, columns), **options)
    np.testing.assert_array_equal(blocks.sum(axis=0), _counts(clip, grid=(1, 1), **options)[0])
    assert blocks.sum(axis=2).min() > 0
    found = lbp_top(clip, grid=(rows, columns), radii=radii, sampling=sampling)
    np.testing.assert_allclose(found.sum(axis=2), 1)


@given(st.integers(-60, 60), st.sampled_from([4, 6, 8, 12, 16]))
@settings(max_examples=20, deadline=None)
def test_brightness_does_not_matter(shift, neighbours):
    clip = noise() // 2 + np.uint8(64)
    found = lbp_top((clip.astype(int) + shift).astype(np.uint8), neighbours=neighbours)
    np.testing.assert_array_equal(found, lbp_top(clip, neighbours=neighbours))
    assert found.shape == (1, 3, neighbours * (neighbours - 1) + 3)


def test_bilinear_reads_between_pixels():
    # Grey levels rise by 10 per px to the right: point 1, .71 px to the right, lies above the centre.
    clip = np.tile(np.arange(0, 100, 10, dtype=np.uint8), (3, 10, 1))
    xy = lbp_top(clip, sampling="bilinear")[0, 0]
    assert xy[uniform_bins(8)[0b11000111]] == 1


@pytest.mark.parametrize(
    ("clip", "options", "message"),
    [
        (noise((6, 9, 9)), {"radii": (1, 1, 3)}, r"at least \(7, 3, 3\)"),
        (noise((9, 1, 9)), {}, r"at least \(3, 3, 3\)"),
        (noise((9, 9, 1)), {}, r"at least \(3, 3, 3\)"),
        (noise((9, 9, 9)), {"grid": (8, 1)}, r"at least \(3, 10, 3\)"),
        (noise((9, 9, 9)), {"grid": (0, 1)}, "all at least 1"),
        (noise((9, 9, 9)), {"radii": (1, 1, 0)}, "all at least 1"),
        (noise((9, 9, 9)), {"radii": (1, 1)}, "all at least 1"),
        (noise((9, 9, 9)), {"neighbours": 3}, "4 to 16"),
        (noise((9, 9, 9)), {"sampling": "cubic"}, "'cubic'"),
        (noise((9, 9, 9)).astype(float), {}, "float64"),
        (noise((9, 9, 9, 3)), {}, r"\(9, 9, 9, 3\)"),
    ],
)
def test_refuses_what_it_cannot_compute(clip, options, message):
    with pytest.raises(ValueError, match=message):
        lbp_top(clip, **options)


class TestLbpTopSample:
    def sample(self, data):
        return Sample(data=data, frames=np.arange(float(len(data))), onset=0, apex=1, offset=len(data) - 1)

    def test_reads_colour_as_grey(self):
        colour = noise((5, 12, 12, 3))
        out = lbp_top_sample(self.sample(colour), LbpTopParams(grid=(2, 2), radii=(1, 1, 2)))
        assert out.data.dtype == np.float32 and out.data.shape == (4, 3, 59)
        levels = np.rint(colour @ [0.299, 0.587, 0.114])
        assert np.abs(grey(colour).astype(int) - levels).max() <= 1
        expected = lbp_top(grey(colour), grid=(2, 2), radii=(1, 1, 2))
        np.testing.assert_array_equal(out.data, expected.astype(np.float32))

    def test_one_channel_is_grey_already(self):
        clip = noise((3, 12, 12))
        for data in (clip, clip[..., None]):
            np.testing.assert_array_equal(grey(data), clip)

    @pytest.mark.parametrize("data", [noise((3, 12, 12, 2)), noise((3, 12)), np.zeros((3, 12, 12))])
    def test_refuses_what_is_no_clip(self, data):
        with pytest.raises(ValueError, match="expected uint8"):
            lbp_top_sample(self.sample(data), LbpTopParams())

    def test_a_short_clip_is_a_fault_of_the_clip(self):
        with pytest.raises(ClipFault, match="found 4 frames; expected at least 5"):
            lbp_top_sample(self.sample(noise((4, 12, 12, 3))), LbpTopParams(radii=(1, 1, 2)))

    def test_parameters_read_lists(self):
        assert LbpTopParams.model_validate_json('{"grid": [5, 5], "radii": [1, 1, 4]}').grid == (5, 5)
