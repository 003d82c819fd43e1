"""Publish: readers see the old content or the new, whole, at every moment."""

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from conftest import clip_table, vector_sample, write_vectors
from mestore import StoreError, open_store
from mestore.store import publish as module
from mestore.store.layout import SUFFIX
from mestore.store.publish import CURRENT, publish
from mestore.store.verify import verify


def constant_stores(folder: Path, value: int, *, names: tuple[str, ...] = ("a", "b")) -> Path:
    """Write stores whose every number is `value`."""
    table = clip_table(persons=4, clips_each=2)
    for name in names:
        write_vectors(
            folder / name, table, lambda row: vector_sample(row).having(np.full(6, value, np.float32))
        )
    return folder


@pytest.fixture
def one(tmp_path) -> Path:
    return constant_stores(tmp_path / "one", 1)


@pytest.fixture
def two(tmp_path) -> Path:
    return constant_stores(tmp_path / "two", 2)


def listed(target: Path) -> list[str]:
    return sorted(path.name for path in target.iterdir())


def test_what_is_published_is_whole_and_opens_through_the_link(one, tmp_path):
    target = tmp_path / "nas" / "stores"
    done = publish(one, target)
    assert done.new and done.folder.parent == target and listed(target) == sorted([done.folder.name, CURRENT])
    assert (target / CURRENT).readlink() == Path(done.folder.name)
    assert verify(target / CURRENT) == []
    assert (open_store(target / CURRENT).read("b", ["toy/s01"]).data == 1).all()


def test_files_are_copies_that_nobody_may_write(one, tmp_path):
    done = publish(one, tmp_path / "nas")
    for path in one.rglob("*"):
        copy = done.folder / path.relative_to(one)
        if path.is_file():
            assert not copy.samefile(path) and not copy.stat().st_mode & 0o222
            assert path.stat().st_nlink == 1


def test_a_store_alone_and_some_by_name(one, tmp_path):
    publish(one / "a", tmp_path / "x")
    assert listed(tmp_path / "x" / CURRENT) == ["a"]
    publish(one, tmp_path / "y", names=["a"])
    assert (tmp_path / "x" / CURRENT).readlink() == (tmp_path / "y" / CURRENT).readlink()
    with pytest.raises(StoreError, match=r"no store 'c'.*there are: a, b"):
        publish(one, tmp_path / "y", names=["c"])


def test_the_same_again_copies_nothing(one, tmp_path):
    first = publish(one, tmp_path / "nas")
    files = [path for path in first.folder.rglob("*") if path.is_file()]
    before = [(path.stat().st_mtime_ns, path.stat().st_ino) for path in files]
    again = publish(constant_stores(tmp_path / "rebuilt", 1), tmp_path / "nas")
    assert not again.new and again.folder == first.folder
    assert before == [(path.stat().st_mtime_ns, path.stat().st_ino) for path in files]


def test_going_back_to_an_old_content_is_renaming_the_link(one, two, tmp_path):
    target = tmp_path / "nas"
    publish(one, target)
    publish(two, target)
    assert (open_store(target / CURRENT).read("a", ["toy/s00"]).data == 2).all()
    assert not publish(one, target).new
    assert (open_store(target / CURRENT).read("a", ["toy/s00"]).data == 1).all()


def test_a_content_that_was_current_again_counts_as_new(tmp_path):
    target = tmp_path / "nas"
    first, second = (constant_stores(tmp_path / str(value), value) for value in (1, 2))
    old = publish(first, target).folder
    os.utime(old, (1e9, 1e9))
    between = publish(second, target).folder
    os.utime(between, (2e9 - 1e9, 1e9 + 5))
    publish(first, target)
    removed = publish(constant_stores(tmp_path / "3", 3), target, keep=2).removed
    assert removed == (between,) and old.is_dir()


def test_a_store_is_not_published_into_itself(one):
    with pytest.raises(StoreError, match="lies in"):
        publish(one, one / "published")


def test_keep_removes_the_oldest_and_never_what_current_names(tmp_path):
    target = tmp_path / "nas"
    folders = []
    for age, value in ((3, 1), (2, 2), (1, 3)):
        folders.append(publish(constant_stores(tmp_path / str(value), value), target).folder)
        os.utime(folders[-1], (1e9 - age, 1e9 - age))
    # Back to the oldest: it stays although it is the oldest.
    done = publish(tmp_path / "1", target, keep=2)
    assert done.removed == (folders[1],)
    assert listed(target) == sorted([folders[0].name, folders[2].name, CURRENT])
    assert publish(tmp_path / "1", target, keep=1).removed == (folders[2],)
    with pytest.raises(StoreError, match="keep is 0"):
        publish(tmp_path / "1", target, keep=0)


def test_other_folders_below_the_target_are_left_alone(one, two, tmp_path):
    target = tmp_path / "nas"
    for name in ("archive", "f" * 63, "0123"):
        (target / name).mkdir(parents=True)
    publish(one, target)
    publish(two, target, keep=1)
    assert {"archive", "f" * 63, "0123"} < set(listed(target))


def test_damaged_stores_are_refused_by_name_and_nothing_changes(one, two, tmp_path):
    target = tmp_path / "nas"
    publish(one, target)
    before = listed(target), (target / CURRENT).readlink()
    shard = two / "a" / f"toy{SUFFIX}" / "s01" / "data" / "c" / "0" / "0"
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(StoreError, match=str(shard)):
        publish(two, target)
    assert (listed(target), (target / CURRENT).readlink()) == before


def test_a_content_that_was_damaged_where_it_lies_is_not_made_current(one, two, tmp_path):
    target = tmp_path / "nas"
    harmed = publish(one, target).folder
    publish(two, target)
    path = harmed / "a" / "clips.csv"
    path.chmod(0o644)
    path.write_text("")
    with pytest.raises(StoreError, match=f"remove {harmed} and publish again"):
        publish(one, target)
    assert (open_store(target / CURRENT).read("a", ["toy/s00"]).data == 2).all()


