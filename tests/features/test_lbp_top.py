from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layouts import LAYOUTS, laid_out
from mestore.errors import ClipFault
from mestore.features import lbp_top_count
from mestore.features.grey import grey
from mestore.features.lbp_top import LbpTopParams, _blocks, _counts, lbp_top, lbp_top_sample, uniform_bins
from mestore.sample import Sample

GOLDEN = Path(__file__).parents[1] / "golden" / "lbp_top.npz"
SAMPLINGS = ("nearest", "bilinear")
OVERLAPS = (0.0, 0.1, 0.25, 1 / 3, 0.5, 0.6)


def noise(shape=(9, 20, 24), seed=0, levels=256):
    return np.random.default_rng(seed).integers(0, levels, shape, dtype=np.uint8)


def counted(clip, *, grid=(1, 1), overlap=0.0, radii=(1, 1, 1), neighbours=8, sampling="nearest"):
    return _counts(clip, grid=grid, overlap=overlap, radii=radii, neighbours=neighbours, sampling=sampling)


@cache
def bins_by_hand(neighbours):
    bins, last = [], 0
    for code in range(2**neighbours):
        bits = [code >> p & 1 for p in range(neighbours)]
        uniform = sum(bits[p] != bits[p - 1] for p in range(neighbours)) <= 2
        last += uniform
        bins.append(last if uniform else 0)
    return bins


class ByHand:
    """The definition, written down as slowly and plainly as it reads."""

    def __init__(self, clip, *, grid=(1, 1), overlap=0.0, radii=(1, 1, 1), neighbours=8, sampling="nearest"):
        self.clip, self.grid, self.overlap, self.radii = clip, grid, overlap, radii
        self.neighbours, self.sampling = neighbours, sampling
        self.steps = [[self.step(plane, p) for p in range(neighbours)] for plane in range(3)]

    @staticmethod
    def blocks(size, parts, overlap):
        """The centres of every block along an axis."""
        share = 1 - Fraction(overlap).limit_denominator(10**6)
        length = size / (1 + (parts - 1) * share)
        step = share * length
        return [[m for m in range(size) if step * b <= m < step * b + length] for b in range(parts)]

    def step(self, plane, p):
        cos, sin = (f(2 * np.pi * p / self.neighbours) for f in (np.cos, np.sin))
        x, y, t = self.radii
        steps = ((0, -y * sin, x * cos), (t * sin, 0, x * cos), (t * cos, -y * sin, 0))
        return np.array(steps[plane]).round(12)

    def level(self, centre, plane, p):
        step = self.steps[plane][p]
        if self.sampling == "nearest":
            return self.clip[tuple(np.floor(centre + step + 0.5).astype(int))]
        # As the release: positions count from 1, in single precision.
        low, high = (f(centre + step).astype(int) for f in (np.floor, np.ceil))
        fractions = (centre + 1 + step).astype(np.float32) - (low + 1).astype(np.float32)
        first, second = ((2, 1), (2, 0), (1, 0))[plane]
        one, total = np.float32(1), np.float32(0)
        for on_first, on_second in product((False, True), repeat=2):
            place = low.copy()
            if on_first:
                place[first] = high[first]
            if on_second:
                place[second] = high[second]
            along = fractions[first] if on_first else one - fractions[first]
            across = fractions[second] if on_second else one - fractions[second]
            total += np.float32(self.clip[tuple(place)]) * along * across
        return total

    def code(self, centre, plane):
        centre = np.array(centre)
        here = self.clip[tuple(centre)]
        return sum((self.level(centre, plane, p) >= here) << p for p in range(self.neighbours))

    def counts(self):
        border, ends = max(self.radii[:2]), self.radii[2]
        frames, height, width = self.clip.shape
        rows = self.blocks(height - 2 * border, self.grid[0], self.overlap)
        columns = self.blocks(width - 2 * border, self.grid[1], self.overlap)
        bins = bins_by_hand(self.neighbours)
        counts = np.zeros((len(rows) * len(columns), 3, self.neighbours * (self.neighbours - 1) + 3), int)
        for y, x, plane in product(range(height - 2 * border), range(width - 2 * border), range(3)):
            within = [b for b, (r, c) in enumerate(product(rows, columns)) if y in r and x in c]
            for t in range(ends, frames - ends):
                bin_ = bins[self.code((t, y + border, x + border), plane)]
                for block in within:
                    counts[block, plane, bin_] += 1
        return counts


