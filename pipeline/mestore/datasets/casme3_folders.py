"""CAS(ME)^3's folders: where each recording's frames are, in the ways that parts A and C are handed on.

Part A comes as whole recordings, `<subject>/<video>/color/<n>.jpg` with depth beside it or in a tree of its
own; as MEB's copy, in which the second expression of video e lies in e2; and as the owners' clips,
`frame/<subject>_<video>_<onset>/<n>.jpg`. Part C comes as whole recordings, `<SS>/a/color/<n>.jpg`, and as
MEB's copy, `<SS>/<count>/color/<n>.jpg`. What a folder holds tells which of these it is. No document tells of
the owners' clips, nor of part C's whole recordings: they are as public code that reads them has them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mestore.datasets.find import find_frames
from mestore.datasets.folder import inside, subfolders
from mestore.errors import AnnotationError

Modality = Literal["colour", "depth"]

SUBFOLDERS: dict[Modality, str] = {"colour": "color", "depth": "depth"}
"""What a recording's folder of frames is called."""

_CLIPS = ("Part_A_ME_clip", "Part_A_ME_clip/Part_A_ME_clip")
_TREES = (
    "part_A/data/part_A_split/part_A",
    "part_A/data/part_A",
    "part_A/data/Compressed_version1_seperate_compress",
    "part_A",
)
USUAL: dict[tuple[str, Modality], tuple[str, ...]] = {
    ("a", "colour"): (*_TREES, "RGB", "ME_A", "casme3_me_A", *(f"{clips}/frame" for clips in _CLIPS)),
    ("a", "depth"): (*_TREES, "depth", *(f"{clips}/depth" for clips in _CLIPS)),
    ("c", "colour"): ("ME_C", "part_C/RGB_Depth/part_C/part_C", "part_C/RGB_Depth/part_C", "part_C"),
    ("c", "depth"): ("part_C/RGB_Depth/part_C/part_C", "part_C/RGB_Depth/part_C", "part_C"),
}
"""What the folder of a part's subjects, or clips, is called."""

_HOLDS = {"a": r"spno\.?0*([0-9]{1,5})(?:_(.+))?", "c": r"(?:sub)?0*([0-9]{1,3})()"}
_SUBJECTS = {"a": "spNO.{}", "c": "{:02d}"}
_EXAMPLES = {"a": "spNO.1, spNO.2, ... or spNO.1_a_116, ...", "c": "01, 02, ..."}


def subject_of(text: str, *, part: str) -> str | None:
    """Return a subject in its one spelling, None if `text` names none.

    Examples
    --------
    >>> subject_of("spNo.18", part="a"), subject_of("7", part="c"), subject_of("7", part="a")
    ('spNO.18', '07', None)
    """
    match = re.fullmatch(_HOLDS[part], text, re.IGNORECASE)
    return None if match is None or match[2] else _SUBJECTS[part].format(int(match[1]))


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A copy of one part.

    Parameters
    ----------
    folder : str
        Of its subjects, or of its clips, below the dataset's folder.
    modality : {"colour", "depth"}
        Of the frames in it.
    flat : bool
        Whether `folder` holds a folder per clip rather than per subject.
    found : mapping
        Folder of frames of each (subject, name), names of videos or clips in lower case.
    """

    folder: str
    modality: Modality
    flat: bool
    found: Mapping[tuple[str, str], str]

    def frames(self, subject: str, names: Sequence[str], *, expected: str) -> str:
        """Return where a clip's frames are: in the first of `names` that is there, else where it should be.

        Parameters
        ----------
        subject : str
        names : sequence of str
            What the folder may be called, the clip's own first.
        expected : str
            What it should be called below its subject's folder.
        """
        for name in names:
            if (subject, name) in self.found:
                return self.found[subject, name]
        if self.flat:
            return f"{self.folder}/{subject}_{names[0]}"
        return f"{self.folder}/{subject}/{expected}/{SUBFOLDERS[self.modality]}"


def homes(root: Path, *, part: str, modality: Modality) -> list[str]:
    """Return those of the usual folders that hold a part."""
    found = [
        name
        for name in USUAL[part, modality]
        if (folder := inside(root, name)).is_dir()
        and any(re.fullmatch(_HOLDS[part], inner, re.IGNORECASE) for inner in subfolders(folder))
    ]
    # Trees of whole recordings may hold both modalities; one that is called depth holds that alone.
    return ["depth"] if "depth" in found else found


def find_copy(root: Path, *, part: str, modality: Modality, option: str = "") -> Copy:
    """Return the copy of a part: the only one among the usual folders, or the one the user names.

    Raises
    ------
    AnnotationError
        If there is none or more than one, or if two of its folders differ in case or zeros alone.
    """
    folder = find_frames(
        root,
        usual=homes(root, part=part, modality=modality) or USUAL[part, modality],
        holds=_HOLDS[part],
        example=_EXAMPLES[part],
        option=option,
    )
    found: dict[tuple[str, str], str] = {}
    flat = False
    for name in subfolders(inside(root, folder)):
        match = re.fullmatch(_HOLDS[part], name, re.IGNORECASE)
        if match is None:
            continue
        subject = _SUBJECTS[part].format(int(match[1]))
        flat = flat or bool(match[2])
        for clip, path in _recordings(root, f"{folder}/{name}", clip=match[2], modality=modality):
            if (twin := found.setdefault((subject, clip), path)) != path:
                raise AnnotationError(
                    f"{root}: {twin!r} and {path!r} are both {clip!r} of {subject}; expected one: "
                    "join or rename them"
                )
    return Copy(folder=folder, modality=modality, flat=flat, found=found)


def _recordings(root: Path, path: str, *, clip: str | None, modality: Modality) -> Iterator[tuple[str, str]]:
    """Yield name, in lower case, and folder of frames of what is in a subject's folder, or a clip's own."""
    if clip:
        yield clip.casefold(), path
        return
    for name in subfolders(inside(root, path)):
        frames = f"{path}/{name}/{SUBFOLDERS[modality]}"
        if (root / frames).is_dir():
            yield name.casefold(), frames
        elif modality == "depth":
            # Of some subjects the depth frames lie in the video's folder itself.
            yield name.casefold(), f"{path}/{name}"
