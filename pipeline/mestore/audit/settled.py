"""Settled: what a lab's persons.csv says already of two subjects that look alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mestore.datasets.own import PERSONS, Places, own_rows
from mestore.datasets.persons import COLUMNS
from mestore.errors import MEStoreError
from mestore.workspace import Workspace

Subject = tuple[str, str]
"""Dataset and subject."""


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What the files persons.csv say.

    Parameters
    ----------
    persons : mapping of (str, str) to str
        Person by dataset and subject.
    places : mapping of str to str
        Where the file of each dataset lies, or should be put.
    trouble : tuple of str
        Of those that cannot be read.
    """

    persons: Mapping[Subject, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    trouble: tuple[str, ...] = ()

    def apart(self, one: Subject, other: Subject) -> bool:
        """Return whether both subjects are named there, as different persons."""
        first, second = self.persons.get(one), self.persons.get(other)
        return first is not None and second is not None and first != second


def read_settled(workspace: Workspace, datasets: Iterable[str]) -> Settled:
    """Read the persons.csv of each dataset: in its folder, or in data/own."""
    persons: dict[Subject, str] = {}
    where: dict[str, str] = {}
    trouble = []
    for dataset in datasets:
        places = Places(root=workspace.raw / dataset, own=workspace.own / dataset)
        where[dataset] = f"data/own/{dataset}/{PERSONS}"
        try:
            rows = own_rows(places, PERSONS, columns=COLUMNS, dataset=dataset)
        except (MEStoreError, OSError) as error:
            trouble.append(f"{PERSONS} of {dataset} cannot be read: {error}")
            continue
        persons |= {(dataset, row.text("subject")): row.text("person") for row in rows}
        if (places.root / PERSONS).is_file():
            where[dataset] = f"{PERSONS} in the folder of {dataset}"
    return Settled(persons=persons, places=where, trouble=tuple(trouble))
