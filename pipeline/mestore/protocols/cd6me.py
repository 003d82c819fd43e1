"""cd6me: six datasets, each tested once on what was learned of the other five; twelve action units.

F1 of each unit over the clips of all six folds together, and their mean (F1_b: `Scores.uf1`); of one dataset,
`Scorer.by("reader")`, where units that it lacks count 0. MEB trains with five seeds (45 to 49) and takes the
mean: seeds are the trainer's, folds have none. Give each to `Scorer.add(fold, ..., seed=)`, and
`Scorer.seeds_mean` is what to publish.

CASME II's sheet of 255 rows is widely held, MEB's has 256: the counts are compared with those of the edition
that is there, and with the former every score says so.

Sources: Varanka et al. 2023, section 4.3 and table 4; notebooks of MEB.
"""

from collections.abc import Iterator, Mapping

import pandas as pd

from mestore.aus.policies import TWELVE
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
from mestore.protocols.plan import LeftOut, Plan

SOURCE = "Varanka et al. 2023, section 4.3 and table 4"
CLIPS = 2031


def _units(*numbers: int) -> Mapping[str, int]:
    return {f"AU{unit}": number for unit, number in zip(TWELVE, numbers, strict=True)}


MEMBERS = (
    Member(
        reader="casme",
        clips=(189,),
        persons=(19,),
        labels=_units(23, 17, 70, 0, 1, 4, 40, 3, 9, 23, 14, 13),
    ),
    Member(
        reader="casme2",
        clips=(256,),
        persons=(26,),
        labels=_units(26, 22, 130, 2, 13, 39, 13, 16, 34, 27, 16, 25),
    ),
    Member(
        reader="samm", clips=(159,), persons=(29,), labels=_units(6, 18, 23, 10, 3, 46, 5, 6, 28, 13, 4, 6)
    ),
    Member(
        reader="fourdme",
        modality="gray",
        clips=(267,),
        persons=(41, 42),
        labels=_units(46, 54, 102, 8, 25, 89, 1, 2, 53, 4, 6, 11),
    ),
    Member(
        reader="mmew",
        clips=(300,),
        persons=(30,),
        labels=_units(50, 41, 109, 70, 10, 47, 8, 38, 37, 17, 6, 11),
    ),
    Member(
        reader="casme3",
        part="a",
        modality="colour",
        clips=(860,),
        persons=(94,),
        labels=_units(153, 128, 274, 44, 8, 27, 50, 10, 15, 193, 6, 20),
    ),
)
"""In MEB's order. 4DME's four modalities, and CAS(ME)^3's two, film one event: one of them counts."""

ROWS_255 = Member(
    reader="casme2",
    clips=(255,),
    persons=(26,),
    labels=_units(26, 21, 129, 2, 13, 38, 13, 17, 34, 27, 16, 25),
)
"""CASME II as CASME2-coding-20140508 has it."""


class Cd6meOptions(ExtraOptions):
    """What a user may say about it."""


def plan(table: pd.DataFrame, truth: "pd.Series[str]", options: Cd6meOptions) -> Plan:
    """Return one fold for each of the six datasets that is there, called after its reader.

    Raises
    ------
    LeakError
        If fewer than two are there.
    """
    left_out = LeftOut()
    own = members_only(table, MEMBERS, left_out, what="CD6ME")
    scored = scored_once(own, truth, left_out)
    folds = leave_one_dataset_out(
        scored, [member.reader for member in MEMBERS], left_out=left_out, what="CD6ME"
    )
    smaller = _has_255_rows(scored)
    members = [ROWS_255 if smaller and it.reader == "casme2" else it for it in MEMBERS]
    made = Plan(
        folds=folds,
        left_out=left_out.reasons,
        counts=counts(
            scored,
            truth,
            members,
            clips=(CLIPS - smaller,),
            persons=(239, 240),
            source=f"{SOURCE}; CASME II with {256 - smaller} rows",
        ),
        flags=[
            *missing(scored, members, clips=(CLIPS - smaller,)),
            *shared_persons(scored),
            *_edition(smaller=smaller),
        ],
    )
    return with_extra(made, table, own=own, scored=scored, datasets=True) if options.extra_data else made


def _has_255_rows(scored: pd.DataFrame) -> bool:
    """Return whether CASME II's coding sheet has 255 rows, which its edition says."""
    editions = scored.loc[scored["reader"] == "casme2", "edition"]
    return bool(editions.str.contains(r" 255-[0-9a-f]{8}$", regex=True).any())


def _edition(*, smaller: bool) -> Iterator[str]:
    if smaller:
        yield f"CASME II's sheet of 255 rows: {CLIPS - 1} clips in all; MEB's of 256 has {CLIPS}"
