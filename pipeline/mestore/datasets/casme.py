"""CASME (Yan et al. 2013): 60 fps, `sub<SS>/<Filename>/[reg_]<Filename>-<n>.jpg`, frames padded or not.

The sheet gives the apex as a plateau, ApexF1 to ApexF2: the apex is ApexF1, as in MEB, and ApexF2, empty for
a third of the rows, is not kept. Its columns Onset and Total are durations in ms and are not read. Errors of
the 189-row edition are known by row number alone (datasets.md 4.1), so none is corrected here: those clips
have gaps or fail, and a lab that has the folders writes its corrections.csv.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from mestore.datasets.casme2 import subject_id
from mestore.datasets.entry import Annotation, Entry
from mestore.datasets.find import find_frames, find_sheet
from mestore.datasets.folder import folders_below, inside
from mestore.datasets.sheet import Sheet, SheetRow, read_sheet, spreadsheets
from mestore.datasets.spec import ReaderOptions
from mestore.errors import ClipFault

FPS = "60"

FOLDERS = {"raw": ("CASME_raw_selected",), "cropped": ("Cropped",)}
"""Where each layout's subjects are."""

SECTIONS = (("CASME_A/Section A", "Section A"), ("CASME_B/Section B", "Section B"))
"""The original delivery: two sections, filmed by two cameras. The name of B's folder follows A's."""

NAMES = {
    "subject": ("Subject",),
    "clip": ("Filename",),
    "onset": ("OnsetF",),
    "apex": ("ApexF1",),
    "offset": ("OffsetF",),
    "aus": ("AU",),
    "emotion": ("Emotion",),
}
COLUMNS = tuple(NAMES)


class CasmeOptions(ReaderOptions):
    """What a user may say about a copy of CASME."""

    layout: Literal["raw", "sections", "cropped"] = Field(
        "raw",
        description="which frames: raw (CASME_raw_selected), sections (CASME_A/Section A and "
        "CASME_B/Section B, the original delivery) or cropped (Cropped, registered by the authors)",
    )
    folder: str = Field(
        "",
        description="folder of the sub<SS> folders (of layout sections: of CASME_A and CASME_B) below the "
        "dataset's; empty: the layout's usual one",
    )
    sheet: str = Field(
        "",
        description="file name of the coding sheet; empty: the only sheet there with its columns, or, of "
        "layout sections, the two with Section in their names",
    )
    without_offset: Literal["fault", "mirror"] = Field(
        "fault",
        description="a clip without offset fails (fault), or ends as long after its apex as that is after "
        "its onset (mirror)",
    )


def read(root: Path, *, dataset: str, options: CasmeOptions) -> Annotation:
    """Return the annotation of a copy of CASME.

    Raises
    ------
    AnnotationError
        If the frames or the coding sheet are not found, or found twice.
    """
    places = _places(root, options)
    folders = tuple(path for place in places for path in folders_below(root, place, depth=2))
    there: dict[str, list[str]] = defaultdict(list)
    for path in folders:
        there["/".join(path.split("/")[-2:])].append(path)
    return Annotation(
        entries=tuple(
            _entry(cells, edition=sheet.name, there=there, usual=places[0], options=options)
            for sheet in _sheets(root, options)
            for cells in sheet.rows
        ),
        folders=folders,
    )


def _places(root: Path, options: CasmeOptions) -> list[str]:
    """Return the folders of subjects' folders."""
    if options.layout != "sections":
        return [_find(root, FOLDERS[options.layout], option=options.folder)]
    above = f"{options.folder}/" if options.folder else ""
    return [_find(root, [above + name for name in names]) for names in SECTIONS]


def _find(root: Path, usual: Sequence[str], *, option: str = "") -> str:
    return find_frames(root, usual=usual, holds=r"sub\d+", example="sub01, sub02, ...", option=option)


def _sheets(root: Path, options: CasmeOptions) -> list[Sheet]:
    names = [name for name in spreadsheets(root) if _of_section(name)]
    if options.layout == "sections" and names and not options.sheet:
        return [read_sheet(inside(root, name), columns=COLUMNS, names=NAMES) for name in names]
    return [find_sheet(root, columns=COLUMNS, names=NAMES, option=options.sheet, other=_of_section)]


def _of_section(name: str) -> bool:
    return "section" in name.casefold()


def _entry(
    cells: SheetRow,
    *,
    edition: str,
    there: Mapping[str, Sequence[str]],
    usual: str,
    options: CasmeOptions,
) -> Entry:
    subject, clip = subject_id(cells), cells.text("clip")
    found = there.get(f"{subject}/{clip}", ())
    fault = None
    if len(found) > 1:
        fault = ClipFault(
            found=f"folders {list(found)} for {cells.where}",
            expected="one folder per clip",
            remedy="find out which section it is of, and move the other out",
        )
    return Entry(
        subject=subject,
        clip=clip,
        onset=cells.text("onset"),
        apex=cells.text("apex"),
        offset=cells.text("offset"),
        fps=FPS,
        location=found[0] if found else f"{usual}/{subject}/{clip}",
        edition=edition,
        where=cells.where,
        event=clip,
        modality="colour",
        emotion=cells.text("emotion"),
        aus=cells.text("aus"),
        without_offset=options.without_offset,
        fault=fault,
    )
