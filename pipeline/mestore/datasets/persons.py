"""Persons: which human being a subject of a dataset is. Folds are made of persons."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from mestore.datasets.entry import Entry
from mestore.datasets.identity import family
from mestore.datasets.own import PERSONS as FILE
from mestore.datasets.own import Places, own_rows
from mestore.errors import AnnotationError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("dataset", "subject", "person")


def persons_of(
    places: Places, *, dataset: str, reader: str, entries: Sequence[Entry]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the person of each subject in `entries`, and notes for the user.

    A person is what the entries say, or the lab's `persons.csv` (columns dataset, subject, person;
    rows of other datasets are ignored), or else "<family>/<subject>" (`mestore.datasets.identity`).

    Raises
    ------
    AnnotationError
        If a subject is given two persons, if `persons.csv` names a subject twice or one that does not exist,
        if it has rows but none for `dataset`, or if two subjects, or two persons, differ only in case or in
        leading zeros.
    """
    subjects = sorted({entry.subject for entry in entries})
    _refuse_twins(subjects, what=f"subjects of {dataset}", remedy="write them alike, or rename one")
    given = _from_entries(entries)
    filed = _from_file(places, dataset=dataset, subjects=subjects)
    for subject, person in filed.items():
        if given.setdefault(subject, person) != person:
            raise AnnotationError(
                f"subject {subject!r} of {dataset} is person {given[subject]!r} in the coding sheet and "
                f"{person!r} in {FILE}; expected one: mend either"
            )
    persons = _by_family(entries, dataset=dataset, reader=reader) | given
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


def refuse_torn_persons(table: "pd.DataFrame") -> None:
    """Raise `AnnotationError` if datasets that film the same people call one of them by two names.

    A persons.csv about SAMM says nothing of SAMM Long Videos: without one there too, a fold could train on a
    person under the one name and test the same person under the other.

    Parameters
    ----------
    table : DataFrame
        Clip table of all datasets: reader, part, dataset, subject and person.
    """
    seen: dict[tuple[str, str], tuple[str, str]] = {}
    columns = ["reader", "part", "dataset", "subject", "person"]
    for reader, part, dataset, subject, person in table[columns].drop_duplicates().itertuples(index=False):
        whose = (family(reader, part=part, dataset=dataset), same_id(subject))
        other, name = seen.setdefault(whose, (dataset, person))
        if name != person:
            raise AnnotationError(
                f"subject {subject!r} is person {name!r} in {other} and {person!r} in {dataset}, which film "
                f"the same people; expected one: give rows for both datasets in {FILE}, in the folder of each"
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


def _by_family(entries: Sequence[Entry], *, dataset: str, reader: str) -> dict[str, str]:
    persons: dict[str, str] = {}
    for entry in entries:
        person = f"{family(reader, part=entry.part, dataset=dataset)}/{entry.subject}"
        if persons.setdefault(entry.subject, person) != person:
            raise AnnotationError(
                f"{entry.where}: subject {entry.subject!r} of part {entry.part!r} is another person than "
                "that of another part; name the parts as datasets of their own in params.yaml"
            )
    return persons


def _from_entries(entries: Sequence[Entry]) -> dict[str, str]:
    given: dict[str, str] = {}
    for entry in entries:
        if entry.person and given.setdefault(entry.subject, entry.person) != entry.person:
            raise AnnotationError(
                f"{entry.where}: subject {entry.subject!r} is person {given[entry.subject]!r} in one row and "
                f"{entry.person!r} in another; expected one: mend the column 'person'"
            )
    return given


def _from_file(places: Places, *, dataset: str, subjects: Sequence[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for cells in own_rows(places, FILE, columns=COLUMNS, dataset=dataset):
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


def _left_out(filed: Collection[str], *, subjects: Sequence[str], dataset: str) -> tuple[str, ...]:
    if not 0 < len(filed) < len(subjects):
        return ()
    return (
        f"{dataset}: {FILE} names {len(filed)} of {len(subjects)} subjects; one that is neither there nor "
        "given a person in the coding sheet counts as a person of its own",
    )
