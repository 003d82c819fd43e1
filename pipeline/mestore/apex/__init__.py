"""Apex spotting: where between onset and offset an expression is strongest.

A method is a function (`Stretch`) -> `Spotted`. Adding one is one file and one line here.
"""

from dataclasses import dataclass

_CV = "opencv-contrib-python-headless"


@dataclass(frozen=True, kw_only=True)
class ApexSpec:
    """One way to spot an apex.

    Parameters
    ----------
    title : str
        What it is, in a few words.
    function : str
        "module:name" of a function (Stretch) -> Spotted.
    libraries : tuple of str
        Distributions that it computes with, besides numpy.
    """

    title: str
    function: str
    libraries: tuple[str, ...] = ()


APEX: dict[str, ApexSpec] = {
    "middle": ApexSpec(
        title="the frame half way between onset and offset",
        function="mestore.apex.middle:middle",
    ),
    "max_difference": ApexSpec(
        title="grey levels differ most from the onset's",
        function="mestore.apex.max_difference:max_difference",
        libraries=("scipy", _CV),
    ),
    "flow": ApexSpec(
        title="longest mean optical flow from the onset, head drift removed",
        function="mestore.apex.flow:flow",
        libraries=("scipy", _CV),
    ),
    "strain": ApexSpec(
        title="largest mean optical strain since the onset",
        function="mestore.apex.strain:strain",
        libraries=("scipy", _CV),
    ),
    "lbp": ApexSpec(
        title="local binary patterns differ most from the onset's, by divide and conquer",
        function="mestore.apex.lbp:lbp",
        libraries=("scipy", "scikit-image", _CV),
    ),
    "frequency": ApexSpec(
        title="most high frequencies in space and time around it",
        function="mestore.apex.frequency:frequency",
        libraries=("scipy", "scikit-image", _CV),
    ),
    "landmark_cells": ApexSpec(
        title="ten cells at landmarks differ most from the onset's",
        function="mestore.apex.landmark_cells:landmark_cells",
        libraries=("scipy", _CV),
    ),
}
