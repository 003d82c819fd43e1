import shutil
import stat
import zipfile

import pytest
from recordings import write_csv

from mestore.datasets.unpack import ORIGIN, require_origin, unpack
from mestore.errors import AnnotationError


def write_zip(path, members, *, mode=None):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            if mode is not None:
                info.external_attr = mode << 16
            archive.writestr(info, content)
    return path


def test_what_is_in_it_and_nothing_from_beside_it(tmp_path):
    archive = write_zip(tmp_path / "CASME2.zip", {"a/b/1.jpg": "one", "a/": "", "a/2.jpg": "two"})
    write_csv(tmp_path / "coding.csv", [("Subject",)])
    told = []
    unpack(archive, tmp_path / "raw/casme2", progress=lambda done, total: told.append((done, total)))
    root = tmp_path / "raw/casme2"
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()) == [
        ORIGIN,
        "a/2.jpg",
        "a/b/1.jpg",
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


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, "holds no file"),
        ({"a/": ""}, "holds no file"),
        ({"a": "1", "a/b": "2"}, "a file and a folder that are both called 'a'"),
        ({"a/b": "2", "a": "1"}, "a file and a folder that are both called 'a'"),
        ({"a/b": "2", "./a/b": "1"}, "holds './a/b' twice"),
        ({".": "2"}, "leaves its folder"),
        ({"x" * 300: "1"}, "File name too long"),
        ({f"{ORIGIN}/x": "1"}, "Is a directory"),
    ],
)
def test_names_that_no_folder_can_hold_are_refused_and_nothing_is_left(tmp_path, members, said):
    archive = write_zip(tmp_path / "a.zip", members)
    with pytest.raises(AnnotationError, match=said):
        unpack(archive, tmp_path / "raw/a")
    assert list((tmp_path / "raw").iterdir()) == []


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_whatever_byte_is_damaged_it_is_one_error_and_nothing_is_left(tmp_path, method):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a/b.csv", "Subject,Filename\n" * 9)
    whole = path.read_bytes()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        path.write_bytes(damaged)
        try:
            unpack(path, tmp_path / "raw/a")
        except AnnotationError:
            assert list((tmp_path / "raw").iterdir()) == []
        else:
            shutil.rmtree(tmp_path / "raw/a")  # a time or a name: nothing can tell
        path.write_bytes(whole[:at])
        with pytest.raises(AnnotationError):
            unpack(path, tmp_path / "raw/a")


def test_a_disk_that_refuses_is_an_error_of_the_archive(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"x": "1"})
    (tmp_path / "raw").write_text("a file")
    with pytest.raises(AnnotationError, match=r"a\.zip cannot be unpacked to .*raw: File exists"):
        unpack(archive, tmp_path / "raw/a")


def test_a_folder_knows_the_archive_it_came_from(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"x": "1"})
    unpack(archive, tmp_path / "raw/a")
    require_origin(tmp_path / "raw/a", archive)
    write_zip(archive, {"x": "12"})
    with pytest.raises(AnnotationError, match=r"unpacked from \d+ bytes of a\.zip, not from .* as it is now"):
        require_origin(tmp_path / "raw/a", archive)
    (tmp_path / "raw/a" / ORIGIN).unlink()
    with pytest.raises(AnnotationError, match="unpacked from nobody knows what"):
        require_origin(tmp_path / "raw/a", archive)
