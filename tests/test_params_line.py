"""A dataset more in params.yaml, however a person wrote it."""

import shutil
import stat
from pathlib import Path

import pytest
import yaml

from mestore.errors import ParamsError
from mestore.params import load_params
from mestore.params_line import with_dataset, write_params

PARAMS = Path(__file__).parents[1] / "params.yaml"
REST = "\nstores: {}\nprotocols: {loso: {kind: loso}}\nevaluate: {loso: {features: []}}\n"
ENTRY = {"reader": "samm", "options": {"layout": "raw"}, "subjects": ["006"]}
LINE = "samm: {reader: samm, options: {layout: raw}, subjects: ['006']}"

BLOCKS = {
    "plain": "datasets:\n  demo: {reader: casme2}\n",
    "comments": "# all\ndatasets:  # these\n  # one\n  demo: {reader: casme2}  # here\n  # last\n\n# next\n",
    "wide": "datasets:\n      demo: {reader: casme2}\n",
    "block": "datasets:\n  demo:\n    reader: casme2\n    options: {\n      layout: raw}\n",
    "list": "datasets:\n  demo:\n    reader: casme2\n    subjects:\n    - sub01\n    - sub02\n\n",
    "anchors": "datasets: &all\n  demo: &one {reader: casme2}\n  more: *one\n",
    "merge": "datasets:\n  demo: &one {reader: casme2}\n  more:\n    <<: *one\n    subjects: [sub01]\n",
    "literal": "datasets:\n  demo:\n    subjects: []\n    reader: |-\n      casme2\n\n\n",
    "empty": "datasets:\n  demo:\n    reader: 'casme2' # it\n    options: {}\n",
    "start": "%YAML 1.1\n---\ndatasets:\n  demo: {reader: casme2}\n",
    "quoted": '\'datasets\':\n  "demo": {reader: "casme2"}\n',
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("last", [False, True])
def test_one_line_more_and_every_other_byte_as_it_was(tmp_path, name, bom, newline, last):
    block = BLOCKS[name]
    if block.startswith("%"):  # a directive comes first
        bom, last = "", False
    text = bom + (REST + block if last else block + REST)
    path = tmp_path / "params.yaml"
    path.write_bytes(text.replace("\n", newline).encode())
    write_params(path, with_dataset(path, "samm", ENTRY))
    lines = path.read_bytes().decode().split(newline)
    [added] = [line for line in lines if line.strip() == LINE]
    lines.remove(added)
    assert newline.join(lines) == text.replace("\n", newline)
    assert load_params(path).datasets["samm"].subjects == ["006"]


def test_it_comes_after_the_last_dataset(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(BLOCKS["comments"] + REST)
    lines = with_dataset(path, "samm", ENTRY).splitlines()
    assert lines[3:6] == ["  demo: {reader: casme2}  # here", f"  {LINE}", "  # last"]


def test_a_file_whose_last_line_has_no_end(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_bytes((REST + BLOCKS["plain"]).rstrip().encode())
    assert with_dataset(path, "samm", ENTRY) == path.read_text() + f"\n  {LINE}"


def test_a_name_that_yaml_takes_for_something_else_is_quoted(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(BLOCKS["plain"] + REST)
    write_params(path, with_dataset(path, "no", ENTRY))
    assert "no" in load_params(path).datasets


@pytest.mark.parametrize(
    "block",
    [
        "datasets: {demo: {reader: casme2}}\n",
        "? datasets\n: ? demo\n  : {reader: casme2}\n",
        "datasets:\n  {demo: {reader: casme2}}\n",
    ],
)
def test_where_no_line_can_be_added_the_line_is_told(tmp_path, block):
    path = tmp_path / "params.yaml"
    path.write_text(block + REST)
    with pytest.raises(ParamsError) as caught:
        with_dataset(path, "samm", ENTRY)
    assert str(caught.value).endswith(f"add it by hand:\n  {LINE}")
    assert path.read_text() == block + REST


def test_what_is_there_is_neither_doubled_nor_changed(tmp_path):
    path = tmp_path / "params.yaml"
    shutil.copyfile(PARAMS, path)
    demo = yaml.safe_load(path.read_text())["datasets"]["demo"]
    assert with_dataset(path, "demo", demo) == path.read_text()
    with pytest.raises(ParamsError, match=r"has datasets\.demo already"):
        with_dataset(path, "demo", ENTRY)


def test_a_link_stays_a_link_and_permissions_stay(tmp_path):
    shared = tmp_path / "shared/lab.yaml"
    shared.parent.mkdir()
    shutil.copyfile(PARAMS, shared)
    shared.chmod(0o664)
    link = tmp_path / "params.yaml"
    link.symlink_to(shared)
    write_params(link, with_dataset(link, "samm", ENTRY))
    assert link.is_symlink() and "samm" in load_params(shared).datasets
    assert stat.S_IMODE(shared.stat().st_mode) == 0o664
    assert list(shared.parent.iterdir()) == [shared]


def test_a_text_that_is_no_params_yaml_does_not_replace_one(tmp_path):
    path = tmp_path / "params.yaml"
    shutil.copyfile(PARAMS, path)
    with pytest.raises(ParamsError):
        write_params(path, path.read_text().replace("casme2", "casme9"))
    assert path.read_bytes() == PARAMS.read_bytes() and list(tmp_path.iterdir()) == [path]
