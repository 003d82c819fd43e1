"""Agreement of a table of annotations: one row per clip and coder, read from csv or a spreadsheet."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from mestore.agreement import Kappa, Reliability, au_reliability, fleiss_kappa
from mestore.aus import Unit, parse
from mestore.datasets.row import emotion
from mestore.datasets.sheet import SheetRow, read_sheet
from mestore.errors import AnnotationError

NEUTRAL = 0
"""The FACS number of a neutral face: what a coder writes who saw no action unit."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far the coders of a table agree.

    Parameters
    ----------
    name : str
        Of the table's file.
    clips, coders : int
        How many there are.
    emotion : Kappa or None
        None where the table has no emotions.
    unlabelled : int
        Clips that no coder gave an emotion, in a table that has emotions.
    aus : mapping of (str, str) to Reliability
        By pair of coders who coded the same clips; empty where the table has no action units.
    """

    name: str
    clips: int
    coders: int
    emotion: Kappa | None
    unlabelled: int
    aus: Mapping[tuple[str, str], Reliability]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, a list of pairs of coders in place of their mapping."""
        return {**asdict(self), "aus": [{"coders": pair, **asdict(its)} for pair, its in self.aus.items()]}


def agreement_report(path: Path) -> str:
    """Return what `table_agreement` finds, as text for a terminal."""
    found = table_agreement(path)
    lines = [f"{found.name}: {found.clips} clips, {found.coders} coders"]
    if found.emotion:
        lines += ["", *_emotion_lines(found.emotion, unlabelled=found.unlabelled)]
    if found.aus:
        lines += ["", *_au_lines(found.aus)]
    return "\n".join(lines)


def table_agreement(path: Path) -> Agreement:
    """Return the agreement of the coders in a table.

    Parameters
    ----------
    path : Path
        A .csv, .xlsx or .xls file with one row per clip and coder. Columns: clip, coder; emotion, aus or
        both; and subject, where the names of clips repeat between subjects. An empty emotion or aus says that
        this coder did not code it; aus "0" (a neutral face) that the coder saw no action unit.

    Raises
    ------
    AnnotationError
        If the table cannot be read, or holds no emotions and no action units; if a coder codes a clip twice;
        if clips have emotions of different numbers of coders, or of fewer than two; if a cell of action units
        holds a remark or leaves them open ("L12 or L14"), or no two coders coded the same clip.

    Notes
    -----
    Emotions are compared without case. Action units are compared by their numbers: sides, intensities,
    doubt, and whether one is static do not count.
    """
    sheet = read_sheet(path, columns=("clip", "coder"), optional=("subject", "emotion", "aus"))
    rows = _by_clip(sheet.rows)
    emotions = _emotions(rows)
    seen = _action_units(rows)
    if not emotions and not seen:
        raise AnnotationError(
            f"{path} has no emotions and no action units; expected a column emotion, aus or both, with values"
        )
    try:
        kappa = fleiss_kappa(emotions) if emotions else None
    except ValueError as error:
        raise AnnotationError(f"{path.name}, column 'emotion': {error}") from None
    return Agreement(
        name=path.name,
        clips=len(rows),
        coders=len({coder for coders in rows.values() for coder in coders}),
        emotion=kappa,
        unlabelled=len(rows) - len(emotions),
        aus=_pairs(seen, name=path.name) if seen else {},
    )


def _by_clip(rows: Iterable[SheetRow]) -> dict[str, dict[str, SheetRow]]:
    """Return the rows by clip and coder."""
    found: dict[str, dict[str, SheetRow]] = {}
    for row in rows:
        clip, coder = "/".join(filter(None, (row.text("subject"), row.text("clip")))), row.text("coder")
        if not row.text("clip") or not coder:
            raise AnnotationError(
                f"{row.where} names no clip or no coder; every row needs both: mend the cell"
            )
        coders = found.setdefault(clip, {})
        if coder in coders:
            raise AnnotationError(
                f"{row.where}: {coder} codes {clip} again, after {coders[coder].where}; remove one, or give "
                "the column subject if another subject's clip has this name"
            )
        coders[coder] = row
    return found


def _emotions(rows: Mapping[str, Mapping[str, SheetRow]]) -> dict[str, list[str]]:
    given = {clip: [emotion(row.text("emotion")) for row in coders.values()] for clip, coders in rows.items()}
    return {clip: labels for clip, each in given.items() if (labels := [label for label in each if label])}


def _action_units(rows: Mapping[str, Mapping[str, SheetRow]]) -> dict[str, dict[str, frozenset[int]]]:
    """Return what each coder saw, by coder and clip."""
    seen: dict[str, dict[str, frozenset[int]]] = {}
    for clip, coders in rows.items():
        for coder, row in coders.items():
            if row.text("aus"):
                seen.setdefault(coder, {})[clip] = _numbers(row)
    return seen


def _numbers(row: SheetRow) -> frozenset[int]:
    given = row.text("aus")
    coding = parse(given)
    numbers = [one.number for one in coding if isinstance(one, Unit) and one.number is not None]
    if len(numbers) < len(coding):
        raise AnnotationError(
            f"{row.where}: {given!r} in column 'aus' says more or less than which action units were seen; "
            "expected such as 4+L10, or 0 for none: settle alternatives and question marks, put remarks in "
            "another column"
        )
    return frozenset(numbers) - {NEUTRAL}


def _pairs(
    seen: Mapping[str, Mapping[str, frozenset[int]]], *, name: str
) -> dict[tuple[str, str], Reliability]:
    found = {}
    for first, second in combinations(sorted(seen), 2):
        both = {clip: (seen[first][clip], seen[second][clip]) for clip in seen[first] if clip in seen[second]}
        if both:
            found[first, second] = au_reliability(both)
    if not found:
        raise AnnotationError(
            f"{name}, column 'aus': no two coders coded the same clip; expected a row for each of two coders"
        )
    return found


def _emotion_lines(kappa: Kappa, *, unlabelled: int) -> list[str]:
    value = f"{kappa.kappa:.3f}"
    if math.isnan(kappa.kappa):
        value = "undefined, because all labels are the same and chance alone would agree"
    lines = [
        f"emotion: Fleiss' kappa {value}",
        f"  over {kappa.clips} clips, each with {kappa.coders} labels",
        f"  agreeing pairs of labels: {kappa.observed:.3f} observed, {kappa.expected:.3f} expected by chance",
    ]
    if unlabelled:
        lines.append(f"  clips without a label, left out: {unlabelled}")
    if kappa.clips == 1:
        lines.append("  one clip says nothing: its kappa depends on the number of coders alone")
    return [*lines, *_columns([(it, f"{share:.3f}") for it, share in kappa.proportions.items()])]


def _au_lines(pairs: Mapping[tuple[str, str], Reliability]) -> list[str]:
    rows = [("coders", "clips", "mean of clips", "pooled")]
    rows += [
        (" and ".join(pair), str(len(it.by_clip)), f"{it.mean:.3f}", f"{it.pooled:.3f}")
        for pair, it in pairs.items()
    ]
    return ["action units: R = 2 |A1 and A2| / (|A1| + |A2|)", *_columns(rows)]


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
