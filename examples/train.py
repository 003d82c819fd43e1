"""Train on a store and score it: the whole API in ten lines. Run from the workspace's folder."""

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import mestore

store = mestore.open_store("data/stores")
folds = mestore.load_folds("data/folds/loso.json")
scorer = mestore.Scorer(folds, store.clips())
model = mestore.Fitted(make_pipeline(StandardScaler(), SVC(kernel="linear")), label=folds.label)
for fold in folds:
    train = store.read("mdmo", fold.train, clips=folds.training(fold))
    test = store.read("mdmo", fold.test, clips=folds.tested(fold))
    scorer.add(fold, model.fit(train.labelled(folds.label)).predict(test))
scores = scorer.scores()
print(f"MDMO + linear SVM, {scores.clips} clips: UF1 {scores.uf1:.3f}, UAR {scores.uar:.3f}")  # noqa: T201
