"""official: a dataset's own split, as its column `split` has it.

4DME's release has folds (each is tested once, the others are trained on); DFME's challenge has a set to train
on and two to test (train, testA, testB: name them).
"""

from collections.abc import Mapping, Sequence

import pandas as pd
from pydantic import Field, model_validator

from mestore.errors import LeakError, MEStoreError
from mestore.persons import HeldOut
from mestore.protocols.fold import Fold
from mestore.protocols.plan import Count, LeftOut, Plan, eligible
from mestore.protocols.spec import ProtocolOptions

PUBLISHED: Mapping[tuple[str, str], tuple[int, int]] = {
    ("dfme", "train"): (1856, 176),
    ("dfme", "testA"): (474, 42),
    ("dfme", "testB"): (299, 41),
}
"""Clips and persons by reader and split."""

_CHALLENGE = "datasets.md 1.1: counted in QqXuyujie/Micro-Expression-Datasets"
_FOURDME = (267, (41, 42), "datasets.md 1.1: 4DME 2022, section 3.5; MEB")


class OfficialOptions(ProtocolOptions):
    """Which values of the column `split` are trained on and tested."""

    train: list[str] = Field([], description="splits to train on; empty: all but the one that is tested")
    test: list[str] = Field([], description="splits to test, a fold each; empty: every split")

    @model_validator(mode="after")
    def _both(self) -> "OfficialOptions":
        if bool(self.train) != bool(self.test):
            raise ValueError(
                f"train is {self.train} and test is {self.test}; expected both, or neither to test every "
                "split once"
            )
        for name in self.test:
            if name in self.train or self.test.count(name) > 1:
                raise ValueError(f"split {name!r} is named twice; expected once, in train or in test")
        return self


def plan(table: pd.DataFrame, truth: "pd.Series[str]", options: OfficialOptions) -> Plan:
    """Return one fold per tested split over all micro-expressions that have a label and a split.

    Raises
    ------
    LeakError
        If a person is in two splits.
    MEStoreError
        If no clip has a split, one that is named is not there, there is one only, or clips of several
        datasets have splits.
    """
    left_out = LeftOut()
    rows = eligible(table, truth, left_out, what=str(truth.name))
    rows = left_out.where(rows, rows["split"] == "", "in no split of its dataset")
    _refuse(rows, options)
    used = [*options.train, *options.test] or sorted(set(rows["split"]))
    unused = ~rows["split"].isin(used)
    rows = left_out.where(rows, unused, "in a split that is neither trained on nor tested")
    persons = _persons(rows)
    folds = [
        Fold(
            name=name,
            train=tuple(
                sorted(
                    person for other in options.train or used if other != name for person in persons[other]
                )
            ),
            test=HeldOut(persons[name]),
        )
        for name in options.test or used
    ]
    return Plan(folds=folds, left_out=left_out.reasons, counts=_counts(rows, persons))


def _refuse(rows: pd.DataFrame, options: OfficialOptions) -> None:
    found = sorted(set(rows["split"]))
    if not found:
        raise MEStoreError(
            "no clip with a label has a value in column 'split'; expected a dataset that has a split of its "
            "own (4DME's sheet with the column fold, DFME's challenge, or a table with a column split)"
        )
    absent = sorted({*options.train, *options.test} - set(found))
    if absent:
        raise MEStoreError(f"split {absent[0]!r} is not there; found {', '.join(map(repr, found))}")
    if not options.test and len(found) < 2:
        raise MEStoreError(f"found one split, {found[0]!r}; expected two or more, each tested once")
    readers = sorted(set(rows["reader"]))
    if len(readers) > 1:
        raise MEStoreError(
            f"clips of {' and '.join(readers)} have splits, which have nothing to do with each other; "
            "expected one dataset: choose a label that only one has, such as dfme_7 or fourdme"
        )


def _persons(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Return the persons of each split; refuse one who is in two."""
    splits = rows.groupby("person")["split"].agg(lambda values: sorted(set(values)))
    for person, values in splits.items():
        if len(values) > 1:
            raise LeakError(
                f"person {person!r} is in the splits {' and '.join(map(repr, values))}; a person may be in "
                "one only: mend the column, or the persons, or make folds by person (loso, kfold)"
            )
    return {str(name): sorted(set(part["person"])) for name, part in rows.groupby("split")}


def _counts(rows: pd.DataFrame, persons: Mapping[str, Sequence[str]]) -> list[Count]:
    reader = rows["reader"].iloc[0]
    counts = []
    for name, clips in rows.groupby("split").size().items():
        known = PUBLISHED.get((reader, str(name)))
        for what, found, place in (("clips", int(clips), 0), ("persons", len(persons[str(name)]), 1)):
            counts.append(
                Count(
                    what=f"{what} of split {name}",
                    found=found,
                    expected=(known[place],) if known else (),
                    source=_CHALLENGE if known else "",
                )
            )
    if reader == "fourdme":
        clips, people, source = _FOURDME
        everyone = sum(map(len, persons.values()))
        counts.append(Count(what="clips of fourdme", found=len(rows), expected=(clips,), source=source))
        counts.append(Count(what="persons of fourdme", found=everyone, expected=people, source=source))
    return counts
