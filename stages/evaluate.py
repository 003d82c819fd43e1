"""Stage evaluate NAME: baselines in the folds of a protocol -> data/scores/<name>/."""

from mestore.build.entry import run_stage
from mestore.build.provenance import stage_code
from mestore.build.threads import single_threaded
from mestore.params import Params
from mestore.protocols.folds import load_folds
from mestore.scores.evaluate import evaluate, metrics, record, write_scores
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
    code = stage_code(workspace, "evaluate")
    whole = record(name, folds, store, scorers, params=params.evaluate[name], code=code, ledger=ledger)
    write_scores(workspace.scores / name, scorers, shown=metrics(name, scorers), whole=whole)
    scores = {baseline: scorer.scores() for baseline, scorer in scorers.items()}
    said = (f"{baseline} UF1 {it.uf1:.3f}, UAR {it.uar:.3f}" for baseline, it in scores.items())
    return f"{name}: {'; '.join(said)}"


if __name__ == "__main__":
    run_stage(score)
