"""Notes: what a reader must know of a score before comparing it, worst first."""

from collections.abc import Iterator, Mapping

import pandas as pd

from mestore.counting import counted
from mestore.protocols.folds import Folds
from mestore.protocols.plan import OVERLAP

UNSAID = "nobody said what the models were fitted on: nobody checked that"


def notes_of(
    folds: Folds, table: pd.DataFrame, *, missing: str, fits: Mapping[str, frozenset[str]], strays: int
) -> list[str]:
    """Return the notes of a set of predictions, but for how often one looked.

    Parameters
    ----------
    folds : Folds
    table : DataFrame
        Columns fold and predicted, empty without a prediction: a row per scored clip and fold.
    missing : {"wrong", "drop"}
        What a clip without a prediction counts as.
    fits : mapping of str to frozenset of str
        The persons whom the models of each fold were fitted on; empty: nobody said.
    strays : int
        How many clips models were fitted on though their fold does not train on them.
    """
    return [
        *_overlap(folds),
        *folds.flags,
        *_missing(folds, table, missing=missing),
        *_fits(folds, table, fits=fits, strays=strays),
    ]


def looks(count: int, *, others: int) -> str:
    """Return how many sets of predictions were scored.

    Examples
    --------
    >>> looks(1, others=5)
    '1 set of predictions scored against these folds, 5 against other versions of them'
    """
    said = f"{counted(count, 'set')} of predictions scored against these folds"
    return said + (f", {others} against other versions of them" if others else "")


def _overlap(folds: Folds) -> Iterator[str]:
    """Tell of persons on both sides where no flag does: somebody edited the folds."""
    both = {person for fold in folds for person in set(fold.train).intersection(fold.test)}
    if both and not any(flag.startswith(OVERLAP) for flag in folds.flags):
        yield f"{OVERLAP}: {len(both)} trained on and tested, which the protocol does not say; not comparable"


def _missing(folds: Folds, table: pd.DataFrame, *, missing: str) -> Iterator[str]:
    predicted = table["predicted"] != ""
    there, whole = int(predicted.sum()), len(table)
    if there == whole:
        return
    if missing == "wrong":
        yield f"{whole - there} of {whole} clips have no prediction and count as wrong"
        return
    yield f"{there} of {whole} clips, not comparable"
    empty = len(folds) - table.loc[predicted, "fold"].nunique()
    if empty:
        yield f"{empty} of {len(folds)} folds have no prediction and are in no mean over folds"


def _fits(
    folds: Folds, table: pd.DataFrame, *, fits: Mapping[str, frozenset[str]], strays: int
) -> Iterator[str]:
    elsewhere = {person for fold in folds for person in fits[fold.name].difference(fold.train)}
    if elsewhere:
        yield f"fitted on {counted(len(elsewhere), 'person')} whom the fold does not train on"
    if strays:
        yield f"fitted on {counted(strays, 'clip')} that the fold does not train on"
    # Of a fold without a prediction there is nothing to be said.
    predicted = sorted(set(table.loc[table["predicted"] != "", "fold"]))
    unsaid = [name for name in predicted if not fits[name]]
    if unsaid and len(unsaid) == len(predicted):
        yield UNSAID
    elif unsaid:
        yield f"of {len(unsaid)} of {len(predicted)} folds nobody said what the models were fitted on"
