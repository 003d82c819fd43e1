"""Methods of evaluation: folds, what was left out, classifiers and scores, in sentences."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mestore.aus import POLICIES
from mestore.counting import counted
from mestore.labels.maps import MAPS
from mestore.protocols.folds import Folds
from mestore.protocols.plan import EXCLUDED, not_as_published
from mestore.report.methods.citing import cite, listed, outside, were
from mestore.report.methods.protocols import of_folds
from mestore.report.methods.stores import noun
from mestore.report.run import Protocol, Run
from mestore.scores.baselines import SIDE
from mestore.scores.settings import BASELINES

_INSPECTED = "excluded after inspection"
_UNITS = "au_"


def sentences(run: Run) -> list[str]:
    """Return two paragraphs for every protocol: its folds, and the scores in them, if any."""
    told = [
        text for it in run.protocols for text in (" ".join(_folds(it)), " ".join(_scores(it, run))) if text
    ]
    if any(map(_named, run.protocols)):
        told.append(_definitions(run))
    return told


def _folds(it: Protocol) -> Iterator[str]:
    folds = it.folds
    yield of_folds(folds)
    if folds.extra:
        extra = counted(len(folds.extra), "clip")
        yield f"The folds may also train on {extra} of other datasets, which are never scored."
    yield _label(it)
    scored = folds.scored
    persons = len({folds.clips[clip] for clip in scored})
    of = [f"{count} of {name}" for name, count in it.datasets.items()]
    where = f" ({listed(of)})" if len(of) > 1 else ""
    clips = len(scored)
    what = f"{were(clips)} scored" if _named(it) else "can be scored"
    yield f"{counted(clips, 'clip')} of {counted(persons, 'person')} {what}{where}."
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
        yield f"{counted(count, 'clip')} {were(count)} left out: {told}."


def _label(it: Protocol) -> str:
    """Return what was, or is to be, predicted, with the clips of each class where scores tell them."""
    name, one, more = it.folds.label, "is to be", "are to be"
    label, counts, classes = outside(name), _classes(it.record), ""
    if _named(it):
        one, more = "was", "were"
        classes = f" ({listed(f'{its}: {count}' for its, count in counts.items())})"
    if name.startswith(_UNITS):
        policy = POLICIES.get(name.removeprefix(_UNITS))
        units = counted(len(policy.units), "action unit") if policy else "action units"
        return (
            f"For each clip the {units} of the policy {label.removeprefix(_UNITS)} {more} predicted{classes}."
        )
    if name in MAPS:
        return f"The {len(MAPS[name].classes)} classes of the label map {label} {more} predicted{classes}."
    return f"The annotated {label.replace('_', ' ')} {one} predicted{classes}."


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
    named = _named(it)
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
            f"Beforehand, the maps of the {listed(_feature(name, run) for name in maps)} were averaged to "
            f"{SIDE} × {SIDE} px, each clip by itself."
        )
    absent = {name: its["scores"]["clips"] - its["scores"]["predicted"] for name, its in named.items()}
    for name, count in absent.items():
        if count:
            yield (
                f"For {counted(count, 'clip')} there was no prediction from {_feature(name, run)}, which "
                "counted as wrong."
            )
    these, others = it.looks
    if these:
        more = f", and {others} against other versions of them" if others else ""
        yield (
            f"According to the ledger of evaluations, {counted(these, 'set')} of predictions "
            f"{'has' if these == 1 else 'have'} been scored against these folds{more}."
        )


def _named(it: Protocol) -> Mapping[str, Any]:
    """Return what was scored, by baseline."""
    named: Mapping[str, Any] = it.record.get("baselines", {})
    return named


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
    gamma = "(in scikit-learn gamma = scale)"
    kernel = {
        "linear": "a linear kernel",
        "rbf": f"an RBF kernel {gamma}",
        "poly": f"a polynomial kernel of degree 3 {gamma}",
    }
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
    several = [_several(_named(it)) for it in run.protocols if _named(it)]
    one, more = ("class", "classes")
    # Of classes the scores are MEGC 2019's, of labels CD6ME's.
    keys = ["see2019"] * (not all(several)) + ["varanka2024"] * any(several)
    if any(several):
        one, more = ("label", "labels") if all(several) else ("class or label", "classes or labels")
    pooled = (
        f"True positives, false positives and false negatives of each {one} were summed over all folds "
        f"before any score was taken. The unweighted F1 score (UF1) is the mean over {more} of F1, the "
        f"unweighted average recall (UAR) the mean over {more} of recall {cite(*keys)}. Intervals of "
        "95 % were found by drawing persons, not clips, with replacement (1000 draws)."
    )
    means = [it for it in run.protocols if it.record.get("average") == "folds"]
    if means:
        names = listed(it.name for it in means)
        pooled += f" Means over the folds are also given for {names}, as published scores are."
    return pooled


def notes(run: Run) -> list[str]:
    """Return what the author should know and the paper need not say: counts that are not as published."""
    return [
        f"protocol {it.name}: {outside(text)}"
        for it in run.protocols
        for text in not_as_published(it.folds.counts)
    ]
