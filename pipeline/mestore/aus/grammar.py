"""The grammar of AU cells: text -> coding, and back.

The grammar, after `one_line`::

    cell    = { item | "+" | "," | space }
    item    = operand { ("or" | "/") operand }          "or" binds tighter than "+"
    operand = unit | "?" | "(" cell ")" | "ref(" cell ")" | note
    unit    = [ "AU" | "AD" | "M" ] [ "L" | "R" | "A" | "B" | "T" ] number [ intensity ] [ "?" ] [ "(k)" ]
    number  = one or two digits [ "." zeros ]
    intensity = letter { "/" letter } | "(" letter { "/" letter } ")"        letters A to E
    note    = text that is none of this | '"' text '"'

Case does not matter. A word with the form of a unit is one wherever it stands, also inside free text; a
number of three or more digits is none, and neither is `R12L14`, `12th` or `4_7`: those are notes. `12.0` is
unit 12: so tables are saved whose column of numbers has empty cells. Other words with digits that ".", ":" or
"-" join are one note, and so are dates with "/": `4.7` may be 47 or 4+7, and `2023-04-07 00:00:00` is what a
spreadsheet made of somebody's `4-7`. Unit 0 is FACS's code of a neutral face. It is kept, for it says that a
coder looked and saw nothing; no policy asks for it.

"or" and "/" are alternatives only between two units or parentheses; elsewhere they are text (`n/a`, `glare or
blur`). That "or" binds tighter than "+" is our choice: in every cell seen parentheses say it. Parentheses
without a partner, or with nothing between them, are text.

The forms were collected in datasets.md section 3 from the sheets of CASME II, SAMM, SAMM-LV, CAS(ME)^3, 4DME
and DFME. Quotation marks are ours: a note that would read as something else is printed in them, " doubled.
"""

import re
from dataclasses import dataclass, field, replace

from mestore.aus.codes import NESTING, Alternatives, Coding, Note, TooDeepError, Unit, one_line, referenced

_TOKEN = re.compile(
    r"""
    (?P<DATE>[0-9]{1,4}/[0-9]{1,2}/[0-9]{3,} | [0-9]{3,}/[0-9]{1,2}/[0-9]{1,2})
    | (?P<UNIT>
        (?:(?P<prefix>[Aa][Uu]|[Aa][Dd]|[Mm])\ ?)?
        (?:(?P<side>[LRABTlrabt])\ ?)?
        (?P<number>[0-9]{1,2})
        (?: (?P<intensity>[A-Ea-e](?:/[A-Ea-e])*)(?!\w|[.:\-]+\w*[0-9])
          | (?:\.0+)?(?!\w|[.:\-]+\w*[0-9])(?:\ ?\(\ ?(?P<wavering>[A-Ea-e](?:\ ?/\ ?[A-Ea-e])*)\ ?\))?
        )
        (?P<uncertain>\ ?(?:\?+|\(\ ?\?+\ ?\)))?
        (?P<static>\ ?\(\ ?[Kk]\ ?\))?
    )
    | (?P<GLUED>(?=\w*[0-9])\w+(?:[.:\-]+(?=\w*[0-9])\w+)+ | \.(?=[0-9])\w+)
    | (?P<UNKNOWN>(?<!\w)\?+)
    | (?P<QUOTED>"[^"]*(?:""[^"]*)*")
    | (?P<OR>[Oo][Rr](?!\w)|/)
    | (?P<REF>[Rr][Ee][Ff]\ ?\()
    | (?P<OPEN>\()
    | (?P<CLOSE>\))
    | (?P<SEPARATOR>[+,])
    | (?P<SPACE>\ )
    | (?P<TEXT>\w+|.)
    """,
    re.VERBOSE | re.DOTALL,
)

_OPENING = ("OPEN", "REF")
_BEFORE_OR = ("UNIT", "UNKNOWN", "CLOSE")
_AFTER_OR = ("UNIT", "UNKNOWN", *_OPENING)
_SILENT = (*_OPENING, "CLOSE", "SEPARATOR", "SPACE")

# Each level of alternatives prints at most two pairs of parentheses; one more for ref(...), one to spare.
_PARENTHESES = 2 * NESTING + 2


@dataclass
class _Tokens:
    """A cell cut up: matches, what each is taken for, and where each opening parenthesis closes."""

    text: str
    matches: list[re.Match[str]]
    kinds: list[str]
    closing: dict[int, int] = field(default_factory=dict)
    deepest: int = 0


def parse(text: str) -> Coding:
    """Return the coding of an AU cell; what is not understood is a `Note`, and no text is an error.

    Parameters
    ----------
    text : str
        A cell as given, or as `to_text` printed it: reading that again gives an equal coding.

    Returns
    -------
    tuple of Unit, Alternatives and Note
        In the order of the text. Every digit and letter of it is there, except the zeros of `04` and `4.0`
        and the prefix AU. A cell with parentheses or alternatives nested beyond any sense is one note.

    Examples
    --------
    >>> parse("L7+glare") == (Unit(7, side="L"), Note("glare"))
    True
    >>> to_text(parse("AU4(K)，17b +(23/24)"))
    '4(k)+17B+(23 or 24)'
    >>> parse("12.0") == (Unit(12),), parse("4-7") == (Note("4-7"),)
    (True, True)
    """
    text = one_line(text)
    tokens = _cut(text)
    if tokens.deepest > _PARENTHESES:
        return (Note(text),)
    try:
        return _coding(tokens, start=0, stop=len(tokens.kinds))
    except TooDeepError:
        return (Note(text),)


