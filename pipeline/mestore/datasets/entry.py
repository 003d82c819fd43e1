"""Entry: one annotated clip as text, as its coding sheet has it. Readers return entries and nothing else."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from mestore.errors import ClipFault

NOTHING = frozenset({"", "/", "\\"})
"""How coding sheets say that there is no such frame."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One annotated clip, before any cell is understood.

    Cells stay text here, so that corrections can be compared with what the sheet says, and so that numbers,
    labels and faults are understood in one place for all datasets (`mestore.datasets.row`).

    Parameters
    ----------
    subject, clip : str
        Id of the subject inside the dataset, and name of the clip inside the subject, as the folders have it.
    onset, apex, offset : str
        Frame numbers, as given.
    fps : str
        Frames per second.
    location : str
        Path of the frame folder or of the video, below the dataset's folder, with forward slashes.
    edition : str
        File name of the coding sheet, or `FOLDERS` where there is none.
    where : str
        Place of the row, for messages.
    media : {"frames", "video"}
        What `location` is.
    first_frame : int
        Number of a video's first frame; a folder's frames carry their numbers in their names.
    part : str
        Part of the dataset, empty where it has none.
    video : str
        The recording that the clip is cut from; empty where it is the clip's own.
    event : str
        What was filmed, inside the subject: the same for clips of one moment in several modalities; empty
        where there is one recording of it.
    kind : str
        micro or macro.
    modality : str
        What was recorded, such as colour, gray, nir or depth.
    split : str
        Where the dataset's own split puts the clip.
    emotion, objective_class, aus : str
        Labels; empty where there are none.
    person : str
        The human being, where the sheet names one.
    nothing : frozenset of str
        What a frame's cell holds where there is no such frame.
    without_offset : {"fault", "apex", "mirror"}
        What a clip without offset is: a fault, one that ends at its apex, or one that ends as long after its
        apex as that is after its onset.
    changes : tuple of str
        What the reader did to cells by a rule of the dataset, in words; for the column `corrections`.
    shift : int
        What is taken off the sheet's frame numbers to get those of the files.
    fault : ClipFault, optional
        What the reader found wrong. The clip still counts in every protocol.
    """

    subject: str
    clip: str
    onset: str
    apex: str = ""
    offset: str
    fps: str
    location: str
    edition: str
    where: str
    media: str = "frames"
    first_frame: int = 0
    part: str = ""
    video: str = ""
    event: str = ""
    kind: str = "micro"
    modality: str = ""
    split: str = ""
    emotion: str = ""
    objective_class: str = ""
    aus: str = ""
    person: str = ""
    nothing: frozenset[str] = NOTHING
    without_offset: Literal["fault", "apex", "mirror"] = "fault"
    changes: tuple[str, ...] = ()
    shift: int = 0
    fault: ClipFault | None = None


FOLDERS = "folders"
"""Edition of a dataset that ships no coding sheet: its folders say it all."""


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """A dataset as its reader understands it.

    Parameters
    ----------
    entries : tuple of Entry
        Every annotated clip.
    folders : tuple of str
        Every clip's folder (or recording) that is there, whether or not an entry names it.
    notes : tuple of str
        What the user should know.
    """

    entries: tuple[Entry, ...]
    folders: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads a dataset's coding sheets; looks for frame folders, never into frames."""

    def __call__(self, root: Path, *, dataset: str, options: Any) -> Annotation:
        """Return the annotation of the dataset in folder `root`; `options` are of the reader's own class."""
