"""Row: one annotated clip, its numbers and labels understood."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mestore import aus
from mestore.clips import FPS_UNREAD, KINDS, UNREAD
from mestore.datasets.correction import Correction
from mestore.datasets.entry import Entry
from mestore.errors import AnnotationError, ClipFault
from mestore.labels.objective import CLASSES
from mestore.store.layout import subject_key

_LONGEST_KEY = 200  # bytes of a name as a folder of a store; file systems take 255, with what is added to it


@dataclass(frozen=True, kw_only=True)
class Row:
    """One annotated clip.

    Parameters
    ----------
    entry : Entry
        Where it came from, corrections applied.
    onset, offset : int
        Frame numbers, as in the file names; `UNREAD` where a cell could not be read.
    apex : int or None
        Frame number; None where there is none.
    apex_source : str
        annotated or corrected; empty where there is no apex.
    fps : float
        Frames per second.
    kind : {"micro", "macro"}
        What the clip shows.
    emotion, objective_class, aus : str
        Labels in one spelling; empty where there are none.
    corrections : tuple of str
        What was changed, and why.
    fault : ClipFault, optional
        What could not be understood. The clip still counts in every protocol.
    """

    entry: Entry
    onset: int = UNREAD
    apex: int | None = None
    offset: int = UNREAD
    apex_source: str = ""
    fps: float = FPS_UNREAD
    kind: str = KINDS[0]
    emotion: str = ""
    objective_class: str = ""
    aus: str = ""
    corrections: tuple[str, ...] = ()
    fault: ClipFault | None = None


def understand(entry: Entry, *, applied: Sequence[Correction] = ()) -> Row:
    """Return the row of an entry; what cannot be understood becomes the row's fault.

    Parameters
    ----------
    entry : Entry
        With corrections applied.
    applied : sequence of Correction
        Those corrections.

    Raises
    ------
    AnnotationError
        If the entry's subject, clip or part is no name: a clip that cannot be named cannot be counted.
    """
    check_names(entry)
    row = Row(
        entry=entry,
        corrections=(*map(str, applied), *entry.changes),
        fault=entry.fault,
    )
    # Each by itself: a macro-expression whose onset cannot be read is still no micro-expression.
    for part in _PARTS:
        try:
            row = part(row)
        except ClipFault as fault:
            row = replace(row, fault=row.fault or fault)
    if row.apex is not None and any(correction.field == "apex" for correction in applied):
        row = replace(row, apex_source="corrected")
    return row


def check_names(entry: Entry) -> None:
    """Raise `AnnotationError` unless the names of an entry can be part of a clip's id."""
    for what in ("edition", "subject", "clip", *(["part"] if entry.part else [])):
        check_name(getattr(entry, what), what=what, where=entry.where)
    for what in ("location", "emotion", "video", "event", "split"):
        _check_utf8(getattr(entry, what), what=what, where=entry.where)


def _check_utf8(text: str, *, what: str, where: str) -> None:
    """Refuse what the clip table cannot hold: names of folders come in whatever encoding a disk had."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise AnnotationError(
            f"{where}: {text!r} as {what} is no UTF-8; rename the file or folder, or mend the cell"
        ) from None


def check_name(name: str, *, what: str, where: str) -> None:
    """Raise `AnnotationError` unless `name` can be part of a clip's id and name a folder of a store."""
    if not name or name in {".", ".."} or not name.isprintable() or set(name) & {"/", "\\"}:
        raise AnnotationError(
            f"{where}: {name!r} as {what} is no name; expected text without slashes; every row needs one "
            "(of merged cells only the first counts): mend the cell"
        )
    if (length := len(subject_key(name))) > _LONGEST_KEY:
        raise AnnotationError(
            f"{where}: {name!r} as {what} takes {length} bytes as the name of a folder, where a letter "
            f"outside A to Z may take 3 to 12; expected at most {_LONGEST_KEY}: shorten it"
        )


def parse_frame(text: str) -> int:
    """Return the frame number in a cell.

    Raises
    ------
    ValueError
        If the cell holds anything but a whole number of up to 18 digits.

    Examples
    --------
    >>> parse_frame("046"), parse_frame("46.0")
    (46, 46)
    """
    match = re.fullmatch(r"([0-9]{1,18})(\.0+)?", text)
    if not match:
        raise ValueError(f"{text!r} is no whole number")
    return int(match[1])