def test_stores_that_change_while_they_are_copied_are_refused(one, two, tmp_path, monkeypatch):
    target = tmp_path / "nas"
    verified = module.verify

    def and_rebuilt(path: Path):
        # Between the copy and its check another build ends: the copy is of the other content, and whole.
        shutil.rmtree(path / "a")
        shutil.copytree(two / "a", path / "a")
        return verified(path)

    monkeypatch.setattr(module, "verify", and_rebuilt)
    with pytest.raises(StoreError, match="changed while it was copied"):
        publish(one, target)
    assert listed(target) == []


def test_a_store_without_its_last_file_is_refused(one, tmp_path):
    (one / "a" / "manifest.json").unlink()
    with pytest.raises(StoreError, match=r"a/manifest\.json"):
        publish(one, tmp_path / "nas")


def test_a_target_that_cannot_be_written_is_one_sentence(one, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot publish into .*file"):
        publish(one, tmp_path / "file")


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of its own with room for one content."""
    target = tmp_path / "small"
    target.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=250k", "tmpfs", target]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no tmpfs can be mounted here")
    yield target
    subprocess.run(["umount", "-l", target], check=True)


def test_a_full_disk_leaves_what_was_there(one, two, small_disk):
    publish(one, small_disk)
    before = listed(small_disk)
    with pytest.raises(StoreError, match="No space left"):
        publish(two, small_disk)
    assert listed(small_disk) == before and verify(small_disk / CURRENT) == []


def test_a_read_only_mount_is_read_and_not_published_into(one, two, small_disk):
    publish(one, small_disk)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert (open_store(small_disk / CURRENT).read("a", ["toy/s00"], check=True).data == 1).all()
    assert verify(small_disk / CURRENT) == []
    with pytest.raises(StoreError, match="Read-only file system"):
        publish(two, small_disk)


def test_a_reader_keeps_the_content_it_opened(one, two, tmp_path):
    target = tmp_path / "nas"
    publish(one, target)
    store = open_store(target / CURRENT)
    publish(two, target)
    assert (store.read("a", ["toy/s00"]).data == 1).all()


def test_a_content_removed_under_a_reader_is_an_error_that_says_so(one, two, tmp_path):
    target = tmp_path / "nas"
    publish(one, target)
    store = open_store(target / CURRENT)
    publish(two, target, keep=1)
    with pytest.raises(StoreError, match="open the store again"):
        store.read("a", ["toy/s00"])
    assert (open_store(target / CURRENT).read("a", ["toy/s00"]).data == 2).all()


READER = """
import sys
from pathlib import Path
from mestore import open_store

seen, rounds = set(), 0
while not Path(sys.argv[2]).exists():
    store = open_store(sys.argv[1])
    persons = sorted(set(store.clips()["person"]))
    values = {float(v) for name in ("a", "b") for v in store.read(name, persons, check=True).data.ravel()}
    assert len(values) == 1, f"a mixture: {values}"
    seen |= values
    rounds += 1
    if rounds > 3 and seen == {1.0, 2.0}:
        Path(sys.argv[3]).touch()
print(rounds, sorted(seen))
"""


def test_a_second_person_reads_old_or_new_and_never_a_mixture(one, two, tmp_path):
    target, stop, enough = tmp_path / "nas", tmp_path / "stop", tmp_path / "enough"
    publish(one, target)
    command = [sys.executable, "-c", textwrap.dedent(READER), target / CURRENT, stop, enough]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        for turn in count():
            # With `keep`, one content is removed and copied anew from time to time; readers have just opened
            # the other, or hold the removed one for at most a moment: so two are kept while they read.
            publish(two if turn % 2 else one, target, keep=2)
            if reader.poll() is not None or (turn >= 20 and enough.exists()):
                break
    finally:
        stop.touch()
        out, _ = reader.communicate(timeout=300)
    assert reader.returncode == 0, out
    rounds, seen = out.split(maxsplit=1)
    assert int(rounds) > 3 and seen.strip() == "[1.0, 2.0]"


def test_two_who_publish_the_same_at_once_both_end_well(one, tmp_path):
    target = tmp_path / "nas"
    code = "import sys; from pathlib import Path; from mestore.store.publish import publish; "
    code += "publish(Path(sys.argv[1]), Path(sys.argv[2]))"
    command = [sys.executable, "-c", code, one, target]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(300) for process in both] == [0, 0]
    assert len(listed(target)) == 2 and verify(target / CURRENT) == []


@pytest.mark.parametrize("at", ["_sync_tree", "rename_once", "_link"])
def test_a_killed_publish_leaves_nothing_that_a_reader_opens(one, two, tmp_path, at):
    target = tmp_path / "nas"
    publish(one, target)
    code = "import os, sys; from pathlib import Path; from mestore.store import publish; "
    code += f"publish.{at} = lambda *_: os.kill(os.getpid(), 9); "
    code += "publish.publish(Path(sys.argv[1]), Path(sys.argv[2]))"
    assert subprocess.run([sys.executable, "-c", code, two, target]).returncode == -9
    assert verify(target / CURRENT) == []
    assert (open_store(target / CURRENT).read("a", ["toy/s00"]).data == 1).all()
    left = list(target.glob(".partial-*"))
    assert len(left) == (at != "_link")
    for path in left:
        os.utime(path, (0, 0))  # a day later, it is nobody's any more
    publish(two, target, keep=2)
    assert (open_store(target / CURRENT).read("a", ["toy/s00"]).data == 2).all()
    assert list(target.glob(".*")) == []
