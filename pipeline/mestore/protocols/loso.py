"""loso: leave one person out. (The field calls it leave-one-subject-out; a person may be two subjects.)"""

import pandas as pd

from mestore.errors import LeakError
from mestore.persons import HeldOut
from mestore.protocols.fold import Fold


def loso(table: pd.DataFrame) -> list[Fold]:
    """Return one fold per person, in order of their names.

    Parameters
    ----------
    table : DataFrame
        The clips to be scored; only `person` is read.

    Examples
    --------
    >>> [fold.train for fold in loso(pd.DataFrame({"person": ["b", "a", "b"]}))]
    [('b',), ('a',)]
    """
    persons = sorted(set(table["person"]))
    if len(persons) < 2:
        raise LeakError(
            f"found {len(persons)} person(s); leaving one out needs two or more: take more subjects "
            "(datasets.<name>.subjects in params.yaml), or more datasets"
        )
    return [
        Fold(name=person, train=tuple(p for p in persons if p != person), test=HeldOut([person]))
        for person in persons
    ]
