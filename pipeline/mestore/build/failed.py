"""Failed: how many clips may fail before a stage does."""

import pandas as pd

from mestore.errors import BuildError


def check_failed(failures: pd.DataFrame, table: pd.DataFrame, *, limit: int | None, where: str) -> None:
    """Raise `BuildError` for the datasets in which more clips failed than allowed.

    Parameters
    ----------
    failures, table : DataFrame
        The failures of this stage alone, and the clip table.
    limit : int, optional
        `build.max_failed`; by default the larger of one clip and 5 % of a dataset.
    where : str
        The stage, for the message.
    """
    for dataset, part in failures.groupby("dataset"):
        clips_there = int((table["dataset"] == dataset).sum())
        allowed = max(1, clips_there // 20) if limit is None else limit
        if len(part) > allowed:
            first = part.iloc[0]
            raise BuildError(
                f"{where}: {len(part)} of {clips_there} clips of {dataset} failed, allowed are {allowed}; "
                f"the first: {first['clip_id']}: found {first['found']}, expected {first['expected']}, "
                f"{first['remedy']}. The others were built and are kept. Mend the recordings, or raise "
                "build.max_failed in params.yaml"
            )
