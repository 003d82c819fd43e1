"""Membership: whether every clip of the clip table is in exactly one place, and nothing else is."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from mestore.store.finding import Finding
from mestore.store.layout import CLIPS, FAILURES

_COLUMNS = ("onset", "apex", "offset")


@dataclass(frozen=True, kw_only=True)
class Held:
    """What the folder of a subject holds.

    Parameters
    ----------
    dataset, subject : str
        Whose folder it is, by its name.
    where : str
        The folder, for messages.
    clips : dict
        Onset, apex and offset by clip id; None if the folder is damaged: then nothing is known.
    failures : tuple of str
        Clip ids that its commit record says could not be computed.
    """

    dataset: str
    subject: str
    where: str
    clips: dict[str, tuple[int, int, int]] | None
    failures: tuple[str, ...] = ()


def check_subjects(held: Iterable[Held]) -> Iterator[Finding]:
    """Give subjects that lie in two folders: names equal but for case or Unicode form."""
    folders = defaultdict(list)
    for its in held:
        name = unicodedata.normalize("NFC", its.subject).casefold()
        folders[its.dataset, name].append(its.where)
    for (_, name), where in folders.items():
        for other in where[1:]:
            yield Finding(
                where=other, found=f"subject {name!r} in {where[0]} too", expected="one folder a subject"
            )


def check_clips(
    store: str, table: pd.DataFrame, failures: pd.DataFrame, held: Sequence[Held]
) -> Iterator[Finding]:
    """Give the clips that are nowhere, in two places, or where they do not belong.

    Parameters
    ----------
    store : str
        Its name, for messages.
    table, failures : DataFrame
        The clip table and the failures of the store.
    held : sequence of Held
        All its subjects' folders, those that are missing or damaged with `clips` None.
    """
    yield from _check_table(f"{store}/{CLIPS}", table)
    owners = dict(zip(table["clip_id"], zip(table["dataset"], table["subject"], strict=True), strict=True))
    numbers = dict(
        zip(table["clip_id"], table[list(_COLUMNS)].itertuples(index=False, name=None), strict=True)
    )
    failed = set(failures["clip_id"])
    for its in held:
        for clip, found in (its.clips or {}).items():
            yield from _check_place(its, clip, owners.get(clip))
            if clip in numbers and found != numbers[clip]:
                yield Finding(
                    where=f"{its.where}, clip {clip}",
                    found=f"onset, apex, offset {found}",
                    expected=f"{numbers[clip]}, as in {CLIPS}",
                )
        for clip in its.failures:
            if clip not in failed:
                yield Finding(
                    where=f"{store}/{FAILURES}",
                    found=f"no line about {clip}",
                    expected=f"one: {its.where} says that it failed",
                )
    yield from _check_counts(store, table, failed, held)


def _check_counts(
    store: str, table: pd.DataFrame, failed: set[str], held: Sequence[Held]
) -> Iterator[Finding]:
    places = Counter(clip for its in held for clip in its.clips or ())
    unknown = {(its.dataset, its.subject) for its in held if its.clips is None}
    for clip, count in places.items():
        if count > 1:
            where = ", ".join(its.where for its in held if clip in (its.clips or ()))
            yield Finding(where=f"{store}, clip {clip}", found=f"its arrays in {where}", expected="one place")
    for clip, *owner in table[["clip_id", "dataset", "subject"]].astype(str).to_numpy().tolist():
        if tuple(owner) in unknown:
            continue
        where = f"{store}, clip {clip}"
        if clip in failed and places[clip]:
            yield Finding(where=where, found=f"its arrays, and a line in {FAILURES}", expected="one of them")
        if clip not in failed and not places[clip]:
            yield Finding(
                where=where, found=f"neither arrays nor a line in {FAILURES}", expected="one of them"
            )


def _check_place(its: Held, clip: str, owner: tuple[str, str] | None) -> Iterator[Finding]:
    if owner == (its.dataset, its.subject):
        return
    expected = f"clips of {CLIPS} alone" if owner is None else f"it in the folder of {'/'.join(owner)}"
    yield Finding(where=its.where, found=f"clip {clip}", expected=expected)


def _check_table(where: str, table: pd.DataFrame) -> Iterator[Finding]:
    for clip in table.loc[table["clip_id"].duplicated(), "clip_id"]:
        yield Finding(where=where, found=f"two rows of clip {clip}", expected="one")
    for (dataset, subject), rows in table.groupby(["dataset", "subject"]):
        persons = sorted(set(rows["person"]))
        if len(persons) > 1:
            found = f"subject {dataset}/{subject} as persons {', '.join(persons)}"
            yield Finding(
                where=where, found=found, expected="one person a subject: folds are made of persons"
            )
