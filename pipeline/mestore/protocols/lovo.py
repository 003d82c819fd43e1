"""lovo: leave one video out. One person's videos are trained on and tested: it runs on request only.

Methods were published so; their scores say how well a face is known again as much as an expression, and are
not comparable with scores by person (Varanka et al. 2023, section 3).
"""

from collections import Counter
from collections.abc import Mapping

import pandas as pd
from pydantic import Field

from mestore.errors import LeakError
from mestore.persons import HeldOut
from mestore.protocols.counted import counts
from mestore.protocols.fold import Fold
from mestore.protocols.plan import OVERLAP, Count, LeftOut, Plan, eligible
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
    groups = scored.groupby(RECORDING)
    if len(groups) < 2:
        raise LeakError(
            f"found {len(groups)} video(s) with a clip to score; leaving one out needs two or more: "
            f"{left_out.more()}"
        )
    recordings = scored[[*RECORDING, "person"]].drop_duplicates()
    videos = Counter(recordings["person"].tolist())
    several = sum(count > 1 for count in videos.values())
    folds = [
        _fold("{}{}{}/{}/{}".format(key[0], "-" if key[1] else "", *key[1:]), rows, videos)
        for key, rows in groups
    ]
    return Plan(
        folds=folds,
        left_out=left_out.reasons,
        counts=[*counts(scored, str(truth.name)), Count(what="videos", found=len(groups))],
        flags=[
            f"{OVERLAP}: {several} of {len(videos)} persons are trained on and tested "
            "(leave one video out); not comparable with scores by person"
        ],
    )


def _fold(name: str, rows: pd.DataFrame, videos: Mapping[str, int]) -> Fold:
    """Return the fold that tests the clips of a recording; `videos`: how many recordings each person has."""
    shown = set(rows["person"])
    return Fold(
        name=name,
        # Which clips are trained on is not named: every fold would name nearly all of them.
        train=tuple(sorted(it for it, count in videos.items() if it not in shown or count > 1)),
        test=HeldOut(sorted(shown)),
        tested=tuple(rows["clip_id"]),
        overlap=True,
    )
