"""The clip table: one row per labelled expression, whatever dataset it came from."""

import hashlib
from typing import TYPE_CHECKING

from mestore.errors import AnnotationError

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

UNREAD = -1
"""Stands for a frame number whose cell could not be read; file names hold no negative numbers."""

FPS_UNREAD = 1.0
"""Stands for frames per second that could not be read; no dataset is that slow."""

KINDS = ("micro", "macro")
MEDIA = ("frames", "video")

LABELS = ("emotion", "objective_class", "aus", "aus_given")
"""Columns that say what a clip shows: what a trainer may not see of a test clip."""

TELLING = (*LABELS, "corrections", "excluded", "video", "clip", "event")
"""Columns that labels can be read from: what a store does not show of persons who are held out.

SMIC, CAS(ME)^2 and MMEW write the emotion into the names of clips, and so into video, clip and event.
`clip_id` stays, because predictions go by it, and tells the emotion there too: nobody may fit anything to it.
"""

SOURCES = ("media", "frames", "paths", "landmarks", "box", "digest")
"""Columns that say where a clip's images are and what they hold; stores carry the table without them."""

SPOTTED = ("apex", "apex_source")
"""Columns that a store may have found itself (`apex` of kind align): its own table says what it used, and
another store of the same clips may say something else."""


def clip_id(*, dataset: str, subject: str, clip: str, onset: int, part: str = "") -> str:
    """Return the id of a clip, unique over all datasets.

    The onset is part of it because one video may hold several expressions (191 of CAS(ME)^3 do).

    Examples
    --------
    >>> clip_id(dataset="casme2", subject="sub01", clip="EP02_01f", onset=46)
    'casme2/sub01/EP02_01f@46'
    >>> clip_id(dataset="casme3", part="a", subject="spNO.1", clip="a", onset=8)
    'casme3-a/spNO.1/a@8'
    """
    return f"{dataset}{'-' if part else ''}{part}/{subject}/{clip}@{onset}"


COLUMNS = {
    "clip_id": ("str", "<dataset>[-<part>]/<subject>/<clip>@<onset>"),
    "dataset": ("str", "name of the dataset in params.yaml"),
    "reader": ("str", "who read it: which dataset it is, under whatever name"),
    "part": ("str", "part of the dataset, empty where it has none"),
    "subject": ("str", "id inside the dataset; the key of the stores"),
    "person": ("str", "the human being; folds are made of persons"),
    "video": ("str", "the recording that the clip is cut from; the clip where it has one of its own"),
    "clip": ("str", "name of the clip inside its subject, as given"),
    "event": ("str", "what was filmed: the same in every modality and release that show it"),
    "kind": ("str", "micro or macro"),
    "modality": ("str", "what was recorded, such as colour, gray, nir or depth; may be empty"),
    "split": ("str", "where the dataset's own split puts it; empty where it has none"),
    "onset": ("int64", "frame number of the onset, as in the file names; -1 where it could not be read"),
    "apex": ("int64", "frame number of the apex; -1 likewise"),
    "offset": ("int64", "frame number of the offset; -1 likewise"),
    "fps": ("float64", "frames per second; 1 where they could not be read"),
    "emotion": ("str", "as given, lower case, other as others; empty where there is none"),
    "objective_class": ("str", "as shipped, I to VII; empty where there is none"),
    "aus": ("str", "action units in one spelling (mestore.aus); empty where there are none"),
    "aus_given": ("str", "the cell of the action units"),
    "apex_source": (
        "str",
        "annotated, corrected or estimated:<method>; empty where the row could not be read",
    ),
    "corrections": ("str", "what was changed of the sheet, why, and who says so; empty if nothing was"),
    "excluded": ("str", "why exclusions.csv leaves the clip out of every protocol; empty if it does not"),
    "edition": (
        "str",
        "the coding sheet of this row, its number of rows and a digest of the clips they name",
    ),
    "gaps": ("bool", "whether frames between onset and offset are missing"),
    "media": ("str", "frames (a folder) or video (a file)"),
    "frames": ("object", "numbers of the frames from onset to offset that are there"),
    "paths": ("object", "their paths below the dataset's folder, or that of the video"),
    "landmarks": ("object", "136 numbers x, y of the onset frame's landmarks, where landmarks.csv has them"),
    "box": ("object", "x, y, w, h of the face in the onset frame, where boxes.csv has it"),
    "digest": ("str", "of the frames' numbers and bytes; empty where none are there"),
}
"""Columns of the clip table, in order: type and meaning; those of type object hold lists."""

TYPES = {name: kind for name, (kind, _) in COLUMNS.items()}
"""Type of each column."""


def schema() -> "pa.DataFrameSchema":
    """Return the pandera schema of the clip table; each column carries its meaning as description."""
    import pandera.pandas as pa

    rules = {"kind": pa.Check.isin(KINDS), "media": pa.Check.isin(MEDIA), "fps": pa.Check.gt(0)}
    columns = {
        name: pa.Column(
            object if kind == "object" else kind,
            rules.get(name),
            unique=name == "clip_id",
            description=meaning,
        )
        for name, (kind, meaning) in COLUMNS.items()
    }
    return pa.DataFrameSchema(columns, strict=True, ordered=True, coerce=False)


def timed(clips: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows of a clip table whose length in frames and in seconds could be read."""
    read = (clips["onset"] > UNREAD) & (clips["offset"] >= clips["onset"]) & (clips["fps"] != FPS_UNREAD)
    return clips[read]


def columns() -> list[str]:
    """Return the names of the columns, in order."""
    return list(TYPES)


def validate(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return `table` if it is a clip table; raise `AnnotationError` naming the first broken rule."""
    import pandera.errors

    try:
        return schema().validate(table)
    except pandera.errors.SchemaError as error:
        cases = error.failure_cases
        found = cases["failure_case"].iloc[0] if hasattr(cases, "columns") else cases
        raise AnnotationError(
            f"not a clip table: {error.check} fails for {error.schema.name!r}, found {found!r}; "
            "the columns and their rules are in mestore/clips.py"
        ) from error


def digest(table: "pd.DataFrame") -> str:
    """Return the digest of a clip table: equal for equal rows, in whatever order they come."""
    keep = [name for name in table.columns if name not in SOURCES]
    rows = sorted(repr(tuple(row)) for row in table[keep].astype("str").itertuples(index=False))
    return hashlib.sha256("\n".join([repr(keep), *rows]).encode()).hexdigest()


FAILURES = ("clip_id", "dataset", "subject", "store", "found", "expected", "remedy")
"""Columns of a failures table, all text: one row per clip that could not be read or computed.

The second row of a coding sheet about one clip has the clip's id with "#2"."""
