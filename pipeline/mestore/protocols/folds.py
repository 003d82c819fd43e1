"""Folds: a protocol's folds over one clip table, frozen to a file."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from mestore import clips as clip_table
from mestore.errors import LeakError, MEStoreError
from mestore.persons import HeldOut
from mestore.protocols.fold import Fold

SCHEMA = 3

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
        Person by clip id: the clips that are scored, whether or not they have features.
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
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._text(), encoding="utf-8")

    def _text(self) -> str:
        record = asdict(self)
        del record["source"]
        return json.dumps(record, sort_keys=True, indent=1) + "\n"

    def require(self, table: pd.DataFrame) -> None:
        """Raise `LeakError` unless `table` is the clip table that the folds were made of.

        The message names what is new, gone or changed.
        """
        now = row_digests(table)
        if now == dict(self.rows):
            return
        changes = {
            "new": sorted(now.keys() - self.rows.keys()),
            "gone": sorted(self.rows.keys() - now.keys()),
            "changed": sorted(clip for clip in now.keys() & self.rows.keys() if now[clip] != self.rows[clip]),
        }
        said = "; ".join(
            f"{len(clips)} {what}: {', '.join(clips[:_SHOWN])}{', ...' if len(clips) > _SHOWN else ''}"
            for what, clips in changes.items()
            if clips
        )
        raise LeakError(
            f"the folds of {self.protocol!r} were made of another clip table ({said}); "
            "make them again with `dvc repro folds`"
        )


def load_folds(path: str | Path) -> Folds:
    """Read frozen folds, such as data/folds/loso.json."""
    try:
        record = json.loads(Path(path).read_bytes())
        folds = [
            Fold(
                name=it["name"],
                train=tuple(it["train"]),
                validation=tuple(it["validation"]),
                test=HeldOut(it["test"]),
                trained=tuple(it["trained"]),
                tested=tuple(it["tested"]),
                extra=tuple(it["extra"]),
                overlap=it["overlap"],
            )
            for it in record.pop("folds")
        ]
        counts, flags = (tuple(record.pop(name)) for name in ("counts", "flags"))
        return Folds(folds=folds, counts=counts, flags=flags, source=Path(path).absolute(), **record)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise MEStoreError(f"{path} holds no folds ({error}); make them with `dvc repro folds`") from None


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
