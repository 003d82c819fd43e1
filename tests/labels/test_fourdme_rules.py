"""4DME's rules from action units to emotions: datasets.md section 4.8."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mestore.labels.fourdme import DEPENDENT, EMOTIONS, KNOWN, NO_EMOTION, emotions
from mestore.labels.maps import MAPS


@pytest.mark.parametrize(
    ("aus", "expected"),
    [
        *(({au}, "negative") for au in (1, 4, 7, 9, 10)),
        ({12}, "positive"),
        ({2}, "surprise"),
        *(({au}, "repression") for au in (14, 15, 17, 24)),
        ({1, 2}, "surprise"),
        ({1, 4}, "negative"),
        ({1, 2, 4}, "negative+surprise"),
        ({1, 12}, "others"),
        ({1, 2, 12}, "positive+surprise"),
        ({12, 14}, "positive+repression"),
        ({4, 17}, "negative+repression"),
        ({2, 24}, "surprise+repression"),
        ({6, 12, 45}, "positive"),
        ({2, 4, 14}, "others"),
        ({2, 12, 15}, "others"),
        ({4, 12}, "others"),
    ],
)
def test_rules_give_the_papers_emotions(aus, expected):
    assert "+".join(emotions(aus)) == expected


@given(aus=st.sets(st.sampled_from(sorted(DEPENDENT | NO_EMOTION)), min_size=1))
def test_units_that_settle_nothing_are_others(aus):
    assert emotions(aus) == ("others",)


@given(aus=st.sets(st.sampled_from(sorted(KNOWN)), min_size=1))
def test_any_set_has_a_label_that_4dme_has(aus):
    found = emotions(aus)
    assert "+".join(found) in set(MAPS["fourdme"].rules["fourdme"].labels.values())
    assert list(found) == sorted(found, key=EMOTIONS.index)


@given(aus=st.sets(st.sampled_from(sorted(KNOWN)), min_size=1))
def test_units_that_settle_nothing_change_nothing(aus):
    assert emotions(aus | DEPENDENT | NO_EMOTION) == emotions(aus)


@pytest.mark.parametrize("aus", [set(), {16}, {12, 99}])
def test_units_that_the_rules_do_not_name_are_refused(aus):
    with pytest.raises(ValueError, match="expected at least one, all of"):
        emotions(aus)


def test_the_rules_name_the_22_units_that_4dme_codes():
    assert len(KNOWN) == 22
