"""When a curve has an apex: closed forms, and how often noise has one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mestore.apex.peak import CHANCE, divide, peak, stands_out


def hump(count, at=0.5):
    """A raised cosine from 0 to 1 to 0 over `count` frames."""
    phase = np.interp(np.linspace(0, 1, count), [0, at, 1], [0, 1, 2])
    return (1 - np.cos(np.pi * phase)) / 2


def curves(count, seed, height=0.0):
    rng = np.random.default_rng(seed)
    return np.concatenate([[0], 5 + height * hump(count) + rng.normal(0, 1, count)]).astype(np.float32)


@pytest.mark.parametrize("count", [6, 12, 40])
def test_noise_has_an_apex_as_often_as_is_said(count):
    """1 % of 300 curves, to 3 standard deviations."""
    found = sum(stands_out(curves(count, seed)) for seed in range(300))
    assert found <= 300 * CHANCE + 3 * np.sqrt(300 * CHANCE)


@pytest.mark.parametrize(("count", "height"), [(12, 16), (20, 8), (40, 4)])
def test_a_hump_well_above_the_noise_has_one_near_its_top(count, height):
    found = [peak(curves(count, seed, height)).row for seed in range(20)]
    there = [row for row in found if row is not None]
    assert len(there) >= 17
    assert np.mean([abs(row - (count + 1) / 2) for row in there]) < count / 10


@given(at=st.floats(0.25, 0.7), count=st.integers(12, 60))
@settings(max_examples=25)
def test_without_noise_the_peak_is_the_top_but_for_what_smoothing_moves(at, count):
    curve = np.concatenate([[0], 3 + hump(count, at)]).astype(np.float32)
    assert abs(peak(curve).row - 1 - at * (count - 1)) <= 1 + 0.06 * count


@given(scale=st.floats(0.01, 100), shift=st.floats(-10, 10), seed=st.integers(0, 99))
@settings(max_examples=25)
def test_scale_and_floor_of_a_curve_do_not_matter(scale, shift, seed):
    curve = curves(30, seed, height=3).astype(np.float64)
    assert stands_out(curve) == stands_out(scale * curve + shift)


@pytest.mark.parametrize(
    "values", [np.arange(30), -np.arange(30), np.ones(30), np.zeros(30), np.hypot(np.arange(-15, 15), 1)]
)
def test_what_only_rises_or_falls_or_stays_or_dips_has_none(values):
    assert not stands_out(np.concatenate([[0], values]))


@pytest.mark.parametrize("count", [0, 1, 4])
def test_too_few_frames_have_none(count):
    assert peak(np.arange(1.0 + count, dtype=np.float32)).row is None


def test_divide_keeps_the_half_with_more_peaks():
    """Peaks 3, 3 in the first half outweigh the 5 in the second; of 3 and 3 the earlier is kept."""
    curve = np.zeros(40, np.float32)
    curve[1:] = 8 * hump(39)
    assert divide(curve).row == 20
    curve[[5, 12]] += 9
    assert divide(curve).row == 12
