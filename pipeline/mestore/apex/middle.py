"""Middle: the frame half way between onset and offset, whatever it shows."""

import numpy as np

from mestore.apex.stretch import Spotted, Stretch


def middle(stretch: Stretch) -> Spotted:
    """Return the frame nearest to onset + floor((offset - onset) / 2), the earlier of two; no curve.

    Examples
    --------
    >>> still = np.zeros((6, 4, 4), np.uint8)
    >>> times = {"numbers": np.arange(6.0), "onset": 0, "offset": 9, "fps": 200.0}
    >>> middle(Stretch(images=still, landmarks=None, **times)).row
    4
    """
    goal = stretch.onset + (stretch.offset - stretch.onset) // 2
    return Spotted(
        row=int(np.abs(stretch.numbers - goal).argmin()), curve=np.zeros(len(stretch.numbers), np.float32)
    )
