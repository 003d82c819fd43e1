"""megc2018: the challenge of 2018 over CASME II and SAMM, objective classes I to V.

Task `cde` (composite database evaluation): one person is left out at a time, of the union of both; 185 and 68
clips of 26 and 21 persons; UF1 over all folds together. Task `hde` (holdout database evaluation): two folds,
trained on CASME II and tested on SAMM, and the reverse; UAR and WAR (accuracy) of each direction
(`Scorer.by_fold`), then their mean.

The classes are those that the datasets ship. MEB guesses CASME II's with a classifier that was fitted to
SAMM, and has 194 clips of it: its numbers are of another task.

Sources: Varanka et al. 2023, appendix D; notebooks of MEB, tables 10 and 11; the columns of objective classes
in davidnvq/me_recognition, counted.
"""

from typing import Literal

import pandas as pd
from pydantic import Field

from mestore.protocols.composite import (
    Member,
    counts,
    leave_one_dataset_out,
    members_only,
    missing,
    scored_once,
    shared_persons,
)
from mestore.protocols.extra import ExtraOptions, with_extra
from mestore.protocols.loso import leave_one_out
from mestore.protocols.plan import LeftOut, Plan

SOURCE = "objective classes in davidnvq/me_recognition"
CLIPS = 253

CASME2 = Member(
    reader="casme2",
    clips=(185,),
    persons=(26,),
    labels={"I": 25, "II": 15, "III": 99, "IV": 26, "V": 20},
)
SAMM = Member(
    reader="samm", clips=(68,), persons=(21,), labels={"I": 24, "II": 13, "III": 20, "IV": 8, "V": 3}
)


class Megc2018Options(ExtraOptions):
    """Which of its two tasks."""

    task: Literal["hde", "cde"] = Field(
        "cde",
        description="cde: one person left out at a time, of both datasets together; hde: trained on one "
        "dataset and tested on the other, both ways",
    )


def plan(table: pd.DataFrame, truth: "pd.Series[str]", options: Megc2018Options) -> Plan:
    """Return the folds of a task of MEGC2018.

    Raises
    ------
    LeakError
        If `hde` lacks one of the datasets, or `cde` has fewer than two persons.
    """
    left_out, members, holdout = LeftOut(), (CASME2, SAMM), options.task == "hde"
    own = members_only(table, members, left_out, what="MEGC2018")
    scored = scored_once(own, truth, left_out)
    if holdout:
        folds = leave_one_dataset_out(
            scored, ("samm", "casme2"), left_out=left_out, what="MEGC2018's holdout task"
        )
    else:
        folds = leave_one_out(scored["person"], of="CASME II or SAMM", more=left_out.more())
    made = Plan(
        folds=folds,
        left_out=left_out.reasons,
        counts=counts(scored, truth, members, clips=(CLIPS,), persons=(47,), source=SOURCE),
        flags=[*missing(scored, members, clips=(CLIPS,)), *(shared_persons(scored) if holdout else ())],
        average="folds" if holdout else "pooled",
    )
    if options.extra_data:
        made = with_extra(made, table, own=own, scored=scored, datasets=holdout)
    return made
