"""AU cells: every form that real sheets hold, and every text that none should."""

import re
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mestore.aus import Alternatives, Note, Unit, parse, to_text
from mestore.aus.codes import NESTING, one_line


def either(*options):
    return Alternatives(tuple(option if isinstance(option, tuple) else (option,) for option in options))


UNKNOWN = Unit(None, uncertain=True)
R6_OR_R12 = either(Unit(6, side="R"), Unit(12, side="R"))

# Every cell quoted in datasets.md, sections 3 (by its bullet points) and 4, typed by hand.
SEEN = [
    # plain
    ("12", (Unit(12),), "12"),
    ("4+7", (Unit(4), Unit(7)), "4+7"),
    ("1+2", (Unit(1), Unit(2)), "1+2"),
    # sides: CASME II, SAMM and its key, CAS(ME)^3
    ("4+L10", (Unit(4), Unit(10, side="L")), "4+L10"),
    ("R6+R12", (Unit(6, side="R"), Unit(12, side="R")), "R6+R12"),
    ("L20+21", (Unit(20, side="L"), Unit(21)), "L20+21"),
    ("A12+A7", (Unit(12, side="A"), Unit(7, side="A")), "A12+A7"),
    ("T23", (Unit(23, side="T"),), "T23"),
    ("B18+25", (Unit(18, side="B"), Unit(25)), "B18+25"),
    ("B28", (Unit(28, side="B"),), "B28"),
    ("B23", (Unit(23, side="B"),), "B23"),
    ("T28+14", (Unit(28, side="T"), Unit(14)), "T28+14"),
    ("L2 or R2", (either(Unit(2, side="L"), Unit(2, side="R")),), "L2 or R2"),
    ("A2", (Unit(2, side="A"),), "A2"),
    # intensities: SAMM, SAMM-LV
    ("7B", (Unit(7, intensity="B"),), "7B"),
    ("12A", (Unit(12, intensity="A"),), "12A"),
    ("2C+12", (Unit(2, intensity="C"), Unit(12)), "2C+12"),
    ("4D+9B", (Unit(4, intensity="D"), Unit(9, intensity="B")), "4D+9B"),
    ("10A/B", (Unit(10, intensity="A/B"),), "10A/B"),
    ("4(B/C)+7B", (Unit(4, intensity="B/C"), Unit(7, intensity="B")), "4B/C+7B"),
    ("1D/E", (Unit(1, intensity="D/E"),), "1D/E"),
    # alternatives: SAMM, SAMM-LV, and what MEB decided
    ("(R6 or R12)+R15", (R6_OR_R12, Unit(15, side="R")), "(R6 or R12)+R15"),
    ("(R6 or R12) + R15", (R6_OR_R12, Unit(15, side="R")), "(R6 or R12)+R15"),
    ("L12 or L14", (either(Unit(12, side="L"), Unit(14, side="L")),), "L12 or L14"),
    ("R12 or R14", (either(Unit(12, side="R"), Unit(14, side="R")),), "R12 or R14"),
    (
        "R14A or 17A or 24A",
        (either(Unit(14, side="R", intensity="A"), Unit(17, intensity="A"), Unit(24, intensity="A")),),
        "R14A or 17A or 24A",
    ),
    (
        "12B+17B+(23/24)",
        (Unit(12, intensity="B"), Unit(17, intensity="B"), either(Unit(23), Unit(24))),
        "12B+17B+(23 or 24)",
    ),
    ("((8+25)or(50))", (either((Unit(8), Unit(25)), Unit(50)),), "(8+25) or 50"),
    ("R12+R15", (Unit(12, side="R"), Unit(15, side="R")), "R12+R15"),
    ("L14", (Unit(14, side="L"),), "L14"),
    ("R14", (Unit(14, side="R"),), "R14"),
    ("R14A", (Unit(14, side="R", intensity="A"),), "R14A"),
    # references
    ("ref(7B)+43", (Unit(7, intensity="B", reference=True), Unit(43)), "ref(7B)+43"),
    ("12A+ref(24)", (Unit(12, intensity="A"), Unit(24, reference=True)), "12A+ref(24)"),
    # free text
    ("R14+17+soft focus", (Unit(14, side="R"), Unit(17), Note("soft focus")), "R14+17+soft focus"),
    ("4+glare", (Unit(4), Note("glare")), "4+glare"),
    ("80 (big swallow)", (Unit(80), Note("big swallow")), "80+big swallow"),
    ("7D+all of the above", (Unit(7, intensity="D"), Note("all of the above")), "7D+all of the above"),
    # unknown: CASME II, CAS(ME)^3 part C
    ("?", (UNKNOWN,), "?"),
    ("13?", (Unit(13, uncertain=True),), "13?"),
    # separators and spaces: CAS(ME)^3 part C, SAMM, SAMM-LV
    ("2,24", (Unit(2), Unit(24)), "2+24"),
    ("4，11", (Unit(4), Unit(11)), "4+11"),
    ("12+15 ", (Unit(12), Unit(15)), "12+15"),
    ("L12 + 61", (Unit(12, side="L"), Unit(61)), "L12+61"),
    ("7B+ ref(43)", (Unit(7, intensity="B"), Unit(43, reference=True)), "7B+ref(43)"),
    # prefixes and static units: 4DME, DFME
    ("AU4(k)+L7", (Unit(4, static=True), Unit(7, side="L")), "4(k)+L7"),
    ("AUR2+12(k)+45", (Unit(2, side="R"), Unit(12, static=True), Unit(45)), "R2+12(k)+45"),
    ("AD38", (Unit(38, prefix="AD"),), "AD38"),
    ("4+AD39", (Unit(4), Unit(39, prefix="AD")), "4+AD39"),
    ("M58", (Unit(58, prefix="M"),), "M58"),
    ("R4+AD38", (Unit(4, side="R"), Unit(38, prefix="AD")), "R4+AD38"),
    ("L12", (Unit(12, side="L"),), "L12"),
    ("R12", (Unit(12, side="R"),), "R12"),
    ("L1+L2", (Unit(1, side="L"), Unit(2, side="L")), "L1+L2"),
    ("L1+L2+L5", (Unit(1, side="L"), Unit(2, side="L"), Unit(5, side="L")), "L1+L2+L5"),
    (
        "AD31/AD38/AD39",
        (either(*(Unit(number, prefix="AD") for number in (31, 38, 39))),),
        "AD31 or AD38 or AD39",
    ),
]

