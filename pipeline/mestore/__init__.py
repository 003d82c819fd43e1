"""mestore: subject-keyed feature stores of facial micro-expressions, and folds that cannot leak.

What a trainer uses::

    import mestore

    store = mestore.open_store("data/stores")
    folds = mestore.load_folds("data/folds/loso.json")
    scorer = mestore.Scorer(folds, store.clips())
    for fold in folds:
        train = store.read("mdmo", fold.train, clips=folds.clips)
        test = store.read("mdmo", fold.test, clips=folds.clips)
        scorer.add(fold, predict(train, test))          # {clip id: class}
    print(scorer.scores())
"""

from mestore.errors import LeakError, MEStoreError, ScoreError, StoreError
from mestore.metrics import Scorer
from mestore.protocols.fold import Fold, Folds, load_folds
from mestore.store.reader import Batch, Store, open_store

__all__ = [
    "Batch",
    "Fold",
    "Folds",
    "LeakError",
    "MEStoreError",
    "ScoreError",
    "Scorer",
    "Store",
    "StoreError",
    "load_folds",
    "open_store",
]
