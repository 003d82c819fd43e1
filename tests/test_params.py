"""params.yaml: an unknown or ill-typed key is named, with the file and what is allowed."""

from pathlib import Path

import pytest
import yaml

from mestore.errors import ParamsError
from mestore.params import dump, kind_params, load_params
from mestore.reference import params_reference

ROOT = Path(__file__).parents[1]


def changed(tmp_path: Path, keys: str, value: object) -> Path:
    raw = yaml.safe_load((ROOT / "params.yaml").read_text())
    *parents, last = keys.split(".")
    section = raw
    for key in parents:
        section = section[key]
    section[last] = value
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(raw))
    return path


def test_the_shipped_file_is_valid_and_defaults_are_filled_in():
    params = load_params(ROOT / "params.yaml")
    flow = dump(kind_params(params.stores["flow"]))
    assert flow["lambda"] == 0.15 and flow["pairs"] == "onset-apex"


@pytest.mark.parametrize(
    ("keys", "value", "says"),
    [
        (
            "stores.flow.params.lamda",
            0.2,
            r"stores\.flow\.params.*'lamda' is unknown; allowed here:.* lambda,",
        ),
        ("stores.flow.params.lambda", "0.2", r"stores\.flow\.params.*'lambda' is '0\.2'"),
        ("stores.flow.kind", "tvl2", r"stores\.flow\.kind is 'tvl2'; allowed: align, .*tvl1"),
        ("stores.flow.input", "stores/crop", r"stores\.flow\.input is 'stores/crop'; allowed:.*stores/crops"),
        ("stores.mdmo.input", "stores/crops", r"stores\.mdmo\.input.*allowed:.*stores/flow"),
        ("stores.crops.params.side", 2.5, r"'side' is 2\.5"),
        ("stores.size", {"kind": "align", "input": "index"}, "may be called 'size'"),
        ("stores.lbp_top.params.grid", [0, 5], r"'grid\.0' is 0"),
        ("compute.n_jobs", 0, r"compute\.n_jobs.*not 0"),
        ("stores.flow_seq.params.pairs", "consecutive", r"stores\.mdmo\.input.*onset-each"),
        ("evaluate.loso.features", ["crops"], r"evaluate\.loso\.features.*crops.*differ in length"),
        ("datasets", {}, "'datasets' is empty"),
        ("stores", None, "'stores' is empty; put an entry into it"),
        ("stores.Flow", {"kind": "tvl1", "input": "index"}, r"Flow"),
        (
            "datasets.demo.reader",
            "casme9",
            r"datasets\.demo\.reader is 'casme9'; allowed: casme, cas_me2, casme2",
        ),
        ("datasets.demo.options", {"layuot": "raw"}, r"datasets\.demo\.options.*'layuot' is unknown"),
        ("build.max_faild", 3, r"'build\.max_faild' is unknown; allowed here: max_failed"),
        ("compute.n_jobs", "two", r"'compute\.n_jobs' is 'two'"),
        ("evaluate.lopo", {"features": []}, r"evaluate's protocol is 'lopo'; allowed: loso"),
        ("evaluate.loso.features", ["flow", "hog"], r"evaluate\.loso\.features is 'hog'"),
        ("evaluate.loso.svm", {"hog": {}}, r"evaluate\.loso\.svm is 'hog'; allowed: flow, lbp_top, mdmo"),
        ("evaluate.loso.svm", {"flow": {"C": 0}}, r"evaluate\.loso\.svm\.flow\.C.*greater than 0"),
        ("evaluate", {}, "'evaluate' is empty"),
        ("protocols.loso.kind", "lopo", r"protocols\.loso\.kind is 'lopo'; allowed: loso, kfold"),
        (
            "protocols.loso.label",
            "mood",
            r"protocols\.loso\.label is 'mood'; allowed: '' \(empty\), emotion,",
        ),
        ("quality.min_exposure", 216, r"'quality' is .*min_exposure 216 is above max_exposure 215"),
        ("sotres", {}, r"'sotres' is unknown; allowed here: (version, )?datasets, stores"),
    ],
)
def test_a_wrong_key_is_named_with_what_is_allowed(tmp_path, keys, value, says):
    path = changed(tmp_path, keys, value)
    with pytest.raises(ParamsError, match=says) as error:
        load_params(path)
    assert "params.yaml" in str(error.value)


def test_a_missing_section_a_missing_file_and_no_yaml(tmp_path):
    path = tmp_path / "params.yaml"
    with pytest.raises(ParamsError, match="is missing"):
        load_params(path)
    path.write_text("stores: {}\n")
    with pytest.raises(ParamsError, match="'datasets' is missing"):
        load_params(path)
    path.write_text("stores: [\n")
    with pytest.raises(ParamsError, match="not YAML"):
        load_params(path)
    path.write_text("- 1\n")
    with pytest.raises(ParamsError, match="holds list"):
        load_params(path)


def test_the_reference_gives_a_single_flow_no_axis_of_pairs():
    said = [
        line
        for line in params_reference().splitlines()
        if line.startswith("Input: align, tim. A clip: float32")
    ]
    flows = [line for line in said if "px of the crop" in line]
    assert len(flows) == 4
    assert all("float32 (y, x, channel), or (pair, y, x, channel) of a sequence, u" in line for line in flows)
