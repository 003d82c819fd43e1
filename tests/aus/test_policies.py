"""Policies: the published counts of action units, from invented tables of cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mestore import MEStoreError
from mestore.aus import PINS, POLICIES, parse, resolve, to_text, vector
from mestore.aus.policies import TWELVE

SAMM_CELLS = {
    "007_6_1": "(R6 or R12)+R15",
    "007_6_5": "(R6 or R12) + R15",
    "011_4_2": "L12 or L14",
    "014_5_2": "R12 or R14",
    "035_7_2": "R14A or 17A or 24A",
}
"""datasets.md section 3: the five cells, by clip."""

SAMM_COUNTS = (6, 18, 23, 10, 3, 46, 5, 6, 28, 13, 4, 6)
"""datasets.md section 1.3, row SAMM: 168 units in 159 clips."""

FORMS = ("{}", "L{}", "R{}B", "A{}", "{}A/B", "ref({})", "{}?", "T{}", "{}(C/D)")


def table(counts, *, clips, forms=FORMS):
    """Return `clips` invented cells that hold each unit as often as `counts` says, in all the given forms."""
    cells = [[] for _ in range(clips)]
    numbers = [number for number, count in counts.items() for _ in range(count)]
    for at, number in enumerate(numbers):
        cells[at % clips].append(forms[at % len(forms)].format(number))
    assert all(len(set(cell)) == len(cell) for cell in cells)
    return {f"invented_{at}": " + ".join(cell) for at, cell in enumerate(cells)}


def counted(cells, **options):
    vectors = [vector(text, clip=clip, **options) for clip, text in cells.items()]
    return tuple(map(sum, zip(*vectors, strict=True)))


@pytest.fixture
def samm():
    # The five cells hold, decided as MEB did, 12 twice, 15 twice and 14 three times: the rest is invented.
    rest = dict(zip(TWELVE, SAMM_COUNTS, strict=True)) | {12: 28 - 2, 15: 4 - 2, 14: 13 - 3}
    return SAMM_CELLS | table(rest, clips=154)


def test_samm_counts_168_units_where_the_five_alternatives_are_decided(samm):
    assert len(samm) == 159
    assert counted(samm, policy="cd6me") == SAMM_COUNTS
    assert sum(SAMM_COUNTS) == 168


def test_samm_counts_173_units_where_no_alternative_is_decided(samm):
    nameless = {f"clip {at}": text for at, text in enumerate(samm.values())}
    # One more 6 twice, 12 twice and 17 once; the 24 is none of the twelve.
    assert counted(nameless, policy="cd6me") == (6, 18, 23, 10, 5, 46, 5, 6, 30, 13, 4, 7)
    assert sum(counted(nameless, policy="cd6me")) == 173
    assert sum(counted(samm, policy="dfme")) == 173


CD6ME = {
    "casme": (189, (23, 17, 70, 0, 1, 4, 40, 3, 9, 23, 14, 13), 217),
    "casme2": (256, (26, 22, 130, 2, 13, 39, 13, 16, 34, 27, 16, 25), 363),
    "casme3": (860, (153, 128, 274, 44, 8, 27, 50, 10, 15, 193, 6, 20), 928),
    "mmew": (300, (50, 41, 109, 70, 10, 47, 8, 38, 37, 17, 6, 11), 444),
}
"""datasets.md section 1.3: clips, counts and total of the datasets without static units or alternatives."""


@pytest.mark.parametrize(("clips", "counts", "total"), CD6ME.values(), ids=CD6ME)
def test_cd6me_counts_every_form_of_a_unit_once(clips, counts, total):
    found = counted(table(dict(zip(TWELVE, counts, strict=True)), clips=clips), policy="cd6me")
    assert (found, sum(found)) == (counts, total)


def test_static_units_are_dropped_by_cd6me_and_kept_by_4dme():
    # X. Li et al. 2022, table 3 with (k), CD6ME without; 267 clips.
    moving = dict(zip((*TWELVE, 45), (46, 54, 102, 8, 25, 89, 1, 2, 53, 4, 6, 11, 34), strict=True))
    static = {4: 117 - 102, 6: 30 - 25, 7: 93 - 89, 12: 82 - 53}
    still = table(static, clips=60, forms=("AU{}(k)", "{}(K)", "R{} (k)"))
    cells = table(moving, clips=207) | {f"still_{at}": text for at, text in enumerate(still.values())}
    assert len(cells) == 267
    assert counted(cells, policy="4dme") == (46, 54, 117, 30, 93, 82, 11, 34)
    assert counted(cells, policy="cd6me") == (46, 54, 102, 8, 25, 89, 1, 2, 53, 4, 6, 11)
    assert sum(counted(cells, policy="cd6me")) == 401


BOTH_SIDES = {"1": 876, "2": 708, "4": 2617, "5": 973, "6": 649, "7": 1624, "9": 49, "10": 283, "12": 712,
              "14": 470, "15": 116, "16": 35, "17": 408, "18": 24, "20": 77, "23": 235, "24": 757, "25": 60,
              "28": 18, "31": 28, "AD38": 173, "AD39": 35, "M57": 4, "M58": 26}  # fmt: skip
ONE_SIDE = {1: 280, 2: 367, 4: 190, 5: 156, 6: 93, 7: 173, 10: 154, 12: 460, 14: 50, 15: 31, 20: 17}
"""datasets.md section 1.3: S000 Table 5."""


def test_dfme_folds_in_one_sided_units_and_keeps_ad_and_m_apart():
    times = [*BOTH_SIDES.items(), *((f"L{number}", count) for number, count in ONE_SIDE.items())]
    assert sum(count for _, count in times) == 12928

    def total(policy, numbers):
        return sum(count * sum(vector(code, policy=policy, units=numbers)) for code, count in times)

    assert total("dfme", TWELVE) == total("cd6me", TWELVE) == 11439
    assert [total("dfme", (number,)) for number in (38, 57, 58)] == [0, 0, 0]
    assert [total("cd6me", (number,)) for number in (38, 57, 58)] == [173, 4, 26]


@pytest.mark.parametrize(
    ("text", "units", "expected"),
    [
        ("13?", (13,), (1,)),
        ("?", (0, 13), (0, 0)),
        ("80 (big swallow)", (80,), (1,)),
        ("4 (about 1214)", (4, 12, 14), (1, 0, 0)),
        ('"12"+4', (4, 12), (1, 0)),
        ("4.7", (0, 4, 7), (0, 0, 0)),
        ("2023-04-07 00:00:00", (0, 4, 7), (0, 0, 0)),
        ("12.0", (0, 12), (0, 1)),
        ("7B+ref(43)", (43, 7), (1, 1)),
        ("((8+25)or(50))", (8, 25, 50), (1, 1, 1)),
        ("", (1,), (0,)),
        ("4", (), ()),
    ],
)
def test_what_counts(text, units, expected):
    assert vector(text, policy="cd6me", units=units) == expected


def test_a_pin_holds_for_its_clip_and_its_text_only():
    assert to_text(resolve(parse("R12 or R14"), clip="014_5_2")) == "R14"
    for clip, text in (("011_4_2", "R12 or R14"), ("014_5_2", "R14 or R12"), ("", "R12 or R14"), ("", "")):
        assert resolve(parse(text), clip=clip) == parse(text)
    assert {clip: to_text(parse(text)) for clip, text in SAMM_CELLS.items()} == {
        clip: text for clip, (text, _) in PINS.items()
    }


@given(st.text(), st.sampled_from(sorted(POLICIES)))
def test_a_vector_is_the_same_from_text_coding_and_canonical_text(text, policy):
    coding = parse(text)
    assert (
        vector(text, policy=policy) == vector(coding, policy=policy) == vector(to_text(coding), policy=policy)
    )
    assert len(vector(text, policy=policy)) == len(POLICIES[policy].units)


def test_an_unknown_policy_is_named_with_those_there_are():
    with pytest.raises(MEStoreError, match=r"'meb'.*cd6me, dfme, 4dme"):
        vector("4", policy="meb")
