"""Copies: one clip under two ids, equal or nearly."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from mestore.audit.crops import Look
from mestore.audit.finding import Examined, Finding, Severity, counted

CHECK = "one clip, two ids"
QUESTION = "Does one recording stand under two clips, of other persons or in another dataset?"

FACE, MOTION = 0.65, 0.45
"""Correlations of onset frames and of motions above which clips of two persons are shown to a human."""

STRICT = 0.95
"""Both, for clips of one person in two datasets: two clips of one person reach .91 (docs/audit.md)."""

_BLOCK = 1024  # rows compared at once: 10,000 clips take 40 MB a block

Pair = tuple[int, int]


def check_copies(
    table: pd.DataFrame, *, looks: Sequence[Look] | None, digests: Mapping[str, str] | None
) -> Examined:
    """Compare all clips: the recordings' digests, the crops' bytes, and fingerprints of the crops.

    Parameters
    ----------
    table : DataFrame
        Clip table: clip_id, person, dataset and event.
    looks : sequence of Look, optional
        Of the crops; None without a store of them.
    digests : mapping of str to str, optional
        Of the recordings by clip id, from the index; None where it is not at hand.
    """
    rows = table.set_index("clip_id")
    contents = {
        "the same recording (digest of its frames)": digests,
        # Flat crops are equal, whoever they are of.
        "the same crops, byte by byte": None
        if looks is None
        else {it.clip: it.content for it in looks if it.fingerprint is not None},
    }
    found, by_design = _exact(rows, contents)
    findings = [_finding(rows, pair, what, severity) for pair, (what, severity) in found.items()]
    examined = [f"{what}: {counted(len(its), 'clip')}" for what, its in contents.items() if its is not None]
    unseen = []
    if digests is None:
        unseen.append("digests of the recordings: the index (data/index) is not beside the stores")
    if looks is None:
        unseen.append("crops: no store of kind align among the stores")
    else:
        near, said, flat = _near(rows, looks)
        findings += [_finding(rows, pair, how, "look") for pair, how in near if pair not in found]
        examined.append(said)
        absent = len(table) - len(looks)
        unseen += [f"{counted(absent, 'clip')} without crops"] if absent else []
        unseen += [f"{counted(flat, 'clip')} whose crops are flat"] if flat else []
    if by_design:
        examined.append(f"{counted(by_design, 'pair')} of one event of one person under two ids, by design")
    return Examined(
        check=CHECK,
        question=QUESTION,
        findings=tuple(sorted(findings, key=lambda its: its.severity)),
        examined=tuple(examined),
        unseen=tuple(unseen),
    )


def _exact(
    rows: pd.DataFrame, contents: Mapping[str, Mapping[str, str] | None]
) -> tuple[dict[Pair, tuple[str, Severity]], int]:
    """Return what is equal and how bad that is, by pair, and how many pairs are one event by design."""
    event, person = rows["event"].to_numpy(str), rows["person"].to_numpy(str)
    found: dict[Pair, tuple[str, Severity]] = {}
    by_design: set[Pair] = set()
    for what, content in contents.items():
        for one, other in _equal(rows.index, content or {}):
            same = person[one] == person[other]
            if same and event[one] == event[other]:
                by_design.add((one, other))
            else:
                found.setdefault((one, other), (what, "look" if same else "leak"))
    return found, len(by_design)


def _equal(ids: "pd.Index[str]", content: Mapping[str, str]) -> Iterator[Pair]:
    """Give the clips of equal content, each with the first of them."""
    places = defaultdict(list)
    for row, clip in enumerate(ids):
        if content.get(clip):
            places[content[clip]].append(row)
    for same in places.values():
        for other in same[1:]:
            yield same[0], other


def _near(rows: pd.DataFrame, looks: Sequence[Look]) -> tuple[list[tuple[Pair, str]], str, int]:
    """Return the pairs that look alike, most alike first, what was compared, and how many clips are flat."""
    seen = [(look.clip, look.fingerprint) for look in looks if look.fingerprint is not None]
    at = rows.index.get_indexer(pd.Index([clip for clip, _ in seen]))
    person, dataset, event = (pd.factorize(rows[name])[0][at] for name in ("person", "dataset", "event"))
    face = np.array([it.face for _, it in seen])
    motion = np.array([it.motion for _, it in seen])
    found: list[tuple[float, Pair, str]] = []
    compared = 0
    for start in range(0, len(seen), _BLOCK):
        part = slice(start, start + _BLOCK)
        faces, motions = face[part] @ face[start:].T, motion[part] @ motion[start:].T
        same = person[part, None] == person[None, start:]
        wanted = np.triu(np.ones_like(same), k=1)
        wanted &= ~same | ((dataset[part, None] != dataset[start:]) & (event[part, None] != event[start:]))
        compared += int(wanted.sum())
        alike = wanted & (faces > np.where(same, STRICT, FACE)) & (motions > np.where(same, STRICT, MOTION))
        for row, column in zip(*np.nonzero(alike), strict=True):
            score, moves = float(faces[row, column]), float(motions[row, column])
            one, other = sorted((int(at[start + row]), int(at[start + column])))
            how = f"nearly the same crops (onset frames correlate {score:.2f}, motions {moves:.2f})"
            found.append((min(score, moves), (one, other), how))
    found.sort(key=lambda it: (-it[0], it[1]))
    said = (
        f"fingerprints of onset, apex and offset of {counted(len(seen), 'clip')}: "
        f"{counted(compared, 'pair')} of two persons, or of one person in two datasets; shown above {FACE:g} "
        f"(onset frames) and {MOTION:g} (motions), of one person above {STRICT:g}"
    )
    return [(pair, how) for _, pair, how in found], said, len(looks) - len(seen)


def _finding(rows: pd.DataFrame, pair: Pair, what: str, severity: Severity) -> Finding:
    clips = tuple(str(rows.index[row]) for row in pair)
    persons = tuple(dict.fromkeys(str(rows["person"].iloc[row]) for row in pair))
    remedy = (
        "see in the coding sheets which of the two is wrong, and leave one out"
        if len(persons) == 1
        else "see whose recording it is: one person under two names is settled in persons.csv, a copy filed "
        "under the wrong subject in the recordings; then `dvc repro`"
    )
    return Finding(severity=severity, what=f"two clips: {what}", persons=persons, clips=clips, remedy=remedy)
