"""Composite: several datasets scored as one, with the published numbers of each of them.

What a dataset is goes by its reader: its name is the user's choice, and a lab may have it twice.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from mestore.errors import LeakError
from mestore.labels.target import parted
from mestore.persons import HeldOut
from mestore.protocols.fold import Fold
from mestore.protocols.plan import Count, LeftOut, eligible, exclusions, incomplete

AGAIN = "a clip of another copy of its dataset, which counts"


@dataclass(frozen=True, kw_only=True)
class Member:
    """A dataset of a composite, and what is published of it.

    Parameters
    ----------
    reader, part : str
    modality : str
        The only one that counts; empty for all.
    clips, persons : tuple of int
        Every number that is right for some edition.
    labels : mapping of str to int
        Clips by label.
    """

    reader: str
    part: str = ""
    modality: str = ""
    clips: tuple[int, ...] = ()
    persons: tuple[int, ...] = ()
    labels: Mapping[str, int] = field(default_factory=dict)

    def holds(self, table: pd.DataFrame) -> "pd.Series[bool]":
        """Return whether each clip is one of this dataset."""
        belongs = (table["reader"] == self.reader) & (table["part"] == self.part)
        return belongs & (table["modality"] == self.modality) if self.modality else belongs


def members_only(
    table: pd.DataFrame, members: Sequence[Member], left_out: LeftOut, *, what: str
) -> pd.DataFrame:
    """Return the clips of a composite's datasets; `what` is its name, for the reason of the others."""
    belongs = pd.Series(False, index=table.index)
    for member in members:
        belongs |= member.holds(table)
    return left_out.where(table, ~belongs, f"of no dataset of {what}")


def scored_once(rows: pd.DataFrame, truth: "pd.Series[str]", left_out: LeftOut) -> pd.DataFrame:
    """Return the clips that can be scored, each once, sorted by clip id.

    Raw and cropped frames are two copies of one dataset. By their events `eligible` finds that, unless the
    copies have coding sheets whose onsets differ: so a clip's name counts in one copy only. Which one, no
    exclusion decides: as in `eligible`, no other copy stands in for a clip that was excluded.
    """
    what = str(truth.name)
    whole = eligible(rows.assign(excluded=""), truth, LeftOut(), what=what)
    first = whole.groupby(["reader", "part", "subject", "clip"])["dataset"].transform("first")
    again = rows["clip_id"].isin(set(whole.loc[whole["dataset"] != first, "clip_id"]))
    rows = eligible(rows.assign(excluded=exclusions(rows).mask(again, "")), truth, left_out, what=what)
    return left_out.where(rows, again[rows.index], AGAIN)


def missing(rows: pd.DataFrame, members: Sequence[Member], *, clips: Sequence[int]) -> Iterator[str]:
    """Give the flags of a composite that has other than the published number of clips, or lacks datasets."""
    short = incomplete("clips", len(rows), clips)
    if short:
        yield f"{short}, not comparable"
    absent = [member.reader for member in members if not member.holds(rows).any()]
    if absent:
        there = len(members) - len(absent)
        yield f"{there} of {len(members)} datasets (without {', '.join(absent)}), not comparable"


def counts(
    rows: pd.DataFrame,
    truth: "pd.Series[str]",
    members: Sequence[Member],
    *,
    clips: tuple[int, ...],
    persons: tuple[int, ...],
    source: str,
) -> list[Count]:
    """Return the numbers of clips, persons and labels, of all and of each dataset, beside the published."""
    found = [
        Count(what="clips", found=len(rows), expected=clips, source=source),
        Count(what="persons", found=rows["person"].nunique(), expected=persons, source=source),
    ]
    for member in members:
        own = rows[member.holds(rows)]
        labels = Counter(label for text in truth.loc[own.index] for label in parted(text))
        of = f"of {member.reader}"
        people = own["person"].nunique()
        found += [
            Count(what=f"clips {of}", found=len(own), expected=member.clips, source=source),
            Count(what=f"persons {of}", found=people, expected=member.persons, source=source),
            *(
                Count(what=f"{label} {of}", found=labels[label], expected=(number,), source=source)
                for label, number in member.labels.items()
            ),
        ]
    return found


def leave_one_dataset_out(
    rows: pd.DataFrame, order: Sequence[str], *, left_out: LeftOut, what: str
) -> list[Fold]:
    """Return one fold per dataset, called after the reader that it tests.

    Who is in several datasets is tested with each, by the clips of that dataset, and trained on in none of
    these folds.

    Parameters
    ----------
    rows : DataFrame
        The scored clips.
    order : sequence of str
        The readers, in order of the folds; those without clips have none.
    left_out : LeftOut
        Why other clips are not scored, for the message.
    what : str
        Name of the protocol, for the message.

    Raises
    ------
    LeakError
        If there are fewer than two datasets, or a fold would train on nobody.
    """
    own = {reader: rows[rows["reader"] == reader] for reader in set(rows["reader"])}
    there = [reader for reader in order if reader in own]
    if len(there) < 2:
        advice = left_out.more("add them to params.yaml, and look at their labels with `mestore check`")
        raise LeakError(
            f"{what} found clips to score of {there or 'no dataset'}; leaving one out needs two or more of "
            f"{', '.join(order)}: {advice}"
        )
    shared = set(_shared(rows))
    folds = []
    for reader in there:
        test = set(own[reader]["person"])
        folds.append(
            Fold(
                name=reader,
                train=tuple(sorted(set(rows["person"]) - test)),
                test=HeldOut(sorted(test)),
                tested=tuple(sorted(own[reader]["clip_id"])) if test & shared else (),
            )
        )
    return folds


def shared_persons(rows: pd.DataFrame) -> Iterator[str]:
    """Give the flag of a composite whose datasets show the same persons."""
    persons = _shared(rows)
    if persons:
        yield f"in several datasets, and not trained on where one is tested: {', '.join(persons)}"


def _shared(rows: pd.DataFrame) -> list[str]:
    several = rows.groupby("person")["reader"].nunique() > 1
    return sorted(several.index[several])
