"""Strain: the frame in which the skin is stretched most since the onset."""

import numpy as np

from mestore.apex.flow import flows
from mestore.apex.peak import peak
from mestore.apex.stretch import Spotted, Stretch
from mestore.features.strain import strain as optical_strain


def strain(stretch: Stretch) -> Spotted:
    """Return the peak of the mean optical strain of the flow from the onset."""
    strains = [optical_strain(each).mean() for each in flows(stretch)]
    return peak(np.asarray([0, *strains], np.float32))
