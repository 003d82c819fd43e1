"""All baselines side by side, as stage evaluate scores them. Run from the workspace's folder.

How each is made is in pipeline/mestore/scores/baselines.py, twenty lines a baseline: copy from there.
"""

import sys

import mestore
from mestore.scores.baselines import constant, majority, predict_all, svm

protocol = sys.argv[1] if len(sys.argv) > 1 else "loso"
store = mestore.open_store("data/stores")
folds = mestore.load_folds(f"data/folds/{protocol}.json")
baselines = {
    "constant": constant(store, folds),
    "majority": majority(store, folds),
    "LBP-TOP + linear SVM": svm(store, folds, "lbp_top"),
    "MDMO + linear SVM": svm(store, folds, "mdmo"),
    "flow and strain, 28 x 28, + linear SVM": svm(store, folds, "flow"),
}
for name, predict in baselines.items():
    scorer = predict_all(store, folds, predict)
    scores, (low, high) = scorer.scores(), scorer.intervals()["uf1"]
    print(f"{name:40} UF1 {scores.uf1:.3f} ({low:.3f} to {high:.3f}), UAR {scores.uar:.3f}")  # noqa: T201
