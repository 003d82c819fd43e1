"""Maximum difference: the frame whose grey levels differ most from the onset's."""

import cv2
import numpy as np

from mestore.apex.peak import peak
from mestore.apex.stretch import Spotted, Stretch


def max_difference(stretch: Stretch) -> Spotted:
    """Return the peak of the mean absolute difference from the onset, in grey levels."""
    onset = stretch.images[0]
    differences = [cv2.absdiff(image, onset).mean() for image in stretch.images]
    return peak(np.asarray(differences, np.float32))
