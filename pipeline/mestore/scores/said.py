"""Said: what is predicted of one clip, understood or refused."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from mestore.errors import ScoreError
from mestore.labels.target import joined, parted

Said = str | Collection[str]
"""What is predicted of a clip: its class; of several labels, those it has."""

_SHOWN = 60  # characters of what was found


def understood(said: object, *, where: str, classes: Sequence[str], several: bool) -> str:
    """Return a prediction as text: a class, or several labels joined in the order of `classes`.

    Parameters
    ----------
    said : object
        A class; of several labels those that the clip has, their text ("AU1+AU4", "none"), or a mapping of
        every label to 0 or 1.
    where : str
        The clip, and the line of a file, for the message.
    classes : sequence of str
    several : bool
        Whether a clip may have several of them.

    Raises
    ------
    ScoreError
        If it is a number, a probability, or no class.

    Examples
    --------
    >>> understood(["AU4", "AU1"], where="clip 'a'", classes=("AU1", "AU4"), several=True)
    'AU1+AU4'
    >>> understood("0.73", where="clip 'a'", classes=("fear", "joy"), several=False)
    Traceback (most recent call last):
        ...
    mestore.errors.ScoreError: clip 'a': found '0.73', a number; expected one of fear, joy: not its \
probability, nor its place in a list
    """
    labels: list[object]
    if isinstance(said, str):
        labels = [label.strip() for label in parted(said)] if several else [said]
    elif several and isinstance(said, Mapping):
        labels = _by_label(said, where=where, classes=classes)
    elif several and isinstance(said, Collection):
        labels = list(said)
    else:
        expected = "the labels that it has" if several else "a class, not a number or a probability"
        raise ScoreError(
            f"{where}: found {_shown(said)} as prediction; expected {expected}, of {', '.join(classes)}"
        )
    unknown = [label for label in labels if label not in classes]
    if unknown:
        raise ScoreError(f"{where}: found {_unknown(unknown[0], classes)}")
    if len(set(labels)) < len(labels):
        raise ScoreError(f"{where}: found {_shown(labels)}; expected each label once")
    return joined([name for name in classes if name in labels]) if several else str(labels[0])


def is_number(text: str) -> bool:
    """Return whether a text is a number, such as a probability that stands where a class is due."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _by_label(said: Mapping[object, object], *, where: str, classes: Sequence[str]) -> list[object]:
    """Return the labels that are 1; of every label it must be said whether the clip has it."""
    odd = sorted(map(str, set(said) ^ set(classes)))
    if odd:
        raise ScoreError(
            f"{where}: found other labels than those of this protocol, or too few ({_shown(odd[0])}); "
            f"expected 0 or 1 for each of {', '.join(classes)}"
        )
    for label, value in said.items():
        if not isinstance(value, bool | int | float | np.generic) or value not in (0, 1):
            raise ScoreError(
                f"{where}: found {_shown(value)} for {label}; expected 0 or 1: decide by a threshold that no "
                "test person had a part in"
            )
    return [label for label, value in said.items() if value]


def _unknown(label: object, classes: Sequence[str]) -> str:
    expected = f"expected one of {', '.join(classes)}"
    spelled = str(label).strip().lower()
    if spelled in classes:
        return f"{_shown(label)}, which is no class of this protocol; did you mean {spelled!r}? {expected}"
    if is_number(str(label)):
        return f"{_shown(label)}, a number; {expected}: not its probability, nor its place in a list"
    return f"{_shown(label)}, which is no class of this protocol; {expected}"


def _shown(found: object) -> str:
    text = repr(found)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