def emotion(text: str) -> str:
    """Return an emotion in one spelling.

    Examples
    --------
    >>> emotion(" Other "), emotion("Happiness")
    ('others', 'happiness')
    """
    word = text.strip().lower()
    return "others" if word == "other" else word


def objective_class(text: str) -> str:
    """Return an objective class as a Roman numeral, empty for empty.

    Raises
    ------
    ValueError
        If `text` is neither 1 to 7 nor I to VII.

    Examples
    --------
    >>> objective_class("4"), objective_class("vii"), objective_class("")
    ('IV', 'VII', '')
    """
    if not text:
        return ""
    if text.upper() in CLASSES:
        return text.upper()
    if text in set("1234567"):
        return CLASSES[int(text) - 1]
    raise ValueError(f"objective class {text!r}; expected 1 to 7 or I to VII")


def _with_emotion(row: Row) -> Row:
    return replace(row, emotion=emotion(_label(row.entry, "emotion")))


def _with_aus(row: Row) -> Row:
    return replace(row, aus=aus.to_text(aus.parse(_label(row.entry, "aus"))))


def _label(entry: Entry, what: str) -> str:
    """Return a label's cell; an error, a date or a formula without a value is none."""
    cell: str = getattr(entry, what)
    if cell.startswith(("#", "=")):
        raise _fault(entry, what, expected="a label, or empty")
    return cell


def _fault(entry: Entry, what: str, *, expected: str) -> ClipFault:
    cell: str = getattr(entry, what)
    remedy = "mend the cell, or write a line of corrections.csv"
    if cell.startswith("="):
        remedy = "open the workbook in a spreadsheet program and save it, so that the formula has a value"
    return ClipFault(found=f"{cell!r} as {what} in {entry.where}", expected=expected, remedy=remedy)


def _frame(entry: Entry, what: str) -> int | None:
    """Return a frame number as the files have it, None where the cell says that there is none."""
    text: str = getattr(entry, what)
    if text in entry.nothing:
        return None
    try:
        return parse_frame(text) - entry.shift
    except ValueError:
        raise _fault(entry, what, expected="a frame number") from None


def _with_onset(row: Row) -> Row:
    onset = _frame(row.entry, "onset")
    if onset is None:
        raise _fault(row.entry, "onset", expected="a frame number")
    return replace(row, onset=onset)


def _with_apex(row: Row) -> Row:
    apex = _frame(row.entry, "apex")
    return replace(row, apex=apex, apex_source="" if apex is None else "annotated")


def _with_offset(row: Row) -> Row:
    entry, onset, apex = row.entry, row.onset, row.apex
    offset = _frame(entry, "offset")
    if offset is None and apex is not None and onset != UNREAD and entry.without_offset != "fault":
        offset = apex if entry.without_offset == "apex" else 2 * apex - onset
    if offset is None:
        raise _fault(entry, "offset", expected="a frame number")
    return replace(row, offset=offset, corrections=row.corrections + _rules(entry, offset))


def _rules(entry: Entry, offset: int) -> tuple[str, ...]:
    """Return what was done to the frame numbers by rule, in words."""
    rules = []
    if entry.offset in entry.nothing:
        rules.append(f"offset: {entry.offset!r} -> '{offset}' (none in the sheet; {entry.without_offset})")
    if entry.shift:
        rules.append(f"frame numbers: {entry.shift} less (the files count otherwise than the sheet)")
    return tuple(rules)


def _with_fps(row: Row) -> Row:
    fps = float(row.entry.fps) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", row.entry.fps) else 0
    if fps <= 0:
        raise _fault(row.entry, "fps", expected="frames per second, such as 200 or 29.97")
    return replace(row, fps=fps)


def _with_kind(row: Row) -> Row:
    kind = row.entry.kind.strip().lower()
    if kind not in KINDS:
        raise _fault(row.entry, "kind", expected=f"one of {KINDS}")
    return replace(row, kind=kind)


def _with_class(row: Row) -> Row:
    try:
        return replace(row, objective_class=objective_class(row.entry.objective_class.strip()))
    except ValueError:
        raise _fault(row.entry, "objective_class", expected="1 to 7, I to VII, or empty") from None


_PARTS = (
    *(_with_kind, _with_fps, _with_class, _with_emotion, _with_aus),
    *(_with_onset, _with_apex, _with_offset),
)
