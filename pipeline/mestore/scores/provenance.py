"""Provenance: the persons whom predictions were fitted on, and the refusal of those whom they are about."""

from collections.abc import Mapping

from mestore.counting import counted
from mestore.errors import LeakError, ScoreError
from mestore.protocols.fold import Fold
from mestore.protocols.folds import Folds

_NAMED = 3  # persons in a message


def fitted_persons(
    folds: Folds, fold: Fold, fitted_on: frozenset[str], *, persons: Mapping[str, str]
) -> frozenset[str]:
    """Return the persons whom predictions were fitted on; refuse those whom the fold tests.

    Parameters
    ----------
    folds : Folds
    fold : Fold
        One of them.
    fitted_on : frozenset of str
        Clip ids.
    persons : mapping of str to str
        Person by clip id, of the whole clip table.

    Raises
    ------
    LeakError
        If a clip is of a person whom the fold tests; in a fold with persons on both sides, if it tests it.
    ScoreError
        If a clip is unknown.
    """
    try:
        whom = frozenset(map(persons.__getitem__, fitted_on))
    except KeyError as error:
        raise ScoreError(
            f"fold {fold.name!r}: found {error.args[0]!r} in fitted_on, which is no clip of the clip table; "
            "expected ids as `store.clips()` has them"
        ) from None
    tested = whom.intersection(fold.test)
    its = fitted_on & frozenset(folds.tested(fold))
    leaked = list(its)
    if tested and not fold.overlap:
        leaked = [clip for clip in fitted_on if clip in its or persons[clip] in tested]
    if leaked:
        named = sorted({persons[clip] for clip in leaked})
        some = ", ".join(named[:_NAMED]) + (", ..." if len(named) > _NAMED else "")
        raise LeakError(
            f"fold {fold.name!r}: what made its predictions was fitted on {counted(len(leaked), 'clip')} of "
            f"{counted(len(named), 'person')} whom it tests ({some}); expected none: fit scaler, PCA, "
            "selection of features and model on fold.train alone"
        )
    return whom
