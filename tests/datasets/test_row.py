from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import write_xlsx

from mestore.clips import UNREAD
from mestore.datasets.entry import NOTHING, Entry
from mestore.datasets.row import check_name, objective_class, parse_frame, understand
from mestore.datasets.sheet import read_sheet
from mestore.errors import AnnotationError

ENTRY = Entry(
    subject="s1",
    clip="c1",
    onset="10",
    apex="14",
    offset="20",
    fps="200",
    location="s1/c1",
    edition="a.xlsx",
    where="a.xlsx, sheet 'coding', row 2",
)


def row(**changes):
    return understand(replace(ENTRY, **changes))


def test_a_plain_entry():
    plain = row(emotion=" Other ", aus="4 + L10", objective_class="vii", kind="Macro")
    assert (plain.onset, plain.apex, plain.offset, plain.fps) == (10, 14, 20, 200.0)
    assert (plain.emotion, plain.aus, plain.objective_class, plain.kind) == (
        "others",
        "4+L10",
        "VII",
        "macro",
    )
    assert (plain.apex_source, plain.corrections, plain.fault) == ("annotated", (), None)


@pytest.mark.parametrize(
    ("value", "number"), [("46", 46), (46, 46), (46.0, 46), ("046", 46), ("46.0", 46), (0, 0)]
)
def test_whole_numbers_in_any_cell_type(tmp_path, value, number):
    write_xlsx(tmp_path / "a.xlsx", [("name", "n"), ("x", value)])
    assert parse_frame(read_sheet(tmp_path / "a.xlsx", columns=("name", "n")).rows[0].text("n")) == number


@pytest.mark.parametrize("apex", ["/", "\\", ""])
def test_an_apex_may_be_missing(apex):
    assert (row(apex=apex).apex, row(apex=apex).apex_source, row(apex=apex).fault) == (None, "", None)


@pytest.mark.parametrize("value", ["46a", "46.5", "4,6", "-1", "1e3", "n/a", "#REF!", "True", "٤٦", "9" * 19])
@pytest.mark.parametrize("what", ["onset", "apex", "offset"])
def test_anything_else_is_a_fault_naming_sheet_and_row(what, value):
    found = row(**{what: value})
    assert found.fault.found == f"{value!r} as {what} in a.xlsx, sheet 'coding', row 2"
    # What can be read of the row is kept: another clip of the same video differs by its onset.
    kept = {"onset": 10, "apex": 14, "offset": 20} | {what: None if what == "apex" else UNREAD}
    assert {"onset": found.onset, "apex": found.apex, "offset": found.offset} == kept


@pytest.mark.parametrize("what", ["onset", "offset"])
def test_a_needed_number_may_not_be_missing(what):
    assert f"'/' as {what}" in row(**{what: "/"}).fault.found


@pytest.mark.parametrize(("rule", "offset"), [("apex", 14), ("mirror", 18)])
def test_a_rule_gives_an_offset_that_is_missing_and_says_so(rule, offset):
    found = row(offset="0", nothing=NOTHING | {"0"}, without_offset=rule)
    assert (found.offset, found.fault) == (offset, None)
    assert found.corrections == (f"offset: '0' -> '{offset}' (none in the sheet; {rule})",)
    assert "'0' as offset" in row(offset="0", apex="", nothing={"0", ""}, without_offset=rule).fault.found


def test_shifted_numbers_are_those_of_the_files():
    found = row(shift=9)
    assert (found.onset, found.apex, found.offset) == (1, 5, 11)
    assert found.corrections == ("frame numbers: 9 less (the files count otherwise than the sheet)",)


@pytest.mark.parametrize("value", ["", ".", "..", "a/b", "a\\b", "a\tb", "a\0b"])
@pytest.mark.parametrize("what", ["subject", "clip"])
def test_a_name_must_be_one(what, value):
    with pytest.raises(AnnotationError, match=rf"a\.xlsx, sheet 'coding', row 2: .* as {what} is no name"):
        row(**{what: value})


@pytest.mark.parametrize("longest", ["a" * 200, "\u4e2d" * 22, "%" * 66])
def test_a_name_must_fit_into_a_folder_of_a_store(longest):
    check_name(longest, what="clip", where="a.csv, row 3")
    with pytest.raises(AnnotationError, match=r"a\.csv, row 3: .* as clip takes 20[0-9] bytes"):
        check_name(longest + longest[0], what="clip", where="a.csv, row 3")


@given(st.text(max_size=20))
def test_any_text_is_a_frame_number_or_refused(text):
    try:
        number = parse_frame(text)
    except ValueError:
        assert not (text.isascii() and text.isdigit() and len(text) <= 18)
    else:
        assert number == float(text)


@given(st.integers(0, 10**18 - 1), st.sampled_from(["", ".0", ".000"]), st.integers(0, 3))
def test_numbers_are_read_exactly(number, tail, zeros):
    if len(str(number)) + zeros <= 18:
        assert parse_frame("0" * zeros + str(number) + tail) == number


@pytest.mark.parametrize("text", ["0", "8", "IIX", "1.0", "happiness"])
def test_other_objective_classes_are_refused(text):
    with pytest.raises(ValueError, match="expected 1 to 7 or I to VII"):
        objective_class(text)
    assert f"{text!r} as objective_class" in row(objective_class=text).fault.found


@pytest.mark.parametrize("cell", ["=A12*4", "#N/A", "#DATE 2026-04-12 00:00:00"])
@pytest.mark.parametrize("what", ["emotion", "aus"])
def test_a_cell_without_a_value_is_no_label(what, cell):
    found = row(**{what: cell})
    assert found.fault.found == f"{cell!r} as {what} in a.xlsx, sheet 'coding', row 2"
    assert (getattr(found, what), found.onset) == ("", 10)


@pytest.mark.parametrize("fps", ["2_00", "1e2", "nan", "-1", "0", "0.0", " 200"])
def test_frames_per_second_are_plain_numbers(fps):
    assert f"{fps!r} as fps" in row(fps=fps).fault.found
