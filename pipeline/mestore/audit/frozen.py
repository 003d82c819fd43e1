"""Frozen: a file of folds as it is, without the guards that refuse what leaks: they stop at the first."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, ValidationError

from mestore.protocols.folds import FoldRecord, first_problem, no_folds

PARTS = ("train", "validation", "test")


class FrozenFold(FoldRecord):
    """One fold as its file has it, whatever else stands there."""

    model_config = ConfigDict(strict=False, extra="ignore", frozen=True)


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """Folds as their file has them; fields as those of `Folds`.

    Parameters
    ----------
    path : Path
    digest : str
        What `Folds.digest` is, however the file is laid out.
    schema : object
        As the file has it: whatever that is.
    """

    path: Path
    digest: str
    protocol: str
    label: str
    params: Mapping[str, Any]
    folds: tuple[FrozenFold, ...]
    clips: Mapping[str, str]
    extra: Mapping[str, str]
    left_out: Mapping[str, str]
    rows: Mapping[str, str]
    counts: tuple[str, ...]
    flags: tuple[str, ...]
    average: str
    schema: object

    @cached_property
    def ids(self) -> NDArray[Any]:
        """Ids of the clips that are scored, then of the extra ones: the rows of the masks below."""
        return np.array([*self.clips, *(clip for clip in self.extra if clip not in self.clips)], object)

    def training(self, fold: FrozenFold) -> NDArray[np.bool_]:
        """Return which of `ids` a fold trains or stops early on."""
        chosen = self._chosen((*fold.train, *fold.validation), fold.trained)
        if not fold.trained:
            chosen[self._rows(fold.tested)] = False  # as `Folds.training` has it
        return chosen

    def tested(self, fold: FrozenFold) -> NDArray[np.bool_]:
        """Return which of `ids` a fold tests."""
        chosen = self._chosen(fold.test, fold.tested)
        chosen[len(self.clips) :] = False
        return chosen

    @cached_property
    def scored(self) -> set[str]:
        """Ids of the clips that some fold tests: `clips` may have others, which are trained on alone."""
        return {clip for fold in self.folds for clip in self.ids[self.tested(fold)]}

    def _chosen(self, persons: Iterable[str], only: tuple[str, ...]) -> NDArray[np.bool_]:
        wanted = np.zeros(len(self._code), bool)
        wanted[[self._code[person] for person in persons if person in self._code]] = True
        chosen = wanted[self._coded]
        if only:
            named = np.zeros(len(chosen), bool)
            named[self._rows(only)] = True
            chosen &= named
        return chosen

    def _rows(self, clips: Iterable[str]) -> list[int]:
        return [self._row[clip] for clip in clips if clip in self._row]

    @cached_property
    def _persons(self) -> list[str]:
        both = {**self.extra, **self.clips}
        return [both[clip] for clip in self.ids]

    @cached_property
    def _code(self) -> dict[str, int]:
        return {person: code for code, person in enumerate(dict.fromkeys(self._persons))}

    @cached_property
    def _coded(self) -> NDArray[np.int64]:
        return np.array([self._code[person] for person in self._persons], np.int64)

    @cached_property
    def _row(self) -> dict[str, int]:
        return {clip: row for row, clip in enumerate(self.ids)}


def read_frozen(path: Path) -> Frozen:
    """Read a file of folds.

    Raises
    ------
    MEStoreError
        If it is none; who is in which part is not looked at here.
    """
    try:
        if path.exists() and not path.is_file():
            raise OSError("no regular file")
        record = json.loads(path.read_bytes())
        folds = tuple(map(FrozenFold.model_validate, record["folds"]))
        clips, extra, left_out, rows = (_texts(record[it]) for it in ("clips", "extra", "left_out", "rows"))
        return Frozen(
            path=path,
            digest=_digest(record),
            protocol=_text(record["protocol"]),
            label=_text(record["label"]),
            params=dict(record["params"]),
            folds=folds,
            clips=clips,
            extra=extra,
            left_out=left_out,
            rows=rows,
            counts=_names(record["counts"]),
            flags=_names(record["flags"]),
            average=_text(record.get("average")),
            schema=record.get("schema"),
        )
    except ValidationError as error:
        raise no_folds(path, f"a fold's {first_problem(error)}") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise no_folds(path, f"{type(error).__name__}: {error}") from None


def _digest(record: Any) -> str:
    return hashlib.sha256((json.dumps(record, sort_keys=True, indent=1) + "\n").encode()).hexdigest()


def _text(value: Any) -> str:
    text = str(value)
    text.encode()  # half of a pair of surrogates is no text: neither a page nor a terminal takes it
    return text


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"found {value!r}; expected a list of names")
    return tuple(map(_text, value))


def _texts(value: Any) -> dict[str, str]:
    return {_text(key): _text(text) for key, text in value.items()}
