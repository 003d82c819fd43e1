"""Agreement between coders: Fleiss' kappa of emotions, reliability of action units."""

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence, Set
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Kappa:
    """Fleiss' kappa and what it is made of.

    Parameters
    ----------
    kappa : float
        1: all agree; 0: as by chance. NaN where every label is the same one: chance alone then agrees.
    observed, expected : float
        Share of agreeing pairs of coders, mean over clips, and the share that chance would give.
    proportions : mapping of str to float
        Share of all labels that each category has, the largest first.
    clips, coders : int
        How many clips, and how many labels each of them has.
    """

    kappa: float
    observed: float
    expected: float
    proportions: Mapping[str, float]
    clips: int
    coders: int


def fleiss_kappa(labels: Mapping[str, Sequence[str]]) -> Kappa:
    """Return Fleiss' kappa: agreement beyond chance of several coders who give each clip one label.

    Parameters
    ----------
    labels : mapping of str to sequence of str
        The labels of each clip, one per coder, in any order. Clips may have different coders, but all the
        same number of them.

    Raises
    ------
    ValueError
        If there is no clip, a clip has fewer than two labels, or another number of them than most clips.

    Notes
    -----
    With n_ij labels of category j on clip i, N clips and n coders: p_j = sum_i n_ij / (N n);
    P_i = (sum_j n_ij^2 - n) / (n (n - 1)); P the mean of the P_i; P_e = sum_j p_j^2;
    kappa = (P - P_e) / (1 - P_e). One clip alone always gives -1 / (n - 1), or NaN: it says nothing.

    References
    ----------
    .. [1] J. L. Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin 76,
       1971, equations 1 to 7.
    .. [2] S. Zhao et al., "DFME: A New Benchmark for Dynamic Facial Micro-expression Recognition", IEEE
       Transactions on Affective Computing 15, 2024, section 3.3.3, equations 2 to 7.

    Examples
    --------
    >>> found = fleiss_kappa({"1": ["disgust", "disgust"], "2": ["fear", "fear"], "3": ["disgust", "fear"]})
    >>> round(found.observed, 4), found.expected, round(found.kappa, 4)
    (0.6667, 0.5, 0.3333)
    """
    coders = _coders(labels)
    counts = [Counter(given) for given in labels.values()]
    total: Counter[str] = sum(counts, Counter())
    proportions = {label: count / total.total() for label, count in total.most_common()}
    pairs = coders * (coders - 1)
    observed = math.fsum(_squares(each) - coders for each in counts) / (len(counts) * pairs)
    # As one division, so that labels that are all the same give exactly 1.
    expected = _squares(total) / total.total() ** 2
    return Kappa(
        kappa=(observed - expected) / (1 - expected) if expected < 1 else math.nan,
        observed=observed,
        expected=expected,
        proportions=proportions,
        clips=len(counts),
        coders=coders,
    )


def _coders(labels: Mapping[str, Sequence[str]]) -> int:
    """Return how many labels every clip has."""
    if not labels:
        raise ValueError("there is no labelled clip; expected at least one, with two labels or more")
    usual = Counter(map(len, labels.values())).most_common(1)[0][0]
    for clip, given in labels.items():
        if len(given) != usual:
            raise ValueError(
                f"clip {clip}: number of labels {len(given)}, of most clips {usual}; Fleiss' kappa needs the "
                "same number for every clip: add the missing ones, or take the clip out"
            )
        if len(given) < 2:
            raise ValueError(
                f"clip {clip}: number of labels {len(given)}; expected those of two or more coders"
            )
    return usual


def _squares(counts: Counter[str]) -> int:
    return sum(count * count for count in counts.values())


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """How far two coders saw the same action units.

    Parameters
    ----------
    by_clip : mapping of str to float
        R of each clip; NaN where neither coder saw an action unit.
    mean : float
        Mean of R over the clips where either saw one; NaN where there is none.
    pooled : float
        R of all clips taken together: a clip counts by its number of action units.
    """

    by_clip: Mapping[str, float]
    mean: float
    pooled: float


def au_reliability(coded: Mapping[str, tuple[Set[Hashable], Set[Hashable]]]) -> Reliability:
    """Return the reliability of two coders' action units, R = 2 |A1 and A2| / (|A1| + |A2|).

    Parameters
    ----------
    coded : mapping of str to (set, set)
        What each of the two coders saw in each clip that both coded: numbers of action units, or whatever
        tells them apart.

    Raises
    ------
    ValueError
        If there is no clip.

    Notes
    -----
    The FACS manual takes R per item and averages it; dataset papers print one R for all clips and do not all
    say which of the two it is. So both are given.

    References
    ----------
    .. [1] P. Ekman, W. V. Friesen, J. C. Hager, "Facial Action Coding System: Investigator's Guide", 2002.
    .. [2] S. Zhao et al., as above, section 3.3.

    Examples
    --------
    >>> au_reliability({"1": ({1, 2, 5, 6, 12}, {5, 6, 12}), "2": ({4}, {4})})
    Reliability(by_clip={'1': 0.75, '2': 1.0}, mean=0.875, pooled=0.8)
    """
    if not coded:
        raise ValueError("there is no clip that both coders coded; expected at least one")
    shared = {clip: 2 * len(first & second) for clip, (first, second) in coded.items()}
    seen = {clip: len(first) + len(second) for clip, (first, second) in coded.items()}
    by_clip = {clip: shared[clip] / seen[clip] if seen[clip] else math.nan for clip in coded}
    defined = [r for r in by_clip.values() if not math.isnan(r)]
    return Reliability(
        by_clip=by_clip,
        mean=math.fsum(defined) / len(defined) if defined else math.nan,
        pooled=sum(shared.values()) / sum(seen.values()) if defined else math.nan,
    )
