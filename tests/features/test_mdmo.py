from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layouts import LAYOUTS, laid_out
from mestore.errors import ClipFault
from mestore.features.mdmo import MdmoParams, mdmo, mdmo_sample
from mestore.features.rois import CORNERS, PAIRS, REGIONS, STABLE, pixels, polygons
from mestore.sample import Sample

DOCS = Path(__file__).parents[2] / "docs" / "formulas.md"
SIZE = (150, 140)
REFERENCE = np.loadtxt(str(files("mestore") / "faces" / "reference68.csv"), delimiter=",", skiprows=1)[:, 1:]


def landmarks(*, turn=0.0, scale=140.0):
    """The reference face in a crop, turned about its middle."""
    centred = (REFERENCE - 0.5) * scale
    cos, sin = np.cos(turn), np.sin(turn)
    return centred @ np.array([[cos, sin], [-sin, cos]]) + [70, 72]


FACE = landmarks()


def still(count=3, size=SIZE):
    return np.zeros((count, *size, 2), dtype=np.float32)


def members(face=FACE, size=SIZE):
    return [pixels(polygon, size) for polygon in polygons(face)]


def moved(region, vector, *, share=1.0, count=3):
    """Flows in which the first `share` of one region moves."""
    flows = still(count)
    where = members()[region]
    flows.reshape(count, -1, 2)[:, where[: round(share * len(where))]] = vector
    return flows


def direction(index):
    angle = index * np.pi / 4
    return np.cos(angle), np.sin(angle)


def rho_theta(flows, face=FACE):
    rho, theta = mdmo(flows, face, alpha=0.5).reshape(36, 2).T / 0.5
    return rho, theta


def angle_between(a, b):
    return np.abs((np.asarray(a) - b + np.pi) % (2 * np.pi) - np.pi)


class TestRegions:
    def test_there_are_36_of_which_18_mirror_the_others(self):
        left, right = polygons(FACE)[:PAIRS], polygons(FACE)[PAIRS:]
        assert len(REGIONS) == len(left) == len(right) == 18
        for one, other in zip(left, right, strict=True):
            np.testing.assert_allclose(other, one * [-1, 1] + [140, 0], atol=0.05)

    @pytest.mark.parametrize("face", [FACE, landmarks(turn=0.2), landmarks(scale=90.0)])
    def test_none_overlap_and_none_is_empty(self, face):
        counts = np.bincount(np.concatenate(members(face)), minlength=np.prod(SIZE))
        assert counts.max() == 1
        assert min(len(member) for member in members(face)) > 20

    @pytest.mark.parametrize("face", [FACE, landmarks(turn=0.2), landmarks(scale=90.0)])
    def test_they_keep_clear_of_the_points_head_motion_is_read_at(self, face):
        inside = np.zeros(SIZE, dtype=bool)
        inside.flat[np.concatenate(members(face))] = True
        x, y = np.floor(face[list(STABLE)]).astype(int).T
        assert not any(inside[y + i, x + j].any() for i in (0, 1) for j in (0, 1))

    def test_every_coded_action_unit_has_one(self):
        assert {1, 2, 4, 6, 7, 9, 12, 14, 15, 17} <= {au for region in REGIONS for au in region.aus}

    def test_shared_edges_belong_to_one_polygon(self):
        # Corners on pixel centres: the hard case.
        left = np.array([[0.0, 0.0], [3.0, 0.0], [5.0, 6.0], [0.0, 6.0]])
        right = np.array([[3.0, 0.0], [8.0, 0.0], [8.0, 6.0], [5.0, 6.0]])
        together = np.concatenate([pixels(left, (7, 9)), pixels(right, (7, 9))])
        assert sorted(together) == [9 * y + x for y in range(6) for x in range(8)]

    def test_the_docs_print_them(self):
        text = DOCS.read_text()
        for number, region in enumerate(REGIONS):
            aus, corners = ", ".join(map(str, region.aus)), ", ".join(region.corners)
            assert f"| {number} | {region.name} | {aus} | {corners} |" in text
        for name, corner in CORNERS.items():
            means = " + ".join(f"{w:.3g} x {k}" if w < 1 else str(k) for k, w in corner.landmarks)
            right, down = (f"{offset:+.2f}" if offset else "0" for offset in (corner.right, corner.down))
            assert f"| {name} | {means} | {right} | {down} |" in text

    def test_a_region_outside_has_no_pixels(self):
        square = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]])
        for shift in ([20, 0], [0, 20], [-20, 0], [0, -20]):
            assert pixels(square + shift, (10, 10)).size == 0


