"""Methods of evaluation: folds, what was left out, classifiers and scores, in sentences."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mestore.labels.maps import MAPS
from mestore.protocols.folds import Folds
from mestore.protocols.plan import EXCLUDED, not_as_published
from mestore.report.methods.citing import cite, listed, number, outside, were
from mestore.report.methods.protocols import of_folds
from mestore.report.methods.run import Protocol, Run
from mestore.report.methods.stores import noun
from mestore.scores.baselines import SIDE
from mestore.scores.settings import BASELINES

_INSPECTED = "excluded after inspection"


def sentences(run: Run) -> list[str]:
    """Return two paragraphs for every protocol: its folds, and the scores in them, if any."""
    told = [
        text for it in run.protocols for text in (" ".join(_folds(it)), " ".join(_scores(it, run))) if text
    ]
    if any(it.record for it in run.protocols):
        told.append(_definitions(run))
    return told


def _folds(it: Protocol) -> Iterator[str]:
    folds = it.folds
    yield of_folds(folds)
    if folds.extra:
        yield (
            f"{number(len(folds.extra), 'clip')} of other datasets were trained on as well, and never scored."
        )
    yield _label(it)
    persons = len(set(folds.clips.values()))
    of = [f"{count} of {name}" for name, count in it.datasets.items()]
    where = f" ({listed(of)})" if len(of) > 1 else ""
    clips = len(folds.clips)
    yield f"{number(clips, 'clip')} of {number(persons, 'person')} {were(clips)} scored{where}."
    yield from _left_out(folds)
    if folds.flags:
        yield f"Scores in these folds carry the note: {'; '.join(map(outside, folds.flags))}."


def _left_out(folds: Folds) -> Iterator[str]:
    """Give how many clips were left out, by reason; the lab's own reasons stand with the recordings."""
    reasons = Counter(
        _INSPECTED if reason.startswith(EXCLUDED) else outside(reason) for reason in folds.left_out.values()
    )
    if reasons:
        told = listed(f"{reason} ({count})" for reason, count in sorted(reasons.items()))
        count = sum(reasons.values())
        yield f"{number(count, 'clip')} {were(count)} left out: {told}."


def _label(it: Protocol) -> str:
    """Return what was predicted, with the clips of each class where scores tell them."""
    label = outside(it.folds.label)
    counts = _classes(it.record)
    classes = f" ({listed(f'{name}: {count}' for name, count in counts.items())})" if counts else ""
    if it.folds.label.startswith("au_"):
        return f"For each clip, action units were predicted{classes}."
    if it.folds.label in MAPS:
        return (
            f"The {len(MAPS[it.folds.label].classes)} classes of the label map {label} were "
            f"predicted{classes}."
        )
    return f"The annotated {label.replace('_', ' ')} was predicted{classes}."


def _classes(record: Mapping[str, Any]) -> dict[str, int]:
    """Return the number of scored clips of each class, from the confusion of any baseline."""
    for baseline in record.get("baselines", {}).values():
        scores = baseline["scores"]
        width = 2 if scores["several"] else None
        return {
            outside(name): sum(row[:width])
            for name, row in zip(scores["f1"], scores["confusion"], strict=True)
        }
    return {}


