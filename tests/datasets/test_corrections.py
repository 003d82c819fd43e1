import re
from dataclasses import fields, replace
from fnmatch import fnmatchcase
from importlib.resources import files
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import TABLE_HEADER, index, write_csv, write_frames

from mestore.datasets import READERS
from mestore.datasets.correction import COLUMNS, OUTSIDE, Correction, correct, of_lab, shipped
from mestore.datasets.entry import Entry
from mestore.datasets.own import Places
from mestore.errors import AnnotationError

SHIPPED = sorted(
    file.name.removesuffix(".csv") for file in files("mestore.datasets").joinpath("corrections").iterdir()
)
PRINTS = {"a.csv": "2-0123abcd", "b.csv": "3-0123abcd"}
ROW = ("lab", "*", "s1", "a", "", "apex", "3", "4", "a slip", "Ann")


def entry(**changes):
    given = {"subject": "s1", "clip": "a", "onset": "1", "apex": "3", "offset": "5", "fps": "200"}
    given |= {"location": "a", "edition": "a.csv", "where": "a.csv, row 2", "emotion": "fear", "aus": "4"}
    return Entry(**given | changes)


def correction(**changes):
    names = [field.name for field in fields(Correction)]
    where = {"where": "corrections.csv, row 2"}
    return Correction(**dict(zip(names, ROW[1:], strict=False)) | where | changes)


def only(one, *corrections):
    [(corrected, applied)], unused = correct([one], corrections, fingerprints=PRINTS)
    assert len(applied) + len(unused) == len(corrections)
    return corrected, applied


@pytest.fixture
def root(tmp_path):
    for clip in "ab":
        write_frames(tmp_path / "lab" / clip, [f"img{number}.png" for number in range(1, 7)])
    write_csv(tmp_path / "lab/recordings.csv", [TABLE_HEADER, line("a"), line("b")])
    return tmp_path / "lab"


def line(clip, *, onset=1, apex=3, emotion="fear", aus="4"):
    return ("s1", clip, clip, onset, apex, 5, 200, emotion, aus)


def lab(root, *rows):
    """Index a lab's recordings with corrections of its own."""
    write_csv(root / "corrections.csv", [COLUMNS, *rows])
    return index(root, "table", dataset="lab")


def test_a_correction_changes_its_field_and_is_kept():
    corrected, applied = only(entry(), correction())
    assert corrected == entry(apex="4")
    assert [str(one) for one in applied] == ["apex: '3' -> '4' (a slip; Ann)"]


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "s2"},
        {"subject": "S1"},
        {"clip": "b"},
        {"onset": "2"},
        {"onset": "01"},
        {"old": "03"},
        {"old": ""},
        {"field": "offset"},
        {"edition": "3-*"},
        {"edition": "2-00000000"},
        {"edition": "2"},
    ],
)
def test_a_correction_that_misses_in_anything_is_not_applied(changes):
    assert only(entry(), correction(**changes)) == (entry(), ())


@pytest.mark.parametrize("edition", ["*", "2-*", "2-0123abcd", "?-0123abcd"])
def test_editions_are_patterns(edition):
    assert only(entry(), correction(edition=edition))[0].apex == "4"


SUBJECTS, CLIPS, NUMBERS = st.sampled_from("st"), st.sampled_from("ab"), st.sampled_from(["1", "2", "/"])
ENTRIES = st.builds(
    entry, subject=SUBJECTS, clip=CLIPS, onset=NUMBERS, apex=NUMBERS, edition=st.sampled_from(list(PRINTS))
)
CORRECTIONS = st.builds(
    correction,
    edition=st.sampled_from(["*", "2-*", "3-0123abcd", "4-*"]),
    subject=SUBJECTS,
    clip=CLIPS,
    onset=st.sampled_from(["", "1", "2"]),
    field=st.sampled_from(["onset", "apex"]),
    old=NUMBERS,
    new=st.just("9"),
)


@given(st.lists(ENTRIES, max_size=6), CORRECTIONS)
def test_a_correction_goes_to_the_one_entry_it_names_or_to_none(entries, one):
    meant = [
        (each.subject, each.clip) == (one.subject, one.clip)
        and fnmatchcase(PRINTS[each.edition], one.edition)
        and one.onset in ("", each.onset)
        and getattr(each, one.field) == one.old
        for each in entries
    ]
    rows = [replace(each, where=f"row {i}") for i, each in enumerate(entries)]
    if sum(meant) > 1:
        with pytest.raises(AnnotationError, match="expected one clip: fill in column 'onset'"):
            correct(rows, [one], fingerprints=PRINTS)
        return
    corrected, unused = correct(rows, [one], fingerprints=PRINTS)
    assert [bool(applied) for _, applied in corrected] == meant
    assert unused == ([] if any(meant) else [one])
    for row, (after, applied) in zip(rows, corrected, strict=True):
        assert after == (replace(row, **{one.field: "9"}) if applied else row)


