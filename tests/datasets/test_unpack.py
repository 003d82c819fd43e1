import stat
import zipfile

import pytest
from recordings import write_csv

from mestore.datasets.unpack import unpack
from mestore.errors import AnnotationError


def write_zip(path, members, *, mode=None):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            if mode is not None:
                info.external_attr = mode << 16
            archive.writestr(info, content)
    return path


def test_what_is_in_it_and_the_sheets_beside_it(tmp_path):
    archive = write_zip(tmp_path / "CASME2.zip", {"a/b/1.jpg": "one", "a/": "", "a/2.jpg": "two"})
    write_csv(tmp_path / "coding.csv", [("Subject",)])
    told = []
    unpack(archive, tmp_path / "raw/casme2", progress=lambda done, total: told.append((done, total)))
    root = tmp_path / "raw/casme2"
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()) == [
        "a/2.jpg",
        "a/b/1.jpg",
        "coding.csv",
    ]
    assert (root / "a/b/1.jpg").read_text() == "one"
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "..\\x", "C:/x"])
def test_a_path_that_leaves_the_folder_is_refused_and_nothing_is_left(tmp_path, name):
    archive = write_zip(tmp_path / "a.zip", {"fine.jpg": "", name: ""})
    with pytest.raises(AnnotationError, match="which leaves its folder"):
        unpack(archive, tmp_path / "raw/a")
    assert list((tmp_path / "raw").iterdir()) == []
    assert not (tmp_path / "x").exists()


def test_a_link_is_refused(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"link": "/etc"}, mode=stat.S_IFLNK | 0o777)
    with pytest.raises(AnnotationError, match="holds the link 'link'"):
        unpack(archive, tmp_path / "raw/a")


def test_a_password_is_asked_for(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"x": "1"})
    content = bytearray(archive.read_bytes())
    content[6] |= 1
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    archive.write_bytes(content)
    with pytest.raises(AnnotationError, match="needs a password"):
        unpack(archive, tmp_path / "raw/a")


def test_a_damaged_file_and_one_of_several_volumes(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"x": "1" * 1000})
    content = bytearray(archive.read_bytes())
    content[40] ^= 1
    archive.write_bytes(content)
    with pytest.raises(AnnotationError, match=r"cannot be unpacked .* several volumes"):
        unpack(archive, tmp_path / "raw/a")
    archive.write_bytes(content[:500])
    with pytest.raises(AnnotationError, match="several volumes"):
        unpack(archive, tmp_path / "raw/a")


def test_more_than_the_disk_holds_is_refused_before_it_begins(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"x": "1"})
    content = bytearray(archive.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 24 : at + 28] = (2**32 - 2).to_bytes(4, "little")
    huge = bytes(content)
    directory = content[at : content.index(b"PK\x05\x06")]
    end = bytearray(content[content.index(b"PK\x05\x06") :])
    count = 60_000
    end[8:10] = end[10:12] = count.to_bytes(2, "little")
    end[12:16] = (len(directory) * count).to_bytes(4, "little")
    archive.write_bytes(huge[:at] + bytes(directory) * count + bytes(end))
    with pytest.raises(AnnotationError, match=r"takes 25769\d\.\d GB unpacked and .* GB free"):
        unpack(archive, tmp_path / "raw/a")


def test_what_is_there_is_kept(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"x": "1"})
    (tmp_path / "raw").mkdir()
    with pytest.raises(AnnotationError, match="is there already"):
        unpack(archive, tmp_path / "raw")
