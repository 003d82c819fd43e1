"""Corrections: known errors of the coding sheets, mended as data, where a sheet still holds them.

Those that mestore ships are in corrections/<reader>.csv, each with its source. A lab adds its own in
`corrections.csv` in the dataset's folder. None goes by row number: a correction names the clip, the edition
of the sheet and the wrong value, and is applied only where all three are found.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from importlib.resources import as_file, files
from typing import Any

from mestore.datasets.entry import Entry
from mestore.datasets.own import CORRECTIONS, Places, own_rows
from mestore.datasets.sheet import SheetRow, read_sheet
from mestore.errors import AnnotationError

COLUMNS = ("dataset", "edition", "subject", "clip", "onset", "field", "old", "new", "reason", "source")

FIELDS = ("onset", "apex", "offset", "fps", "kind", "emotion", "objective_class", "aus")
"""Fields of an entry that a correction may change; who a clip is of and where it lies it may not."""

OUTSIDE = "<outside>"
"""Stands for any old value of `apex` that is not between onset and offset."""


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One cell of a coding sheet, as it is wrong and as it should be.

    Parameters
    ----------
    edition : str
        Pattern over the sheet's fingerprint "<rows>-<8 digits>", such as "256-*"; "*" for any.
    subject, clip, onset : str
        Whose cell it is; an empty onset stands for any.
    field : str
        One of `FIELDS`.
    old, new : str
        As in the sheet; `OUTSIDE` may stand for an old apex.
    reason, source : str
        For people.
    where : str
        The line it stands in, for messages.
    """

    edition: str
    subject: str
    clip: str
    onset: str
    field: str
    old: str
    new: str
    reason: str
    source: str
    where: str

    def __str__(self) -> str:
        return f"{self.field}: {self.old!r} -> {self.new!r} ({self.reason}; {self.source})"


Corrected = tuple[Entry, tuple[Correction, ...]]
"""An entry and the corrections that it went through, each with the value that was there as its old one."""


def shipped(reader: str) -> tuple[Correction, ...]:
    """Return the corrections that mestore knows for a dataset of the field."""
    file = files("mestore.datasets").joinpath("corrections", f"{reader}.csv")
    if not file.is_file():
        return ()
    with as_file(file) as path:
        return tuple(_correction(row) for row in read_sheet(path, columns=COLUMNS).rows)


def of_lab(places: Places, *, dataset: str) -> tuple[Correction, ...]:
    """Return the lab's own corrections.

    Raises
    ------
    AnnotationError
        If the file cannot be read, or a line is not what a correction is.
    """
    rows = own_rows(places, CORRECTIONS, columns=COLUMNS, dataset=dataset)
    return tuple(_correction(row) for row in rows)


def _correction(row: SheetRow) -> Correction:
    field = row.text("field")
    if field not in FIELDS:
        raise AnnotationError(f"{row.where}: field {field!r} cannot be corrected; expected one of {FIELDS}")
    if row.text("old") == OUTSIDE and field != "apex":
        raise AnnotationError(
            f"{row.where}: {OUTSIDE} as old value of {field!r}; it is for an apex: write the wrong value"
        )
    if row.text("old") == row.text("new"):
        raise AnnotationError(f"{row.where}: old and new value are both {row.text('old')!r}; remove the line")
    missing = [name for name in ("edition", "subject", "clip", "reason") if not row.text(name)]
    if missing:
        raise AnnotationError(f"{row.where}: {missing} are empty; fill them in ('*' is any edition)")
    return Correction(**{name: row.text(name) for name in COLUMNS[1:]}, where=row.where)


def correct(
    entries: Sequence[Entry],
    corrections: Sequence[Correction],
    *,
    own: Sequence[Correction] = (),
    fingerprints: Mapping[str, str],
) -> tuple[list[Corrected], list[Correction]]:
    """Return entries with what was corrected in each, and the corrections that found nothing to correct.

    Parameters
    ----------
    entries : sequence of Entry
    corrections : sequence of Correction
        Those that are shipped.
    own : sequence of Correction
        The lab's, which stand above them: of a cell that both correct, the lab's counts.
    fingerprints : mapping
        Fingerprint of each edition that the entries name.

    Raises
    ------
    AnnotationError
        If a correction fits two entries, or two corrections fit one cell.
    """
    of_clip: dict[tuple[str, str], list[Correction]] = defaultdict(list)
    for correction in (*own, *corrections):
        of_clip[correction.subject, correction.clip].append(correction)
    done: dict[Correction, Entry] = {}
    corrected: list[Corrected] = []
    for entry in entries:
        fitting = [
            correction
            for correction in of_clip.get((entry.subject, entry.clip), ())
            if _fits(correction, entry, fingerprints[entry.edition])
        ]
        settled = {correction.field for correction in fitting if correction in own}
        fitting = [it for it in fitting if it in own or it.field not in settled]
        for correction in fitting:
            if done.setdefault(correction, entry) is not entry:
                raise AnnotationError(
                    f"{correction.where}: fits {done[correction].where} and {entry.where}; expected one "
                    "clip: fill in column 'onset'"
                )
        said = tuple(replace(it, old=getattr(entry, it.field)) for it in fitting)
        corrected.append((_applied(entry, fitting), said))
    return corrected, [correction for correction in (*own, *corrections) if correction not in done]


def _fits(correction: Correction, entry: Entry, fingerprint: str) -> bool:
    return (
        fnmatchcase(fingerprint, correction.edition)
        and correction.onset in ("", entry.onset)
        and (
            _is_outside(entry)
            if correction.old == OUTSIDE
            else correction.old == getattr(entry, correction.field)
        )
    )


def _is_outside(entry: Entry) -> bool:
    try:
        onset, apex, offset = int(entry.onset), int(entry.apex), int(entry.offset)
    except ValueError:
        return False
    return not onset <= apex <= offset


def _applied(entry: Entry, fitting: Sequence[Correction]) -> Entry:
    fields = [correction.field for correction in fitting]
    twice = sorted({field for field in fields if fields.count(field) > 1})
    if twice:
        places = ", ".join(correction.where for correction in fitting)
        raise AnnotationError(
            f"{places}: all correct {twice} of {entry.where}; expected one: remove the others"
        )
    changes: dict[str, Any] = {correction.field: correction.new for correction in fitting}
    return replace(entry, **changes)