class TestMdmo:
    @pytest.mark.parametrize("index", range(8))
    @pytest.mark.parametrize("region", range(36))
    def test_motion_in_one_region_has_its_direction_there_and_none_elsewhere(self, region, index):
        rho, theta = rho_theta(moved(region, 0.8 * np.array(direction(index)), share=0.7, count=1))
        assert rho[region] == pytest.approx(1)
        assert angle_between(theta[region], index * np.pi / 4) < 1e-6
        assert -np.pi < theta[region] <= np.pi
        others = np.arange(36) != region
        assert not rho[others].any() and not theta[others].any()

    @pytest.mark.parametrize("degrees", [0, 45, 90, 135, 180, 225, 270, 315])
    @pytest.mark.parametrize("region", range(36))
    def test_directions_around_a_bins_centre_are_averaged_as_vectors(self, region, degrees):
        """Also around 0 and around 180 degrees, where angles jump: 20 degrees to either side, equally."""
        flows, where = still(1), members()[region]
        half = len(where) // 2
        for part, offset in ((where[:half], 20), (where[half : 2 * half], -20)):
            angle = np.radians(degrees + offset)
            flows.reshape(-1, 2)[part] = np.cos(angle), np.sin(angle)
        rho, theta = rho_theta(flows)
        assert angle_between(theta[region], np.radians(degrees)) < 1e-6
        assert rho[region] == 1 and np.count_nonzero(rho) == 1

    @given(st.lists(st.floats(-0.1, 0.1), min_size=4, max_size=4), st.floats(-9, 9), st.floats(-9, 9))
    @settings(max_examples=25, deadline=None)
    def test_head_motion_leaves_nothing(self, matrix, right, down):
        y, x = np.mgrid[: SIZE[0], : SIZE[1]]
        flow = np.stack([x - 70, y - 75], axis=-1) @ np.reshape(matrix, (2, 2)) + [right, down]
        assert not mdmo(np.stack([flow, 0.3 * flow]).astype(np.float32), FACE).any()

    @pytest.mark.parametrize("degrees", [30, 150, 275])
    @pytest.mark.parametrize("region", range(36))
    def test_motion_of_a_region_is_found_under_head_motion(self, region, degrees):
        angle = np.radians(degrees)
        flows = moved(region, (np.cos(angle), np.sin(angle)), count=1)
        y, x = np.mgrid[: SIZE[0], : SIZE[1]]
        flows += np.stack([3 - 0.02 * x + 0.05 * y, -7 + 0.01 * x], axis=-1).astype(np.float32)
        rho, theta = rho_theta(flows)
        assert rho[region] == 1 and angle_between(theta[region], angle) < 1e-4
        assert np.count_nonzero(rho) == 1

    def test_a_far_translation_leaves_nothing(self):
        flows = still() + np.array([900, -900], dtype=np.float32)
        assert not mdmo(flows, FACE).any()

    def test_motion_on_top_of_head_motion_is_found(self):
        flows = moved(13, (0.0, -0.5))
        y, x = np.mgrid[: SIZE[0], : SIZE[1]]
        flows += np.stack([2 + 0.02 * x - 0.01 * y, -3 + 0.03 * y], axis=-1).astype(np.float32)
        rho, theta = rho_theta(flows)
        assert rho[13] == 1 and theta[13] == pytest.approx(-np.pi / 2, abs=1e-4)
        assert np.count_nonzero(rho) == 1

    def test_directions_around_zero_are_one_bin(self):
        # 40 % at +20 degrees and 40 % at -20 degrees outvote 20 % at 90 degrees, and average to 0.
        flows, where = still(1), members()[8]
        parts = np.array_split(where, 5)
        for part, degrees in zip(parts, (20, 20, -20, -20, 90), strict=True):
            flows.reshape(-1, 2)[part] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        _, theta = rho_theta(flows)
        assert abs(theta[8]) < 0.02

    @pytest.mark.parametrize(("degrees", "same"), [(22, True), (23, False), (-22, True), (-23, False)])
    def test_bins_end_halfway(self, degrees, same):
        flows, where = still(1), members()[8]
        half = len(where) // 2
        flows.reshape(-1, 2)[where[: half + 5]] = 1, 0
        flows.reshape(-1, 2)[where[half + 5 :]] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        _, theta = rho_theta(flows)
        assert (theta[8] != 0) == same

    def test_frames_are_averaged_as_vectors(self):
        # Up in one flow, right in the next: the mean points between, shorter than either.
        flows = still(2)
        for region, vectors in {8: [(0, -1), (1, 0)], 9: [(1, 0), (1, 0)]}.items():
            for flow, vector in zip(flows, vectors, strict=True):
                flow.reshape(-1, 2)[members()[region]] = vector
        rho, theta = rho_theta(flows)
        assert theta[8] == pytest.approx(-np.pi / 4)
        assert rho[8] == pytest.approx(np.sqrt(0.5)) and rho[9] == 1

    def test_opposite_motions_cancel_without_nan(self):
        flows = still(2)
        for flow, right in zip(flows, (1.0, -1.0), strict=True):
            flow.reshape(-1, 2)[members()[8]] = right, 0
        assert not mdmo(flows, FACE).any()

    @pytest.mark.parametrize(("first", "second"), [(2, 5), (7, 0)])
    def test_of_two_equally_full_bins_the_first_counts(self, first, second):
        flows, where = still(1), members()[9]
        half = len(where) // 2
        flows.reshape(-1, 2)[where[:half]] = direction(first)
        flows.reshape(-1, 2)[where[half : 2 * half]] = direction(second)
        _, theta = rho_theta(flows)
        assert angle_between(theta[9], min(first, second) * np.pi / 4) < 1e-6

    def test_alpha_weighs_strength_against_direction(self):
        flows = moved(8, (0, 0.4)) + moved(30, (-0.2, 0))
        value = mdmo(flows, FACE, alpha=0.9).reshape(36, 2)
        np.testing.assert_allclose(value[8], [0.9, 0.1 * np.pi / 2])
        np.testing.assert_allclose(value[30], [0.45, 0.1 * np.pi], rtol=1e-6)

    def test_a_turned_face_turns_its_directions(self):
        turn = np.pi / 4
        face = landmarks(turn=turn)
        flows = still(1)
        flows.reshape(-1, 2)[members(face)[8]] = np.cos(turn), np.sin(turn)
        rho, theta = rho_theta(flows, face)
        assert rho.argmax() == 8 and theta[8] == pytest.approx(turn)

    def test_regions_outside_the_crop_are_zero(self):
        flows = np.random.default_rng(0).normal(size=(2, 100, 140, 2)).astype(np.float32)
        value = mdmo(flows, FACE).reshape(36, 2)
        assert not value[[17, 35]].any() and value[:12].all()

    def test_further_channels_are_left_alone(self):
        flows = np.random.default_rng(0).normal(size=(2, *SIZE, 3)).astype(np.float32)
        np.testing.assert_array_equal(mdmo(flows, FACE), mdmo(flows[..., :2], FACE))

    @pytest.mark.parametrize(
        ("flows", "face", "options", "message"),
        [
            (np.zeros((*SIZE, 2)), FACE, {}, r"\(pairs, y, x, 2\)"),
            (still()[..., :1], FACE, {}, r"\(pairs, y, x, 2\)"),
            (still(0), FACE, {}, r"\(pairs, y, x, 2\)"),
            (still().astype(int), FACE, {}, "int64"),
            (still(size=(1, 9)), FACE, {}, "2 x 2"),
            (still(size=(9, 1)), FACE, {}, "2 x 2"),
            (still(size=(0, 9)), FACE, {}, r"\(pairs, y, x, 2\)"),
            (still() + np.nan, FACE, {}, "NaN"),
            (still() + np.inf, FACE, {}, "beyond 1000 px"),
            (still() + 1e30, FACE, {}, "beyond 1000 px"),
            (still().astype(complex), FACE, {}, "complex128"),
            (still().astype(object), FACE, {}, "object"),
            (still(1, (4, 4)).astype(int).tolist(), FACE, {}, "int64"),
            (still(), FACE.astype(complex), {}, "complex128"),
            (still(), FACE * [1, 1e300], {}, "landmarks with NaN or beyond"),
            (still(), FACE, {"alpha": np.nan}, "alpha nan"),
            (still(), FACE[:5], {}, r"\(5, 2\)"),
            (still(), FACE * np.nan, {}, "landmarks with NaN"),
            (still(), FACE, {"alpha": 1.5}, "alpha 1.5"),
            (still(), FACE + 200, {}, "found 0 of the 13"),
            (still(), FACE * [0, 1] + [5, 0], {}, "not in one line"),
        ],
    )
    def test_refuses_what_it_cannot_compute(self, flows, face, options, message):
        with pytest.raises(ValueError, match=message):
            mdmo(flows, face, **options)

    @given(
        st.tuples(st.integers(0, 1), st.integers(0, 149), st.integers(0, 139), st.integers(0, 1)),
        st.sampled_from([np.nan, np.inf, -np.inf]),
    )
    @settings(max_examples=20, deadline=None)
    def test_one_value_that_is_not_finite_is_refused(self, place, value):
        """Wherever it stands, also where no region is."""
        flows = still(2)
        flows[place] = value
        with pytest.raises(ValueError, match="NaN"):
            mdmo(flows, FACE)

    @given(
        st.integers(1, 3),
        st.tuples(st.integers(2, 160), st.integers(2, 160)),
        st.floats(0, 300),
        st.tuples(st.floats(-150, 150), st.floats(-150, 150)),
        st.floats(0, 1),
        st.integers(0, 99),
    )
    @settings(max_examples=40, deadline=None)
    def test_gives_a_feature_or_a_value_error(self, count, size, strength, shift, alpha, seed):
        flows = np.random.default_rng(seed).uniform(-strength, strength, (count, *size, 2))
        try:
            rho, theta = mdmo(flows.astype(np.float32), FACE + shift, alpha=alpha).reshape(36, 2).T
        except ValueError as error:
            assert "of the 13 landmarks" in str(error)
        else:
            assert np.isfinite(theta).all() and (np.abs(theta) <= (1 - alpha) * np.pi).all()
            assert (rho >= 0).all() and rho.max() in (0, alpha)

    @pytest.mark.parametrize("layout", LAYOUTS)
    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
    def test_flows_and_landmarks_may_have_any_layout(self, layout, dtype):
        flows = np.random.default_rng(0).normal(size=(2, *SIZE, 2)).astype(dtype)
        found = mdmo(laid_out(flows, layout), laid_out(FACE, layout))
        np.testing.assert_array_equal(found, mdmo(flows, FACE))


class TestMdmoSample:
    def sample(self, data, face):
        return Sample(data=data, frames=np.array([[0.0, 1.0]]), onset=0, apex=1, offset=2, landmarks=face)

    def test_reads_a_flow_sequence(self):
        flows = np.concatenate([moved(8, (0, 0.4)), np.ones((3, *SIZE, 1), np.float32)], axis=-1)
        out = mdmo_sample(self.sample(flows, FACE.astype(np.float32)), MdmoParams(alpha=0.8))
        assert out.data.shape == (72,) and out.data.dtype == np.float32
        assert out.data[16] == np.float32(0.8)

    def test_wants_a_sequence(self):
        with pytest.raises(ValueError, match="set pairs: onset-each"):
            mdmo_sample(self.sample(np.zeros((*SIZE, 3), np.float32), None), MdmoParams())

    def test_wants_landmarks(self):
        with pytest.raises(ClipFault, match="found no landmarks"):
            mdmo_sample(self.sample(still(), None), MdmoParams())
