"""Persons: which human being a subject of a dataset is. Folds are made of persons."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from mestore.datasets.folder import inside
from mestore.datasets.reader import Row
from mestore.datasets.sheet import read_sheet
from mestore.errors import AnnotationError

FILE = "persons.csv"
COLUMNS = ("dataset", "subject", "person")


def persons_of(root: Path, *, dataset: str, rows: Sequence[Row]) -> dict[str, str]:
    """Return the person of each subject in `rows`.

    It is what the rows say, or `persons.csv` in the dataset's folder (columns dataset, subject, person;
    rows of other datasets are ignored), or else "<dataset>/<subject>".

    Raises
    ------
    AnnotationError
        If a subject is given two persons, if `persons.csv` names a subject twice or one that does not exist,
        or if two subjects, or two persons, differ only in case or in leading zeros.
    """
    subjects = sorted({row.subject for row in rows})
    _refuse_twins(subjects, what="subjects", dataset=dataset)
    given = _from_rows(rows)
    if (root / FILE).exists():
        for subject, person in _from_file(root, dataset=dataset, subjects=subjects).items():
            if given.setdefault(subject, person) != person:
                raise AnnotationError(
                    f"subject {subject!r} of {dataset} is person {given[subject]!r} in the coding sheet and "
                    f"{person!r} in {FILE}; expected one: mend either"
                )
    persons = {subject: given.get(subject, f"{dataset}/{subject}") for subject in subjects}
    _refuse_twins(sorted(set(persons.values())), what="persons", dataset=dataset)
    return persons


def same_id(name: str) -> str:
    """Return what two spellings of one id have in common: no case, no leading zeros.

    Examples
    --------
    >>> same_id("Sub01") == same_id("sub1"), same_id("s10") == same_id("s1")
    (True, False)
    """
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", unicodedata.normalize("NFKC", name).casefold())


def _refuse_twins(names: Iterable[str], *, what: str, dataset: str) -> None:
    seen: dict[str, str] = {}
    for name in names:
        twin = seen.setdefault(same_id(name), name)
        if twin != name:
            raise AnnotationError(
                f"{what} {twin!r} and {name!r} of {dataset} differ only in case or leading zeros; were they "
                "one, a fold could train and test on one person: write them alike, or rename one"
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
    given: dict[str, str] = {}
    for cells in read_sheet(inside(root, FILE), columns=COLUMNS).rows:
        if cells.text("dataset") != dataset:
            continue
        subject, person = cells.text("subject"), cells.text("person")
        if subject not in subjects:
            raise AnnotationError(
                f"{cells.where}: subject {subject!r} is not in {dataset}; expected one of {list(subjects)}, "
                "written like that: mend or remove the row"
            )
        if subject in given or not person:
            problem = "stands there twice" if subject in given else "has no person"
            raise AnnotationError(
                f"{cells.where}: subject {subject!r} {problem}; expected one row each: mend it"
            )
        given[subject] = person
    return given