class TestCodes:
    @pytest.mark.parametrize("case", range(10))
    def test_equal_the_authors_release(self, case):
        golden = np.load(GOLDEN)
        found = lbp_top(
            golden["clip"],
            radii=tuple(golden["radii_xyt"][case].tolist()),
            sampling="bilinear" if golden["bilinear"][case] else "nearest",
        )
        np.testing.assert_allclose(found, golden["histograms"][case][None], rtol=0, atol=1e-12)

    def test_every_golden_case_is_tested(self):
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
    def test_have_a_bit_for_every_point(self, where, codes):
        clip = np.zeros((3, 5, 5), dtype=np.uint8)
        clip[1, 2, 2] = 100
        clip[where] = 200
        found = counted(clip, grid=(3, 3))
        assert found.shape == (9, 3, 59)
        # One centre per block: the middle one is block 4.
        assert found[4].argmax(axis=1).tolist() == uniform_bins(8)[list(codes)].tolist()
        assert found[4].sum(axis=1).tolist() == [1, 1, 1]

    def test_stand_in_the_order_block_plane_bin(self):
        # 2 x 3 centres, one per block; a dark clip, in which every code is 255 but those of two centres.
        clip = np.zeros((3, 4, 5), dtype=np.uint8)
        clip[1, 1, 2] = 5  # centre of block 1
        clip[1, 2, 1] = 9  # centre of block 3; down and left of block 1's: bit 5 of XY
        clip[1, 3, 1] = 9  # below block 3's: bit 6 of XY and of YT
        clip[2, 2, 2] = 9  # later and right of block 3's: bit 1 of XT; later and below block 1's: bit 7 of YT
        bins = np.full((6, 3), 58)
        bins[1] = 17, 1, 30  # codes 32, 0, 128: their places among the uniform ones, from 1
        bins[3] = 23, 3, 23  # codes 64, 2, 64
        expected = np.zeros((6, 3, 59))
        np.put_along_axis(expected, bins[..., None], 1, axis=2)
        np.testing.assert_array_equal(lbp_top(clip, grid=(2, 3)), expected)

    def test_bilinear_reads_between_pixels(self):
        # Grey levels rise by 10 per px to the right: point 1, .71 px to the right, lies above the centre.
        clip = np.tile(np.arange(0, 100, 10, dtype=np.uint8), (3, 10, 1))
        xy = lbp_top(clip, sampling="bilinear")[0, 0]
        assert xy[uniform_bins(8)[0b11000111]] == 1

    @given(st.integers(-60, 60), st.sampled_from([4, 6, 8, 12, 16]))
    @settings(max_examples=20, deadline=None)
    def test_do_not_depend_on_brightness(self, shift, neighbours):
        clip = noise() // 2 + np.uint8(64)
        found = lbp_top((clip.astype(int) + shift).astype(np.uint8), neighbours=neighbours)
        np.testing.assert_array_equal(found, lbp_top(clip, neighbours=neighbours))
        assert found.shape == (1, 3, neighbours * (neighbours - 1) + 3)

    @given(
        radii=st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(1, 2)),
        grid=st.tuples(st.integers(1, 3), st.integers(1, 3)),
        larger=st.tuples(st.integers(0, 2), st.integers(0, 2)),
        overlap=st.sampled_from(OVERLAPS),
        neighbours=st.sampled_from([4, 5, 6, 8, 8, 8, 9, 12, 16]),
        sampling=st.sampled_from(SAMPLINGS),
        levels=st.sampled_from([1, 3, 256]),
        seed=st.integers(0, 999),
    )
    @settings(max_examples=40, deadline=None)
    def test_equal_the_definition_by_hand(
        self, radii, grid, larger, overlap, neighbours, sampling, levels, seed
    ):
        sides = [parts + 2 + 2 * max(radii[:2]) + more for parts, more in zip(grid, larger, strict=True)]
        # Few levels: many ties. The bright ones are those whose bilinear levels round.
        clip = noise((2 * radii[2] + 2, *sides), seed, levels) + np.uint8(100 if levels < 256 else 0)
        options = {"grid": grid, "overlap": overlap, "radii": radii, "sampling": sampling}
        options["neighbours"] = neighbours
        np.testing.assert_array_equal(counted(clip, **options), ByHand(clip, **options).counts())

    @pytest.mark.parametrize("sampling", SAMPLINGS)
    @pytest.mark.parametrize("shape", [(150, 3, 3), (3, 150, 3), (3, 3, 150), (3, 3, 2060)])
    def test_equal_the_definition_far_from_the_origin(self, shape, sampling):
        """Where positions have fewer bits left for fractions, and where a row is longer than a band."""
        clip = noise(shape, levels=3) + np.uint8(100)
        options = {"grid": (1, 1), "sampling": sampling}
        np.testing.assert_array_equal(counted(clip, **options), ByHand(clip, **options).counts())

    @pytest.mark.parametrize("level", [0, 1, 100, 255])
    def test_of_one_colour_are_all_ones(self, level):
        found = lbp_top(np.full((5, 9, 9), level, dtype=np.uint8), grid=(2, 2), radii=(2, 1, 1))
        assert (found[..., 58] == 1).all()


