"""The criterion of a micro-expression, at its limits: datasets.md sections 4.7 and 4.9."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mestore.labels.criterion import is_micro


@pytest.mark.parametrize(
    ("fps", "longest", "rise"), [(500, 250, 125), (300, 150, 75), (200, 100, 50), (30, 15, 7)]
)
def test_dfme_counts_both_ends(fps, longest, rise):
    start, later = 1000, 1000 + 2 * longest
    assert is_micro(start, start + longest - 1, fps=fps)
    assert not is_micro(start, start + longest, fps=fps)
    assert is_micro(start, later, apex=start + rise - 1, fps=fps)
    assert not is_micro(start, later, apex=start + rise, fps=fps)


def test_an_expression_whose_apex_is_its_onset_always_passes():
    assert is_micro(8, 737, apex=8, fps=30)


@given(
    onset=st.integers(0, 10**8), rise=st.integers(0, 300), fall=st.integers(0, 300), fps=st.floats(4, 1000)
)
def test_a_shorter_one_of_a_micro_expression_is_one_too(onset, rise, fall, fps):
    apex, offset = onset + rise, onset + rise + fall
    if is_micro(onset, offset, apex=apex, fps=fps) and fall:
        assert is_micro(onset, offset - 1, apex=apex, fps=fps)
    assert is_micro(onset, offset, fps=fps) <= is_micro(onset, offset, apex=apex, fps=fps)


@pytest.mark.parametrize(("onset", "apex", "offset"), [(5, None, 4), (5, 4, 9), (5, 10, 9)])
def test_frames_out_of_order_are_refused(onset, apex, offset):
    with pytest.raises(ValueError, match="expected them in this order"):
        is_micro(onset, offset, apex=apex, fps=200)


@pytest.mark.parametrize("fps", [0, -1, float("nan")])
def test_a_rate_that_is_none_is_refused(fps):
    with pytest.raises(ValueError, match="expected a positive number"):
        is_micro(0, 9, fps=fps)
