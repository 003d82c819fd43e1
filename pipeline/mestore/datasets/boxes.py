"""Boxes: what a lab's `boxes.csv` says of where faces are, in place of what a detector would find."""

from collections.abc import Collection

from mestore.datasets.landmarks import finite
from mestore.datasets.named import Clip, named_rows
from mestore.datasets.own import BOXES as FILE
from mestore.datasets.own import Places
from mestore.errors import AnnotationError

COLUMNS = ("x", "y", "w", "h")


def boxes_of(places: Places, *, clips: Collection[Clip]) -> dict[Clip, list[float]]:
    """Return the boxes that the lab's `boxes.csv` gives, of the clips it names.

    The file has a row per clip: columns subject, clip and onset as in the clip table, and x, y, w, h of the
    face in the onset frame, in pixels of the recorded frame: left and upper edge, width, height, as
    RetinaFace draws it, from the hairline to the chin and from ear to ear. Landmarks are looked for in it.

    Parameters
    ----------
    places : Places
        Where the file may lie.
    clips : collection of (str, str, str, int)
        Part, subject, clip and onset of every clip of the dataset.

    Raises
    ------
    AnnotationError
        If the file cannot be read, names a clip twice or one that does not exist, or holds what is no box.
    """
    path = places.find(FILE, what=f"a table with the columns subject, clip, onset, {', '.join(COLUMNS)}")
    if path is None:
        return {}
    boxes = {}
    for clip, cells in named_rows(path, columns=COLUMNS, clips=clips):
        box = [finite(cells, column) for column in COLUMNS]
        if min(box[2:]) <= 0:
            raise AnnotationError(
                f"{cells.where}: a box {box[2]:g} wide and {box[3]:g} high; expected pixels above 0: mend it"
            )
        boxes[clip] = box
    return boxes
