"""Objective classes out of action units: the sets of datasets.md section 5."""

from hypothesis import given
from hypothesis import strategies as st

from mestore.labels.objective import CLASSES, SETS, objective_class

LISTED = {
    "I": "12 6 6+12 7+12 6+7+12 10+12 12+24 12+39 12+61 6+12+17",
    "II": "1+2 5 25 1+2+25 25+26 5+24",
    "III": "4 23 4+7 4+38 4+6+7 4+6+7+43 4+5 4+5+7 17+24",
    "IV": "9 10 4+9 7+10 4+7+9 4+7+10 4+9+10 4+9+17 4+5+7+9 9+12 4+40 4+5+40",
    "V": "1 15 1+4 15+17 6+15",
    "VI": "20 20+21 5+20+25+26 7+20+26 1+2+4",
}
CONTRADICTED = "12+14 12+25 4+7+43 4+10 4+5+10 9+10"


def units(text: str) -> set[int]:
    return set(map(int, text.split("+")))


def test_listed_sets_have_their_class():
    found = {name: {objective_class(units(text)) for text in sets.split()} for name, sets in LISTED.items()}
    assert found == {name: {name} for name in LISTED}
    listed = {frozenset(units(text)) for sets in LISTED.values() for text in sets.split()}
    assert listed == {it for it in SETS if SETS[it] != "VII"}


def test_sets_that_were_shipped_under_two_classes_are_the_rest():
    assert [objective_class(units(text)) for text in CONTRADICTED.split()] == ["VII"] * 6
    assert {frozenset(units(text)) for text in CONTRADICTED.split()} == {
        it for it in SETS if SETS[it] == "VII"
    }


def test_a_clip_without_coding_has_no_class():
    assert objective_class(set()) == ""


@given(aus=st.sets(st.integers(1, 64), min_size=1))
def test_any_set_has_one_of_the_seven_classes_whatever_its_order(aus):
    assert objective_class(aus) in CLASSES
    assert objective_class(sorted(aus)) == objective_class(sorted(aus, reverse=True)) == objective_class(aus)


@given(aus=st.sets(st.integers(1, 64), min_size=1))
def test_a_set_that_is_not_listed_is_the_rest(aus):
    assert (objective_class(aus) == "VII") == (SETS.get(frozenset(aus), "VII") == "VII")
