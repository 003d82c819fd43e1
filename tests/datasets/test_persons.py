import pytest
from recordings import write_csv

from mestore.datasets.persons import COLUMNS, persons_of, same_id
from mestore.datasets.reader import Row
from mestore.errors import AnnotationError


def rows(*subjects, persons=()):
    persons = persons or [""] * len(subjects)
    return [
        Row(subject=subject, clip="c", fps=200.0, location="c", edition="a.csv", person=person)
        for subject, person in zip(subjects, persons, strict=True)
    ]


def persons(root, *lines, of=("sub01", "sub02"), given=()):
    write_csv(root / "persons.csv", [COLUMNS, *lines])
    return persons_of(root, dataset="x", rows=rows(*of, persons=given))


def test_by_default_a_subject_is_its_own_person(tmp_path):
    assert persons_of(tmp_path, dataset="x", rows=rows("b", "a", "a")) == {"a": "x/a", "b": "x/b"}


def test_persons_csv_overrides_and_other_datasets_are_ignored(tmp_path):
    lines = [("x", "sub01", "anna"), ("y", "sub02", "berta"), ("y", "nobody", "")]
    assert persons(tmp_path, *lines) == {"sub01": "anna", "sub02": "x/sub02"}


def test_two_subjects_may_be_one_person(tmp_path):
    assert persons(tmp_path, ("x", "sub01", "anna"), ("x", "sub02", "anna")) == {
        "sub01": "anna",
        "sub02": "anna",
    }


def test_the_sheet_may_name_persons(tmp_path):
    assert persons_of(tmp_path, dataset="x", rows=rows("a", "a", "b", persons=["", "anna", ""])) == {
        "a": "anna",
        "b": "x/b",
    }


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        (
            [("x", "sub03", "anna")],
            r"row 2: subject 'sub03' is not in x; expected one of \['sub01', 'sub02'\]",
        ),
        ([("x", "SUB01", "anna")], "'SUB01' is not in x"),
        ([("x", "sub01", "anna"), ("x", "sub01", "anna")], "row 3: subject 'sub01' stands there twice"),
        ([("x", "sub01", "")], "has no person"),
        ([("x", "sub01", "P1"), ("x", "sub02", "p01")], "persons 'P1' and 'p01'"),
    ],
)
def test_bad_persons_files_are_refused(tmp_path, lines, word):
    with pytest.raises(AnnotationError, match=word):
        persons(tmp_path, *lines)


def test_wrong_columns_are_refused(tmp_path):
    write_csv(tmp_path / "persons.csv", [("dataset", "subject", "who")])
    with pytest.raises(AnnotationError, match=r"persons\.csv .* lacks \['person'\]"):
        persons_of(tmp_path, dataset="x", rows=rows("a"))


def test_contradicting_persons_are_refused(tmp_path):
    with pytest.raises(AnnotationError, match="'anna' in one row and 'berta' in another"):
        persons_of(tmp_path, dataset="x", rows=rows("a", "a", persons=["anna", "berta"]))
    with pytest.raises(AnnotationError, match=r"'anna' in the coding sheet and 'berta' in persons\.csv"):
        persons(tmp_path, ("x", "sub01", "berta"), given=["anna", ""])


@pytest.mark.parametrize(
    ("one", "other"), [("S1", "s1"), ("sub01", "sub1"), ("spNO.07", "spno.7"), ("\uff11", "1")]
)
def test_ids_alike_but_for_case_and_zeros_are_refused(tmp_path, one, other):
    with pytest.raises(AnnotationError, match="differ only in case or leading zeros") as caught:
        persons_of(tmp_path, dataset="x", rows=rows(one, other))
    assert repr(one) in str(caught.value)
    assert repr(other) in str(caught.value)


@pytest.mark.parametrize(("one", "other"), [("s1", "s10"), ("s10", "s100"), ("0", "00a"), ("s1_1", "s11")])
def test_other_ids_differ(one, other):
    assert same_id(one) != same_id(other)