# Forms that no source shows: what the grammar decides about them.
UNSEEN = [
    ("", (), ""),
    (" + , ", (), ""),
    ("/", (Note("/"),), "/"),
    ("\\", (Note("\\"),), "\\"),
    ("n/a", (Note("n/a"),), "n/a"),
    ("glare or blur", (Note("glare or blur"),), "glare or blur"),
    ("AU 4 ＋ au7", (Unit(4), Unit(7)), "4+7"),
    ("４（ｋ）＋Ｌ７", (Unit(4, static=True), Unit(7, side="L")), "4(k)+L7"),
    ("L 12", (Unit(12, side="L"),), "L12"),
    ("04", (Unit(4),), "4"),
    ("4 7", (Unit(4), Unit(7)), "4+7"),
    ("4 and 7", (Unit(4), Note("and"), Unit(7)), "4+and+7"),
    ("4;7", (Unit(4), Note(";"), Unit(7)), "4+;+7"),
    ("1214", (Note("1214"),), "1214"),
    ("R6R12", (Note("R6R12"),), "R6R12"),
    ("4²", (Note("4²"),), "4²"),
    # numbers with a point: only zeros behind it leave a unit
    ("12.0", (Unit(12),), "12"),
    ("4.00+L7.0 (B)", (Unit(4), Unit(7, side="L", intensity="B")), "4+L7B"),
    ("AU12.0?", (Unit(12, uncertain=True),), "12?"),
    ("4.7", (Note("4.7"),), "4.7"),
    ("1+4.5", (Unit(1), Note("4.5")), "1+4.5"),
    (".5", (Note(".5"),), ".5"),
    ("12.0B", (Note("12.0B"),), "12.0B"),
    ("1.0.0", (Note("1.0.0"),), "1.0.0"),
    ("4+7.", (Unit(4), Unit(7), Note(".")), "4+7+."),
    # what spreadsheets make of 4-7: a date
    ("2023-04-07 00:00:00", (Note("2023-04-07 00:00:00"),), "2023-04-07 00:00:00"),
    ("2023-04-07T00:00:00", (Note("2023-04-07T00:00:00"),), "2023-04-07T00:00:00"),
    ("04:07", (Note("04:07"),), "04:07"),
    ("4-7", (Note("4-7"),), "4-7"),
    ("L12-R14+4", (Note("L12-R14"), Unit(4)), "L12-R14+4"),
    ("7B-10", (Note("7B-10"),), "7B-10"),
    ("4/7/2023", (Note("4/7/2023"),), "4/7/2023"),
    ("2023/04/07", (Note("2023/04/07"),), "2023/04/07"),
    ("4/7/12", (either(Unit(4), Unit(7), Unit(12)),), "4 or 7 or 12"),
    # a neutral face
    ("0", (Unit(0),), "0"),
    ("0.0", (Unit(0),), "0"),
    ("B18B", (Unit(18, side="B", intensity="B"),), "B18B"),
    ("10A/B12", (either(Unit(10, intensity="A"), Unit(12, side="B")),), "10A or B12"),
    ("8+25 or 50", (Unit(8), either(Unit(25), Unit(50))), "8+(25 or 50)"),
    ("(4 or 5) or 6", (either(Unit(4), Unit(5), Unit(6)),), "4 or 5 or 6"),
    ("ref(4 or 5)", (either(Unit(4, reference=True), Unit(5, reference=True)),), "ref(4) or ref(5)"),
    ("ref(glare)", (Note("ref"), Note("glare")), "ref+glare"),
    ("ref(ref(4))", (Note("ref"), Unit(4, reference=True)), "ref+ref(4)"),
    ("(glare) or 4", (either(Note("glare"), Unit(4)),), "(glare) or 4"),
    ("4 or", (Unit(4), Note("or")), "4+or"),
    ("4 or () or 5", (Unit(4), Note("or () or"), Unit(5)), '4+"or () or"+5'),
    ("(4", (Note("("), Unit(4)), '"("+4'),
    ("4(k", (Unit(4), Note("(k")), '4+"(k"'),
    ("blink?", (Note("blink?"),), "blink?"),
    ("7B (?)", (Unit(7, intensity="B", uncertain=True),), "7B?"),
    ('"4 + 7"', (Note("4 + 7"),), '"4 + 7"'),
    ('""', (Note('""'),), '""""""'),
]


