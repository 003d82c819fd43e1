"""megc2019: the challenge of 2019 over CASME II, SAMM and SMIC HS; three classes, one person left out each.

442 clips of 68 persons; UF1 and UAR over all folds together, and of each dataset (`Scorer.by("reader")`).

Clips of CASME II that have a label and are not in the challenge's list stand in megc2019.csv, each with its
reason. MEB drops others and comes to 145 clips all the same: sub04/EP12_01f, sub05/EP12_03f, sub24/EP02_07.
Of these sub05/EP12_03f is on the list, as surprise, and is kept here; sub05/EP09_05f is not, and MEB has it.

Sources: Varanka et al. 2023, section 4.3.1; combined_3class_gt.csv in davidnvq/me_recognition, counted.
"""

import csv
from importlib.resources import files

import pandas as pd

from mestore.protocols.composite import Member, counts, members_only, missing, scored_once
from mestore.protocols.extra import ExtraOptions, with_extra
from mestore.protocols.loso import leave_one_out
from mestore.protocols.plan import LeftOut, Plan

SOURCE = "combined_3class_gt.csv in davidnvq/me_recognition"
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


class Megc2019Options(ExtraOptions):
    """What a user may say about it."""


def plan(table: pd.DataFrame, truth: "pd.Series[str]", options: Megc2019Options) -> Plan:
    """Return one fold per person over the composite of MEGC2019.

    Raises
    ------
    LeakError
        If there are fewer than two persons.
    """
    left_out = LeftOut()
    own = members_only(table, MEMBERS, left_out, what="MEGC2019")
    scored = scored_once(_without_excluded(own, left_out), truth, left_out)
    made = Plan(
        folds=leave_one_out(scored["person"], of="CASME II, SAMM or SMIC HS", more=left_out.more()),
        left_out=left_out.reasons,
        counts=counts(scored, truth, MEMBERS, clips=(CLIPS,), persons=(68,), source=SOURCE),
        flags=list(missing(scored, MEMBERS, clips=(CLIPS,))),
    )
    return with_extra(made, table, own=own, scored=scored) if options.extra_data else made


def _without_excluded(rows: pd.DataFrame, left_out: LeftOut) -> pd.DataFrame:
    """Leave out the clips of megc2019.csv, each for its own reason."""
    lines = files("mestore").joinpath(EXCLUDED).read_text(encoding="utf-8").splitlines()
    for line in csv.DictReader(lines):
        named = [rows[column] == line[column] for column in ("reader", "subject", "clip")]
        rows = left_out.where(rows, named[0] & named[1] & named[2], line["reason"])
    return rows
