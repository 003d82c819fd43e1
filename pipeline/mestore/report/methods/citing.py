"""Text of methods: sentences with citations, as plain text, Markdown and LaTeX.

In a sentence a citation stands between two private characters, which `outside` takes out of whatever was not
written here: a label cannot cite.
"""

import re
from collections.abc import Callable, Iterable, Sequence

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f" ?{_OPEN}([^{_OPEN}{_CLOSE}]*){_CLOSE}")

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#~^$|@!&])")
_LATEX = {
    **{char: f"\\{char}" for char in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "×": r"$\times$",
    "–": "--",
    "−": "$-$",
    "²": r"$^2$",
    "³": r"$^3$",
    "α": r"$\alpha$",
    "ε": r"$\varepsilon$",
    "θ": r"$\theta$",
    "λ": r"$\lambda$",
    "τ": r"$\tau$",
}


def cite(*keys: str) -> str:
    """Return the mark of a citation; it follows a space."""
    return f"{_OPEN}{';'.join(keys)}{_CLOSE}"


def outside(value: object) -> str:
    r"""Return text that was not written here, such as a label, on one line and without marks of citations.

    Examples
    --------
    >>> outside("two\nlines" + cite("zhao2007"))
    'two lineszhao2007'
    """
    text = "".join(char for char in str(value) if char not in (_OPEN, _CLOSE))
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def cited(texts: Iterable[str]) -> list[str]:
    """Return the keys that texts cite, in the order of their first citation."""
    return list(
        dict.fromkeys(key for text in texts for match in _MARK.finditer(text) for key in _keys(match))
    )


def numbered(text: str, order: Sequence[str]) -> str:
    """Return plain text with numbers for citations.

    Examples
    --------
    >>> numbered("Flow " + cite("zach2007", "sanchez2013") + ".", ["zhou2011", "zach2007", "sanchez2013"])
    'Flow [2, 3].'
    """
    return _MARK.sub(lambda match: f" [{', '.join(str(order.index(key) + 1) for key in _keys(match))}]", text)


def markdown(text: str) -> str:
    r"""Return Markdown with citations as Pandoc has them.

    Examples
    --------
    >>> markdown("Flow " + cite("zach2007", "sanchez2013") + " of a_b.")
    'Flow [@zach2007; @sanchez2013] of a\\_b.'
    """
    return _rendered(
        text,
        lambda part: _MARKDOWN.sub(r"\\\1", part),
        lambda keys: f" [{'; '.join(f'@{key}' for key in keys)}]",
    )


def latex(text: str) -> str:
    r"""Return LaTeX.

    Examples
    --------
    >>> latex("Flow " + cite("zach2007", "sanchez2013") + " of 5 % of a_b.")
    'Flow~\\cite{zach2007,sanchez2013} of 5 \\% of a\\_b.'
    """
    return _rendered(
        text,
        lambda part: "".join(_LATEX.get(char, char) for char in part),
        lambda keys: rf"~\cite{{{','.join(keys)}}}",
    )


def _rendered(text: str, escape: Callable[[str], str], citation: Callable[[list[str]], str]) -> str:
    """Return text whose parts between citations are escaped."""
    pieces, at = [], 0
    for match in _MARK.finditer(text):
        pieces += [escape(text[at : match.start()]), citation(_keys(match))]
        at = match.end()
    return "".join([*pieces, escape(text[at:])])


def _keys(match: "re.Match[str]") -> list[str]:
    return match[1].split(";")


def listed(items: Iterable[str], *, word: str = "and") -> str:
    """Return items as one text, which is empty where there are none.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"]), listed([])
    ('a', 'a and b', 'a, b and c', '')
    """
    *first, last = [*items] or [""]
    return f"{', '.join(first)} {word} {last}" if first else last


def were(count: int) -> str:
    """Return the verb of a number of things."""
    return "was" if count == 1 else "were"


def to(low: float, high: float, unit: str) -> str:
    """Return a range of numbers with its unit.

    Examples
    --------
    >>> to(200, 200, "ms"), to(120, 710, "ms")
    ('200 ms', '120 to 710 ms')
    """
    return f"{low:g} {unit}" if low == high else f"{low:g} to {high:g} {unit}"
