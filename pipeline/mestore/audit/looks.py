"""Looks: how many sets of predictions were scored against these folds."""

from pathlib import Path

from mestore.audit.finding import Examined, Finding, counted
from mestore.errors import MEStoreError
from mestore.scores.ledger import Ledger, ledger_of

CHECK = "looks at the test set"
QUESTION = "How often was the test set looked at? The best of many scores is better than its method."


def check_looks(folds: Path, *, digest: str) -> Examined:
    """Count the sets of predictions in the ledger of a file of folds."""
    path = ledger_of(folds)
    if not path.exists():
        return Examined(
            check=CHECK,
            question=QUESTION,
            unseen=(f"no ledger ({path.name}) is where that of these folds would be; nothing was counted",),
        )
    try:
        sets, other = Ledger(path, folds=digest).counts()
    except (MEStoreError, OSError) as error:
        finding = Finding(
            severity="look",
            what=f"the ledger cannot be read ({error})",
            remedy="take it out of a backup, or out of git's history",
        )
        return Examined(check=CHECK, question=QUESTION, findings=(finding,))
    return Examined(
        check=CHECK,
        question=QUESTION,
        examined=(
            f"{counted(sets, 'set')} of predictions scored against these folds, by {path.name}"
            + (f"; {other:,} more against other versions of them" if other else ""),
        ),
        unseen=("scores taken without mestore, or against folds in another place",),
    )