@given(st.permutations(range(6)), st.lists(CORRECTIONS, max_size=4, unique_by=lambda one: one.field))
def test_the_order_of_a_sheet_decides_nothing(order, corrections):
    entries = [
        entry(subject=subject, clip=clip, onset=onset, where=f"{subject}{clip}{onset}")
        for subject, clip, onset in ("sa1", "sa2", "sb1", "ta1", "tb1", "tb2")
    ]
    shuffled = [entries[i] for i in order]
    try:
        straight, unused = correct(entries, corrections, fingerprints=PRINTS)
    except AnnotationError:
        with pytest.raises(AnnotationError):
            correct(shuffled, corrections, fingerprints=PRINTS)
        return
    assert correct(shuffled, corrections, fingerprints=PRINTS) == ([straight[i] for i in order], unused)


def test_two_corrections_of_one_cell_are_refused():
    second = correction(new="5", where="corrections.csv, row 3")
    with pytest.raises(AnnotationError) as caught:
        only(entry(), correction(), second)
    assert str(caught.value) == (
        "corrections.csv, row 2, corrections.csv, row 3: all correct ['apex'] of a.csv, row 2; expected one: "
        "remove the others"
    )


def test_two_cells_of_one_clip_may_be_corrected_and_both_see_the_sheet():
    onset = correction(onset="1", field="onset", old="1", new="2", where="row 3")
    corrected, applied = only(entry(), onset, correction(onset="1"))
    assert (corrected.onset, corrected.apex) == ("2", "4")
    assert len(applied) == 2


@pytest.mark.parametrize(
    ("apex", "wrong"), [("0", True), ("6", True), ("-7", True), ("1", False), ("5", False), ("/", False)]
)
def test_outside_stands_for_an_apex_that_is_not_between_onset_and_offset(apex, wrong):
    assert bool(only(entry(apex=apex), correction(old=OUTSIDE))[1]) == wrong


def test_what_a_lab_corrects_is_in_the_clip_table(root):
    before = index(root, "table", dataset="lab").clips
    found = lab(root, ROW)
    table = found.clips.set_index("clip_id")
    assert table.apex["lab/s1/a@1"] == 4
    assert list(table.apex_source) == ["corrected", "annotated"]
    assert list(table.corrections) == ["apex: '3' -> '4' (a slip; Ann)", ""]
    assert found.notes == []
    # The fingerprint is of the clips that the sheet names, not of its cells.
    assert list(table.edition) == list(before.edition)
    assert re.fullmatch(r"recordings\.csv 2-[0-9a-f]{8}", before.edition[0])


def test_corrected_cells_are_understood_as_others_are(root):
    rows = [
        (*ROW[:5], "emotion", "fear", " Other", "seen again", ""),
        (*ROW[:5], "aus", "4", "4＋L10", "seen again", ""),
        (*ROW[:5], "onset", "1", "2", "a slip", "Ann"),
    ]
    row = lab(root, *rows).clips.set_index("clip_id").loc["lab/s1/a@2"]
    assert (row.emotion, row.apex_source, row.frames) == ("others", "annotated", [2, 3, 4, 5])
    assert row.corrections.count("; ") == 5


def test_a_correction_mends_a_cell_that_cannot_be_read(root):
    write_csv(root / "recordings.csv", [TABLE_HEADER, line("a", onset="1o"), line("b")])
    assert len(index(root, "table", dataset="lab").failures) == 1
    found = lab(root, (*ROW[:4], "1o", "onset", "1o", "1", "a slip", "Ann"))
    assert found.failures.empty
    assert list(found.clips.clip_id) == ["lab/s1/a@1", "lab/s1/b@1"]


def test_an_apex_may_be_taken_away(root):
    row = lab(root, (*ROW[:7], "", "not seen", "Ann")).clips.iloc[0]
    assert (row.apex, row.apex_source) == (3, "estimated:middle")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({1: "9-*"}, "no s1/a of an edition '9-*' has '3' as apex"),
        ({2: "s2"}, "no s2/a of an edition '*' has '3' as apex"),
        ({6: "9"}, "no s1/a of an edition '*' has '9' as apex"),
    ],
)
def test_what_is_not_applied_is_noted_with_its_line_and_reason(root, change, why):
    found = lab(root, [change.get(i, cell) for i, cell in enumerate(ROW)])
    assert found.notes == [f"lab: corrections.csv, row 2: not applied: {why}"]
    assert set(found.clips.corrections) == {""}


