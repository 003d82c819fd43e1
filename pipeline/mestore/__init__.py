"""mestore: subject-keyed feature stores of facial micro-expressions, and folds that cannot leak.

What a trainer uses::

    import mestore

    store = mestore.open_store("data/stores")
    folds = mestore.load_folds("data/folds/loso.json")
    scorer = mestore.Scorer(folds, store.clips())
    for fold in folds:
        train = store.read("mdmo", fold.train, clips=folds.training(fold))
        test = store.read("mdmo", fold.test, clips=folds.tested(fold))      # without labels
        model = mestore.Fitted(make_pipeline(StandardScaler(), SVC()), label=folds.label)
        scorer.add(fold, model.fit(train.labelled(folds.label)).predict(test))
    print(scorer.scores())

A scorer takes any mapping of clip ids to classes. Where it says what it was fitted on (`Fitted` does, and
`Predictions` of other trainers may), what was fitted on whom the fold tests is refused. `store.to_sklearn`
gives X, y and groups, `store.iter` what is larger than memory, one subject at a time, and
`mestore.torch.ClipDataset` tensors.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mestore.errors import LeakError, MEStoreError, ScoreError, StoreError
    from mestore.persons import HeldOut
    from mestore.protocols.fold import Fold
    from mestore.protocols.folds import Folds, load_folds
    from mestore.sample import Sample
    from mestore.scores.fitted import Fitted, Predictions
    from mestore.scores.scorer import Scorer
    from mestore.store.reader import Batch, Labelled, Store, open_store
    from mestore.store.selection import Selection

__all__ = [
    "Batch",
    "Fitted",
    "Fold",
    "Folds",
    "HeldOut",
    "Labelled",
    "LeakError",
    "MEStoreError",
    "Predictions",
    "Sample",
    "ScoreError",
    "Scorer",
    "Selection",
    "Store",
    "StoreError",
    "load_folds",
    "open_store",
]

_MODULES = {
    "Batch": "store.reader",
    "Fitted": "scores.fitted",
    "Fold": "protocols.fold",
    "Folds": "protocols.folds",
    "HeldOut": "persons",
    "Labelled": "store.reader",
    "LeakError": "errors",
    "MEStoreError": "errors",
    "Predictions": "scores.fitted",
    "Sample": "sample",
    "ScoreError": "errors",
    "Scorer": "scores.scorer",
    "Selection": "store.selection",
    "Store": "store.reader",
    "StoreError": "errors",
    "load_folds": "protocols.folds",
    "open_store": "store.reader",
}


def __getattr__(name: str) -> object:
    """Return what a trainer uses, imported when first asked for: the command line starts without pandas."""
    if name not in _MODULES:
        raise AttributeError(f"module 'mestore' has no attribute {name!r}")
    value: object = getattr(import_module(f"mestore.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
