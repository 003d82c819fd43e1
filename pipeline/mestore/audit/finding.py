"""Finding: one thing that an audit found; Examined: what a check looked at, so that silence has a meaning."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["leak", "look"]

_SHOWN = 5  # names in a line


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that leaks, or that a human must look at.

    Parameters
    ----------
    severity : {"leak", "look"}
        Whether it is certain, or for a human to settle.
    what : str
        One sentence without names of persons and clips.
    remedy : str
        What to do.
    persons, clips : tuple of str
        Whom and which it is about.
    """

    severity: Severity
    what: str
    remedy: str
    persons: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()

    def __str__(self) -> str:
        about = [f"{what} {some(names)}" for what, names in self.about if names]
        return "; ".join([f"{self.severity.upper()}: {self.what}", *about, self.remedy])

    @property
    def about(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Persons and clips, each with its word."""
        return ("persons", self.persons), ("clips", self.clips)


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What one check looked at and what it found.

    Parameters
    ----------
    check : str
        Its name.
    question : str
        What it asks, for a reader who does not know mestore.
    findings : tuple of Finding
        Leaks first.
    examined, unseen : tuple of str
        What was looked at and how, with numbers; what could not be, and why.
    """

    check: str
    question: str
    findings: tuple[Finding, ...] = ()
    examined: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


def some(names: Sequence[str]) -> str:
    """Return the first few names, and how many more there are.

    Examples
    --------
    >>> some(["a", "b"]), some(list("abcdefg"))
    ('a, b', 'a, b, c, d, e and 2 more')
    """
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def counted(number: int, what: str) -> str:
    """Return a number of things.

    Examples
    --------
    >>> counted(1, "clip"), counted(12000, "clip")
    ('1 clip', '12,000 clips')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"