class TestBlocks:
    def test_go_row_by_row(self):
        clip = noise((3, 8, 11))
        blocks = lbp_top(clip, grid=(2, 3))
        # 6 x 9 centres: rows 0-2 and 3-5, columns 0-2, 3-5 and 6-8.
        np.testing.assert_array_equal(blocks[2], lbp_top(clip[:, :5, 6:])[0])
        np.testing.assert_array_equal(blocks[3], lbp_top(clip[:, 3:, :5])[0])

    def test_overlap_by_their_share(self):
        clip = noise((3, 12, 11))
        # 10 x 9 centres: all rows, columns 0-5 and 3-8.
        blocks = lbp_top(clip, grid=(1, 2), overlap=0.5)
        np.testing.assert_array_equal(blocks[0], lbp_top(clip[:, :, :8])[0])
        np.testing.assert_array_equal(blocks[1], lbp_top(clip[:, :, 3:])[0])

    @given(
        rows=st.integers(1, 5),
        columns=st.integers(1, 5),
        radii=st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)),
        sampling=st.sampled_from(SAMPLINGS),
        seed=st.integers(0, 99),
    )
    @settings(max_examples=40, deadline=None)
    def test_sum_to_the_counts_of_one_block(self, rows, columns, radii, sampling, seed):
        clip = noise(seed=seed)
        options = {"radii": radii, "sampling": sampling}
        blocks = counted(clip, grid=(rows, columns), **options)
        np.testing.assert_array_equal(blocks.sum(axis=0), counted(clip, **options)[0])
        assert blocks.sum(axis=2).min() > 0
        found = lbp_top(clip, grid=(rows, columns), **options)
        np.testing.assert_allclose(found.sum(axis=2), 1)

    @given(st.integers(1, 300), st.integers(1, 12), st.sampled_from(OVERLAPS) | st.floats(0, 0.95))
    @settings(deadline=None)
    def test_cover_all_centres_evenly(self, more, parts, overlap):
        size = parts + 20 + more
        found = [list(range(*block)) for block in _blocks(size, parts, overlap).tolist()]
        assert found == ByHand.blocks(size, parts, overlap)
        assert set().union(*found) == set(range(size)) and found[-1][-1] == size - 1
        lengths = [len(block) for block in found]
        assert min(lengths) > 0 and max(lengths) - min(lengths) <= 1
        assert len({block[0] for block in found}) == parts

    @given(st.integers(1, 300), st.integers(1, 12))
    @settings(deadline=None)
    def test_without_overlap_are_a_partition(self, size, parts):
        parts = min(parts, size)
        blocks = _blocks(size, parts, 0)
        of_centre = np.repeat(np.arange(parts), blocks[:, 1] - blocks[:, 0])
        np.testing.assert_array_equal(of_centre, np.arange(size) * parts // size)

    @given(st.sampled_from(OVERLAPS), st.tuples(st.integers(1, 4), st.integers(1, 4)), st.integers(0, 99))
    @settings(max_examples=20, deadline=None)
    def test_that_overlap_count_each_centre_once_each(self, overlap, grid, seed):
        clip = noise(seed=seed)
        found = lbp_top(clip, grid=grid, overlap=overlap)
        rows, columns = (_blocks(s - 2, parts, overlap) for s, parts in zip((20, 24), grid, strict=True))
        for histogram, ((top, bottom), (left, right)) in zip(found, product(rows, columns), strict=True):
            np.testing.assert_array_equal(histogram, lbp_top(clip[:, top : bottom + 2, left : right + 2])[0])
            np.testing.assert_allclose(histogram.sum(axis=1), 1)


class TestInput:
    @pytest.mark.parametrize("layout", LAYOUTS)
    @pytest.mark.parametrize("sampling", SAMPLINGS)
    def test_may_have_any_layout(self, layout, sampling):
        clip, options = noise(), {"grid": (2, 3), "sampling": sampling}
        np.testing.assert_array_equal(lbp_top(laid_out(clip, layout), **options), lbp_top(clip, **options))

    def test_is_left_as_it_was(self):
        clip = noise()
        before = clip.copy()
        lbp_top(clip, sampling="bilinear")
        np.testing.assert_array_equal(clip, before)
        assert clip.flags.writeable

    @pytest.mark.parametrize("sampling", SAMPLINGS)
    def test_gives_the_same_bits_in_several_threads(self, sampling):
        clips = [noise((8, 60, 50), seed) for seed in range(8)]

        def histograms(clip):
            return lbp_top(clip, grid=(3, 2), overlap=0.25, radii=(2, 1, 2), sampling=sampling).tobytes()

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(histograms, clips)) == [histograms(clip) for clip in clips]

    def test_is_counted_without_the_interpreters_lock(self):
        assert lbp_top_count._count_strip.targetoptions["nogil"]

    @given(
        shape=st.lists(st.integers(0, 7), max_size=4),
        dtype=st.sampled_from([np.uint8, np.uint8, np.uint8, np.int8, np.uint16, np.float32, bool, object]),
        radii=st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(1, 3)),
        grid=st.tuples(st.integers(0, 4), st.integers(1, 4)),
        overlap=st.sampled_from([0, 0.5, 0.9, 1]),
        sampling=st.sampled_from(SAMPLINGS),
    )
    @settings(max_examples=100, deadline=None)
    def test_gives_histograms_or_a_value_error(self, shape, dtype, radii, grid, overlap, sampling):
        clip = noise(tuple(shape)).astype(dtype)
        try:
            found = lbp_top(clip, grid=grid, overlap=overlap, radii=radii, sampling=sampling)
        except ValueError as error:
            assert "expected" in str(error)
        else:
            assert clip.dtype == np.uint8 and found.shape == (grid[0] * grid[1], 3, 59)
            np.testing.assert_allclose(found.sum(axis=2), 1)

    @pytest.mark.parametrize(
        ("clip", "options", "message"),
        [
            (noise((6, 9, 9)), {"radii": (1, 1, 3)}, r"at least \(7, 3, 3\)"),
            (noise((9, 1, 9)), {}, r"at least \(3, 3, 3\)"),
            (noise((9, 9, 1)), {}, r"at least \(3, 3, 3\)"),
            (noise((0, 9, 9)), {}, r"at least \(3, 3, 3\)"),
            (noise((9, 9, 9)), {"grid": (8, 1)}, r"at least \(3, 10, 3\)"),
            (noise((9, 9, 9)), {"grid": (3, 1), "overlap": 0.85}, r"at least \(3, 11, 3\)"),
            (noise((9, 9, 9)), {"radii": (10**12, 1, 1)}, "expected at least"),
            (noise((9, 9, 9)), {"grid": (0, 1)}, "all at least 1"),
            (noise((9, 9, 9)), {"grid": (1.5, 1)}, "whole"),
            (noise((9, 9, 9)), {"radii": (1, 1, 0)}, "all at least 1"),
            (noise((9, 9, 9)), {"radii": (1, 1)}, "all at least 1"),
            (noise((9, 9, 9)), {"radii": (1, 1, np.nan)}, "whole"),
            (noise((9, 9, 9)), {"overlap": 1.0}, "overlap of 1.0"),
            (noise((9, 9, 9)), {"overlap": -0.1}, "overlap of -0.1"),
            (noise((9, 9, 9)), {"overlap": np.nan}, "overlap of nan"),
            (noise((9, 9, 9)), {"overlap": 1 - 1e-12, "grid": (2, 2)}, "at least"),
            (noise((9, 9, 9)), {"neighbours": 3}, "4 to 16"),
            (noise((9, 9, 9)), {"neighbours": 17}, "4 to 16"),
            (noise((9, 9, 9)), {"neighbours": 8.0}, "whole"),
            (noise((9, 9, 9)), {"sampling": "cubic"}, "'cubic'"),
            (noise((9, 9, 9)).astype(float), {}, "float64"),
            (noise((9, 9, 9)).tolist(), {}, "int64"),
            (noise((9, 9, 9, 3)), {}, r"\(9, 9, 9, 3\)"),
        ],
    )
    def test_that_it_cannot_compute_is_refused(self, clip, options, message):
        with pytest.raises(ValueError, match=message):
            lbp_top(clip, **options)

    @pytest.mark.parametrize("neighbours", [0, 3, 17, 64, 8.5])
    def test_codes_of_other_lengths_have_no_bins(self, neighbours):
        with pytest.raises(ValueError, match="4 to 16"):
            uniform_bins(neighbours)


