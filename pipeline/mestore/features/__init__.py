"""The kinds of store. Adding one is one file, one line in `FEATURES` and one block in params.yaml."""

from mestore.features.spec import FeatureSpec

FLOWS = ("tvl1", "tvl1-fast", "dis", "farneback")
"""The kinds whose data are flows (u, v) with their strain."""

_CV = "opencv-contrib-python-headless"
_FLOW_DIMS = ("pair", "y", "x", "channel")
_FLOW_UNITS = "u (right), v (down): px of the crop; strain: 1"

FEATURES: dict[str, FeatureSpec] = {
    "align": FeatureSpec(
        function="mestore.align:align_sample",
        params="mestore.align_params:AlignParams",
        reads=("index",),
        dims=("time", "y", "x", "channel"),
        dtype="uint8",
        units="grey levels, RGB",
        libraries=("numpy", "scipy", "scikit-image", _CV, "pillow", "av"),
        files=("mestore:faces/reference68.csv",),
        follows=True,
    ),
    "tim": FeatureSpec(
        function="mestore.tim:tim_sample",
        params="mestore.tim:TimParams",
        reads=("align",),
        dims=("time", "y", "x", "channel"),
        dtype="uint8",
        units="grey levels, RGB",
        libraries=("numpy", "numba"),
    ),
    "tvl1": FeatureSpec(
        function="mestore.features.tvl1:tvl1_sample",
        params="mestore.features.tvl1:Tvl1Params",
        reads=("align", "tim"),
        dims=_FLOW_DIMS,
        dtype="float32",
        units=_FLOW_UNITS,
        libraries=("numpy", "numba", _CV),
    ),
    "tvl1-fast": FeatureSpec(
        function="mestore.features.tvl1:tvl1_sample",
        params="mestore.features.tvl1:Tvl1FastParams",
        reads=("align", "tim"),
        dims=_FLOW_DIMS,
        dtype="float32",
        units=_FLOW_UNITS,
        libraries=("numpy", "numba", _CV),
    ),
    "dis": FeatureSpec(
        function="mestore.features.dis:dis_sample",
        params="mestore.features.dis:DisParams",
        reads=("align", "tim"),
        dims=_FLOW_DIMS,
        dtype="float32",
        units=_FLOW_UNITS,
        libraries=("numpy", _CV),
    ),
    "farneback": FeatureSpec(
        function="mestore.features.farneback:farneback_sample",
        params="mestore.features.farneback:FarnebackParams",
        reads=("align", "tim"),
        dims=_FLOW_DIMS,
        dtype="float32",
        units=_FLOW_UNITS,
        libraries=("numpy", _CV),
    ),
    "lbp_top": FeatureSpec(
        function="mestore.features.lbp_top:lbp_top_sample",
        params="mestore.features.lbp_top:LbpTopParams",
        reads=("align", "tim"),
        dims=("block", "plane", "bin"),
        dtype="float32",
        units="fraction of the block's codes",
        libraries=("numpy", "numba", _CV),
    ),
    "mdmo": FeatureSpec(
        function="mestore.features.mdmo:mdmo_sample",
        params="mestore.features.mdmo:MdmoParams",
        reads=FLOWS,
        dims=("value",),
        dtype="float32",
        units="(alpha rho, (1 - alpha) theta) per ROI; rho of the largest, theta in rad",
        libraries=("numpy",),
    ),
}
