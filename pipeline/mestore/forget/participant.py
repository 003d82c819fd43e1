"""Participant: who is to be forgotten, and how to recognise what is theirs."""

import html
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mestore.datasets.persons import same_id
from mestore.errors import MEStoreError
from mestore.store.layout import SUFFIX, subject_key

Subject = tuple[str, str]
"""Dataset and subject."""

IDENTITY = ("clip_id", "dataset", "subject", "person")
"""Columns of a clip table that say whose a clip is."""


@dataclass(frozen=True, kw_only=True)
class Participant:
    """A person with all their subjects, and the subjects of others to tell them from.

    Parameters
    ----------
    person : str
    subjects, others : frozenset of (dataset, subject)
    clips, clips_of_others : frozenset of str
        Clip ids of all clip tables, also of old ones.
    """

    person: str
    subjects: frozenset[Subject]
    others: frozenset[Subject]
    clips: frozenset[str]
    clips_of_others: frozenset[str]

    @cached_property
    def folders(self) -> frozenset[str]:
        """Where their arrays lie below any store."""
        return frozenset(f"{dataset}{SUFFIX}/{subject_key(subject)}" for dataset, subject in self.subjects)

    def owns(self, clip: str) -> bool:
        """Return whether a clip is theirs: by the tables or, where none has it, by the subject in its id.

        Examples
        --------
        >>> ann = participant("ann", clip_tables=[pd.DataFrame(
        ...     [("d/a/1@1", "d", "a", "ann"), ("d/a/b/1@1", "d", "a/b", "ben")], columns=IDENTITY)])
        >>> ann.owns("d/a/1@1"), ann.owns("d-x/a/2@7"), ann.owns("d/a/b/9@9")
        (True, True, False)
        """
        if clip in self.clips or clip in self.clips_of_others:
            return clip in self.clips
        fitting = [it for it in self.subjects | self.others if re.match(_prefix(*it), clip)]
        return bool(fitting) and max(fitting, key=lambda it: len(it[1])) in self.subjects

    def below(self, path: str) -> bool:
        """Return whether a path below a store, or below several, is in a folder of theirs."""
        parts = path.split("/")
        return any(f"{one}/{two}" in self.folders for one, two in pairwise(parts))

    def rows(self, table: pd.DataFrame) -> "pd.Series[bool]":
        """Return which rows of a table with the columns dataset and subject are theirs."""
        pairs = zip(table["dataset"], table["subject"], strict=True)
        return pd.Series([pair in self.subjects for pair in pairs], index=table.index, dtype=bool)

    def named_in(self, content: bytes) -> bool:
        """Return whether a file names one of their clips or folders; so do arrays of text, as in an npz."""
        return self._names.search(content) is not None or self._wide.search(content) is not None

    def mentioned_in(self, content: bytes) -> bool:
        """Return whether a file of mestore, text or parquet, names them, their clips or their folders."""
        if content.startswith(b"PAR1"):
            return self._in_parquet(content)
        # Chance writes short names into pictures and arrays, which have zeros in them; no table has.
        return self.named_in(content) or (b"\0" not in content and self._cell.search(content) is not None)

    def _in_parquet(self, content: bytes) -> bool:
        try:
            table = pq.read_table(io.BytesIO(content))
        except pa.ArrowException:
            return self.named_in(content)
        if not {"clip_id", "dataset", "subject"} <= set(table.column_names):
            return False
        frame = table.select(["clip_id", "dataset", "subject"]).to_pandas()
        return bool(self.rows(frame).any() or any(map(self.owns, frame["clip_id"])))

    @cached_property
    def _names(self) -> re.Pattern[bytes]:
        folders = [re.escape(f"{folder}/".encode()) for folder in sorted(self.folders)]
        clips = [re.escape(form) + rb"(?![0-9])" for clip in sorted(self.clips) for form in _forms(clip)]
        prefixes = [
            re.escape(dataset.encode()) + rb"(-[a-z0-9_]+)?/" + re.escape(form) + b"/"
            for dataset, subject in sorted(self.subjects)
            for form in _forms(subject)
            # The id of a clip of subject "a/b" begins like that of a clip "b/..." of subject "a".
            if not any(it[0] == dataset and it[1].startswith(f"{subject}/") for it in self.others)
        ]
        return re.compile(
            rb"(?<![\w/-])(?:" + b"|".join([*prefixes, *clips, *folders]) + b")|" + _below(folders)
        )

    @cached_property
    def _wide(self) -> re.Pattern[bytes]:
        clips = [re.escape(clip.encode("utf-32-le", "surrogatepass")) for clip in sorted(self.clips)]
        return re.compile(b"|".join(clips) or b"(?!)")

    @cached_property
    def _cell(self) -> re.Pattern[bytes]:
        # A whole cell of CSV, a string of JSON, a text of HTML.
        forms = b"|".join(re.escape(form) for form in _forms(self.person))
        return re.compile(rb'(?m)(?:^|[,">])\s*(?:' + forms + rb')\s*(?:$|[,"<])')


