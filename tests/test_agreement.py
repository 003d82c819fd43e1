"""Agreement between coders: published examples, another computation, limits."""

import math
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mestore.agreement import au_reliability, fleiss_kappa

# Fleiss 1971, Table 1: 30 patients, the diagnoses of six psychiatrists each: depression (1), personality
# disorder (2), schizophrenia (3), neurosis (4), other (5).
PATIENTS = (
    "444444 222555 233335 555555 222444 113333 333355 113334 114444 555555 "
    "144444 124444 222333 144444 224445 333335 111455 111112 224444 133555 "
    "555555 244444 224555 114444 144445 222224 111155 224444 133333 555555"
)  # fmt: skip

# The worked example of Wikipedia's article: ten subjects, fourteen raters, five categories.
RATINGS = (
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
)  # fmt: skip

tables = st.integers(2, 5).flatmap(
    lambda coders: st.lists(st.lists(st.sampled_from("abc"), min_size=coders, max_size=coders), min_size=1)
)


def clips(rows) -> dict[str, list[str]]:
    return {f"clip{number}": list(row) for number, row in enumerate(rows)}


def test_the_psychiatrists_of_fleiss_agree_as_published():
    found = fleiss_kappa(clips(PATIENTS.split()))
    assert (found.clips, found.coders) == (30, 6)
    # Printed .430 from .556 and .220; 0.4302445 is what R's irr gives for the same table.
    assert found.kappa == pytest.approx(0.4302445, abs=5e-8)
    assert (round(found.observed, 3), round(found.expected, 3)) == (0.556, 0.220)
    assert {label: round(180 * share) for label, share in found.proportions.items()} == {
        "4": 55, "5": 43, "3": 30, "1": 26, "2": 26,
    }  # fmt: skip


def test_the_worked_example_of_fourteen_raters_gives_its_numbers():
    found = fleiss_kappa(clips("".join(c * n for c, n in zip("12345", row, strict=True)) for row in RATINGS))
    assert (round(found.kappa, 3), round(found.observed, 3), round(found.expected, 3)) == (
        0.210,
        0.378,
        0.213,
    )
    assert {label: round(share, 3) for label, share in found.proportions.items()} == {
        "3": 0.279, "5": 0.229, "2": 0.200, "4": 0.150, "1": 0.143,
    }  # fmt: skip


@given(rows=tables)
def test_kappa_equals_a_count_of_agreeing_pairs(rows):
    found = fleiss_kappa(clips(rows))
    agreeing = [sum(a == b for a, b in combinations(row, 2)) / math.comb(len(row), 2) for row in rows]
    observed = sum(agreeing) / len(rows)
    labels = [label for row in rows for label in row]
    # Two labels drawn with replacement out of all labels.
    expected = sum(a == b for a in labels for b in labels) / len(labels) ** 2
    assert (found.observed, found.expected) == pytest.approx((observed, expected))
    if expected < 1:
        assert found.kappa == pytest.approx((observed - expected) / (1 - expected))
        assert found.kappa <= 1 + 1e-12


@given(rows=tables, seed=st.randoms(use_true_random=False))
def test_kappa_does_not_depend_on_the_order_of_clips_and_coders(rows, seed):
    before = fleiss_kappa(clips(rows))
    for row in rows:
        seed.shuffle(row)
    seed.shuffle(rows)
    after = fleiss_kappa(clips(rows))
    assert before.proportions == after.proportions
    assert (before.observed, before.expected) == pytest.approx((after.observed, after.expected))


def test_full_agreement_on_several_categories_is_one():
    assert fleiss_kappa(clips(["aaa", "bbb", "ccc"])).kappa == 1


@given(clip=st.integers(1, 9), coders=st.integers(2, 7))
def test_labels_that_are_all_the_same_leave_kappa_undefined(clip, coders):
    found = fleiss_kappa(clips(["a" * coders] * clip))
    assert math.isnan(found.kappa)
    assert (found.observed, found.expected) == (1, 1)


@given(row=st.text("abcd", min_size=2, max_size=9))
def test_one_clip_gives_a_kappa_that_goes_by_the_number_of_coders_alone(row):
    assume(len(set(row)) > 1)
    assert fleiss_kappa(clips([row])).kappa == pytest.approx(-1 / (len(row) - 1))


def test_a_clip_with_another_number_of_labels_is_named():
    with pytest.raises(ValueError, match="clip clip1: number of labels 2, of most clips 3"):
        fleiss_kappa(clips(["aab", "aa", "abb"]))


def test_one_coder_and_no_clip_are_refused():
    with pytest.raises(ValueError, match="clip clip0: number of labels 1; expected those of two"):
        fleiss_kappa(clips(["a", "b"]))
    with pytest.raises(ValueError, match="no labelled clip"):
        fleiss_kappa({})


units = st.frozensets(st.integers(1, 20))


@given(coded=st.dictionaries(st.text(max_size=3), st.tuples(units, units), min_size=1))
def test_reliability_is_symmetric_and_between_nothing_and_one(coded):
    found = au_reliability(coded)
    turned = au_reliability({clip: (second, first) for clip, (first, second) in coded.items()})
    assert repr(found) == repr(turned)
    for clip, (first, second) in coded.items():
        assert found.by_clip[clip] == pytest.approx(
            2 * len(first & second) / (len(first) + len(second)) if first or second else math.nan, nan_ok=True
        )
    assert math.isnan(found.pooled) or 0 <= found.pooled <= 1


def test_mean_and_pooled_reliability_differ_where_clips_differ_in_size():
    # One of two agreed units, and 3 of 3: (0.5 + 1) / 2, and 2 (1 + 3) / (4 + 6).
    found = au_reliability({"1": ({4, 7}, {4, 9}), "2": ({1, 2, 5}, {1, 2, 5})})
    assert (found.mean, found.pooled) == (0.75, 0.8)


def test_a_clip_without_action_units_counts_in_neither():
    found = au_reliability({"1": (set(), set()), "2": ({4}, {4, 7})})
    assert math.isnan(found.by_clip["1"])
    assert found.mean == found.pooled == pytest.approx(2 / 3)
    nothing = au_reliability({"1": (set(), set())})
    assert math.isnan(nothing.mean) and math.isnan(nothing.pooled)


def test_units_that_only_one_coder_saw_count_against_both():
    assert au_reliability({"1": ({4}, set())}).mean == 0


def test_no_clip_in_common_is_refused():
    with pytest.raises(ValueError, match="no clip that both coders coded"):
        au_reliability({})
