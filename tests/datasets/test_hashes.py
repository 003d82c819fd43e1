import hashlib
import time

import pytest
from recordings import remember_young_files, settle

from mestore.datasets.hashes import Memo, stamp_of
from mestore.errors import ClipFault
from mestore.store.layout import file_sha256


class Lab:
    """A folder with one file, and a memo that says which files it opened."""

    def __init__(self, folder):
        self.root, self.cache, self.opened = folder / "root", folder / "cache", []
        self.root.mkdir()
        self.write(b"first")

    def write(self, content, **settled):
        (self.root / "a.jpg").write_bytes(content)
        settle(self.root / "a.jpg", **settled)

    def compute(self, path):
        self.opened.append(path.name)
        return file_sha256(path)

    def digest(self):
        return self.digests("a.jpg")[0]

    def digests(self, *names):
        self.opened.clear()
        with Memo(self.cache, root=self.root, name="sha256", compute=self.compute) as self.memo:
            return self.memo.values({name: stamp_of((self.root / name).stat()) for name in names})


@pytest.fixture
def lab(tmp_path, monkeypatch):
    remember_young_files(monkeypatch)
    return Lab(tmp_path)


def test_an_unchanged_file_is_read_once(lab):
    first = lab.digest()
    assert first == hashlib.sha256(b"first").hexdigest()
    assert lab.opened == ["a.jpg"]
    assert lab.digest() == first
    assert lab.opened == []


def test_an_edit_of_equal_size_is_noticed(lab):
    first = lab.digest()
    lab.write(b"fIrst", time_ns=1_700_000_000_000_000_001)
    assert lab.digest() == hashlib.sha256(b"fIrst").hexdigest() != first


def test_two_files_of_one_size_and_time_that_are_swapped_are_noticed(lab):
    (lab.root / "b.jpg").write_bytes(b"other")
    settle(lab.root / "b.jpg")
    first, other = lab.digests("a.jpg", "b.jpg")
    assert lab.digests("a.jpg", "b.jpg") == [first, other]
    assert lab.opened == []
    time.sleep(0.05)  # longer than the tick of a file system's clock
    for old, new in (("a.jpg", "c"), ("b.jpg", "a.jpg"), ("c", "b.jpg")):
        (lab.root / old).rename(lab.root / new)
    a, b = ((lab.root / name).stat() for name in ("a.jpg", "b.jpg"))
    assert (a.st_size, a.st_mtime_ns) == (b.st_size, b.st_mtime_ns)
    assert lab.digests("a.jpg", "b.jpg") == [other, first]


def test_a_memo_that_cannot_be_written_is_lost_and_says_so(lab):
    lab.cache.write_text("a file where a folder should be")
    for _ in range(2):
        assert lab.digest() == hashlib.sha256(b"first").hexdigest()
        assert lab.opened == ["a.jpg"]
        assert "cannot be written" in lab.memo.lost
    lab.cache.unlink()
    lab.digest()
    assert lab.memo.lost == ""


@pytest.mark.parametrize("since", ["written", "moved there"])
def test_a_file_just_changed_is_not_remembered(lab, monkeypatch, since):
    monkeypatch.setattr("mestore.datasets.hashes._SETTLED", 10**12)
    lab.write(b"young", time_ns=time.time_ns() if since == "written" else 1_700_000_000_000_000_000)
    lab.digest()
    lab.digest()
    assert lab.opened == ["a.jpg"]


@pytest.mark.parametrize("content", [b"", b"PAR1 not parquet", b"PAR1" * 100])
def test_a_corrupt_memo_is_rebuilt(lab, content):
    first = lab.digest()
    [file] = lab.cache.iterdir()
    file.write_bytes(content)
    assert lab.digest() == first
    assert lab.opened == ["a.jpg"]
    lab.digest()
    assert lab.opened == []


def test_a_memo_with_other_columns_is_rebuilt(lab):
    import pandas as pd

    first = lab.digest()
    [file] = lab.cache.iterdir()
    pd.DataFrame({"path": ["a.jpg"]}).to_parquet(file)
    assert lab.digest() == first


def test_each_folder_has_its_own_memo_whatever_link_leads_to_it(lab, tmp_path):
    lab.digest()
    (tmp_path / "link").symlink_to(lab.root)
    Memo(lab.cache, root=tmp_path / "link", name="sha256", compute=file_sha256).save()
    assert len(list(lab.cache.iterdir())) == 1
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "a.jpg").write_bytes(b"other")
    settle(tmp_path / "copy" / "a.jpg")
    lab.root = tmp_path / "copy"
    assert lab.digest() == hashlib.sha256(b"other").hexdigest()
    assert len(list(lab.cache.iterdir())) == 2


def test_what_was_computed_before_an_error_is_kept(lab):
    stamp = stamp_of((lab.root / "a.jpg").stat())
    with (
        pytest.raises(FileNotFoundError),
        Memo(lab.cache, root=lab.root, name="sha256", compute=lab.compute) as memo,
    ):
        memo.values({"a.jpg": stamp})
        memo.values({"gone.jpg": stamp})
    lab.digest()
    assert lab.opened == []


def test_faults_pass_through_and_are_not_remembered(lab):
    def refuse(path):
        raise ClipFault(found=path.name, expected="better", remedy="none")

    for _ in range(2):
        with pytest.raises(ClipFault), Memo(lab.cache, root=lab.root, name="x", compute=refuse) as memo:
            memo.values({"a.jpg": (1, 1, 1)})
    assert not lab.cache.exists()


def test_values_keep_the_order_of_their_files(tmp_path):
    names = [f"{number}.jpg" for number in range(50)]
    for name in names:
        (tmp_path / name).write_text(name)
    with Memo(tmp_path / "cache", root=tmp_path, name="text", compute=lambda path: path.read_text()) as memo:
        assert memo.values(dict.fromkeys(names, (1, 1, 1))) == names
        assert memo.values(dict.fromkeys(reversed(names), (1, 1, 1))) == names[::-1]
