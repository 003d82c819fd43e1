"""Every command of README and docs is run: the blocks in `sh` and `python`, in a built workspace.

A page gets a copy of a small built workspace, and its blocks run in their order, as by somebody who has
activated the environment. A block with `title="FILE"` is written as that file. What cannot be run stands
below with its reason; a command that is not there is run.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import yaml

import mestore
from checkout import ROOT, Checkout
from conftest import clip_table, write_vectors
from mestore.protocols.freeze import make_folds

PAGES = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]

ELSEWHERE = {
    "docs/nas.md": "test_nas.py: it is followed by several people",
    "docs/adding.md": "test_adding.py: it is written into a copy of the repository",
}

NOT_RUN = {
    "git clone <this repository> mestore && cd mestore": "the workspace is a copy of the repository",
    "make demo": "the workspace is a demo, of 2 subjects and 2 clips; its commands are the Makefile's",
    "make test": "this is one of its tests",
    "pip install 'mestore[cluster]'": "from a package index; the dev extra holds it",
}

STATUS = {
    "mestore add casme2 --raw /nas/CASME2": (1, "the copy is the demo: 4 clips of 255"),
    "mestore check casme2": (1, "as above"),
    "mestore check casme2 --raw /nas/CASME2": (1, "as above"),
}

INVENTED = {
    "docs/protocols.md": "persons to validate on need three persons; the demo has two",
    "docs/scores.md": "as above",
}
"""Pages that are followed where 12 persons' vectors of noise lie in place of the demo's MDMO."""

FENCE = re.compile(r"^```(?P<language>\w*)(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    title: str
    text: str


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page, those in lists too."""
    text = re.sub(r"^ +(?=```)", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = []
    for fence in FENCE.finditer(text):
        title = re.search(r'title="([^"]+)"', fence["info"])
        found.append(Block(fence["language"], title[1] if title else "", fence["text"]))
    return found


def commands(block: Block) -> list[str]:
    """Return the lines of a shell block without comments; a line that ends in a backslash goes on."""
    lines = block.text.replace("\\\n", " ").splitlines()
    return [line for line in (re.sub(r"(^|\s+)#\s.*", "", it).rstrip() for it in lines) if line]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Reader:
    """Somebody who follows one page."""

    def __init__(self, folder: Path, nas: Path) -> None:
        self.folder, self.nas = folder, nas
        self.port = free_port()
        self.python = ""
        self.due = False

    def follow(self, block: Block) -> None:
        """Do what a block says, if it says anything."""
        if block.title:
            target = self.folder / self.here(block.title)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        if block.language in ("sh", "console"):
            self.catch_up()
            self.shell(commands(block))
        elif block.language == "python" and not block.title:
            self.python += block.text  # later blocks of a page go on where earlier ones ended
            self.due = True

    def catch_up(self) -> None:
        """Run the Python of the page so far, if that was not done: at its end, and before a shell block."""
        if self.due:
            self.run([sys.executable, "-"], self.python)
        self.due = False

    def shell(self, lines: list[str]) -> None:
        script = ["set -eu"]
        for line in lines:
            if line in NOT_RUN:
                continue
            expected = STATUS.get(line, (0, ""))[0]
            script.append(line if not expected else f"{line} && exit 9 || test $? -eq {expected}")
        if len(script) > 1:
            self.run(["sh"], "\n".join(script) + "\n")

    def run(self, command: list[str], text: str) -> None:
        text = self.here(text)
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(text, timeout=900)
        finally:
            with suppress(ProcessLookupError):  # what a block that failed has left in the background
                os.killpg(process.pid, signal.SIGKILL)
        assert process.returncode == 0, f"ended with {process.returncode}:\n{text}\n{said}"

    def here(self, text: str) -> str:
        """Return a text with the drive where it is, and a port that nobody has."""
        return text.replace("/nas", str(self.nas)).replace("8786", str(self.port))

    def environment(self) -> dict[str, str]:
        who = {"NAME": "test", "EMAIL": "test@example.org"}
        return {
            "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT / "pipeline"),
            "HOME": str(self.nas.parent),
            "CI": "true",
            "DVC_NO_ANALYTICS": "1",
            **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()},
        }


@pytest.fixture(scope="module")
def built(small: Checkout) -> Iterator[Path]:
    """Where the small workspace lies as it was built; it is put back afterwards.

    Pages are followed under its own name: compiled kernels are cached by the path of their source.
    """
    aside = small.folder.with_name("as-built")
    small.folder.rename(aside)
    yield aside
    shutil.rmtree(small.folder, ignore_errors=True)
    aside.rename(small.folder)


