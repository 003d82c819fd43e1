"""Origin: whether the file of folds is of this clip table, and what its protocol makes of it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from mestore.audit.finding import Examined, Finding, Severity, counted, some
from mestore.audit.frozen import Frozen
from mestore.check_text import short
from mestore.clips import SPOTTED
from mestore.datasets.persons import refuse_torn_persons, refuse_twin_persons
from mestore.errors import AnnotationError, MEStoreError
from mestore.protocols import PROTOCOLS
from mestore.protocols.folds import Folds, row_changes
from mestore.protocols.freeze import make_folds

CHECK = "folds and clip table"
QUESTION = "Are the folds those that the protocol makes of the clips in the stores, or was either changed?"

_AGAIN = "run `dvc repro` to make stores and folds of one clip table, and score again"
_EDITED = "the file was edited, or is of another version of mestore; make it again with `dvc repro folds`"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What was examined, and whether the file is what its protocol makes of the table."""

    examined: Examined
    as_made: bool


def check_origin(frozen: Frozen, tables: Mapping[str, pd.DataFrame]) -> Origin:
    """Compare the file with the clip tables of all stores, and with folds made anew.

    Parameters
    ----------
    frozen : Frozen
    tables : mapping of str to DataFrame
        Clip table by store; the first is what the folds are made of anew.
    """
    table = next(iter(tables.values()))
    findings = [*_other_tables(tables), *_other_rows(frozen, table), *_other_persons(frozen, table)]
    names = list(_names(table))
    made, why_not = _made(frozen, table) if not findings else (None, "the clip table is another one")
    if not made and not findings:
        findings.append(_not_made(why_not))
    differs = [*_differences(frozen, made), *_other_entries(frozen, made)] if made else []
    differs += _other_layout(frozen, made) if made and not differs else ()
    unseen = () if made else (f"the folds were not made anew to compare them: {why_not}",)
    examined = [
        f"the clip tables of {counted(len(tables), 'store')} ({counted(len(table), 'clip')}, "
        f"{counted(table['person'].nunique(), 'person')}), row by row, with the digests in the file",
        "the names of persons: subjects that stand for two, and names that differ only in case or zeros",
    ]
    if made:
        examined.append(
            f"protocol {frozen.protocol!r} run again over this table, fold by fold and entry by entry"
        )
    return Origin(
        examined=Examined(
            check=CHECK,
            question=QUESTION,
            findings=tuple(sorted([*findings, *names, *differs], key=lambda its: its.severity)),
            examined=tuple(examined),
            unseen=unseen,
        ),
        as_made=made is not None and not differs,
    )


def _other_tables(tables: Mapping[str, pd.DataFrame]) -> Iterator[Finding]:
    # A store may have spotted an apex itself, and its own table says so.
    (first, table), *others = ((name, its.drop(columns=list(SPOTTED))) for name, its in tables.items())
    for name, its in others:
        if not its.equals(table):
            yield Finding(
                severity="look",
                what=f"stores {first!r} and {name!r} hold different clip tables",
                remedy=_AGAIN,
            )


def _names(table: pd.DataFrame) -> Iterator[Finding]:
    """Give what the index refuses of names of persons: a table may have been made without it."""
    checks: tuple[tuple[Severity, Callable[[], None]], ...] = (
        ("leak", lambda: refuse_torn_persons(table)),
        ("look", lambda: refuse_twin_persons(table["person"])),
    )
    for severity, refuse in checks:
        try:
            refuse()
        except AnnotationError as error:
            yield Finding(severity=severity, what=str(error), remedy=_AGAIN)
    twice = table.loc[table["clip_id"].duplicated(), "clip_id"]
    if len(twice):
        yield Finding(
            severity="look",
            what=f"{counted(len(twice), 'row')} of the clip table about a clip that has one already",
            clips=tuple(twice),
            remedy=_AGAIN,
        )


def _other_rows(frozen: Frozen, table: pd.DataFrame) -> Iterator[Finding]:
    words = {"new": "that the file lacks", "gone": "that the stores lack", "changed": "of other content"}
    for change, clips in row_changes(frozen.rows, table).items():
        if clips:
            rows = f"{counted(len(clips), 'row')} {words[change]}"
            yield Finding(
                severity="look",
                what=f"the folds were made of another clip table: {rows}",
                clips=tuple(clips),
                remedy=_AGAIN,
            )