@pytest.mark.parametrize(("text", "coding", "canonical"), SEEN + UNSEEN)
def test_a_cell_reads_and_prints_as_typed_by_hand(text, coding, canonical):
    assert parse(text) == coding
    assert to_text(coding) == canonical
    assert parse(canonical) == coding


def nothing_is_lost(text):
    coding, line = parse(text), one_line(text)
    printed = to_text(coding)
    assert parse(printed) == coding
    assert printed == one_line(printed)
    # The first 0 of `04` goes, so zeros are left out here; so does AU in front of a unit.
    assert re.sub("[^1-9]", "", printed) == re.sub("[^1-9]", "", line)
    letters = re.sub(r"(?<!\w)au(?= ?[lrabt]? ?[0-9])", "", line.casefold())
    # More may be there: "/" prints or, and ref(4 or 5) prints ref twice.
    lost = Counter(filter(str.isalpha, letters)) - Counter(printed.casefold())
    assert not lost, printed


@given(st.text(st.characters()))
def test_no_text_is_an_error_and_nothing_of_it_is_lost(text):
    nothing_is_lost(text)


PIECES = (
    *'()+,/?" \\.-:;0147２９，éL_b²\0\u202e\ud800',
    *(
        "or",
        "OR ",
        "ref(",
        "ref (",
        "(k)",
        "(?)",
        "AU",
        "au ",
        "AD",
        "M",
        "A/B",
        "(B/C)",
        "E",
        "12",
        "12.0",
        "2023",
        "glare",
    ),
)


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@example("(((1 or 2)+3) or 4)+5")
@example("4(k)(k)(B)??")
@example('"(or) or 4')
@example("(+)(()) or ()")
def test_nothing_is_lost_of_what_looks_like_a_cell(text):
    nothing_is_lost(text)


HOSTILE = {
    "opening": "(" * 100_000,
    "empty": "()" * 50_000,
    "nested": "(" * 50_000 + "1" + ")" * 50_000,
    "alternatives in alternatives": "(1 or " * 15_000 + "2" + ")" * 15_000,
    "references": "ref(" * 25_000 + "1" + ")" * 25_000,
    "quotes": '"' * 99_999,
    "alternatives": "1/" * 50_000,
    "intensities": "1" + "A/" * 50_000 + "x",
    "question marks": "4(" + "?" * 100_000,
    "a number": "9" * 100_000,
    "a word": "a" * 100_000,
    "blanks": " \0" * 50_000,
    "right to left": "\u202e1" * 50_000,
    "surrogates": "\ud800" * 100_000,
    "notes": ";1" * 50_000,
    "a date": "1-" * 50_000,
    "dates": "1/1/2023" * 12_000,
    "points": "1" + "." * 100_000 + "x",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_huge_hostile_cell_is_read_like_any_other(text):
    nothing_is_lost(text)


def test_a_cell_nested_beyond_sense_is_one_note():
    deep = "(" * 50 + "4" + ")" * 50
    assert parse(deep) == (Note(deep),)
    assert parse("((((4))))") == (Unit(4),)


def printable(text):
    return one_line(text) or "x"


NOTES = st.builds(Note, st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)).map(printable))
INTENSITY = st.sampled_from(["", "A", "E", "A/B", "B/C/D"])
UNITS = st.one_of(
    st.builds(
        Unit,
        st.integers(0, 99),
        prefix=st.sampled_from(["", "AD", "M"]),
        side=st.sampled_from(["", *"LRABT"]),
        intensity=INTENSITY,
        reference=st.booleans(),
        static=st.booleans(),
        uncertain=st.booleans(),
    ),
    st.builds(Unit, st.none(), reference=st.booleans(), uncertain=st.just(True)),
)


def codings(depth):
    parts = UNITS | NOTES
    if depth:
        options = codings(depth - 1).filter(
            lambda option: option and not (len(option) == 1 and isinstance(option[0], Alternatives))
        )
        parts |= st.builds(Alternatives, st.lists(options, min_size=2, max_size=3).map(tuple))
    return st.lists(parts, max_size=3).map(tuple)


@settings(max_examples=300, deadline=None)
@given(codings(NESTING))
def test_every_coding_is_read_back_as_it_was_printed(coding):
    assert parse(to_text(coding)) == coding


@given(st.lists(UNITS, max_size=6))
def test_case_and_separator_do_not_matter_and_the_order_stays(some):
    text = to_text(tuple(some))
    for variant in (text.lower(), text.upper(), text.replace("+", " ，"), text.replace("+", " ＋ ")):
        assert parse(variant) == tuple(some)
