"""Published: scores that papers state for a protocol, with their source and how what they did differs."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from mestore.protocols.folds import Folds
from mestore.protocols.plan import not_as_published


@dataclass(frozen=True, kw_only=True)
class Published:
    """One published score.

    Parameters
    ----------
    protocol : str
        Kind of the protocol.
    label : str
        What was predicted; empty: what the protocol is about.
    params : mapping
        Those parameters of the protocol that must be the same.
    method : str
    score : str
        "uf1" as in `Scores`, or "fold_mean_uf1" as in `Scorer.fold_mean`.
    value : float
        A fraction, not per cent.
    source, differs : str
        Who published it, and how that differs from what mestore does.
    """

    protocol: str
    method: str
    score: str
    value: float
    source: str
    differs: str
    label: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def published(folds: Folds) -> list[Published]:
    """Return the published scores of the same protocol, label and parameters; none where none is known.

    Where the folds' counts are not as published, `differs` says so first.

    Examples
    --------
    >>> from mestore.protocols.fold import Fold
    >>> fold = Fold(name="casme", train=("a",), test=("b",))
    >>> its = dict(label="au_cd6me", folds=[fold], clips={}, left_out={}, rows={})
    >>> [it.value for it in published(Folds(protocol="cd6me", params={"extra_data": False}, **its))]
    [0.178, 0.121, 0.275, 0.362]
    >>> published(Folds(protocol="cd6me", params={"extra_data": True}, **its))
    []
    >>> few = ["clips: 1900, not 2031 as published (MEB)", "persons: 239, as published (MEB)"]
    >>> published(Folds(protocol="cd6me", params={"extra_data": False}, counts=few, **its))[0].differs[:59]
    'your folds have other clips (clips: 1900, not 2031 as publi'
    """
    return [_beside(it, not_as_published(folds.counts)) for it in _table() if _fits(it, folds)]


def _beside(one: Published, unlike: Sequence[str]) -> Published:
    """Return a published score that says which counts of the folds it stands beside are others."""
    if not unlike:
        return one
    first, more = unlike[0].partition(" (")[0], len(unlike) - 1
    counts = f"{first}; {more} more count{'s' if more > 1 else ''}" if more else first
    return replace(one, differs=f"your folds have other clips ({counts}); {one.differs}")


def _fits(one: Published, folds: Folds) -> bool:
    return (
        one.protocol == folds.protocol
        and one.label in ("", folds.label)
        and all(folds.params.get(key) == value for key, value in one.params.items())
    )


@cache
def _table() -> tuple[Published, ...]:
    return tuple(_rows(files("mestore").joinpath("scores/published.csv").read_text(encoding="utf-8")))


def _rows(text: str) -> Iterator[Published]:
    for row in csv.DictReader(text.splitlines()):
        own = {**row, "value": float(row["value"]), "params": json.loads(row["params"] or "{}")}
        yield Published(**own)