class TestGrey:
    @given(
        st.lists(st.integers(0, 4), max_size=5), st.sampled_from([np.uint8, np.uint8, np.float32, np.int64])
    )
    @settings(max_examples=60, deadline=None)
    def test_gives_grey_levels_or_a_value_error(self, shape, dtype):
        frames = noise(tuple(shape)).astype(dtype)
        try:
            found = grey(frames)
        except ValueError as error:
            assert "expected uint8" in str(error)
        else:
            assert found.dtype == np.uint8 and found.shape == frames.shape[:3]

    @pytest.mark.parametrize("layout", LAYOUTS)
    @pytest.mark.parametrize("channels", [(), (1,), (3,)])
    def test_reads_any_layout(self, layout, channels):
        frames = noise((3, 6, 7, *channels))
        np.testing.assert_array_equal(grey(laid_out(frames, layout)), grey(frames))

    def test_one_channel_is_grey_already(self):
        clip = noise((3, 12, 12))
        for data in (clip, clip[..., None]):
            np.testing.assert_array_equal(grey(data), clip)

    def test_is_the_weighted_sum_of_the_channels(self):
        colour = noise((5, 12, 12, 3))
        levels = np.rint(colour @ [0.299, 0.587, 0.114])
        assert np.abs(grey(colour).astype(int) - levels).max() <= 1

    @pytest.mark.parametrize(
        "data", [noise((3, 12, 12, 2)), noise((3, 12)), np.zeros((3, 12, 12)), noise((2, 2, 2)).tolist()]
    )
    def test_refuses_what_is_no_clip(self, data):
        with pytest.raises(ValueError, match="expected uint8"):
            grey(data)


