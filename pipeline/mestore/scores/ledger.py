"""Ledger: how many sets of predictions were scored against folds. Every look at the test set is one."""

import json
import os
from pathlib import Path

from mestore.errors import ScoreError


def ledger_of(folds: Path) -> Path:
    """Return the ledger of a file of folds: below data/ledger for one in data/folds, else beside it.

    Examples
    --------
    >>> ledger_of(Path("/lab/data/folds/loso.json")).as_posix()
    '/lab/data/ledger/loso.jsonl'
    >>> ledger_of(Path("/paper/loso.json")).as_posix()
    '/paper/loso.ledger.jsonl'
    """
    # From wherever one works; links are left as they are: DVC may have put one in a file's place.
    folds = Path(os.path.normpath(folds.absolute()))
    if folds.parts[-3:-1] == ("data", "folds"):
        return folds.parents[1] / "ledger" / f"{folds.stem}.jsonl"
    return folds.with_name(f"{folds.stem}.ledger.jsonl")


class Ledger:
    """An append-only file: one line for every set of predictions that was scored.

    The same predictions scored again are no new set. Lines of other folds may stand in the same file: folds
    that were made again after the clip table changed keep their name, and with it their ledger.

    Parameters
    ----------
    path : Path
        The file; made with its folder when the first set is recorded.
    folds : str
        Digest of the folds.
    """

    def __init__(self, path: Path, *, folds: str) -> None:
        self._path, self._folds = path, folds

    def record(self, predictions: str) -> tuple[int, int]:
        """Record a set by its digest, unless it is there; return the counts with it, as `counts` does.

        Raises
        ------
        ScoreError
            If the file cannot be read or written: a score that hides how often one looked is not given.
        """
        try:
            records = self._records()
            if (self._folds, predictions) not in records:
                self._append({"folds": self._folds, "predictions": predictions})
                records.add((self._folds, predictions))
        except OSError as error:
            raise self._refused(error.strerror or str(error)) from error
        return self._counted(records)

    def counts(self) -> tuple[int, int]:
        """Return how many different sets were scored against these folds, and how many against others.

        Other folds are earlier versions of these, of another clip table.

        Raises
        ------
        ScoreError
            If a line is no record.
        """
        return self._counted(self._records())

    def _counted(self, records: set[tuple[str, str]]) -> tuple[int, int]:
        these = sum(folds == self._folds for folds, _ in records)
        return these, len(records) - these

    def _records(self) -> set[tuple[str, str]]:
        """Return folds and predictions of every set once."""
        found: set[tuple[str, str]] = set()
        for number, line in enumerate(self._lines(), 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                found.add((str(record["folds"]), str(record["predictions"])))
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise self._refused(f"line {number} is no record: {line[:40]!r}") from error
        return found

    def _lines(self) -> list[str]:
        if not self._path.exists():
            return []
        if not self._path.is_file():
            raise self._refused("it is no regular file")
        try:
            return self._path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise self._refused("it is no text") from error

    def _append(self, record: dict[str, str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # An editor or a merge may have taken the last line's end: two records would stand on one line.
        content = self._path.read_bytes() if self._path.exists() else b""
        begin = "\n" if content and not content.endswith(b"\n") else ""
        # One write of one line at the end: of two who write at once, both lines are there.
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o664)
        with os.fdopen(handle, "ab", buffering=0) as file:
            file.write((begin + json.dumps(record) + "\n").encode())

    def _refused(self, why: str) -> ScoreError:
        return ScoreError(
            f"the ledger {self._path} cannot be kept ({why}); every score states how many sets of "
            "predictions were scored against its folds: mend the file or its permissions, or give another "
            "with ledger= (--ledger)"
        )
