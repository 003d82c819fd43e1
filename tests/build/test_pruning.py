"""Pruning of a real cache: what the workspace uses stays, and what is freed is what the disk gets back."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from mestore.build.cache import BuildCache
from mestore.build.provenance import write_code
from mestore.build.pruning import (
    CODE,
    HALF,
    MEMO,
    SUBJECT,
    describe,
    freed,
    prune,
    removable,
    seconds,
    survey,
)
from mestore.build.stage import build_store
from mestore.datasets.hashes import Memo, stamp_of
from mestore.errors import MEStoreError
from mestore.params import Params
from mestore.workspace import find_workspace

DAY = 24 * 3600.0


def parameters(*, n: int) -> Params:
    return Params.model_validate(
        {
            "datasets": {"toy": {"reader": "table"}},
            "stores": {
                "crops": {"kind": "align", "input": "index"},
                "clips": {"kind": "tim", "input": "stores/crops", "params": {"n": n}},
            },
            "protocols": {"loso": {"kind": "loso"}},
            "evaluate": {"loso": {"features": []}},
            "compute": {"n_jobs": 1},
        }
    )


@pytest.fixture
def workspace(stores):
    """A cache with 12 subjects that data/stores/clips uses and 12 of an earlier parameter."""
    found = find_workspace(stores.parents[1], environment={})
    write_code(found, parameters(n=10))
    found.params.write_text("# only its place counts here\n")
    for n in (8, 10):
        build_store(found, parameters(n=n), "clips")
    return found


def later(workspace, *, days: float, older_than: str = "30d"):
    return removable(survey(workspace), older_than=seconds(older_than), now=time.time() + days * DAY)


def test_ls_tells_what_the_stores_use_from_what_they_do_not(workspace):
    entries = [it for it in survey(workspace) if it.what == SUBJECT]
    assert [it.used for it in entries].count(True) == 12 and len(entries) == 24
    assert {it.group for it in entries} == {"clips", "uint8 clip time y x channel"}
    said = describe(workspace, survey(workspace))
    assert "clips" in said and "not used here" in said and str(workspace.cache) in said


def test_prune_keeps_what_is_used_and_what_is_young(workspace):
    used = {it.path for it in survey(workspace) if it.used and it.what == SUBJECT}
    assert [it for it in later(workspace, days=29) if it.what == SUBJECT] == []
    gone = [it for it in later(workspace, days=31) if it.what == SUBJECT]
    assert len(gone) == 12 and used.isdisjoint(it.path for it in gone)
    assert "12 subjects would be removed" in prune(gone, dry_run=True)
    assert all(it.path.is_dir() for it in gone)
    assert prune(gone).startswith("12 subjects removed")
    assert {it.path for it in survey(workspace) if it.what == SUBJECT} == used
    assert "0 subjects built, 12 found" in build_store(workspace, parameters(n=10), "clips")
    assert "12 subjects built" in build_store(workspace, parameters(n=8), "clips")


def test_only_files_without_other_links_free_the_disk(workspace):
    entries = [it for it in survey(workspace) if it.what == SUBJECT]
    used, unused = ([it for it in entries if it.used is wanted] for wanted in (True, False))
    assert freed(used) == 0 and freed(unused) == sum(it.size for it in unused) > 0
    shard = next(path for path in unused[0].path.rglob("data/c/**/*") if path.is_file())
    (workspace.root / "dvc").hardlink_to(shard)
    unused = [it for it in survey(workspace) if it.what == SUBJECT and not it.used]
    assert freed(unused) == sum(it.size for it in unused) - shard.stat().st_size
    assert "also DVC's" in prune(unused)


def test_a_subject_that_is_being_built_stays_and_an_old_leftover_goes(workspace):
    cache = BuildCache(workspace.cache)
    with cache.create("ab" * 32) as folder:
        (folder / "data").mkdir()
        # The folder itself looks old while a shard below it is being written.
        os.utime(folder, (0, 0))
        (folder / "data" / "shard").write_bytes(b"half")
        os.utime(folder, (0, 0))
        assert [it for it in later(workspace, days=0) if it.what == HALF] == []
        shutil.copytree(folder, folder.with_name(".damaged-killed"))
    for path in (*folder.parent.glob(".damaged-killed/**/*"), folder.parent / ".damaged-killed"):
        os.utime(path, (0, 0))
    [left] = [it for it in later(workspace, days=0) if it.what == HALF]
    assert left.path.name == ".damaged-killed"
    prune([left])
    assert not left.path.exists() and ("ab" * 32) in cache


def test_code_of_old_source_states_and_memos_of_other_folders_go_when_idle(workspace, tmp_path):
    old = workspace.cache / "numba" / "0123456789abcdef"
    old.mkdir(parents=True)
    (old / "kernel.nbc").write_bytes(b"code")
    memos = [_memo(workspace, workspace.raw / "toy"), _memo(workspace, tmp_path / "elsewhere" / "toy")]
    gone = later(workspace, days=31)
    assert [it.path for it in gone if it.what == CODE] == [old]
    assert [it.path for it in gone if it.what == MEMO] == [memos[1]]
    assert later(workspace, days=29) == []


def _memo(workspace, root: Path) -> Path:
    """Write a memo of a folder through the real thing and return its file."""
    root.mkdir(parents=True)
    (root / "a").write_text("a")
    stat = (root / "a").stat()
    before = set((workspace.cache / "hashes").glob("*"))
    with Memo(workspace.cache / "hashes", root=root, name="sha256", compute=lambda path: "0") as memo:
        memo.values({"a": (stamp_of(stat)[0], 0, 0)})
    [file] = set((workspace.cache / "hashes").glob("*")) - before
    return file


def test_outside_a_workspace_nothing_of_a_shared_cache_is_touched(workspace, tmp_path):
    with pytest.raises(MEStoreError, match=r"params\.yaml is missing"):
        survey(replace(workspace, root=tmp_path / "elsewhere"))


def test_an_age_is_a_number_and_a_unit():
    assert seconds("2w") == 14 * DAY
    for wrong in ("30", "d", "-1d", "1 d", "1y"):
        with pytest.raises(MEStoreError, match="such as 30d"):
            seconds(wrong)


def test_the_commands_say_what_there_is_and_what_would_go(workspace):
    run = partial(subprocess.run, cwd=workspace.root, capture_output=True, text=True, check=True)
    mestore = [sys.executable, "-m", "mestore", "cache"]
    assert "clips" in run([*mestore, "ls"]).stdout
    said = run([*mestore, "prune", "--older-than", "0h", "--dry-run"]).stdout
    assert said.startswith("12 subjects would be removed")
    assert len([it for it in survey(workspace) if it.what == SUBJECT]) == 24


def test_what_others_keep_in_the_same_folder_is_never_touched(workspace):
    """Whoever sets MESTORE_CACHE to a disk of the lab has other things there."""
    foreign = ["subjects/sub01/session1/x.avi", "subjects/sub01/.git/config", "numba/src/a.c"]
    foreign += ["hashes/mine.parquet", "subjects/ab/notes/x.txt", "subjects/ab/.git/config"]
    for name in foreign:
        path = workspace.cache / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
        for it in (path, path.parent):
            os.utime(it, (0, 0))
    prune(later(workspace, days=1000))
    BuildCache(workspace.cache).sweep()
    assert all((workspace.cache / name).is_file() for name in foreign)
