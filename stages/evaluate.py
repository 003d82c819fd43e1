"""Stage evaluate: baselines on the stores -> metrics.json, scores.json, confusion/<feature>.csv."""

import json

from mestore.build.entry import run_stage
from mestore.build.threads import single_threaded
from mestore.datasets.table_io import replacing
from mestore.evaluate import CONSTANT, evaluate_constant, evaluate_feature
from mestore.params import Params
from mestore.protocols.folds import load_folds
from mestore.store.reader import open_store
from mestore.workspace import Workspace


def evaluate(workspace: Workspace, params: Params) -> str:
    """Score the constant baseline and a linear SVM per feature."""
    store = open_store(workspace.stores, names=params.stores)
    folds = load_folds(workspace.folds / f"{params.evaluate.folds}.json")
    ledger = workspace.ledger / f"{params.evaluate.folds}.jsonl"
    with single_threaded():
        scorers = {CONSTANT: evaluate_constant(store, folds, ledger=ledger)}
        for name in params.evaluate.features:
            scorers[name] = evaluate_feature(store, folds, name, ledger=ledger)
    for scorer in scorers.values():
        scorer.scores()  # each goes into the ledger before any of them states how many there are
    for name, scorer in scorers.items():
        # DVC writes what it plots into a page as it is: a label must not be markup there.
        table = scorer.predictions().replace({"<": "‹", ">": "›"}, regex=True)
        with replacing(workspace.reports / "confusion" / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False)
    scores = {name: scorer.scores().as_dict() for name, scorer in scorers.items()}
    headline = {name: {key: it[key] for key in ("uf1", "uar", "accuracy")} for name, it in scores.items()}
    whole = {"folds": params.evaluate.folds, "scores": scores}
    for name, record in (("metrics", headline), ("scores", whole)):
        text = json.dumps(record, indent=1)
        with replacing(workspace.reports / f"{name}.json") as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")
    return "; ".join(f"{name}: UF1 {it['uf1']:.3f}, UAR {it['uar']:.3f}" for name, it in scores.items())


if __name__ == "__main__":
    run_stage(evaluate)
