import pytest
from recordings import TABLE_HEADER, write_csv, write_frames

from mestore.delivery import find_delivery
from mestore.errors import ParamsError
from mestore.estimate import Estimate, estimate_dataset
from mestore.params import load_params
from mestore.synthetic.demo import write_demo
from mestore.workspace import Workspace

PARAMS = """
datasets: {demo: {reader: casme2, subjects: [%s]}}
stores:
  crops: {kind: align, input: index, params: {side: 64}}
  flow: {kind: tvl1, input: stores/crops, params: {pairs: onset-apex}}
protocols: {}
evaluate: {loso: {features: []}}
"""


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    root = tmp_path_factory.mktemp("estimate") / "raw/demo"
    write_demo(root, subjects=2, clips=2)
    return root


@pytest.fixture
def workspace(recordings, tmp_path):
    text = PARAMS.replace("protocols: {}", "protocols: {loso: {kind: loso}}") % "sub01"
    (tmp_path / "params.yaml").write_text(text)
    return Workspace(root=tmp_path, raw=recordings.parent, cache=tmp_path / "cache")


def test_the_whole_is_estimated_though_params_name_one_subject(workspace):
    found = estimate_dataset(workspace, find_delivery(workspace, "demo"), load_params(workspace.params))
    said = found.sentence(workers=2)
    frames = sum(1 for _ in workspace.raw.rglob("*.jpg"))
    assert said.startswith(f"to build 4 clips, {frames} frames: about ")
    crops = frames * 64 * 64 * 3 / 1e6
    assert f"(crops {crops:.2g} MB, flow 197 kB)" in said  # 4 pairs of 64 x 64 x 3 numbers of 4 bytes


def test_without_a_face_it_says_why_there_is_none(workspace, tmp_path):
    (tmp_path / "lab").mkdir()
    write_frames(tmp_path / "lab/a", ["1.png", "2.png", "3.png"])
    write_csv(tmp_path / "lab/recordings.csv", [TABLE_HEADER, ("s1", "a", "a", 1, 2, 3, 50, "", "")])
    delivery = find_delivery(workspace, "table", raw=tmp_path / "lab")
    said = estimate_dataset(workspace, delivery, load_params(workspace.params))
    assert said.startswith("found no face")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.1, "1 s"), (119, "119 s"), (7000, "117 min"), (20000, "6 hours"), (1e6, "12 days")],
)
def test_times_are_said_in_one_unit(seconds, said):
    sentence = Estimate(clips=1, frames=2, seconds=seconds * 2, sizes={"crops": 1.23e9}).sentence(workers=2)
    assert f"about {said} of computing with 2 workers, " in sentence
    assert "1.2 GB of disk (crops 1.2 GB)" in sentence


def test_a_name_that_nothing_has(workspace):
    with pytest.raises(ParamsError, match=r"names the datasets \['demo'\], not 'samm'"):
        find_delivery(workspace, "samm")
