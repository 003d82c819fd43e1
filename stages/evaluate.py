"""Stage evaluate NAME: baselines in the folds of a protocol -> data/scores/<name>/."""

import json
import shutil

from mestore.build.entry import run_stage
from mestore.build.provenance import stage_code
from mestore.build.threads import single_threaded
from mestore.datasets.table_io import replacing, write_plot
from mestore.params import Params
from mestore.protocols.folds import load_folds
from mestore.scores.evaluate import confusion, evaluate, metrics, record
from mestore.store.reader import open_store
from mestore.workspace import Workspace


def score(workspace: Workspace, params: Params, name: str) -> str:
    """Score the baselines, and write metrics, scores, predictions and confusion."""
    store = open_store(workspace.stores, names=params.stores)
    folds = load_folds(workspace.folds / f"{name}.json")
    # The main workspace's: what an experiment in a copy looks at is looked at.
    ledger = workspace.ledger / f"{name}.jsonl"
    with single_threaded():
        scorers = evaluate(store, folds, params.evaluate[name], ledger=ledger)
    folder = workspace.scores / name
    for part in ("predictions", "confusion"):
        shutil.rmtree(folder / part, ignore_errors=True)
        (folder / part).mkdir(parents=True)
    for baseline, scorer in scorers.items():
        scorer.save(folder / "predictions" / f"{baseline}.csv")
        if baseline != "constant":  # a matrix of one column
            write_plot(confusion(scorer), folder / "confusion" / f"{baseline}.csv")
    code = stage_code(workspace, "evaluate")
    whole = record(name, folds, store, scorers, params=params.evaluate[name], code=code, ledger=ledger)
    for part, its in (("metrics", metrics(name, scorers)), ("scores", whole)):
        with replacing(folder / f"{part}.json") as temporary:
            temporary.write_text(json.dumps(its, indent=1) + "\n", encoding="utf-8")
    scores = {baseline: scorer.scores() for baseline, scorer in scorers.items()}
    said = (f"{baseline} UF1 {it.uf1:.3f}, UAR {it.uar:.3f}" for baseline, it in scores.items())
    return f"{name}: {'; '.join(said)}"


if __name__ == "__main__":
    run_stage(score)
