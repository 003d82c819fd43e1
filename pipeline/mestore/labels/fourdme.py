"""4DME's rules from action units to emotions (X. Li et al. 2022, section 4.1.2 and Table 4)."""

from collections.abc import Collection

EMOTIONS = ("positive", "negative", "surprise", "repression", "others")
"""The five labels of 4DME, each yes or no for every clip."""

DECISIVE = {
    "positive": frozenset({12}),
    "negative": frozenset({1, 4, 7, 9, 10}),
    "surprise": frozenset({2}),
    "repression": frozenset({14, 15, 17, 24}),
}
"""Action units that settle an emotion."""

DEPENDENT = frozenset({5, 6, 20, 25})
"""Action units that go with whatever emotion the decisive ones show."""

NO_EMOTION = frozenset({39, 43, 45, 56, 58, 63, 64})
"""Action units that say nothing about emotion."""

KNOWN = frozenset().union(*DECISIVE.values(), DEPENDENT, NO_EMOTION)
"""The 22 action units of the rules, which are those that 4DME codes."""


def emotions(aus: Collection[int]) -> tuple[str, ...]:
    """Return the emotions that 4DME's rules give to a set of action units.

    Parameters
    ----------
    aus : collection of int
        Numbers of the action units, both sides and static ones, "(k)", included: rule (e).

    Returns
    -------
    tuple of str
        One or two of `EMOTIONS`, in their order.

    Raises
    ------
    ValueError
        If there is none, or one that the rules do not name.

    Notes
    -----
    AU1 with AU2 is surprise; AU1 without it is negative. The other rules: (a) at most two emotions; (b) three
    or more are others; (c) dependent units alone are others; (d) positive with negative is others. The paper
    does not say what units without emotion alone are: here they are others, as in (c), because nothing
    settles an emotion and every clip of 4DME has a label. The published labels were not made by rule alone;
    where there is a label, use it.

    References
    ----------
    .. [1] X. Li et al., "4DME: A Spontaneous 4D Micro-Expression Dataset With Multimodalities", IEEE
       Transactions on Affective Computing 14, 2023.

    Examples
    --------
    >>> emotions({1}), emotions({1, 2}), emotions({1, 2, 4})
    (('negative',), ('surprise',), ('negative', 'surprise'))
    >>> emotions({4, 12}), emotions({6, 45}), emotions({6, 12})
    (('others',), ('others',), ('positive',))
    """
    units = set(aus)
    if not units or units - KNOWN:
        raise ValueError(f"action units {sorted(units)}; expected at least one, all of {sorted(KNOWN)}")
    if 2 in units:
        units.discard(1)
    shown = tuple(emotion for emotion, decisive in DECISIVE.items() if units & decisive)
    if len(shown) not in (1, 2) or {"positive", "negative"} <= set(shown):
        return ("others",)
    return shown
