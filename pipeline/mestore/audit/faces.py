"""Faces: one face under two persons, within a dataset and between datasets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mestore.audit.crops import EACH, Look
from mestore.audit.finding import Examined, Finding, counted
from mestore.audit.settled import Settled, Subject
from mestore.datasets.own import PERSONS

CHECK = "one face, two persons"
QUESTION = "Does one human being stand under two names, so that a fold may train on one and test the other?"

NEAR = 0.5
"""Distance of embeddings below which two persons are shown to a human; docs/audit.md has the figures."""

_NAMED = 20  # settled pairs, or subjects without a face, that are listed


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Whose a clip is: what the clip table says."""

    dataset: str
    subject: str
    person: str

    @property
    def key(self) -> Subject:
        """Dataset and subject."""
        return self.dataset, self.subject


def check_faces(looks: Sequence[Look], whose: Mapping[str, Identity], settled: Settled) -> Examined:
    """Compare the faces of all persons, pair by pair; the distance of two persons is that of their nearest.

    Parameters
    ----------
    looks : sequence of Look
    whose : mapping of str to Identity
        By clip id.
    settled : Settled
        Pairs about which a human has decided.
    """
    usable = sorted((look for look in looks if look.face is not None), key=lambda it: whose[it.clip].person)
    without = _without(looks, whose, {whose[look.clip].key for look in usable})
    persons = [whose[look.clip].person for look in usable]
    names, starts = np.unique(np.array(persons, object), return_index=True)
    if len(names) < 2:
        return Examined(
            check=CHECK, question=QUESTION, unseen=("faces of two persons are not there to compare", *without)
        )
    vectors = np.array([look.face for look in usable])
    distances = _distances(vectors)
    nearest = np.minimum.reduceat(np.minimum.reduceat(distances, starts, axis=0), starts, axis=1)
    findings, decided = [], []
    remedy = _Remedy(subjects=_subjects(whose), settled=settled)
    for one, other in _pairs(nearest):
        clips = _nearest_clips(usable, distances, _run(starts, one, persons), _run(starts, other, persons))
        apart = float(nearest[one, other])
        first, second = (whose[clip] for clip in clips)
        if settled.apart(first.key, second.key):
            decided.append(f"{first.person} and {second.person} ({apart:.2f})")
        else:
            findings.append(_finding(first, second, clips, apart, remedy))
    return Examined(
        check=CHECK,
        question=QUESTION,
        findings=tuple(findings),
        examined=(
            f"{counted(len(usable), 'onset frame')} of {counted(len(names), 'person')}, {EACH} clips of each "
            f"subject or fewer: {counted(len(names) * (len(names) - 1) // 2, 'pair')} of persons by their "
            f"nearest two frames; listed below {NEAR:g}",
            _spread(distances, nearest, persons),
            *_decided(decided),
        ),
        unseen=(*without, *settled.trouble),
    )


def _subjects(whose: Mapping[str, Identity]) -> dict[str, list[Subject]]:
    subjects: dict[str, list[Subject]] = {}
    for its in dict.fromkeys(whose.values()):
        subjects.setdefault(its.person, []).append(its.key)
    return subjects


def _distances(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    squares = (vectors**2).sum(axis=1)
    return np.asarray(
        np.sqrt(np.maximum(squares[:, None] + squares - 2 * vectors @ vectors.T, 0)), np.float64
    )


def _pairs(nearest: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return the pairs below `NEAR`, nearest first."""
    one, other = np.nonzero(np.triu(nearest < NEAR, k=1))
    order = np.argsort(nearest[one, other], kind="stable")
    return list(zip(one[order].tolist(), other[order].tolist(), strict=True))


def _run(starts: NDArray[np.int64], person: int, persons: Sequence[str]) -> slice:
    stop = int(starts[person + 1]) if person + 1 < len(starts) else len(persons)
    return slice(int(starts[person]), stop)


def _nearest_clips(
    looks: Sequence[Look], distances: NDArray[np.float64], one: slice, other: slice
) -> tuple[str, str]:
    block = distances[one, other]
    row, column = np.unravel_index(int(block.argmin()), block.shape)
    return looks[one.start + int(row)].clip, looks[other.start + int(column)].clip


@dataclass(frozen=True, kw_only=True)
class _Remedy:
    """What to write, and where, if two persons are one and if they are two."""

    subjects: Mapping[str, Sequence[Subject]]
    settled: Settled

    def text(self, first: Identity, second: Identity) -> str:
        one = [(*key, first.person) for key in self.subjects[second.person]]
        two = [(*its.key, its.person) for its in (first, second)]
        datasets = dict.fromkeys(dataset for dataset, *_ in (*one, *two))
        files = " and ".join(self.settled.places.get(it, f"{PERSONS} of {it}") for it in datasets)
        said = [", ".join(f"'{','.join(line)}'" for line in lines) for lines in (one, two)]
        return f"settle it in {files}: if they are one, {said[0]}; if they are two, {said[1]}"


def _finding(
    first: Identity, second: Identity, clips: tuple[str, str], apart: float, remedy: _Remedy
) -> Finding:
    return Finding(
        severity="look",
        what=f"two persons whose faces are {apart:.2f} apart",
        persons=(first.person, second.person),
        clips=clips,
        remedy=remedy.text(first, second),
    )


def _spread(distances: NDArray[np.float64], nearest: NDArray[np.float64], persons: Sequence[str]) -> str:
    """Return how far faces of one and of two persons are apart here: whether the limit fits these people."""
    codes = np.unique(np.array(persons, object), return_inverse=True)[1]
    upper = np.triu(np.ones_like(distances, bool), k=1)
    within = distances[upper & (codes[:, None] == codes)]
    between = nearest[np.triu_indices(len(nearest), k=1)]
    low, middle = np.quantile(between, [0.01, 0.5])
    said = f"distances between two persons here: lowest 1 % at {low:.2f}, median {middle:.2f}"
    if within.size:
        half, high = np.quantile(within, [0.5, 0.99])
        said += f"; between clips of one: median {half:.2f}, highest 1 % at {high:.2f}"
    return said


def _without(looks: Sequence[Look], whose: Mapping[str, Identity], seen: set[Subject]) -> tuple[str, ...]:
    """Name the subjects without a face: of a person in two datasets, the other's face may be there."""
    why = {its.key: "no crops" for its in whose.values()}
    why |= {whose[look.clip].key: "no photograph" for look in looks}
    why |= {whose[look.clip].key: look.trouble for look in looks if look.trouble}
    without = sorted((key, reason) for key, reason in why.items() if key not in seen)
    if not without:
        return ()
    named = ", ".join(f"{'/'.join(key)} ({reason})" for key, reason in without[:_NAMED])
    more = f" and {len(without) - _NAMED} more" if len(without) > _NAMED else ""
    return (f"{counted(len(without), 'subject')} without a face to compare: {named}{more}",)


def _decided(pairs: Sequence[str]) -> tuple[str, ...]:
    if not pairs:
        return ()
    more = f" and {len(pairs) - _NAMED} more" if len(pairs) > _NAMED else ""
    return (
        f"{counted(len(pairs), 'near pair')} that {PERSONS} settles as two persons: "
        f"{', '.join(pairs[:_NAMED])}{more}",
    )
