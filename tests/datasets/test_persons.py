import pandas as pd
import pytest
from recordings import write_csv

from mestore.datasets.entry import Entry
from mestore.datasets.own import Places
from mestore.datasets.persons import COLUMNS, persons_of, refuse_torn_persons, refuse_twin_persons, same_id
from mestore.errors import AnnotationError


def entries(*subjects, persons=()):
    persons = persons or [""] * len(subjects)
    return [
        Entry(
            subject=subject,
            clip="c",
            onset="1",
            offset="2",
            fps="200",
            location="c",
            edition="a.csv",
            where="a.csv, row 2",
            person=person,
        )
        for subject, person in zip(subjects, persons, strict=True)
    ]


def persons(root, *lines, of=("sub01", "sub02"), given=()):
    write_csv(root / "persons.csv", [COLUMNS, *lines])
    return persons_of(Places(root=root), dataset="x", reader="table", entries=entries(*of, persons=given))


def test_by_default_a_subject_is_its_own_person(tmp_path):
    assert persons_of(Places(root=tmp_path), dataset="x", reader="table", entries=entries("b", "a", "a")) == (
        {"a": "x/a", "b": "x/b"},
        (),
    )


def test_persons_csv_overrides_and_other_datasets_are_ignored(tmp_path):
    lines = [("x", "sub01", "anna"), ("y", "sub02", "berta"), ("y", "nobody", "")]
    found, [note] = persons(tmp_path, *lines)
    assert found == {"sub01": "anna", "sub02": "x/sub02"}
    assert note.startswith("x: persons.csv names 1 of 2 subjects; ")


def test_two_subjects_may_be_one_person(tmp_path):
    found, notes = persons(tmp_path, ("x", "sub01", "anna"), ("x", "sub02", "anna"))
    assert found == {"sub01": "anna", "sub02": "anna"}
    assert notes == ()


def test_persons_csv_without_rows_says_nothing(tmp_path):
    assert persons(tmp_path) == ({"sub01": "x/sub01", "sub02": "x/sub02"}, ())


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ([("X", "sub01", "anna")], ["X"]),
        ([("x 2", "sub01", "anna"), ("", "sub02", "anna")], ["", "x 2"]),
        ([("X", "sub01", "anna"), ("x", "sub02", "anna")], ["X", "x"]),
    ],
)
def test_persons_csv_that_misses_the_dataset_is_refused(tmp_path, lines, named):
    with pytest.raises(AnnotationError) as caught:
        persons(tmp_path, *lines)
    message = str(caught.value)
    assert message.startswith(
        f"{tmp_path / 'persons.csv'} names the datasets {named}; expected rows for 'x': "
    )


def test_the_sheet_may_name_persons(tmp_path):
    found, notes = persons_of(
        Places(root=tmp_path),
        dataset="x",
        reader="table",
        entries=entries("a", "a", "b", persons=["", "anna", ""]),
    )
    assert found == {"a": "anna", "b": "x/b"}
    assert notes == ()


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        (
            [("x", "sub03", "anna")],
            r"row 2: subject 'sub03' is not in x; expected one of \['sub01', 'sub02'\]",
        ),
        ([("x", "SUB01", "anna")], "'SUB01' is not in x"),
        ([("x", "sub01", "anna"), ("x", "sub01", "anna")], "row 3: subject 'sub01' of x stands there twice"),
        ([("x", "sub01", "")], "has no person"),
        ([("x", "sub01", "P1"), ("x", "sub02", "p01")], "persons 'P1' and 'p01'"),
    ],
)
def test_bad_persons_files_are_refused(tmp_path, lines, word):
    with pytest.raises(AnnotationError, match=word):
        persons(tmp_path, *lines)


def test_wrong_columns_are_refused(tmp_path):
    write_csv(tmp_path / "persons.csv", [("dataset", "subject", "who")])
    with pytest.raises(
        AnnotationError, match=r"has 'dataset', 'subject', 'who' and lacks \['person'\]"
    ) as caught:
        persons_of(Places(root=tmp_path), dataset="x", reader="table", entries=entries("a"))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'persons.csv'} has no row with the column names {list(COLUMNS)}")
    assert "option" not in message


def test_persons_csv_that_is_no_file_is_refused(tmp_path):
    path = tmp_path / "persons.csv"
    path.mkdir()
    for _ in ("a folder", "a link that leads nowhere"):
        with pytest.raises(AnnotationError) as caught:
            persons_of(Places(root=tmp_path), dataset="x", reader="table", entries=entries("a"))
        assert str(caught.value).startswith(f"{path} is no file; expected a table with the columns")
        path.rmdir() if path.is_dir() else path.unlink()
        path.symlink_to(tmp_path / "nowhere.csv")


def test_contradicting_persons_are_refused(tmp_path):
    with pytest.raises(AnnotationError, match="'anna' in one row and 'berta' in another"):
        persons_of(
            tmp_path, dataset="x", reader="table", entries=entries("a", "a", persons=["anna", "berta"])
        )
    with pytest.raises(AnnotationError, match=r"'anna' in the coding sheet and 'berta' in persons\.csv"):
        persons(tmp_path, ("x", "sub01", "berta"), given=["anna", ""])


@pytest.mark.parametrize(
    ("one", "other"), [("S1", "s1"), ("sub01", "sub1"), ("spNO.07", "spno.7"), ("\uff11", "1")]
)
def test_ids_alike_but_for_case_and_zeros_are_refused(tmp_path, one, other):
    with pytest.raises(AnnotationError, match="differ only in case or leading zeros") as caught:
        persons_of(Places(root=tmp_path), dataset="x", reader="table", entries=entries(one, other))
    assert repr(one) in str(caught.value)
    assert repr(other) in str(caught.value)


@pytest.mark.parametrize(("one", "other"), [("s1", "s10"), ("s10", "s100"), ("0", "00a"), ("s1_1", "s11")])
def test_other_ids_differ(one, other):
    assert same_id(one) != same_id(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Ann", "ann"), ("d1/sub01", "d01/sub1"), ("P1", "p01"), ("x/S1", "x/s1")]
)
def test_persons_of_any_datasets_may_not_be_twins(one, other):
    with pytest.raises(
        AnnotationError, match=r"spell them alike in persons\.csv .* if they are one"
    ) as caught:
        refuse_twin_persons([other, "berta", one, one])
    assert str(caught.value).startswith(f"persons {min(one, other)!r} and {max(one, other)!r} differ only in")


def test_persons_that_differ_or_recur_are_no_twins():
    refuse_twin_persons(["casme/sub01", "casme2/sub01", "casme2/sub10", "ann", "ann"])


def test_datasets_of_the_same_people_must_call_them_alike():
    columns = ["reader", "part", "dataset", "subject", "person"]
    samm = ("samm", "", "samm", "006", "anna")
    apart = pd.DataFrame([samm, ("casme", "", "casme", "006", "casme/006")], columns=columns)
    refuse_torn_persons(apart)
    torn = pd.DataFrame([samm, ("samm_lv", "", "long", "006", "samm/006")], columns=columns)
    with pytest.raises(AnnotationError, match=r"'006' is person 'anna' in samm and 'samm/006' in long"):
        refuse_torn_persons(torn)
    spelled = torn.assign(subject=["s06", "S6"], person=["anna", "samm/S6"])
    with pytest.raises(AnnotationError, match=r"is person 'anna' in samm and 'samm/S6' in long"):
        refuse_torn_persons(spelled)
