"""mestore: subject-keyed feature stores of facial micro-expressions, and folds that cannot leak.

What a trainer uses::

    import mestore

    store = mestore.open_store("data/stores")
    folds = mestore.load_folds("data/folds/loso.json")
    scorer = mestore.Scorer(folds, store.clips())
    for fold in folds:
        x, y, groups = store.to_sklearn("mdmo", fold.train, clips=folds.clips)
        model = SVC().fit(x, y)
        test = store.to_sklearn("mdmo", fold.test, clips=folds.clips)      # x alone
        ids = store.select("mdmo", fold.test, clips=folds.clips).ids
        scorer.add(fold, dict(zip(ids, model.predict(test))))               # {clip id: class}
    print(scorer.scores())

`store.read` gives arrays of any shape, `store.iter` what is larger than memory, one subject at a time, and
`mestore.torch.ClipDataset` tensors.
"""

from mestore.errors import LeakError, MEStoreError, ScoreError, StoreError
from mestore.persons import HeldOut
from mestore.protocols.fold import Fold
from mestore.protocols.folds import Folds, load_folds
from mestore.sample import Sample
from mestore.scorer import Scorer
from mestore.store.reader import Batch, Labelled, Store, open_store
from mestore.store.selection import Selection

__all__ = [
    "Batch",
    "Fold",
    "Folds",
    "HeldOut",
    "Labelled",
    "LeakError",
    "MEStoreError",
    "Sample",
    "ScoreError",
    "Scorer",
    "Selection",
    "Store",
    "StoreError",
    "load_folds",
    "open_store",
]
