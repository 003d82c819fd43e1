"""What a coding may hold."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mestore.aus import Alternatives, Note, Unit, parse, units
from mestore.aus.codes import NESTING, TooDeepError, one_line

FOUR, SEVEN = (Unit(4),), (Unit(7),)


@pytest.mark.parametrize(
    "parts",
    [
        {"number": -1},
        {"number": 100},
        {"number": 4, "prefix": "AU"},
        {"number": 4, "side": "l"},
        {"number": 4, "intensity": "F"},
        {"number": 4, "intensity": "A/"},
        {"number": None},
        {"number": None, "uncertain": True, "side": "L"},
        {"number": None, "uncertain": True, "static": True},
    ],
)
def test_a_unit_that_no_cell_can_hold_is_refused(parts):
    with pytest.raises(ValueError, match=r"expected a number|without a number"):
        Unit(**parts)


@pytest.mark.parametrize("options", [(), (FOUR,), (FOUR, ()), (FOUR, (Alternatives((FOUR, SEVEN)),))])
def test_alternatives_need_two_options_that_say_something(options):
    with pytest.raises(ValueError, match="two or more options"):
        Alternatives(options)


def test_alternatives_do_not_nest_without_end():
    nested = Alternatives((FOUR, SEVEN))
    for _ in range(NESTING - 1):
        nested = Alternatives((FOUR, (*SEVEN, nested)))
    with pytest.raises(TooDeepError):
        Alternatives((FOUR, (*SEVEN, nested)))


@pytest.mark.parametrize("text", ["", " glare", "soft  focus", "a\nb", "ａ"])
def test_a_note_is_one_line_of_plain_text(text):
    with pytest.raises(ValueError, match="one_line"):
        Note(text)


@given(st.text(st.characters()))
def test_one_line_has_no_control_characters_and_is_its_own_one_line(text):
    line = one_line(text)
    assert one_line(line) == line
    assert all(
        c == " " or unicodedata.category(c)[0] not in "CZ" or unicodedata.category(c) in ("Cn", "Co")
        for c in line
    )


def test_digits_are_not_glued_together():
    assert [one_line(text) for text in ("1\u200b2", "1\x002", "4²", "１\u30002")] == [
        "1 2",
        "1 2",
        "4²",
        "1 2",
    ]


def test_units_are_all_units_in_order_those_of_alternatives_included():
    coding = parse("R6+((8+25) or 50)+glare+?+ref(7B)")
    assert [unit.number for unit in units(coding)] == [6, 8, 25, 50, None, 7]
