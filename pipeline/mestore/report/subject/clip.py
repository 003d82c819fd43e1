"""Clip: all that a report shows of one clip, read when it is asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mestore.sample import Sample
from mestore.store.feature import Feature

ROLES = ("crops", "clips", "flow", "sequence", "mdmo")
"""What a store can be in a report: the fields of `mestore.report.shown.Shown`."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """One clip.

    Parameters
    ----------
    clip_id : str
    row : mapping
        Its row of the clip table, with the apex that the crops were computed with.
    samples : mapping of str to Sample
        By role; those that there are.
    params : mapping of str to dict
        Parameters of the stores, by role.
    annotated : int, optional
        The apex of the coding sheet, or of a correction of it.
    spotted : int, optional
        The apex that the crops' store spotted, or that was estimated because the sheet has none.
    flags : mapping of str to str
        What a threshold of params.yaml does not allow: by the name of the number, the bound in words.
    """

    clip_id: str
    row: Mapping[str, Any]
    samples: Mapping[str, Sample]
    params: Mapping[str, Mapping[str, Any]]
    annotated: int | None = None
    spotted: int | None = None
    flags: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The clip's name and onset, without dataset and subject."""
        return self.clip_id.rpartition("/")[2]

    @property
    def crops(self) -> Sample:
        """The aligned crops."""
        return self.samples["crops"]

    def frame(self, number: int) -> NDArray[np.uint8]:
        """Return the crop of that frame, or the nearest that is there; shape (y, x, 3)."""
        nearest = int(np.abs(self.crops.frames - number).argmin())
        image: NDArray[np.uint8] = np.asarray(self.crops.data[nearest])
        return image


def samples_of(
    features: Mapping[str, Feature], dataset: str, subject: str, clips: list[str]
) -> Iterator[tuple[str, dict[str, Sample]]]:
    """Give the samples of each clip that any store has, by role: one clip at a time is in memory.

    Parameters
    ----------
    features : mapping of str to Feature
        By role.
    clips : list of str
        Clip ids, in the order they are wanted.
    """
    opened = {role: feature.open(dataset, subject) for role, feature in features.items()}
    for clip in clips:
        samples = {role: subject.sample(clip) for role, subject in opened.items() if clip in subject.records}
        if samples:
            yield clip, samples


def apexes(row: Mapping[str, Any], given: Mapping[str, Any] | None) -> tuple[int | None, int | None]:
    """Return the annotated and the spotted apex of a clip, None for what there is not.

    Parameters
    ----------
    row : mapping
        Of the crops' clip table: an apex that the store spotted stands there in place of the given one.
    given : mapping, optional
        Of the clip table as it was indexed.

    Examples
    --------
    >>> apexes({"apex": 9, "apex_source": "estimated:flow"}, {"apex": 7, "apex_source": "annotated"})
    (7, 9)
    >>> apexes({"apex": 7, "apex_source": "annotated"}, None)
    (7, None)
    """
    estimated = str(row["apex_source"]).startswith("estimated")
    spotted = int(row["apex"]) if estimated else None
    for it in (row, given):
        if it is not None and str(it["apex_source"]) in ("annotated", "corrected"):
            return int(it["apex"]), spotted
    return None, spotted
