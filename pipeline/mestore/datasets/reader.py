"""Annotation: what a dataset's reader returns, before any frame is looked at."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mestore.errors import ClipFault

CLASSES = ("I", "II", "III", "IV", "V", "VI", "VII")
"""The objective classes of Davison et al. (2017), arXiv:1708.07549."""

UNREAD = -1
"""Stands for a frame number whose cell could not be read; file names hold no negative numbers."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One annotated clip, as its coding sheet has it.

    Parameters
    ----------
    subject, clip : str
        Id of the subject inside the dataset, and name of the clip inside the subject.
    onset, offset : int
        Frame numbers; `UNREAD` where the row has a fault.
    apex : int or None
        Frame number; None where the sheet has none.
    fps : float
        Frames per second.
    location : str
        Path of the frame folder or of the video, below the dataset's folder, with forward slashes.
    edition : str
        The coding sheet the row came from.
    media : {"frames", "video"}
        What `location` is.
    first_frame : int
        Number of a video's first frame; a folder's frames carry their numbers in their names.
    part : str
        Part of the dataset, empty where it has none.
    kind : {"micro", "macro"}
        What the clip shows.
    emotion, objective_class, aus : str
        Labels; empty where there are none. Action units are the raw text of the cell.
    person : str
        The human being, where the sheet names one.
    fault : ClipFault, optional
        What could not be read. The row still counts in every protocol.
    """

    subject: str
    clip: str
    onset: int = UNREAD
    apex: int | None = None
    offset: int = UNREAD
    fps: float
    location: str
    edition: str
    media: str = "frames"
    first_frame: int = 0
    part: str = ""
    kind: str = "micro"
    emotion: str = ""
    objective_class: str = ""
    aus: str = ""
    person: str = ""
    fault: ClipFault | None = None


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """All rows of a dataset, and what its user should know about them."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads a dataset's coding sheets; looks for frame folders, never into frames."""

    def __call__(self, root: Path, *, dataset: str, options: Any) -> Annotation:
        """Return the annotation of the dataset in folder `root`; `options` are of the reader's own class."""


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