def test_an_edition_with_another_list_of_clips_is_not_corrected(root):
    edition = index(root, "table", dataset="lab").clips.edition[0].split(" ")[1]
    row = (ROW[0], edition, *ROW[2:])
    assert lab(root, row).clips.corrections[0] != ""
    write_csv(root / "recordings.csv", [TABLE_HEADER, line("b"), line("a")])
    assert lab(root, row).clips.corrections[0] != ""
    write_csv(root / "recordings.csv", [TABLE_HEADER, line("a"), line("c")])
    found = lab(root, row)
    assert set(found.clips.corrections) == {""}
    assert "not applied" in found.notes[0]


def test_a_sheet_in_another_order_gives_the_same_table(root):
    table = lab(root, ROW).clips
    write_csv(root / "recordings.csv", [TABLE_HEADER, line("b"), line("a")])
    assert lab(root, ROW).clips.equals(table)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [ROW, (*ROW[:5], "subject", "s1", "s2", "a slip", "")],
            "row 3: field 'subject' cannot be corrected",
        ),
        ([(*ROW[:5], "Apex", "3", "4", "a slip", "")], "row 2: field 'Apex' cannot be corrected"),
        ([(*ROW[:6], "4", "4", "a slip", "")], "row 2: old and new value are both '4'; remove the line"),
        ([(*ROW[:5], "onset", OUTSIDE, "4", "x", "")], "row 2: <outside> as old value of 'onset'"),
        ([("lab", "", "", "a", "", "apex", "3", "4", "", "")], "row 2: ['edition', 'subject', 'reason'] are"),
        ([("other", *ROW[1:])], "names the datasets ['other']; expected rows for 'lab'"),
        ([ROW, ROW], "row 2, corrections.csv, row 3: all correct ['apex']"),
    ],
)
def test_malformed_lines_are_refused_and_named(root, rows, message):
    with pytest.raises(AnnotationError) as caught:
        lab(root, *rows)
    assert "corrections.csv" in str(caught.value)
    assert message in str(caught.value)


def test_a_file_of_other_columns_is_refused(root):
    write_csv(root / "corrections.csv", [("dataset", "clip", "old", "new"), ("lab", "a", "3", "4")])
    with pytest.raises(AnnotationError, match=r"corrections\.csv has no row with the column names"):
        index(root, "table", dataset="lab")


def test_without_a_file_nothing_is_corrected(tmp_path):
    assert of_lab(Places(root=tmp_path), dataset="lab") == ()
    assert shipped("table") == ()


@pytest.mark.parametrize("reader", SHIPPED)
def test_what_is_shipped_is_well_formed(reader):
    assert reader in READERS
    for one in shipped(reader):
        assert one.source
        assert re.fullmatch(r"\*|[0-9]+-(\*|[0-9a-f]{8})", one.edition)


@pytest.mark.parametrize("reader", SHIPPED)
def test_no_two_shipped_corrections_fit_one_cell(reader):
    for one, other in combinations(shipped(reader), 2):
        assert (
            (one.subject, one.clip, one.field) != (other.subject, other.clip, other.field)
            or (one.onset and other.onset and one.onset != other.onset)
            or (one.old != other.old and OUTSIDE not in (one.old, other.old))
            or not (fnmatchcase(one.edition, other.edition) or fnmatchcase(other.edition, one.edition))
        ), f"{one.where} and {other.where}"


@pytest.mark.parametrize("reader", SHIPPED)
def test_every_shipped_correction_finds_the_cell_it_is_for(reader):
    for one in shipped(reader):
        cells = {"subject": one.subject, "clip": one.clip, "onset": one.onset or "10", "offset": "99999"}
        cells[one.field] = "9" if one.old == OUTSIDE else one.old
        edition = one.edition.replace("*", "0" * 8 if "-" in one.edition else "1-00000000")
        [(corrected, _)], unused = correct([entry(**cells)], [one], fingerprints={"a.csv": edition})
        assert (getattr(corrected, one.field), unused) == (one.new, []), one.where
        # Once is enough: a sheet that somebody has mended is left alone.
        assert correct([corrected], [one], fingerprints={"a.csv": edition})[1] == [one]


def test_of_a_cell_that_both_correct_the_labs_correction_counts():
    [known, *_] = [one for one in shipped("casme3") if one.field == "apex"]
    own = correction(
        **{name: getattr(known, name) for name in ("subject", "clip", "onset", "field", "old")}, new="7"
    )
    cells = {"subject": known.subject, "clip": known.clip, "onset": known.onset, "apex": known.old}
    [(corrected, said)], unused = correct(
        [entry(**cells)], [known], own=[own], fingerprints={"a.csv": "860-00000000"}
    )
    assert (corrected.apex, said, unused) == ("7", (own,), [known])