def _cut(text: str) -> _Tokens:
    matches = list(_TOKEN.finditer(text))
    # lastgroup is the group that closed last: the kind, which is outermost, never a part of a unit.
    kinds = [str(match.lastgroup) for match in matches]
    tokens = _Tokens(text, matches, kinds)
    for at, match in enumerate(matches):
        if kinds[at] in ("DATE", "GLUED") or (kinds[at] == "QUOTED" and not _quoted(match)):
            kinds[at] = "TEXT"
    _pair(tokens)
    said = [at for at, kind in enumerate(kinds) if kind != "SPACE"]
    taken = ["", *(kinds[at] for at in said), ""]
    for place, at in enumerate(said, 1):
        joins = taken[place - 1] in _BEFORE_OR and taken[place + 1] in _AFTER_OR
        if taken[place] == "OR" and not joins:
            kinds[at] = "TEXT"
    return tokens


def _pair(tokens: _Tokens) -> None:
    """Find the partners of parentheses; those without one, or with nothing in between, become text."""
    kinds = tokens.kinds
    opened: list[tuple[int, int]] = []
    said = 0
    for at, kind in enumerate(kinds):
        if kind in _OPENING:
            opened.append((at, said))
        elif kind == "CLOSE" and not opened:
            kinds[at] = "TEXT"
        elif kind == "CLOSE":
            start, said_before = opened.pop()
            if said == said_before:
                kinds[start] = kinds[at] = "TEXT"
            else:
                tokens.closing[start] = at
        said += kinds[at] not in _SILENT
    for start, _ in opened:
        kinds[start] = "TEXT"
    depth = 0
    for kind in kinds:
        depth += (kind in _OPENING) - (kind == "CLOSE")
        tokens.deepest = max(tokens.deepest, depth)


def _coding(tokens: _Tokens, *, start: int, stop: int) -> Coding:
    """Return the coding of tokens start to stop; it recurses as deep as parentheses, which `parse` limits."""
    items: list[list[Coding]] = []
    joined = False
    at = start
    while at < stop:
        kind = tokens.kinds[at]
        if kind == "OR":
            joined = True
        if kind in ("OR", "SEPARATOR", "SPACE"):
            at += 1
            continue
        operand, at = _operand(tokens, at=at, stop=stop)
        if joined:
            items[-1].append(operand)
        else:
            items.append([operand])
        joined = False
    return tuple(part for options in items for part in _item(options))


def _item(options: list[Coding]) -> Coding:
    if len(options) == 1:
        return options[0]
    flat: list[Coding] = []
    for option in options:
        if len(option) == 1 and isinstance(option[0], Alternatives):
            flat.extend(option[0].options)
        else:
            flat.append(option)
    return (Alternatives(tuple(flat)),)


def _operand(tokens: _Tokens, *, at: int, stop: int) -> tuple[Coding, int]:
    """Return the operand that starts at token `at`, and the token behind it."""
    kind, match = tokens.kinds[at], tokens.matches[at]
    if kind in _OPENING:
        end = tokens.closing[at]
        inner = _coding(tokens, start=at + 1, stop=end)
        return (inner if kind == "OPEN" else _reference(inner, word=match[0][:3])), end + 1
    if kind == "UNIT":
        return (_unit(match),), at + 1
    if kind == "UNKNOWN":
        return (Unit(None, uncertain=True),), at + 1
    if kind == "QUOTED":
        return (Note(_quoted(match)),), at + 1
    end = at
    while end < stop and tokens.kinds[end] in ("TEXT", "SPACE"):
        end += 1
    return (Note(tokens.text[match.start() : tokens.matches[end - 1].end()].strip()),), end


def _quoted(match: re.Match[str]) -> str:
    return match[0][1:-1].replace('""', '"').strip()


def _reference(inner: Coding, *, word: str) -> Coding:
    # ref(glare) and ref(ref(4)) mark nothing that is not marked: the word is then kept as a note.
    marked = referenced(inner)
    return marked if marked != inner else (Note(word), *inner)


def _unit(match: re.Match[str]) -> Unit:
    prefix = (match["prefix"] or "").upper()
    intensity = match["intensity"] or match["wavering"] or ""
    return Unit(
        int(match["number"]),
        prefix="" if prefix == "AU" else prefix,
        side=(match["side"] or "").upper(),
        intensity=intensity.replace(" ", "").upper(),
        uncertain=match["uncertain"] is not None,
        static=match["static"] is not None,
    )


def to_text(coding: Coding) -> str:
    """Return the canonical text of a coding: one line, no control characters, read back as an equal coding.

    Examples
    --------
    >>> [to_text(parse(cell)) for cell in ("(R6 or  R12) + R15", "12A+ ref( 24 )", "80 (big swallow)")]
    ['(R6 or R12)+R15', '12A+ref(24)', '80+big swallow']
    """
    return "+".join(_part(part, alone=len(coding) == 1) for part in coding)


def _part(part: Unit | Alternatives | Note, *, alone: bool) -> str:
    if isinstance(part, Unit):
        return _unit_text(part)
    if isinstance(part, Note):
        return _note_text(part)
    text = " or ".join(_option(option) for option in part.options)
    return text if alone else f"({text})"


def _option(option: Coding) -> str:
    text = to_text(option)
    return text if len(option) == 1 and isinstance(option[0], Unit) else f"({text})"


def _unit_text(unit: Unit) -> str:
    if unit.reference:
        return f"ref({_unit_text(replace(unit, reference=False))})"
    number = "" if unit.number is None else unit.number
    marks = ("?" if unit.uncertain else "") + ("(k)" if unit.static else "")
    return f"{unit.prefix}{unit.side}{number}{unit.intensity}{marks}"


def _note_text(note: Note) -> str:
    # Text without quotes and parentheses reads the same wherever "+" sets it apart, so asking once is enough.
    plain = not set('()"') & set(note.text) and parse(note.text) == (note,)
    return note.text if plain else '"' + note.text.replace('"', '""') + '"'
