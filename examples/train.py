"""Train on a store and score it: the whole API in ten lines. Run from the workspace's folder."""

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import mestore

store = mestore.open_store("data/stores")
folds = mestore.load_folds("data/folds/loso.json")
scorer = mestore.Scorer(folds, store.clips())
for fold in folds:
    train = store.read("mdmo", fold.train, clips=folds.clips)
    test = store.read("mdmo", fold.test, clips=folds.clips)
    model = make_pipeline(StandardScaler(), SVC(kernel="linear")).fit(train.data, train.clips["emotion"])
    scorer.add(fold, dict(zip(test.clips["clip_id"], model.predict(test.data), strict=True)))
scores = scorer.scores()
print(f"MDMO + linear SVM, {scores.clips} clips: UF1 {scores.uf1:.3f}, UAR {scores.uar:.3f}")  # noqa: T201
