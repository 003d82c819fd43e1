"""Torch: the clips of some persons as a map-style dataset, for a `DataLoader` with any number of workers.

Needs PyTorch: ``pip install 'mestore[torch]'``. Only face models that are networks import it elsewhere.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import TypedDict

import numpy as np

from mestore.clips import LABELS
from mestore.errors import StoreError
from mestore.labels.target import aim, coded_parts
from mestore.persons import HeldOut
from mestore.store.batch import labels_of
from mestore.store.reader import Store

try:
    import torch
    from torch.utils.data import Dataset
except ImportError as error:
    raise ImportError("mestore.torch needs PyTorch: pip install 'mestore[torch]'") from error


class Unlabelled(TypedDict):
    """A clip of a test person.

    Parameters
    ----------
    data : Tensor, shape of one clip of the store
    clip : str
        The clip's id, by which `Scorer` takes its prediction.
    """

    data: torch.Tensor
    clip: str


class Labelled(Unlabelled):
    """A clip whose label may be seen.

    Parameters
    ----------
    label : int
        Index into `ClipDataset.classes`.
    """

    label: int


class ClipDataset(Dataset[Unlabelled]):
    """The clips of some persons, one dict each; those of `fold.test` have no label.

    Files are opened by the process that reads them, so a dataset may be sent to workers started by fork,
    forkserver or spawn. Clips of a store whose clips differ in length are tensors of their own length: to
    make batches of them, give the `DataLoader` a `collate_fn`.

    Parameters
    ----------
    store : Store
    name : str
        Of the store below it, such as "flow".
    persons : iterable of str
        Such as `fold.train`.
    clips : collection of str, optional
        Clip ids that are wanted at all, such as `folds.training(fold)`; give `classes` too then.
    label : str
        What is predicted, such as `folds.label`: one class a clip.
    classes : sequence of str, optional
        Its classes; by default the label map's, or all that `clips` (of whatever person) show, in order of
        the alphabet, so that an index means the same in every fold. Where those are clips of `fold.test`
        alone, they would tell its labels: to be given, such as those of the dataset of `fold.train`.
    check : bool
        Compare checksums when a subject is opened.

    Raises
    ------
    StoreError
        If a person is unknown, or a clip has no label or one that is none of `classes`, or these are needed.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        persons: Iterable[str],
        *,
        clips: Collection[str] | None = None,
        label: str = "emotion",
        classes: Sequence[str] | None = None,
        check: bool = False,
    ) -> None:
        self.selection = store.select(name, persons, clips=clips, check=check)
        table = store.clips(name)
        shown = table if clips is None else table[table["clip_id"].isin(set(clips))]
        target, _ = aim(shown, label)
        if target.several:
            raise StoreError(f"clips may have several labels of {label!r}; take them from store.to_sklearn")
        held_out = isinstance(persons, HeldOut)
        if held_out and classes is None and label in LABELS and set(shown["person"]) <= set(persons):
            raise StoreError(
                f"`clips` are of persons who are held out, whose {label} is not shown; expected `classes` "
                "too, such as those of the dataset of fold.train: classes=train.classes"
            )
        self.classes = target.classes if classes is None else tuple(classes)
        self._labels: list[int] | None = None
        if not held_out:
            labels = labels_of(self.selection.clips, label=label, coded=coded_parts(table))
            self._labels = [self._index(str(value)) for value in labels]

    def __len__(self) -> int:
        return len(self.selection)

    def __getitem__(self, place: int) -> Unlabelled:
        """Return a clip; the tensor owns its bytes and may be written."""
        data = torch.from_numpy(np.array(self.selection[place].data))
        clip = self.selection.ids[place]
        if self._labels is None:
            return Unlabelled(data=data, clip=clip)
        return Labelled(data=data, clip=clip, label=self._labels[place])

    def _index(self, value: str) -> int:
        if value not in self.classes:
            raise StoreError(f"label {value!r} is none of the classes {', '.join(self.classes)}")
        return self.classes.index(value)
