"""What counts as a micro-expression: limits on how long it lasts."""


def is_micro(onset: int, offset: int, *, fps: float, apex: int | None = None) -> bool:
    """Return whether an expression is short enough to be a micro-expression.

    It is if it lasts at most half a second from onset to offset, or a quarter from onset to apex. The first
    and the last frame both count, as in DFME. CAS(ME)^3 gives the same limits, 500 ms and 250 ms, and does
    not say how it counts.

    Parameters
    ----------
    onset, offset, apex : int
        Frame numbers; without an apex, only the duration counts.
    fps : float
        Frames per second.

    Raises
    ------
    ValueError
        If onset, apex and offset are not in this order, or `fps` is not positive.

    Notes
    -----
    The rule on the apex lets expressions pass that last longer than half a second (68 clips of DFME's
    challenge), and any whose apex is its onset (55 rows of CAS(ME)^3, where the recording began too late).

    References
    ----------
    .. [1] S. Zhao et al., "DFME: A New Benchmark for Dynamic Facial Micro-expression Recognition", IEEE
       Transactions on Affective Computing 15, 2024, section 3.3.2.
    .. [2] CAS(ME)^3, as its owners describe it (jingtingEmmaLi/CAS-ME-3).

    Examples
    --------
    >>> [is_micro(0, frames - 1, fps=500) for frames in (250, 251)]
    [True, False]
    >>> [is_micro(0, 400, apex=frames - 1, fps=500) for frames in (125, 126)]
    [True, False]
    >>> [is_micro(0, frames - 1, fps=300) for frames in (150, 151)]
    [True, False]
    >>> [is_micro(0, frames - 1, fps=200) for frames in (100, 101)]
    [True, False]
    >>> [is_micro(0, 40, apex=frames - 1, fps=30) for frames in (7, 8)]
    [True, False]
    """
    if not fps > 0:
        raise ValueError(f"fps is {fps}; expected a positive number")
    if not onset <= (onset if apex is None else apex) <= offset:
        raise ValueError(f"onset {onset}, apex {apex}, offset {offset}; expected them in this order")
    # Multiplied rather than divided: whole numbers of frames compare exactly.
    return 2 * (offset - onset + 1) <= fps or (apex is not None and 4 * (apex - onset + 1) <= fps)
