"""The guide docs/nas.md: all its commands, in its order, by two members' clones and a trainer."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import mestore
from checkout import ROOT, Checkout
from mestore.fetch import fetch_store

GUIDE = ROOT / "docs" / "nas.md"
KINDS = {"sh", "python", "text"}
MEND = "chmod -R u+w data/stores/clips"


def blocks() -> list[tuple[str, str, str]]:
    """Return (language, who runs it, text) of every fenced block of the guide."""
    fence = r'^```(\w*)(?: title="(\w+)")?\n(.*?)^```$'
    fences = re.findall(fence, GUIDE.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert {language for language, _, _ in fences} <= KINDS
    return fences


class Lab:
    """A drive, a git server and three people's folders below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[tuple[str, str, str]] = []
        self.nas = folder / "nas"
        self.people = {name: folder / name for name in ("owner", "ben", "trainer")} | {
            "ann": folder / "ann" / "mestore"
        }
        self.nas.mkdir()
        ann = Checkout(self.people["ann"])
        ann.run(".venv/bin/mestore", "demo", "data/raw/demo", "--subjects", "2", "--clips", "1")
        unused = {f"stores.{name}": None for name in ("flow", "flow_seq", "lbp_top", "mdmo")}
        ann.set_params(
            unused | {"stores.crops.params.side": 64, "evaluate.loso.features": [], "compute.n_jobs": 1}
        )
        ann.commit("a small demo")
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder / "lab.git"], check=True)
        ann.git("remote", "add", "origin", str(folder / "lab.git"))
        ann.git("push", "-q", "--set-upstream", "origin", "main")
        self.people["owner"].mkdir()
        self.people["trainer"].mkdir()
        self.run("trainer", "git init -q . && dvc init -q")

    def run(self, who: str, text: str, *, language: str = "sh") -> str:
        """Run a block as a person does who has activated an environment."""
        command = ["sh", "-eu"] if language == "sh" else [sys.executable, "-"]
        done = subprocess.run(
            command,
            input=text,
            cwd=self.people[who],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{who} ran\n{text}\nand it ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def environment(self) -> dict[str, str]:
        """Return what the guide says is set, and an activated environment."""
        import grp

        return {
            "NAS": str(self.nas),
            "LAB": str(self.folder / "lab.git"),
            "GROUP": grp.getgrgid(os.getgid()).gr_name,
            "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT / "pipeline"),
            "HOME": str(self.folder),
            "CI": "true",
            "DVC_NO_ANALYTICS": "1",
            **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in WHO.items()},
        }


WHO = {"NAME": "test", "EMAIL": "test@example.org"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Lab:
    """A lab in which the whole guide has been followed; `said` holds what each block wrote."""
    lab = Lab(tmp_path_factory.mktemp("lab"))
    for language, who, text in blocks():
        if language == "text":
            continue
        if who == "ben" and not lab.people["ben"].exists():
            lab.run("owner", f"git clone -q {lab.environment()['LAB']} {lab.people['ben']}")
        if text.startswith(MEND):
            damage(lab)
        lab.said.append((who, text, lab.run(who, text, language=language)))
        if text.startswith(MEND):
            # Here both are one user, so Ann's store is the same file by another name, and as damaged.
            lab.run("ann", text)
    return lab


def damage(lab: Lab) -> None:
    """Flip a byte of a file of Ben's store, in place, as only root or a broken disk can."""
    store = lab.people["ben"] / "data/stores/clips"
    shard = next(path for path in sorted(store.rglob("data/c/**/*")) if path.is_file())
    content = bytearray(shard.read_bytes())
    content[40] ^= 1
    mode = shard.stat().st_mode
    shard.chmod(0o644)
    with shard.open("r+b") as stream:
        stream.write(content)
    shard.chmod(mode)
    with pytest.raises(AssertionError, match="other bytes than were written"):
        lab.run("ben", "mestore verify data/stores/clips")


def said(lab: Lab, command: str) -> str:
    (found,) = (out for _, text, out in lab.said if command in text)
    return found


def test_every_block_is_run_or_is_marked_as_text(lab):
    runnable = [block for block in blocks() if block[0] != "text"]
    assert len(lab.said) == len(runnable) >= 10
    assert {who for _, who, _ in runnable} == {"owner", "ann", "ben", "trainer"}


def test_everything_on_the_drive_belongs_to_the_group_and_one_folder_closes_it(lab):
    top = lab.nas / "mestore"
    assert top.stat().st_mode & 0o7777 == 0o2770
    folders = [path for path in top.rglob("*") if path.is_dir() and not path.is_symlink()]
    assert len(folders) > 20
    assert all(path.stat().st_mode & 0o2070 == 0o2070 for path in folders if "cache" in path.parts)
    assert all(path.stat().st_gid == top.stat().st_gid for path in top.rglob("*"))


def test_the_doctor_finds_a_lab_that_followed_the_guide_well(lab):
    out = said(lab, "mestore doctor")
    assert "problem" not in out and "new files in the caches belong to the group" in out


def test_both_members_have_the_same_stores_and_one_copy_of_what_they_own(lab):
    ann, ben = (lab.people[who] / "data/stores" for who in ("ann", "ben"))
    assert "equal: the same" in lab.run("ann", f"mestore verify data/stores --against {ben}")
    shard = next(path for path in sorted((ann / "clips").rglob("data/c/**/*")) if path.is_file())
    # The workspace, DVC's cache, the build cache: one inode.
    assert shard.stat().st_nlink >= 3


def test_a_damaged_store_is_whole_again_after_the_guides_commands(lab):
    assert "nothing is wrong" in said(lab, "rm -r data/stores/clips")


def test_trainers_read_what_was_published_fetched_and_imported(lab):
    assert said(lab, "published/current").strip() == "(1, 10, 64, 64, 3)"
    both, one = said(lab, '"imported"').strip().splitlines()
    assert both == "['astronaut', 'grace_hopper']"
    assert one == "['astronaut']"
    published = lab.nas / "mestore/published/current/clips"
    assert (
        mestore.open_store(published.parent)
        .clips()
        .equals(mestore.open_store(lab.people["trainer"] / "once").clips())
    )


def test_fetch_says_what_is_not_there(lab):
    git, folder = lab.environment()["LAB"], lab.people["trainer"]
    cases = [
        ((git, "flow"), {}, r"data/stores/flow/clips\.csv cannot be fetched"),
        (
            (git, "clips"),
            {"persons": ["nobody"]},
            "no person 'nobody'.*there are astronaut",
        ),
        ((git, "clips"), {"revision": "nowhere"}, "unknown Git revision 'nowhere'"),
        (("/nowhere", "clips"), {}, "cannot be fetched from /nowhere"),
    ]
    for arguments, options, says in cases:
        with pytest.raises(mestore.StoreError, match=says):
            fetch_store(*arguments, to=folder / "x", **options)
    with pytest.raises(mestore.StoreError, match="is there already"):
        fetch_store(git, "clips", to=folder / "some")
    assert not list(folder.glob("x/*"))
