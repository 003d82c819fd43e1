"""What an AU cell can say: units, alternatives between them, and notes."""

import re
import unicodedata
from dataclasses import KW_ONLY, dataclass, replace

NESTING = 4
"""How deep alternatives may stand inside alternatives. Cells of real sheets have one level."""

PREFIXES = ("", "AD", "M")
SIDES = ("", "L", "R", "A", "B", "T")
INTENSITIES = re.compile(r"(?:[A-E](?:/[A-E])*)?")

_BLANK = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
_FULL_WIDTH = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}


class TooDeepError(ValueError):
    """Alternatives inside alternatives, more than `NESTING` deep."""


@dataclass(frozen=True)
class Unit:
    """One action unit as coded.

    Parameters
    ----------
    number : int or None
        The FACS number, 0 to 99; None for a lone question mark: something moved, and nobody could say what.
    prefix : str
        "AD" (action descriptor) or "M" (movement of the head), as DFME writes them; else empty.
    side : str
        "L" or "R" (one side only), "A" (asymmetric: both sides, one stronger), "B" and "T" (both sides and
        top, as far as anyone can tell: no key explains them), or empty.
    intensity : str
        "A" (trace) to "E" (maximum), or several with "/" where the coder wavered, or empty.
    reference : bool
        Whether it stood in ref(...).
    static : bool
        Whether it was marked (k): there all along, not moving in the clip.
    uncertain : bool
        Whether a question mark stood behind it.

    Raises
    ------
    ValueError
        If a part is none of these, or a unit without a number is anything but uncertain.

    Notes
    -----
    Sources: Ekman, Friesen, Hager, FACS (numbers, L, R, A to E); the key above the SAMM sheet (A);
    Li et al., 4DME, Fig. 6 ((k)); datasets.md section 3 for what was seen where. SAMM's key gives "?" as
    "unclear offset"; the cell `13?` is of CAS(ME)^3 part C, which has no key.
    """

    number: int | None
    _: KW_ONLY
    prefix: str = ""
    side: str = ""
    intensity: str = ""
    reference: bool = False
    static: bool = False
    uncertain: bool = False

    def __post_init__(self) -> None:
        known = self.prefix in PREFIXES and self.side in SIDES and INTENSITIES.fullmatch(self.intensity)
        if not known or (self.number is not None and not 0 <= self.number <= 99):
            raise ValueError(
                f"no action unit: {self}; expected a number from 0 to 99, a prefix of {PREFIXES}, a side of "
                f"{SIDES} and an intensity from A to E or several joined by '/'"
            )
        bare = not (self.prefix or self.side or self.intensity or self.static) and self.uncertain
        if self.number is None and not bare:
            raise ValueError(f"{self}: a unit without a number is uncertain and nothing else but reference")


@dataclass(frozen=True)
class Alternatives:
    """Two or more codings of which one holds: `L12 or L14`, `23/24`, `(8+25) or 50`.

    Raises
    ------
    ValueError
        If there are fewer than two options, one is empty, or one is nothing but alternatives itself (their
        options belong here).
    TooDeepError
        If they nest deeper than `NESTING`.
    """

    options: "tuple[Coding, ...]"

    def __post_init__(self) -> None:
        lone = any(len(option) == 1 and isinstance(option[0], Alternatives) for option in self.options)
        if len(self.options) < 2 or not all(self.options) or lone:
            raise ValueError(
                f"expected two or more options, none empty and none just alternatives; found {self.options}"
            )
        if _depth((self,)) > NESTING:
            raise TooDeepError(f"alternatives nested deeper than {NESTING}")


@dataclass(frozen=True)
class Note:
    """Text that is no unit, as it stood: `soft focus`.

    Raises
    ------
    ValueError
        If the text is empty or not as `one_line` gives it.
    """

    text: str

    def __post_init__(self) -> None:
        if not self.text or self.text != one_line(self.text):
            raise ValueError(f"expected the text of a note as one_line gives it; found {self.text!r}")


Coding = tuple[Unit | Alternatives | Note, ...]
"""One AU cell, read: its parts in the order in which they stand; empty for an empty cell."""


def one_line(text: str) -> str:
    """Return `text` with ASCII for full-width forms and single spaces for blanks and control characters.

    Only the full-width twins of ASCII change: Unicode's NFKC would also make 42 of `4²` and 41 of `4①`.
    Format characters (zero width, right to left) and lone surrogates count as blanks: they are neither digits
    nor letters, and must not glue 1 and 2 to 12.

    Examples
    --------
    >>> one_line(" ４，１１　")
    '4,11'
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(" " if unicodedata.category(c) in _BLANK else c for c in text).translate(_FULL_WIDTH)
    return " ".join(text.split())


def units(coding: Coding) -> tuple[Unit, ...]:
    """Return all units of a coding in order, those of every alternative included."""
    found: list[Unit] = []
    for part in coding:
        if isinstance(part, Unit):
            found.append(part)
        elif isinstance(part, Alternatives):
            found.extend(unit for option in part.options for unit in units(option))
    return tuple(found)


def referenced(coding: Coding) -> Coding:
    """Return `coding` with every unit marked as reference."""
    return tuple(
        replace(part, reference=True)
        if isinstance(part, Unit)
        else Alternatives(tuple(referenced(option) for option in part.options))
        if isinstance(part, Alternatives)
        else part
        for part in coding
    )


def _depth(coding: Coding) -> int:
    inner = [part.options for part in coding if isinstance(part, Alternatives)]
    return max((1 + _depth(option) for options in inner for option in options), default=0)
