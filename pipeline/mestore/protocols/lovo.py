"""lovo: leave one video out. One person's videos are trained on and tested: it runs on request only.

Methods were published so; their scores say how well a face is known again as much as an expression, and are
not comparable with scores by person (Varanka et al. 2023, section 3).
"""

from collections.abc import Sequence

import pandas as pd
from pydantic import Field

from mestore.errors import LeakError
from mestore.persons import HeldOut
from mestore.protocols.fold import Fold
from mestore.protocols.plan import Count, LeftOut, Plan, eligible
from mestore.protocols.spec import ProtocolOptions

RECORDING = ["dataset", "part", "subject", "video"]
"""Columns that name a recording: videos are numbered anew for every subject."""


class LovoOptions(ProtocolOptions):
    """Whether the leak is wanted."""

    allow_person_overlap: bool = Field(
        False, description="train and test on videos of one person, and say so on every score"
    )


def plan(table: pd.DataFrame, truth: "pd.Series[str]", options: LovoOptions) -> Plan:
    """Return one fold per recording over all micro-expressions that have a label.

    A recording is the column `video`: all expressions that were cut from it are tested together, because
    they share its light, its background and often its frames.

    Raises
    ------
    LeakError
        If `allow_person_overlap` is not set, or there are fewer than two recordings.
    """
    if not options.allow_person_overlap:
        raise LeakError(
            "protocol 'lovo' trains and tests on videos of one person; expected "
            "allow_person_overlap: true in its params, which every score will say, or folds by person (loso)"
        )
    left_out = LeftOut()
    scored = eligible(table, truth, left_out, what=str(truth.name))
    groups = list(scored.groupby(RECORDING))
    if len(groups) < 2:
        raise LeakError(f"found {len(groups)} video(s); leaving one out needs two or more")
    videos = scored[[*RECORDING, "person"]].drop_duplicates()["person"].value_counts()
    return Plan(
        folds=[_fold([str(value) for value in key], rows, scored) for key, rows in groups],
        left_out=left_out.reasons,
        counts=[
            Count(what="videos", found=len(groups)),
            Count(what="persons", found=len(videos)),
        ],
        flags=[
            f"persons overlap: {int((videos > 1).sum())} of {len(videos)} persons are trained on and tested "
            "(leave one video out); not comparable with scores by person"
        ],
    )


def _fold(key: Sequence[str], rows: pd.DataFrame, scored: pd.DataFrame) -> Fold:
    dataset, part, subject, video = key
    others = scored[~scored.index.isin(rows.index)]
    return Fold(
        name=f"{dataset}{'-' if part else ''}{part}/{subject}/{video}",
        train=tuple(sorted(set(others["person"]))),
        test=HeldOut(sorted(set(rows["person"]))),
        trained=tuple(others["clip_id"]),
        tested=tuple(rows["clip_id"]),
        overlap=True,
    )
