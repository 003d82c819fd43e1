"""Fold: disjoint sets of persons to train, to validate and to test on."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from mestore.errors import LeakError
from mestore.persons import HeldOut


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Persons to train on, to validate on and to test on; nobody is in two of these.

    Parameters
    ----------
    name : str
    train, validation : tuple of str
    test : HeldOut
        A store gives no labels of them.
    trained, tested : tuple of str
        The only clips of theirs that are trained on and tested; empty for all. Protocols name them that put
        one person on both sides (`overlap` says so; then `trained` is empty for all but those tested), or
        that test a person in several folds.
    extra : tuple of str
        Persons of `train` who bring extra clips only: nothing of theirs is scored, so they validate nothing.
    overlap : bool
        Whether persons may be in train and in test: what the guard is there to refuse.

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
    trained: tuple[str, ...] = ()
    tested: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    overlap: bool = False

    def __post_init__(self) -> None:
        # Whatever tuple was given: a store gives no labels of persons who are held out.
        object.__setattr__(self, "test", HeldOut(self.test))
        if self.overlap:
            self._refuse_shared_clips()
        place: dict[str, str] = {}
        for part in () if self.overlap else ("train", "validation", "test"):
            for person in getattr(self, part):
                if person in place:
                    raise LeakError(
                        f"fold {self.name!r}: person {person!r} is in {place[person]} and in {part}; "
                        "a person may be in one only"
                    )
                place[person] = part
        for part in ("train", "test"):
            if not getattr(self, part):
                raise LeakError(
                    f"fold {self.name!r}: nobody is in {part}; a fold needs persons in both: "
                    "look at the column person of its clips, and at persons.csv"
                )
        strangers = sorted(set(self.extra) - set(self.train))
        if strangers:
            raise LeakError(
                f"fold {self.name!r}: person {strangers[0]!r} brings extra clips and is not in train; "
                "expected persons of train only"
            )

    def _refuse_shared_clips(self) -> None:
        shared = sorted(set(self.trained) & set(self.tested))
        if shared or not self.tested:
            raise LeakError(
                f"fold {self.name!r} has persons in train and in test, and "
                + (f"clip {shared[0]!r} too" if shared else "does not say which clips it tests")
                + "; expected clips of its own for each"
            )

    def inner(self, *, fraction: float = 0.2, seed: int = 0) -> "Fold":
        """Return this fold with a validation set taken out of its training persons, for early stopping.

        Parameters
        ----------
        fraction : float
            Of the training persons who have clips that are scored: at least one, and never all.
        seed : int
            Chooses them, the same on every machine and for every order of persons.

        Raises
        ------
        LeakError
            If fewer than two such persons are trained on, or the fold has persons on both sides.

        Examples
        --------
        >>> inner = Fold(name="0", train=("a", "b", "c", "d"), test=HeldOut(["e"])).inner(fraction=0.25)
        >>> len(inner.train), len(inner.validation), inner.test
        (3, 1, ('e',))
        """
        scored = set(self.train) - set(self.extra)
        if self.overlap or len(scored) < 2 or self.validation:
            raise LeakError(
                f"fold {self.name!r} trains on {len(scored)} persons"
                + (f" and {len(self.extra)} more whose clips are not scored" if self.extra else "")
                + (", some of whom it tests" if self.overlap else "")
                + (" and has a validation set" if self.validation else "")
                + "; a validation set by person needs two or more, and nobody else's"
            )
        if not 0 < fraction < 1:
            raise LeakError(f"fraction is {fraction}; expected more than 0 and less than 1")
        count = min(max(round(fraction * len(scored)), 1), len(scored) - 1)
        chosen = set(shuffled(scored, seed=seed)[:count])
        return replace(
            self,
            train=tuple(person for person in self.train if person not in chosen),
            validation=tuple(sorted(chosen)),
        )


def shuffled(names: Iterable[str], *, seed: int) -> list[str]:
    """Return names in an order that a seed decides, the same on every machine and for any order given.

    Not a random generator's: its sequence may change with the library.

    Examples
    --------
    >>> shuffled(["a", "b", "c"], seed=1) == shuffled(["c", "a", "b"], seed=1)
    True
    """
    return sorted(set(names), key=lambda name: hashlib.sha256(f"{seed}/{name}".encode()).digest())
