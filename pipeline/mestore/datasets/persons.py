"""Persons: which human being a subject of a dataset is. Folds are made of persons."""

import os
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from mestore.datasets.folder import inside
from mestore.datasets.reader import Row
from mestore.datasets.sheet import SheetRow, read_sheet
from mestore.errors import AnnotationError

FILE = "persons.csv"
COLUMNS = ("dataset", "subject", "person")


def persons_of(root: Path, *, dataset: str, rows: Sequence[Row]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the person of each subject in `rows`, and notes for the user.

    A person is what the rows say, or `persons.csv` in the dataset's folder (columns dataset, subject, person;
    rows of other datasets are ignored), or else "<dataset>/<subject>".

    Raises
    ------
    AnnotationError
        If a subject is given two persons, if `persons.csv` names a subject twice or one that does not exist,
        if it has rows but none for `dataset`, or if two subjects, or two persons, differ only in case or in
        leading zeros.
    """
    subjects = sorted({row.subject for row in rows})
    _refuse_twins(subjects, what=f"subjects of {dataset}", remedy="write them alike, or rename one")
    given = _from_rows(rows)
    filed = _from_file(root, dataset=dataset, subjects=subjects)
    for subject, person in filed.items():
        if given.setdefault(subject, person) != person:
            raise AnnotationError(
                f"subject {subject!r} of {dataset} is person {given[subject]!r} in the coding sheet and "
                f"{person!r} in {FILE}; expected one: mend either"
            )
    persons = {subject: given.get(subject, f"{dataset}/{subject}") for subject in subjects}
    refuse_twin_persons(persons.values())
    return persons, _left_out(filed, subjects=subjects, dataset=dataset)


def refuse_twin_persons(persons: Iterable[str]) -> None:
    """Raise `AnnotationError` if two of `persons`, of whatever datasets, are alike under `same_id`.

    Examples
    --------
    >>> refuse_twin_persons(["casme/sub01", "casme2/sub01", "Ann"])
    """
    _refuse_twins(
        persons,
        what="persons",
        remedy=f"spell them alike in {FILE} (or in column 'person') if they are one, apart if they are not",
    )


def same_id(name: str) -> str:
    """Return what two spellings of one id have in common: no case, no leading zeros.

    Examples
    --------
    >>> same_id("Sub01") == same_id("sub1"), same_id("s10") == same_id("s1")
    (True, False)
    """
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", unicodedata.normalize("NFKC", name).casefold())


def _refuse_twins(names: Iterable[str], *, what: str, remedy: str) -> None:
    seen: dict[str, str] = {}
    for name in sorted(set(names)):
        twin = seen.setdefault(same_id(name), name)
        if twin != name:
            raise AnnotationError(
                f"{what} {twin!r} and {name!r} differ only in case or leading zeros; were they one, a fold "
                f"could train and test on one person: {remedy}"
            )


def _from_rows(rows: Sequence[Row]) -> dict[str, str]:
    given: dict[str, str] = {}
    for row in rows:
        if row.person and given.setdefault(row.subject, row.person) != row.person:
            raise AnnotationError(
                f"{row.edition}: subject {row.subject!r} is person {given[row.subject]!r} in one row and "
                f"{row.person!r} in another; expected one: mend the column 'person'"
            )
    return given


def _from_file(root: Path, *, dataset: str, subjects: Sequence[str]) -> dict[str, str]:
    if not os.path.lexists(root / FILE):  # a link that leads nowhere is no reason to go on without persons
        return {}
    if not inside(root, FILE).is_file():
        raise AnnotationError(
            f"{root / FILE} is no file; expected a table with the columns {list(COLUMNS)}: put it there, "
            "or remove what is called so"
        )
    given: dict[str, str] = {}
    for cells in _of_dataset(read_sheet(inside(root, FILE), columns=COLUMNS).rows, root, dataset=dataset):
        subject, person = cells.text("subject"), cells.text("person")
        if subject not in subjects:
            raise AnnotationError(
                f"{cells.where}: subject {subject!r} is not in {dataset}; expected one of {list(subjects)}, "
                "written like that: mend or remove the row"
            )
        if subject in given or not person:
            problem = "stands there twice" if subject in given else "has no person"
            raise AnnotationError(
                f"{cells.where}: subject {subject!r} of {dataset} {problem}; expected one row each: mend it"
            )
        given[subject] = person
    return given


def _of_dataset(rows: Sequence[SheetRow], root: Path, *, dataset: str) -> list[SheetRow]:
    """Return the rows of `dataset`; refuse a file whose rows all, or by their case, miss it."""
    names = sorted({row.text("dataset") for row in rows})
    misspelt = [name for name in names if name != dataset and name.casefold() == dataset.casefold()]
    if misspelt or (names and dataset not in names):
        raise AnnotationError(
            f"{root / FILE} names the datasets {names}; expected rows for {dataset!r}: write that name in "
            "column 'dataset', as it is in params.yaml, or remove the file"
        )
    return [row for row in rows if row.text("dataset") == dataset]


def _left_out(filed: Collection[str], *, subjects: Sequence[str], dataset: str) -> tuple[str, ...]:
    if not 0 < len(filed) < len(subjects):
        return ()
    return (
        f"{dataset}: {FILE} names {len(filed)} of {len(subjects)} subjects; one that is neither there nor "
        "given a person in the coding sheet counts as a person of its own",
    )