def _scores(it: Protocol, run: Run) -> Iterator[str]:
    """Give what was scored in folds."""
    named = it.record.get("baselines", {})
    if not named:
        return
    several = _several(named)
    trivial = {
        "constant": (
            "a constant prediction "
            f"({'all labels' if several else 'the most frequent class of all scored clips'})"
        ),
        "majority": (
            f"the {'majority of each label' if several else 'most frequent class'} in the training clips "
            "of each fold"
        ),
    }
    there = [trivial[name] for name in BASELINES if name in named]
    if there:
        role = "baselines" if len(there) > 1 else "a baseline"
        yield f"{listed(there)[0].upper()}{listed(there)[1:]} {were(len(there))} scored as {role}."
    for settings, features in _alike(it.record.get("svm", {}), named).items():
        yield _svm(dict(settings), [_feature(name, run) for name in features], several=several)
    maps = [name for name in named if _is_map(name, run)]
    if maps:
        yield (
            f"Before, the maps of the {listed(_feature(name, run) for name in maps)} were averaged to "
            f"{SIDE} × {SIDE} px, each clip by itself."
        )
    absent = {name: its["scores"]["clips"] - its["scores"]["predicted"] for name, its in named.items()}
    for name, count in absent.items():
        if count:
            yield f"{number(count, 'clip')} without {_feature(name, run)} counted as wrong."
    these, others = it.looks
    if these:
        more = f", and {others} against other versions of them" if others else ""
        yield (
            f"By the ledger, {number(these, 'set')} of predictions {'has' if these == 1 else 'have'} been "
            f"scored against these folds{more}."
        )


def _alike(svm: Mapping[str, Any], named: Mapping[str, Any]) -> dict[tuple[tuple[str, Any], ...], list[str]]:
    """Return the features that were scored, by the settings of their SVM."""
    groups: dict[tuple[tuple[str, Any], ...], list[str]] = {}
    for name, settings in svm.items():
        if name in named:
            groups.setdefault(tuple(settings.items()), []).append(name)
    return groups


def _several(named: Mapping[str, Any]) -> bool:
    return any(its["scores"]["several"] for its in named.values())


def _svm(settings: Mapping[str, Any], features: Sequence[str], *, several: bool) -> str:
    kernel = {"linear": "a linear kernel", "rbf": "an RBF kernel", "poly": "a polynomial kernel of degree 3"}
    parts = [kernel[settings["kernel"]], f"C = {settings['C']:g}"]
    parts += ["classes weighted inversely to their frequency"] if settings["balanced"] else []
    each = "each of the features " if len(features) > 1 else ""
    scaled = (
        "The standardisation of each value (mean 0, standard deviation 1) and the"
        if settings["scale"]
        else "The"
    )
    label = ", one for each label," if several else ""
    return (
        f"A support vector machine {cite('chang2011', 'pedregosa2011')}{label} with {listed(parts)} was "
        f"trained on {each}{listed(features)}. {scaled} classifier were fitted to the training clips of "
        "each fold alone."
    ).replace("The classifier were", "The classifier was")


def _feature(name: str, run: Run) -> str:
    return noun(run.stores[name], run) if name in run.stores else outside(name)


def _is_map(name: str, run: Run) -> bool:
    """Return whether the SVM saw a store's maps smaller than they are."""
    it = run.stores.get(name)
    return (
        it is not None and tuple(it.description.axes) == ("y", "x", "channel") and _side(it.name, run) > SIDE
    )


def _side(name: str, run: Run) -> int:
    """Return the side of the crops that a store was computed from; 0 if the run does not know them."""
    while name in run.stores:
        it = run.stores[name]
        if "side" in it.params:
            return int(it.params["side"])
        name = it.source
    return 0


def _definitions(run: Run) -> str:
    pooled = (
        "True positives, false positives and false negatives of each class were summed over all folds "
        "before any score was taken. The unweighted F1 score (UF1) is the mean over classes of F1, the "
        f"unweighted average recall (UAR) the mean over classes of recall {cite('see2019')}. Intervals of "
        "95 % were found by drawing persons, not clips, with replacement (1000 draws)."
    )
    means = [it for it in run.protocols if it.record.get("average") == "folds"]
    if means:
        names = listed(it.name for it in means)
        pooled += f" Means over the folds are given too for {names}, as published scores are."
    return pooled


def notes(run: Run) -> list[str]:
    """Return what the author should know and the paper need not say: counts that are not as published."""
    return [
        f"protocol {it.name}: {outside(text)}"
        for it in run.protocols
        for text in not_as_published(it.folds.counts)
    ]
