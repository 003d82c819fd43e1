"""Flow: the frame to which the face has moved farthest from the onset."""

import numpy as np
from numpy.typing import NDArray

from mestore.apex.peak import peak
from mestore.apex.stretch import Spotted, Stretch
from mestore.features.dis import dis
from mestore.features.drift import without_drift


def flow(stretch: Stretch) -> Spotted:
    """Return the peak of the mean length of the flow from the onset, in pixels, without head drift."""
    lengths = [np.hypot(each[..., 0], each[..., 1]).mean() for each in flows(stretch)]
    return peak(np.asarray([0, *lengths], np.float32))


def flows(stretch: Stretch) -> list[NDArray[np.float32]]:
    """Return the DIS flows (y, x, 2) from the onset to every later frame, without the drift of the head."""
    onset, *others = stretch.images
    return [without_drift(dis(onset, image), how="robust") for image in others]
