"""Fold: disjoint sets of persons. Folds: a protocol's folds, frozen to a file."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from mestore import clips
from mestore.errors import LeakError, MEStoreError
from mestore.persons import HeldOut

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Persons to train on, to validate on and to test on; nobody is in two of these.

    Examples
    --------
    >>> Fold(name="0", train=("ann",), test=HeldOut(["ann"]))
    Traceback (most recent call last):
        ...
    mestore.errors.LeakError: fold '0': person 'ann' is in train and in test; a person may be in one only
    """

    name: str
    train: tuple[str, ...]
    test: HeldOut
    validation: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # Whatever tuple was given: a store gives no labels of persons who are held out.
        object.__setattr__(self, "test", HeldOut(self.test))
        place: dict[str, str] = {}
        for part in ("train", "validation", "test"):
            for person in getattr(self, part):
                if person in place:
                    raise LeakError(
                        f"fold {self.name!r}: person {person!r} is in {place[person]} and in {part}; "
                        "a person may be in one only"
                    )
                place[person] = part
        for part in ("train", "test"):
            if not getattr(self, part):
                raise LeakError(f"fold {self.name!r}: nobody is in {part}; a fold needs persons in both")


@dataclass(frozen=True, kw_only=True)
class Folds:
    """The folds of a protocol over one clip table.

    Parameters
    ----------
    protocol, label : str
        How they were made, and the column of the clip table that is predicted.
    folds : sequence of Fold
    clips : mapping of str to str
        Person by clip id: the clips that are scored, whether or not they have features.
    left_out : mapping of str to str
        Why, by clip id, for those that the protocol does not score.
    table : str
        Digest of the clip table.
    """

    protocol: str
    label: str
    folds: Sequence[Fold]
    clips: Mapping[str, str]
    left_out: Mapping[str, str]
    table: str
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        tested = [person for fold in self.folds for person in fold.test]
        twice = sorted({person for person in tested if tested.count(person) > 1})
        if twice:
            raise LeakError(f"person {twice[0]!r} is tested in two folds; expected once")

    def __iter__(self) -> Iterator[Fold]:
        return iter(self.folds)

    def __len__(self) -> int:
        return len(self.folds)

    def tested(self, fold: Fold) -> list[str]:
        """Return the ids of the clips that a fold tests."""
        persons = set(fold.test)
        return sorted(clip for clip, person in self.clips.items() if person in persons)

    def save(self, path: Path) -> None:
        """Freeze to JSON; equal folds give equal bytes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), sort_keys=True, indent=1) + "\n", encoding="utf-8")


def load_folds(path: str | Path) -> Folds:
    """Read frozen folds, such as data/folds/loso.json."""
    try:
        record = json.loads(Path(path).read_bytes())
        folds = [
            Fold(
                name=it["name"],
                train=tuple(it["train"]),
                validation=tuple(it["validation"]),
                test=HeldOut(it["test"]),
            )
            for it in record.pop("folds")
        ]
        return Folds(folds=folds, **record)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise MEStoreError(f"{path} holds no folds ({error}); make them with `dvc repro folds`") from None


def eligible(table: pd.DataFrame, *, label: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the clips that an ME protocol scores, and why the others are left out."""
    if label not in clips.LABELS:
        raise MEStoreError(f"label is {label!r}; allowed: {', '.join(clips.LABELS)}")
    reasons = {
        "a macro-expression": table["kind"] != "micro",
        f"no {label}": table[label] == "",
    }
    left_out: dict[str, str] = {}
    for reason, applies in reasons.items():
        for clip in table.loc[applies, "clip_id"]:
            left_out.setdefault(clip, reason)
    return table[~table["clip_id"].isin(set(left_out))], left_out
