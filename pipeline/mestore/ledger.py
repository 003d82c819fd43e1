"""Ledger: how many sets of predictions were scored against folds. Every look at the test set is one."""

import json
import os
from pathlib import Path

from mestore.errors import ScoreError


class Ledger:
    """An append-only file: one line for every set of predictions that was scored.

    The same predictions scored again are no new set. Lines of other folds may stand in the same file.

    Parameters
    ----------
    path : Path
        The file; made with its folder when the first set is recorded.
    folds : str
        Digest of the folds.
    """

    def __init__(self, path: Path, *, folds: str) -> None:
        self._path, self._folds = path, folds

    def record(self, predictions: str) -> int:
        """Record a set by its digest, unless it is there; return the number of different sets.

        Raises
        ------
        ScoreError
            If the file cannot be read or written: a score that hides how often one looked is not given.
        """
        try:
            known = self.sets()
            if predictions not in known:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                line = json.dumps({"folds": self._folds, "predictions": predictions}) + "\n"
                # One write of one line at the end: of two who write at once, both lines are there.
                handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o664)
                with os.fdopen(handle, "ab", buffering=0) as file:
                    file.write(line.encode())
                known.append(predictions)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ScoreError(
                f"the ledger {self._path} cannot be kept ({error}); mend the file or its permissions: scores "
                "state how many sets of predictions were scored"
            ) from error
        return len(known)

    def sets(self) -> list[str]:
        """Return the digests of the different sets that were scored, in order."""
        if not self._path.is_file():
            return []
        lines = [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines()]
        return list(dict.fromkeys(line["predictions"] for line in lines if line["folds"] == self._folds))
