"""Folds: a protocol's folds over one clip table, frozen to a file."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mestore import clips as clip_table
from mestore.errors import LeakError, MEStoreError
from mestore.persons import HeldOut
from mestore.protocols import PROTOCOLS
from mestore.protocols.fold import Fold
from mestore.replacing import replacing

SCHEMA = 3

_TEST_SOME = ("official",)
"""Protocols that test some of the clips and train on the others."""

_SHOWN = 3  # clips that a message names


@dataclass(frozen=True, kw_only=True)
class Folds:
    """The folds of a protocol over one clip table.

    Parameters
    ----------
    protocol : str
        How they were made.
    params : mapping
        With which parameters.
    label : str
        What is predicted: a name of `mestore.labels.target`.
    folds : sequence of Fold
    clips : mapping of str to str
        Person by clip id: the clips that are scored (`official`: or trained on), whether or not they have
        features.
    left_out : mapping of str to str
        Why, by clip id, for those that the protocol does not score.
    extra : mapping of str to str
        Person by clip id: those of them that may be trained on all the same.
    counts, flags : sequence of str
        Numbers beside the published ones; what every score must say.
    average : {"pooled", "folds"}
        Whether the protocol's published scores are pooled over the folds, or means over them.
    rows : mapping of str to str
        Digest of every row of the clip table by clip id: the folds are of this table and of no other.
    source : Path, optional
        The file that they were read from. It is not part of it.
    """

    protocol: str
    label: str
    folds: Sequence[Fold]
    clips: Mapping[str, str]
    left_out: Mapping[str, str]
    rows: Mapping[str, str]
    params: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    counts: Sequence[str] = ()
    flags: Sequence[str] = ()
    average: Literal["pooled", "folds"] = "pooled"
    schema: int = SCHEMA
    source: Path | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        names = [fold.name for fold in self.folds]
        if not names or len(set(names)) < len(names):
            raise LeakError(f"the folds are called {names}; expected one or more, of different names")
        # Who is tested in several folds would count several times, unless a fold names the clips it tests.
        tested = [person for fold in self.folds if not fold.tested for person in fold.test]
        twice = sorted(person for person, count in Counter(tested).items() if count > 1)
        if twice:
            raise LeakError(f"person {twice[0]!r} is tested in two folds; expected once")

    def __iter__(self) -> Iterator[Fold]:
        return iter(self.folds)

    def __len__(self) -> int:
        return len(self.folds)

    def training(self, fold: Fold) -> list[str]:
        """Return the ids of the clips that a fold may train on: none that it tests, whoever shows them."""
        tested = set(fold.tested)
        may = self._of(fold.train, {**self.clips, **self.extra}, only=fold.trained)
        return [clip for clip in may if clip not in tested]

    def validating(self, fold: Fold) -> list[str]:
        """Return the ids of the clips that an inner fold validates on."""
        return self._of(fold.validation, self.clips, only=fold.trained)

    def tested(self, fold: Fold) -> list[str]:
        """Return the ids of the clips that a fold tests."""
        return self._of(fold.test, self.clips, only=fold.tested)

    @property
    def scored(self) -> set[str]:
        """Ids of the clips that some fold tests."""
        return {clip for fold in self for clip in self.tested(fold)}

    @staticmethod
    def _of(persons: Sequence[str], clips: Mapping[str, str], *, only: Sequence[str]) -> list[str]:
        wanted, named = set(persons), set(only) or clips.keys()
        return sorted(clip for clip, person in clips.items() if person in wanted and clip in named)

    @property
    def digest(self) -> str:
        """Digest of all that decides a score but the predictions: clips, table, protocol and parameters."""
        return hashlib.sha256(self._text().encode()).hexdigest()

    def save(self, path: Path) -> None:
        """Freeze to JSON; equal folds give equal bytes."""
        with replacing(path) as temporary:
            temporary.write_text(self._text(), encoding="utf-8")

    def _text(self) -> str:
        record = asdict(self)
        del record["source"]
        return json.dumps(record, sort_keys=True, indent=1) + "\n"

    def require(self, table: pd.DataFrame) -> None:
        """Raise `LeakError` unless `table` is the clip table that the folds were made of.

        The message names what is new, gone, changed or twice there. A person whom the folds give a clip must
        be the table's too: a file can be edited.
        """
        twice = sorted(set(table.loc[table["clip_id"].duplicated().to_numpy(), "clip_id"]))
        changes = {"twice": twice, **row_changes(self.rows, table)}
        if not any(changes.values()):
            self._require_persons(table)
            return
        said = "; ".join(
            f"{len(clips)} {what}: {', '.join(clips[:_SHOWN])}{', ...' if len(clips) > _SHOWN else ''}"
            for what, clips in changes.items()
            if clips
        )
        raise LeakError(
            f"the folds of {self.protocol!r} were made of another clip table ({said}); "
            "make them again with `dvc repro folds`"
        )

    def _require_persons(self, table: pd.DataFrame) -> None:
        persons = dict(zip(table["clip_id"], table["person"], strict=True))
        for clip, person in (*self.clips.items(), *self.extra.items()):
            if persons.get(clip) != person:
                whose = f"of person {persons[clip]!r}" if clip in persons else "not there"
                raise LeakError(
                    f"the folds of {self.protocol!r} say that clip {clip!r} is of person {person!r}; in the "
                    f"clip table it is {whose}: the folds were edited; make them again with `dvc repro folds`"
                )


def load_folds(path: str | Path) -> Folds:
    """Read frozen folds, such as data/folds/loso.json.

    Raises
    ------
    MEStoreError
        If the file holds none, or those of another version of mestore.
    LeakError
        If a person is in two parts of one of them.
    """
    try:
        file = _File.model_validate_json(Path(path).read_bytes())
    except ValidationError as error:
        raise no_folds(path, first_problem(error)) from None
    except OSError as error:
        raise no_folds(path, str(error)) from None
    if file.version != SCHEMA:
        raise no_folds(path, f"schema is {file.version}, expected {SCHEMA}: of another version of mestore")
    folds = [Fold(**{**dict(it), "test": HeldOut(it.test)}) for it in file.folds]
    own = {name: value for name, value in dict(file).items() if name not in ("version", "folds")}
    whole = Folds(folds=folds, source=Path(path).absolute(), **own)
    for why in _torn(whole):
        raise no_folds(path, f"{why}: it was cut short or edited")
    return whole


def _torn(folds: Folds) -> Iterator[str]:
    """Give what no protocol would have made."""
    if folds.protocol not in PROTOCOLS:
        yield f"protocol {folds.protocol!r} is none of {', '.join(PROTOCOLS)}"
    known = {*folds.clips.values(), *folds.extra.values()}
    named = {person for fold in folds for part in (fold.train, fold.validation, fold.test) for person in part}
    if named - known:
        yield f"person {min(named - known)!r} has no clip in it"
    absent = folds.rows.keys() - folds.clips.keys() - folds.left_out.keys()
    if absent:
        yield f"clip {min(absent)!r} is neither scored nor left out"
    untested = folds.clips.keys() - folds.scored
    if untested and folds.protocol not in _TEST_SOME:
        yield f"{len(untested)} of {len(folds.clips)} clips are tested by no fold, such as {min(untested)!r}"


def first_problem(error: ValidationError) -> str:
    """Return the first thing that is not as a record has it, in a line."""
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}"


def no_folds(path: str | Path, why: str) -> MEStoreError:
    """Return the error about a file that holds no folds."""
    return MEStoreError(f"{path} holds no folds ({why}); make them with `dvc repro folds`")


class FoldRecord(BaseModel):
    """A fold as its file has it: nothing is converted, and nothing more may stand there."""

    model_config = ConfigDict(strict=True, extra="forbid")

    name: str
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    trained: tuple[str, ...]
    tested: tuple[str, ...]
    extra: tuple[str, ...]
    overlap: bool


class _File(BaseModel):
    """Folds as their file has them."""

    model_config = ConfigDict(strict=True, extra="forbid")

    protocol: str
    label: str
    folds: tuple[FoldRecord, ...]
    clips: dict[str, str]
    left_out: dict[str, str]
    rows: dict[str, str]
    params: dict[str, Any]
    extra: dict[str, str]
    counts: tuple[str, ...]
    flags: tuple[str, ...]
    average: Literal["pooled", "folds"]
    version: int = Field(alias="schema")


def row_changes(rows: Mapping[str, str], table: pd.DataFrame) -> dict[str, list[str]]:
    """Return the ids of the clips that are new, gone and changed in a table, given the digests of another."""
    now = row_digests(table)
    return {
        "new": sorted(now.keys() - rows.keys()),
        "gone": sorted(rows.keys() - now.keys()),
        "changed": sorted(clip for clip in now.keys() & rows.keys() if now[clip] != rows[clip]),
    }


def row_digests(table: pd.DataFrame) -> dict[str, str]:
    """Return a digest of every row of a clip table, of its own columns alone, by clip id.

    Without the apexes, which no protocol depends on: stores may differ in them, and folds hold for all.
    """
    others = (*clip_table.SOURCES, *clip_table.SPOTTED)
    keep = [name for name in clip_table.columns() if name in table and name not in others]
    rows = table[keep].astype("str").itertuples(index=False)
    return {
        str(clip): hashlib.sha256(repr(tuple(row)).encode()).hexdigest()[:16]
        for clip, row in zip(table["clip_id"], rows, strict=True)
    }
