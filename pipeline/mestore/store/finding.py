"""Finding: one thing that is wrong with a store."""

from dataclasses import dataclass

REBUILD = "run `chmod -R u+w` on the store, remove it, and run `dvc pull` or `dvc repro`"
"""What mends most findings.

DVC's cache holds the same file by another name, and DVC trusts what is read-only: without chmod it hands out
the damaged file again (seen, 3.67).
"""


@dataclass(frozen=True, kw_only=True, order=True)
class Finding:
    """What is wrong with a store: where, what was found and expected, and what to do.

    Examples
    --------
    >>> print(Finding(where="flow/clips.csv", found="3 rows", expected="4", remedy="run `dvc repro`"))
    flow/clips.csv: found 3 rows; expected 4; run `dvc repro`
    """

    where: str
    found: str
    expected: str
    remedy: str = REBUILD

    def __str__(self) -> str:
        return f"{self.where}: found {self.found}; expected {self.expected}; {self.remedy}"