def participant(
    person: str, *, clip_tables: Iterable[pd.DataFrame], old: Iterable[pd.DataFrame] = ()
) -> Participant:
    """Return a person as the clip tables know them.

    Parameters
    ----------
    person : str
        As in the column `person`; "<dataset>/<subject>" where nothing else was said.
    clip_tables, old : iterable of DataFrame
        With the columns `IDENTITY`: those of the workspace, and those of earlier states. Who a subject is,
        the workspace's say; only subjects that they do not know are looked up in the old ones.

    Raises
    ------
    MEStoreError
        If no table knows the person.
    """
    now, before = (_together(tables) for tables in (clip_tables, old))
    known = set(zip(now["dataset"], now["subject"], strict=True))
    pairs = pd.Series(list(zip(before["dataset"], before["subject"], strict=True)), dtype=object)
    table = pd.concat([now, before[~pairs.isin(known).to_numpy()]], ignore_index=True)
    mine = table["person"] == person
    if not mine.any():
        raise MEStoreError(_unknown(person, sorted(set(table["person"]))))
    subjects = frozenset(zip(table.loc[mine, "dataset"], table.loc[mine, "subject"], strict=True))
    everything = pd.concat([now, before], ignore_index=True)
    all_pairs = list(zip(everything["dataset"], everything["subject"], strict=True))
    theirs = pd.Series([pair in subjects for pair in all_pairs], dtype=bool)
    return Participant(
        person=person,
        subjects=subjects,
        others=frozenset(all_pairs) - subjects,
        clips=frozenset(everything.loc[theirs.to_numpy(), "clip_id"]),
        clips_of_others=frozenset(everything.loc[~theirs.to_numpy(), "clip_id"]),
    )


def _together(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    empty = pd.DataFrame(columns=list(IDENTITY), dtype="str")
    return pd.concat([empty, *(table[list(IDENTITY)] for table in tables)], ignore_index=True)


def _unknown(person: str, persons: list[str]) -> str:
    alike = [name for name in persons if same_id(name) == same_id(person)]
    if not persons:
        return f"no person {person!r}: neither this workspace nor its DVC cache holds a clip table yet"
    there = f"did you mean {alike[0]!r}?" if alike else f"there are {', '.join(persons[:8])} ..."
    return (
        f"no person {person!r} in any clip table of this workspace or of its DVC cache; {there} The column "
        "person of data/stores/*/clips.csv names them"
    )


def _prefix(dataset: str, subject: str) -> str:
    return rf"{re.escape(dataset)}(-[^/]+)?/{re.escape(subject)}/"


def _below(folders: list[bytes]) -> bytes:
    """Return a pattern of the folders behind a slash, as in a path from further up."""
    return b"/(?:" + b"|".join(folders) + b")"


def _forms(text: str) -> list[bytes]:
    """Return how a text is written in plain files, JSON, CSV and HTML."""
    escaped = html.escape(text)
    forms = {text, json.dumps(text)[1:-1], text.replace('"', '""'), escaped}
    forms.add(escaped.replace("&quot;", "&#34;").replace("&#x27;", "&#39;"))
    return sorted(form.encode("utf-8", "surrogatepass") for form in forms)
