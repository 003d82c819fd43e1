"""Scored: the scores of each protocol that scores clips of a dataset, as its page shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mestore.protocols.plan import not_as_published
from mestore.report.dataset.matrices import Matrix, matrix
from mestore.report.run import Run


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The scores of one protocol.

    Parameters
    ----------
    record : mapping
        scores.json.
    digest : str
        Of the frozen folds.
    unlike : sequence of str
        Counts of the folds that are not as published.
    matrices : sequence of Matrix
        One per baseline.
    """

    record: Mapping[str, Any]
    digest: str
    unlike: Sequence[str]
    matrices: Sequence[Matrix]


def scored(run: Run) -> list[Scored]:
    """Return the scores of every protocol of a run that has any, in these folds and of these stores."""
    return [
        Scored(
            record=it.record,
            digest=it.folds.digest,
            unlike=not_as_published(it.record["counts"]),
            matrices=[matrix(name, its["scores"]) for name, its in it.record["baselines"].items()],
        )
        for it in run.protocols
        if it.record
    ]