@pytest.fixture(scope="module")
def nas(built: Path, tmp_path_factory) -> Path:
    """The drive: a delivery of CASME II, which is the demo, and a lab's folder of frames."""
    drive = tmp_path_factory.mktemp("drive") / "nas"
    # The demo's persons.csv is about a dataset called demo.
    shutil.copytree(built / "data/raw/demo", drive / "CASME2", ignore=shutil.ignore_patterns("persons.csv"))
    clips = sorted(path for path in (drive / "CASME2").glob("*/*/*") if path.is_dir())
    for clip, name, first in ((clips[0], "ann/smile", 115), (clips[-1], "ben/startle", 143)):
        folder = drive / "lab" / name
        folder.mkdir(parents=True)
        for number, image in enumerate(sorted(clip.iterdir()), start=first):
            shutil.copy(image, folder / f"img{number}{image.suffix}")
    return drive


def invent(folder: Path) -> None:
    """Put vectors and folds of invented persons into a workspace."""
    shutil.rmtree(folder / "data")
    write_vectors(folder / "data/stores/mdmo", clip_table())
    table = mestore.open_store(folder / "data/stores").clips()
    make_folds(table, protocol="loso").save(folder / "data/folds/loso.json")
    # Every other clip gets the emotion of the next.
    following = table["emotion"].shift(-1).fillna(table["emotion"][0])
    said = table["emotion"].where(table.index % 2 == 0, following)
    predictions = pd.DataFrame({"clip_id": table["clip_id"], "predicted": said})
    scored = folder / "data/scores/loso/predictions"
    scored.mkdir(parents=True)
    predictions.to_csv(scored / "mdmo.csv", index=False)


def lay_out_params(folder: Path) -> None:
    """Give a workspace the params.yaml that is shipped, line by line, with the values that are there."""
    path = folder / "params.yaml"
    text = (ROOT / "params.yaml").read_text()
    text = text.replace("params: {side: 224}", "params: {side: 96}").replace("n_jobs: -1", "n_jobs: 1")
    assert yaml.safe_load(text) == yaml.safe_load(path.read_text())
    path.write_text(text)


def work(page: str) -> tuple[Block, ...]:
    """Return the blocks of a page that do something here."""

    def does(block: Block) -> bool:
        if block.language in ("sh", "console"):
            return any(line not in NOT_RUN for line in commands(block))
        return block.language == "python" or bool(block.title)

    todo = tuple(filter(does, blocks(page)))
    return todo if any(block.language in ("sh", "console", "python") for block in todo) else ()


FOLLOWED = {page: todo for page in PAGES if page not in ELSEWHERE and (todo := work(page))}


def first_pages() -> list[str]:
    """Return the pages to follow: not those with which another one begins."""
    return [
        page
        for page, todo in FOLLOWED.items()
        if not any(other != page and its[: len(todo)] == todo for other, its in FOLLOWED.items())
    ]


@pytest.mark.parametrize("page", first_pages())
def test_every_block_of_a_page_runs(page, small, built, nas):
    shutil.rmtree(small.folder, ignore_errors=True)
    shutil.copytree(built, small.folder, symlinks=True)
    if page in INVENTED:
        invent(small.folder)
    lay_out_params(small.folder)
    small.git("reset", "-q", "--soft", "HEAD~1")  # readers commit what was built themselves
    reader = Reader(small.folder, nas)
    for block in FOLLOWED[page]:
        reader.follow(block)
    reader.catch_up()


def test_a_cluster_that_was_tried_leaves_params_as_they_were(tmp_path):
    path = tmp_path / "params.yaml"
    shutil.copy(ROOT / "params.yaml", path)
    lines = [line for block in blocks("docs/cluster.md") for line in commands(block) if "sed -i" in line]
    found = []
    for line in lines:
        subprocess.run(["sh", "-c", line], cwd=tmp_path, check=True)
        found.append(yaml.safe_load(path.read_text()))
    assert found[0]["compute"]["backend"] == "dask"
    assert found[-1] == yaml.safe_load((ROOT / "params.yaml").read_text())


def test_what_is_not_run_is_still_there():
    """And so is what ends with another status than 0: no reason outlives its command."""
    lines = {
        line
        for page in PAGES
        for block in blocks(page)
        if block.language in ("sh", "console")
        for line in commands(block)
    }
    assert set(NOT_RUN) <= lines and set(STATUS) <= lines


def test_no_command_hides_in_shown_text():
    """A block of commands alone is to be run; one that shows options, output or a configuration is `text`."""
    shown = {
        "mestore qc [DATASET] [--csv FILE] [--force] [--json]",
        "dvc config --local plots.html_template plots/offline.html",  # needs a page made with a network
    }
    for page in PAGES:
        for block in blocks(page):
            lines = commands(block) if block.language in ("", "text") else []
            ours = lines and all(line.split()[0] in ("mestore", "dvc", "make", "git") for line in lines)
            assert not ours or set(lines) <= shown, f"{page}: {block.text}"


def test_pages_that_are_followed_elsewhere_are_there():
    assert set(ELSEWHERE) <= set(PAGES)
    assert all((ROOT / "tests" / reason.partition(":")[0]).is_file() for reason in ELSEWHERE.values())
