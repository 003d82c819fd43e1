"""Audit: all checks of a folder of stores and a file of folds."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mestore.audit.apart import check_apart
from mestore.audit.copies import check_copies
from mestore.audit.crops import Look, look_at
from mestore.audit.faces import CHECK as FACES
from mestore.audit.faces import QUESTION as FACES_ASK
from mestore.audit.faces import Identity, check_faces
from mestore.audit.finding import Examined, Finding, counted
from mestore.audit.fits import check_fits
from mestore.audit.frozen import Frozen, read_frozen
from mestore.audit.looks import check_looks
from mestore.audit.normalised import Sampled, check_normalised, sample_columns
from mestore.audit.origin import check_origin
from mestore.audit.settled import read_settled
from mestore.labels.target import aim, names
from mestore.progress import Progress
from mestore.protocols.plan import not_as_published
from mestore.scores.predictions import PredictionFile, read_predictions
from mestore.store.feature import Feature
from mestore.store.reader import Store, open_store
from mestore.workspace import Workspace

_LINES = 20  # findings of a check that the text shows; the page shows more

Shown = Callable[[str], AbstractContextManager[Progress | None]]
"""Gives a bar for a step of this name."""


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What all checks found.

    Parameters
    ----------
    stores, folds : str
        Names of what was audited.
    digest : str
        Of the folds.
    subject : str
        Protocol, label and counts, in a line.
    flags : tuple of str
        What every score over these folds must say, and what of their counts is not as published.
    checks : tuple of Examined
    """

    stores: str
    folds: str
    digest: str
    subject: str
    flags: tuple[str, ...]
    checks: tuple[Examined, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of all checks."""
        return tuple(finding for check in self.checks for finding in check.findings)

    @property
    def verdict(self) -> str:
        """All of it in a line."""
        leaks = sum(its.severity == "leak" for its in self.findings)
        looks = len(self.findings) - leaks
        if not self.findings:
            return "nothing found"
        return f"{counted(leaks, 'leak')}, {looks:,} to look at"

    @property
    def status(self) -> int:
        """Exit status: 0 if nothing was found."""
        return int(bool(self.findings))

    def __str__(self) -> str:
        lines = [f"audit of {self.stores} with {self.folds}: {self.verdict}", self.subject]
        lines += [f"! {flag}" for flag in self.flags]
        for check in self.checks:
            lines += ["", f"{check.check}: {counted(len(check.findings), 'finding')}"]
            lines += [f"  {finding}" for finding in check.findings[:_LINES]]
            more = len(check.findings) - _LINES
            lines += [f"  and {more:,} more, on the page"] if more > 0 else []
            lines += [f"  examined: {line}" for line in check.examined]
            lines += [f"  not examined: {line}" for line in check.unseen]
        return "\n".join(lines)


def run_audit(
    stores: Path,
    folds: Path,
    *,
    workspace: Workspace,
    predictions: Path | None = None,
    jobs: int = 1,
    shown: Shown | None = None,
) -> Audit:
    """Run every check; nothing is written.

    Parameters
    ----------
    stores : Path
        A folder of stores, such as data/stores.
    folds : Path
        A file of frozen folds.
    workspace : Workspace
        Whose persons.csv settle which faces are of two persons.
    predictions : Path, optional
    jobs : int
        Processes that look at crops.
    shown : callable, optional
        Gives a progress bar by the name of a step.

    Raises
    ------
    MEStoreError
        If stores, folds or predictions cannot be read.
    """
    step = shown or (lambda _: nullcontext())
    store, frozen = open_store(stores), read_frozen(folds)
    tables = {name: feature.clips for name, feature in store.features.items()}
    table = next(iter(tables.values())).drop_duplicates("clip_id")
    file = read_predictions(predictions, classes=_several(frozen, table)) if predictions else None
    origin = check_origin(frozen, tables)
    crops = crops_of(store)
    looks = None
    if crops is not None:
        with step("audit crops") as progress:
            own = crops.clips[crops.clips["clip_id"].isin(table["clip_id"])]
            looks = look_at(crops, own.drop_duplicates("clip_id"), jobs=jobs, progress=progress)
    sampled, unseen = _sampled(store, step)
    checks = (
        origin.examined,
        check_apart(frozen, table, as_made=origin.as_made),
        _faces(looks, table, workspace),
        check_copies(table, looks=looks, digests=_index_digests(stores)),
        check_fits(frozen, table, file),
        check_normalised(sampled, unseen=unseen),
        check_looks(folds, digest=frozen.digest),
    )
    return Audit(
        stores=str(stores),
        folds=str(folds),
        digest=frozen.digest,
        subject=_subject(frozen, table, file),
        flags=(*frozen.flags, *not_as_published(frozen.counts)),
        checks=checks,
    )


def crops_of(store: Store) -> Feature | None:
    """Return the first store of aligned crops, None if there is none."""
    for feature in store.features.values():
        if any(description.kind == "align" for description in feature.descriptions.values()):
            return feature
    return None


def _several(frozen: Frozen, table: pd.DataFrame) -> tuple[str, ...]:
    """Return the labels of which a clip may have several, each a column of predictions; else nothing."""
    if frozen.label not in names():
        return ()
    # Of no clip: such labels do not go by the clips, and a clip that a map does not know is refused.
    target, _ = aim(table.iloc[:0], frozen.label)
    return target.classes if target.several else ()


def _subject(frozen: Frozen, table: pd.DataFrame, file: PredictionFile | None) -> str:
    persons = len(set(frozen.clips.values()))
    said = (
        f"{frozen.protocol}, {frozen.label}: {counted(len(frozen.folds), 'fold')} over "
        f"{counted(len(frozen.clips), 'clip')} of {counted(persons, 'person')}; in the stores "
        f"{counted(len(table), 'clip')}, {counted(table['person'].nunique(), 'person')}, "
        f"{counted(table['dataset'].nunique(), 'dataset')}"
    )
    return f"{said}; predictions {file.path.name}" if file else said


def _faces(looks: list[Look] | None, table: pd.DataFrame, workspace: Workspace) -> Examined:
    if looks is None:
        return Examined(check=FACES, question=FACES_ASK, unseen=("no store of kind align among the stores",))
    columns = (table[name] for name in ("clip_id", "dataset", "subject", "person"))
    whose = {
        clip: Identity(dataset=dataset, subject=subject, person=person)
        for clip, dataset, subject, person in zip(*columns, strict=True)
    }
    return check_faces(looks, whose, read_settled(workspace, sorted(set(table["dataset"]))))


def _sampled(store: Store, step: Shown) -> tuple[list[Sampled], list[str]]:
    sampled: list[Sampled] = []
    unseen: list[str] = []
    for name, feature in store.features.items():
        with step(f"audit {name}") as progress:
            found, without = sample_columns(name, feature, progress=progress)
        sampled += found
        unseen += without
    return sampled, unseen


def _index_digests(stores: Path) -> Mapping[str, str] | None:
    """Return the digests of the recordings by clip id, from the index beside the stores."""
    tables = [_digests(path) for path in sorted((stores.parent / "index").glob("*.parquet"))]
    return {clip: digest for table in tables for clip, digest in table} if tables else None


def _digests(path: Path) -> Iterable[tuple[str, str]]:
    try:
        table = pd.read_parquet(path, columns=["clip_id", "digest"])
    except (OSError, ValueError, KeyError):
        return ()  # index failures lie there too: they have no such columns
    return zip(table["clip_id"].astype(str), table["digest"].astype(str), strict=True)