def _other_persons(frozen: Frozen, table: pd.DataFrame) -> Iterator[Finding]:
    persons = dict(zip(table["clip_id"], table["person"], strict=True))
    said = {**frozen.extra, **frozen.clips}
    unknown = tuple(clip for clip in said if clip not in persons)
    other = tuple(clip for clip, person in said.items() if persons.get(clip, person) != person)
    if unknown:
        yield Finding(
            severity="look",
            what=f"{counted(len(unknown), 'clip')} of the folds in no clip table",
            clips=unknown,
            remedy=_AGAIN,
        )
    if other:
        yield Finding(
            severity="leak",
            what=f"{counted(len(other), 'clip')} of the folds under another person than in the clip table",
            clips=other,
            persons=tuple(sorted({said[clip] for clip in other} | {persons[clip] for clip in other})),
            remedy=_AGAIN,
        )


def _made(frozen: Frozen, table: pd.DataFrame) -> tuple[Folds | None, str]:
    if frozen.protocol not in PROTOCOLS:
        return None, f"this mestore has no protocol {frozen.protocol!r}"
    try:
        params = dict(frozen.params)
        return make_folds(table, protocol=frozen.protocol, label=frozen.label, params=params), ""
    except (MEStoreError, ValueError, TypeError) as error:
        return None, f"protocol {frozen.protocol!r} does not run over this table ({error})"


def _not_made(why: str) -> Finding:
    return Finding(
        severity="look",
        what=f"nobody can say whether the folds are what their protocol makes: {why}",
        remedy=_EDITED,
    )


def _differences(frozen: Frozen, made: Folds) -> Iterator[Finding]:
    theirs = {fold.name: fold for fold in made}
    ours = {fold.name: fold for fold in frozen.folds}
    fields = ("train", "validation", "test", "trained", "tested", "extra")
    odd = [
        name
        for name in dict.fromkeys([*ours, *theirs])
        if name not in ours
        or name not in theirs
        or ours[name].overlap != theirs[name].overlap
        or any(set(getattr(ours[name], it)) != set(getattr(theirs[name], it)) for it in fields)
    ]
    if odd or len(ours) < len(frozen.folds):
        count = max(len(odd), 1)
        yield Finding(
            severity="look",
            what=f"{counted(count, 'fold')} of {len(theirs)} not as protocol {frozen.protocol!r} makes it of "
            f"this table, the first: {odd[0] if odd else 'one that stands there twice'!r}",
            remedy=_EDITED,
        )
    for what, had, has in (
        ("scored", frozen.clips, made.clips),
        ("extra", frozen.extra, made.extra),
        ("left out", frozen.left_out, made.left_out),
    ):
        clips = tuple(sorted(set(had) ^ set(has)))
        if clips:
            yield Finding(
                severity="look",
                what=f"{counted(len(clips), 'clip')} {what} in the file or by the protocol, not by both",
                clips=clips,
                remedy=_AGAIN,
            )


def _other_entries(frozen: Frozen, made: Folds) -> Iterator[Finding]:
    """Give what else a score goes by or says, where the file has other than the protocol makes."""
    for what in ("label", "params", "average", "schema"):
        had, has = (json.dumps(getattr(its, what), sort_keys=True) for its in (frozen, made))
        if had != has:
            yield _entry(f"{what} is {short(had)} in the file, and {short(has)} by the protocol")
    for what, old, new in (("flags", frozen.flags, made.flags), ("counts", frozen.counts, made.counts)):
        odd = [
            f"the {where} {short(text)!r}"
            for where, texts in (("file lacks", set(new) - set(old)), ("protocol lacks", set(old) - set(new)))
            for text in sorted(texts)
        ]
        if odd:
            yield _entry(f"{what} of the file are not those of the protocol: {some(odd)}")


def _other_layout(frozen: Frozen, made: Folds) -> Iterator[Finding]:
    """Give whatever no other comparison sees: reasons, orders, entries that nobody writes."""
    if frozen.digest != made.digest:
        yield _entry("the file holds other entries, reasons or orders than the protocol makes of this table")


def _entry(what: str) -> Finding:
    return Finding(severity="look", what=what, remedy=_EDITED)