class TestLbpTopSample:
    def sample(self, data):
        return Sample(data=data, frames=np.arange(float(len(data))), onset=0, apex=1, offset=len(data) - 1)

    def test_reads_colour_as_grey(self):
        colour = noise((5, 12, 12, 3))
        params = LbpTopParams(grid=(2, 2), overlap=0.5, radii=(1, 1, 2))
        out = lbp_top_sample(self.sample(colour), params)
        assert out.data.dtype == np.float32 and out.data.shape == (4, 3, 59)
        expected = lbp_top(grey(colour), grid=(2, 2), overlap=0.5, radii=(1, 1, 2))
        np.testing.assert_array_equal(out.data, expected.astype(np.float32))

    def test_a_short_clip_is_a_fault_of_the_clip(self):
        with pytest.raises(ClipFault, match="found 4 frames; expected at least 5"):
            lbp_top_sample(self.sample(noise((4, 12, 12, 3))), LbpTopParams(radii=(1, 1, 2)))

    def test_parameters_read_lists(self):
        params = LbpTopParams.model_validate_json('{"grid": [5, 5], "overlap": 0, "radii": [1, 1, 4]}')
        assert params.grid == (5, 5) and params.overlap == 0

    @pytest.mark.parametrize("overlap", ["1", "-0.1", '"half"', "NaN"])
    def test_parameters_refuse_what_is_no_share(self, overlap):
        with pytest.raises(ValueError, match="overlap"):
            LbpTopParams.model_validate_json(f'{{"overlap": {overlap}}}')
