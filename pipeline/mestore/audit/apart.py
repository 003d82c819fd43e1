"""Apart: whether every fold keeps the persons it tests out of what it trains on, and tests each clip once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mestore.audit.finding import Examined, Finding, counted
from mestore.audit.frozen import PARTS, Frozen, FrozenFold
from mestore.protocols.plan import OVERLAP

CHECK = "persons apart"
QUESTION = "Is anybody, or any clip, both trained on and tested, and is every clip tested once?"

_AGAIN = "make the folds again with `dvc repro folds`, and every score with them"


def check_apart(frozen: Frozen, table: pd.DataFrame, *, as_made: bool) -> Examined:
    """Look for persons, events and clips on two sides of a fold, and count how often each clip is tested.

    Parameters
    ----------
    frozen : Frozen
    table : DataFrame
        The clip table: which person and event a clip is of by now.
    as_made : bool
        Whether the file is what its protocol makes of the table: then a clip that is tested several times, or
        never, is so because the protocol says it.
    """
    rows = table.drop_duplicates("clip_id").set_index("clip_id").reindex(list(frozen.ids))
    persons, events = (_codes(rows[name]) for name in ("person", "event"))
    findings: list[Finding] = []
    times = np.zeros(len(frozen.ids), np.int64)
    for fold in frozen.folds:
        trained, tested = frozen.training(fold), frozen.tested(fold)
        times += tested
        findings += _parts(fold, flags=frozen.flags)
        findings += _sides(fold, rows, trained, tested, {"person": persons, "event": events})
        if fold.overlap:  # else a clip on both sides is of a person on both sides, who is named already
            findings += _same_clips(fold, frozen.ids[trained & tested])
    findings += () if as_made else _times(frozen, times[: len(frozen.clips)])
    findings += _doubled(frozen)
    return Examined(
        check=CHECK,
        question=QUESTION,
        findings=tuple(sorted(findings, key=lambda its: its.severity)),
        examined=(
            f"{counted(len(frozen.folds), 'fold')} by the names in the file, and by what the clip table says "
            f"of {counted(len(frozen.clips), 'scored clip')} and {counted(len(frozen.extra), 'extra clip')}",
            _said_of_times(times[: len(frozen.clips)], as_made=as_made),
        ),
    )


def _parts(fold: FrozenFold, *, flags: Sequence[str]) -> Iterator[Finding]:
    """Give the persons whom a fold names in two parts."""
    on_purpose = fold.overlap and any(flag.startswith(OVERLAP) for flag in flags)
    for one, other in combinations(PARTS, 2):
        shared = tuple(sorted(set(getattr(fold, one)) & set(getattr(fold, other))))
        if shared and on_purpose:
            yield Finding(
                severity="look",
                what=f"fold {fold.name!r}: {counted(len(shared), 'person')} in {one} and in {other}, which "
                "the protocol flags on purpose",
                persons=shared,
                remedy="its scores carry the flag; do not compare them with scores over persons kept apart",
            )
        elif shared:
            yield Finding(
                severity="leak",
                what=f"fold {fold.name!r}: {counted(len(shared), 'person')} in {one} and in {other}",
                persons=shared,
                remedy=_AGAIN,
            )
    for part in ("train", "test"):
        if not getattr(fold, part):
            yield Finding(severity="look", what=f"fold {fold.name!r}: nobody is in {part}", remedy=_AGAIN)


def _sides(
    fold: FrozenFold,
    rows: pd.DataFrame,
    trained: NDArray[np.bool_],
    tested: NDArray[np.bool_],
    codes: Mapping[str, NDArray[np.int64]],
) -> Iterator[Finding]:
    """Give persons and events of the clip table on both sides: ids and names in the file may hide them."""
    if fold.overlap:
        return
    named = set(fold.test) & {*fold.train, *fold.validation}
    new = trained & ~rows["person"].isin(named).to_numpy()
    for what, code in codes.items():
        here = np.zeros(int(code.max(initial=-1)) + 1, bool)
        here[code[tested & (code >= 0)]] = True
        both = new & (code >= 0)
        both[both] = here[code[both]]
        if not both.any():
            continue
        again, new = rows[both], new & ~both
        yield Finding(
            severity="leak",
            what=f"fold {fold.name!r} trains on {counted(int(both.sum()), 'clip')} of "
            f"{counted(again[what].nunique(), what)} that it tests, as the clip table has it",
            persons=tuple(sorted(set(again["person"]))),
            clips=tuple(again.index),
            remedy=_AGAIN,
        )


def _same_clips(fold: FrozenFold, clips: Iterable[str]) -> Iterator[Finding]:
    shared = tuple(clips)
    if shared:
        yield Finding(
            severity="leak",
            what=f"fold {fold.name!r} trains on {counted(len(shared), 'clip')} that it tests",
            clips=shared,
            remedy=_AGAIN,
        )


def _times(frozen: Frozen, times: NDArray[np.int64]) -> Iterator[Finding]:
    scored = frozen.ids[: len(times)]
    for what, chosen in (("never", times == 0), ("in more than one fold", times > 1)):
        if chosen.any():
            yield Finding(
                severity="look",
                what=f"{counted(int(chosen.sum()), 'scored clip')} tested {what}",
                clips=tuple(scored[chosen]),
                remedy=_AGAIN,
            )


def _doubled(frozen: Frozen) -> Iterator[Finding]:
    both = tuple(sorted(frozen.clips.keys() & frozen.extra.keys()))
    if both:
        yield Finding(
            severity="leak",
            what=f"{counted(len(both), 'scored clip')} among the extra ones that may be trained on",
            clips=both,
            remedy=_AGAIN,
        )


def _said_of_times(times: NDArray[np.int64], *, as_made: bool) -> str:
    once = int((times == 1).sum())
    said = f"{counted(once, 'clip')} of {len(times):,} tested once"
    odd = len(times) - once
    return f"{said}; {odd:,} never or several times, as the protocol makes it" if odd and as_made else said


def _codes(column: "pd.Series[str]") -> NDArray[np.int64]:
    """Return a number for each value; -1 where the clip table has no such clip."""
    return np.asarray(pd.factorize(column)[0], np.int64)
