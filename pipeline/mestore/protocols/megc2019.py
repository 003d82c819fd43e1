"""megc2019: the challenge of 2019 over CASME II, SAMM and SMIC HS; three classes, one person left out each.

442 clips of 68 persons; UF1 and UAR over all folds together, and of each dataset (`Scorer.by("reader")`).

Clips of CASME II that have a label and are not in the challenge's list stand in megc2019.csv, each with its
reason. MEB drops others and comes to 145 clips all the same: sub04/EP12_01f, sub05/EP12_03f, sub24/EP02_07.
Of these sub05/EP12_03f is on the list, as surprise, and is kept here; sub05/EP09_05f is not, and MEB has it.

Who has the list itself, combined_3class_gt.csv, names it in the option `list`: then it decides, and what it
and the clip table do not agree on heads every score. Labels remain those of the clip table.

Sources: datasets.md 6.3, 5 and 1.2 (Varanka et al. 2023, section 4.3.1; combined_3class_gt.csv, counted).
"""

import csv
from importlib.resources import files

import pandas as pd
from pydantic import Field

from mestore.protocols.composite import Member, counts, members_only, missing, scored_once
from mestore.protocols.extra import with_extra
from mestore.protocols.loso import leave_one_out
from mestore.protocols.megc_list import read_list
from mestore.protocols.plan import LeftOut, Plan
from mestore.protocols.spec import ProtocolOptions

SOURCE = "datasets.md 6.3 and 1.2"
CLIPS = 442
EXCLUDED = "protocols/megc2019.csv"

MEMBERS = (
    Member(
        reader="casme2",
        clips=(145,),
        persons=(24,),
        labels={"negative": 88, "positive": 32, "surprise": 25},
    ),
    Member(
        reader="samm", clips=(133,), persons=(28,), labels={"negative": 92, "positive": 26, "surprise": 15}
    ),
    Member(
        reader="smic",
        part="hs",
        clips=(164,),
        persons=(16,),
        labels={"negative": 70, "positive": 51, "surprise": 43},
    ),
)


class Megc2019Options(ProtocolOptions):
    """What a user may say about it."""

    list: str = Field(
        "",
        description="path of the challenge's list combined_3class_gt.csv, absolute or from the workspace's "
        "folder; it then decides which clips are scored. Empty: megc2019.csv of mestore does, which gives "
        "the same clips",
    )
    extra_data: bool = Field(
        False,
        description="whether to train on the clips of all other datasets too, as in MEB's columns 'extra "
        "data'; they are never scored",
    )


def plan(table: pd.DataFrame, truth: "pd.Series[str]", options: Megc2019Options) -> Plan:
    """Return one fold per person over the composite of MEGC2019.

    Raises
    ------
    AnnotationError
        If the list cannot be read.
    LeakError
        If there are fewer than two persons.
    """
    left_out = LeftOut()
    own = members_only(table, MEMBERS, left_out, what="MEGC2019")
    clips = read_list(options.list) if options.list else None
    rows = clips.only(own, left_out) if clips else _without_excluded(own, left_out)
    scored = scored_once(rows, truth, left_out)
    found = counts(scored, truth, MEMBERS, clips=(CLIPS,), persons=(68,), source=SOURCE)
    flags = list(missing(scored, MEMBERS))
    if clips:
        found.append(clips.count(expected=(CLIPS,), source=SOURCE))
        flags += clips.flags(own, truth)
    made = Plan(folds=leave_one_out(scored["person"]), left_out=left_out.reasons, counts=found, flags=flags)
    return with_extra(made, table, own=own, scored=scored) if options.extra_data else made


def _without_excluded(rows: pd.DataFrame, left_out: LeftOut) -> pd.DataFrame:
    """Leave out the clips of megc2019.csv, each for its own reason."""
    lines = files("mestore").joinpath(EXCLUDED).read_text(encoding="utf-8").splitlines()
    for line in csv.DictReader(lines):
        named = [rows[column] == line[column] for column in ("reader", "subject", "clip")]
        rows = left_out.where(rows, named[0] & named[1] & named[2], line["reason"])
    return rows
