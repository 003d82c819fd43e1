"""CheckText: the report of `mestore check` as aligned text."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mestore.counting import counted
from mestore.datasets.expected import Count, Edition, natural

WIDTH = 100
_LABEL = 18
_VALUES = 40  # of one column; a dataset has up to 656 subjects
_EXAMPLES = 3  # of one topic
_LONGEST = 100  # characters of a text that came from a sheet
_NOTE = 400  # and of one that mestore wrote

NAMES = {
    "split": "split",
    "emotion": "emotion",
    "emotions": "exactly these",
    "objective_class": "objective class",
    "au": "action unit",
    "au_static": "with static (k)",
    "subject": "clips of subject",
}
TOTALS = {
    "clips": "clips",
    "subjects": "subjects",
    "videos": "videos",
    "aus": "action units",
    "au_kinds": "different ones",
}
"""Columns of expected.csv, as the text calls them; totals stand side by side."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One clip or folder that the user should know of.

    Parameters
    ----------
    topic : str
        What it is an example of, in the singular.
    clip : str
        Its id, or the folder.
    found, expected, remedy : str
        As in a failures table.
    wrong : bool
        Whether the clip cannot be used.
    missing : int
        How many frames are.
    """

    topic: str
    clip: str
    found: str
    expected: str = ""
    remedy: str = ""
    wrong: bool = False
    missing: int = 0


PLURALS = {
    "row without folder": "rows without folder",
    "clip without its onset or apex": "clips without their onset or apex",
    "value out of range": "values out of range",
    "row that cannot be used": "rows that cannot be used",
    "row listed twice": "rows listed twice",
    "clip with frames missing": "clips with frames missing",
    "folder without row": "folders without row",
    "clip corrected": "clips corrected",
    "clip excluded": "clips excluded",
    "apex estimated": "apexes estimated",
    "clip longer than a micro-expression": "clips longer than a micro-expression",
}
"""The topics of findings, in the order of the text."""


@dataclass(frozen=True, kw_only=True)
class CheckText:
    """All that the text says; `str` gives it."""

    title: str
    dataset: str
    root: str
    csv_file: str
    editions: Sequence[Edition]
    missing_parts: Sequence[str]
    counts: Sequence[Count]
    findings: Sequence[Finding]
    clips: int
    subjects: Sequence[str]
    without_frames: Sequence[str]
    notes: Sequence[str]

    def __str__(self) -> str:
        sources: dict[str, int] = {}
        tables = list(self._tables(sources))
        lines = [
            f"{self.title} in {plain(self.root)}",
            *self._editions(),
            *tables,
            *(f"  [{number}] {source}" for source, number in sources.items()),
            "",
            *self._findings(),
            *(f"  note: {short(note, _NOTE)}" for note in self.notes),
            f"  all counts and findings: {plain(self.csv_file)}",
            self._last(),
        ]
        return "\n".join(lines)

    def _editions(self) -> Iterator[str]:
        for it in self.editions:
            name = short(it.text)
            if not it.others:
                yield f"  edition {name}"
            elif it.known:
                yield f"  edition {name}: known"
            else:
                known, nearest = ", ".join(map(_rows, it.others)), _rows(it.nearest)
                yield f"! edition {name}: not known (those of {known} rows are); compared with {nearest} rows"
        if self.missing_parts:
            yield f"  not here: part {', '.join(self.missing_parts)}"

    def _tables(self, sources: dict[str, int]) -> Iterator[str]:
        blocks: dict[tuple[str, str, str], dict[str, list[Count]]] = defaultdict(lambda: defaultdict(list))
        for it in self.counts:
            blocks[it.part, it.kind, it.edition][it.column].append(it)
        several = len({edition for _, _, edition in blocks}) > 1
        for (part, kind, edition), columns in blocks.items():
            heading = [{"": "", "all": "all parts"}.get(part, f"part {plain(part)}"), kind]
            yield ""
            yield ", ".join(filter(None, [*heading, short(edition) if several else ""]))
            totals = [it for name in TOTALS for it in columns[name]]
            yield from _table("", totals, [TOTALS[it.column] for it in totals], sources)
            yield from _part(columns)
            for name in NAMES:
                its = [it for it in columns[name] if name != "subject" or it.expected]
                yield from _table(NAMES[name], its, [short(it.value, 24) for it in its], sources)
            yield from _subjects([it for it in columns["subject"] if not it.expected])

    def _findings(self) -> Iterator[str]:
        if self.without_frames:
            share = f"{len(self.without_frames)} of {counted(len(self.subjects), 'subject')}"
            some = _some([plain(subject) for subject in self.without_frames])
            yield f"! no clip can be used of {share}, as in a part of the dataset: {some}"
        for topic, plural in PLURALS.items():
            its = [it for it in self.findings if it.topic == topic]
            if not its:
                continue
            frames = sum(it.missing for it in its)
            said = [f"{len(its)} {topic if len(its) == 1 else plural}", counted(frames, "frame")]
            yield f"{'!' if its[0].wrong else ' '} {', '.join(said if frames else said[:1])}"
            width = max(len(plain(it.clip)) for it in its[:_EXAMPLES])
            for it in its[:_EXAMPLES]:
                # Of the other topics the heading says what is expected.
                wanted = f"; expected {short(it.expected)}" if topic == "row that cannot be used" else ""
                yield f"    {plain(it.clip):{min(width, 50)}}  {short(it.found)}{wanted}".rstrip()
            if len(its) > _EXAMPLES:
                yield f"    and {len(its) - _EXAMPLES} more"

    def _last(self) -> str:
        verdicts = [it.verdict for it in self.counts]
        compared, differ = verdicts.count("ok") + verdicts.count("differs"), verdicts.count("differs")
        held = f"{counted(self.clips, 'clip')} of {counted(len(self.subjects), 'subject')}"
        if not compared:
            said = f"{held}, with nothing to compare them with"
        elif differ:
            said = f"{held}; {differ} of {counted(compared, 'count')} differ{'s' * (differ == 1)}"
        else:
            said = f"{held}; all {counted(compared, 'count')} as stated"
        wrong = sum(it.wrong for it in self.findings)
        return f"{plain(self.dataset)}: {said}" + (
            f"; {counted(wrong, 'row')} cannot be used" if wrong else ""
        )


def _rows(pattern: str) -> str:
    return pattern.partition("-")[0]


def _part(columns: Mapping[str, Sequence[Count]]) -> Iterator[str]:
    """Say that classes are not compared, where so few subjects are there."""
    skipped = {it.column for its in columns.values() for it in its if it.verdict == "not compared"}
    if skipped - {"objective_class"}:
        [it] = columns["subjects"]
        yield f"! {it.found} of {min(it.expected)} subjects: part of the dataset; classes are not compared"


def _table(
    label: str, counts: Sequence[Count], names: Sequence[str], sources: dict[str, int]
) -> Iterator[str]:
    """Yield lines with the values of one column side by side, found above expected."""
    if label and [it.value for it in counts] == [""]:
        mark = "!" if counts[0].verdict == "differs" else " "
        yield f"{mark} {label:{_LABEL}}none here; {counts[0].expected[0]} expected"
        return
    cells = [
        (name, ("!" if it.verdict == "differs" else "") + str(it.found), _expected(it), it)
        for name, it in list(zip(names, counts, strict=True))[:_VALUES]
    ]
    for chunk in _chunks(cells):
        widths = [max(map(len, texts[:3])) + 2 for texts in chunk]
        its = [texts[3] for texts in chunk]
        names, found, expected = (
            "".join(f"{texts[row]:>{width}}" for texts, width in zip(chunk, widths, strict=True))
            for row in range(3)
        )
        yield f"  {label:{_LABEL}}{names}"
        yield f"{'!' if '!' in found else ' '}   {'found':{_LABEL - 2}}{found}"
        stated = dict.fromkeys(it.source for it in its if _expected(it) != "-")
        if stated:
            references = "".join(f"[{sources.setdefault(it, len(sources) + 1)}]" for it in stated)
            yield f"    {'expected':{_LABEL - 2}}{expected}  {references}"
    if len(counts) > _VALUES:
        yield f"    and {len(counts) - _VALUES} more"


def _subjects(counts: Sequence[Count]) -> Iterator[str]:
    """Yield lines with the clips of each subject, or of how many subjects there are."""
    label = f"  {NAMES['subject']:{_LABEL}}  "
    if len(counts) > _VALUES:
        numbers = [it.found for it in counts]
        yield f"{label}{min(numbers)} to {max(numbers)} of each of {len(counts)}"
        return
    said = [f"{short(it.value, 24)} {it.found}" for it in counts]
    width = max(map(len, said), default=0) + 2
    of_line = (WIDTH - len(label)) // width
    for start in range(0, len(said), of_line):
        texts = "".join(f"{text:{width}}" for text in said[start : start + of_line])
        yield f"{'' if start else label:{len(label)}}{texts}".rstrip()


def _expected(count: Count) -> str:
    return "|".join(map(str, count.expected)) if count.verdict in ("ok", "differs") else "-"


Cells = tuple[str, str, str, Count]


def _chunks(cells: Sequence[Cells]) -> Iterator[list[Cells]]:
    """Yield cells in groups that fit into a line."""
    chunk: list[Cells] = []
    width = _LABEL
    for texts in cells:
        needed = max(map(len, texts[:3])) + 2
        if chunk and width + needed > WIDTH:
            yield chunk
            chunk, width = [], _LABEL
        chunk.append(texts)
        width += needed
    if chunk:
        yield chunk


def _some(names: Sequence[str]) -> str:
    names = sorted(names, key=natural)
    return ", ".join(names[:_EXAMPLES]) + (", ..." if len(names) > _EXAMPLES else "")


def plain(text: str) -> str:
    r"""Return a text that cannot command a terminal: what does not print is escaped.

    Examples
    --------
    >>> plain("sub01\x1b[2J"), plain("4，11")
    ('sub01\\x1b[2J', '4，11')
    """
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def short(text: str, longest: int = _LONGEST) -> str:
    """Return a text for a line: plain, and not longer than `longest`."""
    text = plain(text)
    return text if len(text) <= longest else text[: longest - 3] + "..."
