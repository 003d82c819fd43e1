"""Selection: some clips of a store, each read when it is asked for."""

import os
from collections.abc import Iterator
from functools import cached_property
from itertools import groupby

import pandas as pd

from mestore.sample import Sample
from mestore.store.feature import Feature
from mestore.store.subject import Subject


class Selection:
    """Clips of some persons: as many as rows in `clips`, in the same order.

    A subject is opened, and its files checked, when the first of its clips is asked for, and stays open: so
    a clip costs what copying its bytes costs. A selection may be pickled and used after a fork; every
    process opens the files itself.

    Parameters
    ----------
    feature : Feature
    clips : DataFrame
        Rows of the clip table that have arrays in the store.
    check : bool
        Compare the checksums of a subject's files when it is opened.
    """

    def __init__(self, feature: Feature, clips: pd.DataFrame, *, check: bool = False) -> None:
        self.feature = feature
        self.clips = clips
        self._check = check
        self._open: dict[tuple[str, str], Subject] = {}
        self._process = os.getpid()

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, place: int) -> Sample:
        """Return the clip of a row."""
        dataset, subject, clip = self._keys[place]
        return self._subject(dataset, subject).sample(clip)

    def __iter__(self) -> Iterator[Sample]:
        return (self[place] for place in range(len(self)))

    @cached_property
    def ids(self) -> list[str]:
        """Ids of the clips."""
        return [str(clip) for clip in self.clips["clip_id"]]

    def by_subject(self) -> Iterator[tuple[slice, list[Sample]]]:
        """Give the clips of one subject after the other; nothing is kept open.

        Yields
        ------
        places : slice
            Their rows in `clips`.
        samples : list of Sample
        """
        for (dataset, subject), keys in groupby(enumerate(self._keys), key=lambda key: key[1][:2]):
            opened = self.feature.open(dataset, subject, check=self._check)
            places, clips = zip(*((place, clip) for place, (_, _, clip) in keys), strict=True)
            yield slice(places[0], places[-1] + 1), [opened.sample(clip) for clip in clips]

    @cached_property
    def _keys(self) -> list[tuple[str, str, str]]:
        columns = (self.clips[name].tolist() for name in ("dataset", "subject", "clip_id"))
        return list(zip(*columns, strict=True))

    def _subject(self, dataset: str, subject: str) -> Subject:
        if self._process != os.getpid():
            # What talks to a server must not be shared with the process that this one was forked from.
            self._open, self._process = {}, os.getpid()
        opened = self._open.get((dataset, subject))
        if opened is None:
            opened = self.feature.open(dataset, subject, check=self._check)
            self._open[dataset, subject] = opened
        return opened

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_open": {}}
