"""Counted: clips and persons of each dataset that is scored, beside what is published of its labels."""

from collections.abc import Mapping

import pandas as pd

from mestore.protocols.plan import Count

PUBLISHED: Mapping[tuple[str, str], tuple[tuple[int, ...], tuple[int, ...], str]] = {
    ("casme", "emotion"): ((189, 193), (19,), "MEB, a sheet of 189 rows; xvrgill/yt-emotion-detection, 193"),
    ("casme2", "emotion"): ((255, 256), (26,), "davidnvq/me_recognition, a sheet of 255 rows; MEB, 256"),
    ("casme2", "casme2_5"): ((246, 247), (), "davidnvq/me_recognition, a sheet of 255 rows; MEB, 256"),
    ("samm", "emotion"): ((159,), (29,), "Varanka et al. 2023, table 1"),
    ("samm", "samm_5"): ((136,), (), "counted in davidnvq/me_recognition"),
    ("smic", "emotion"): ((164,), (16,), "4DME 2022, table 1: HS, which shows all that VIS and NIR do"),
    ("mmew", "emotion"): ((300,), (30,), "Varanka et al. 2023, table 1"),
    ("fourdme", "fourdme"): ((267,), (41, 42), "4DME 2022, table 3; MEB"),
    ("dfme", "emotion"): ((7526,), (656,), "DFME 2023, section 3.4"),
    ("dfme", "dfme_7"): ((7275,), (), "DFME 2023, section 4.1"),
}
"""Clips, persons and who says so, by reader and label; every number that is right for some edition."""


def counts(scored: pd.DataFrame, label: str) -> list[Count]:
    """Return the numbers of clips and persons of each dataset, which goes by its reader."""
    found = []
    for reader, rows in scored.groupby("reader"):
        clips, persons, source = PUBLISHED.get((str(reader), label), ((), (), ""))
        people = rows["person"].nunique()
        found.append(Count(what=f"clips of {reader}", found=len(rows), expected=clips, source=source))
        found.append(Count(what=f"persons of {reader}", found=people, expected=persons, source=source))
    return found
