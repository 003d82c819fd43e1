import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mestore.datasets.folder import (
    IMAGE_SUFFIXES,
    frame_number,
    frames_by_number,
    inside,
    listing,
    subfolders,
)
from mestore.errors import ClipFault, UnsafePathError


@pytest.mark.parametrize(
    ("relative", "word"),
    [
        ("", "empty"),
        (".", "empty"),
        ("/etc/passwd", "absolute"),
        ("../x", "'..'"),
        ("a/../../x", "'..'"),
        ("a/..", "'..'"),
        ("a\\b", "backslash"),
        ("C:\\b", "backslash"),
        ("a\0b", "NUL"),
        ("a/" + "b" * 256, "255 bytes"),
    ],
)
def test_unsafe_paths_are_refused_by_name(tmp_path, relative, word):
    with pytest.raises(UnsafePathError, match=word) as caught:
        inside(tmp_path, relative)
    assert repr(relative) in str(caught.value)


def test_a_safe_path_need_not_exist(tmp_path):
    assert inside(tmp_path, "sub01/EP02_01f") == tmp_path.resolve() / "sub01/EP02_01f"


def test_only_the_root_may_be_a_link_that_leaves(tmp_path):
    store, root = tmp_path / "nas", tmp_path / "root"
    (store / "sub01").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    root.symlink_to(store)
    (store / "leaves").symlink_to(tmp_path / "other")
    (store / "stays").symlink_to(store / "sub01")
    (store / "circle").symlink_to(store / "circle")
    assert inside(root, "sub01") == inside(root, "stays") == store / "sub01"
    with pytest.raises(UnsafePathError, match=r"'leaves/x' passes a link that leaves"):
        inside(root, "leaves/x")
    for relative in ("circle", "circle/x"):
        with pytest.raises(UnsafePathError, match="passes a link to itself"):
            inside(root, relative)


@given(st.text(max_size=40))
def test_whatever_the_path_it_is_inside_or_refused(tmp_path_factory, relative):
    root = tmp_path_factory.getbasetemp()
    try:
        assert inside(root, relative).is_relative_to(root.resolve())
    except UnsafePathError as error:
        assert repr(relative) in str(error)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("img46.jpg", 46),
        ("reg_img046.JPG", 46),
        ("EP01_5-98.jpeg", 98),
        ("17581039.bmp", 17581039),
        ("00000.png", 0),
        ("s1.v2.png", 2),
        ("preview.jpg", None),
        ("Thumbs.db", None),
        (".DS_Store", None),
        ("._img46.jpg", None),
        ("img46.gif", None),
        ("46", None),
        ("img٤٦.jpg", None),
    ],
)
def test_a_frame_number_is_the_last_run_of_digits(name, number):
    assert frame_number(name) == number


@given(
    prefix=st.text(st.characters(exclude_characters="\0/"), max_size=20).filter(
        lambda s: not s.startswith(".")
    ),
    number=st.integers(0, 10**9),
    padding=st.integers(0, 8),
    tail=st.from_regex(r"[a-z_ -]{0,5}", fullmatch=True),
    suffix=st.sampled_from(sorted(IMAGE_SUFFIXES)),
)
def test_any_name_around_the_number_is_fine(prefix, number, padding, tail, suffix):
    separator = "_" if re.search("[0-9]$", prefix) else ""
    assert frame_number(f"{prefix}{separator}{number:0{padding}d}{tail}{suffix.upper()}") == number


@given(st.text(max_size=30))
def test_any_name_has_a_number_or_none(name):
    number = frame_number(name)
    assert number is None or str(number) in name.replace("0", "") or str(number).rstrip("0") in name


def test_frames_are_sorted_by_number_and_rubbish_is_ignored(tmp_path):
    for name in ["img10.jpg", "img9.JPG", "img011.png", "Thumbs.db", ".img8.jpg", "notes.txt"]:
        (tmp_path / name).touch()
    (tmp_path / "img12.jpg").mkdir()
    found = frames_by_number(tmp_path)
    assert {number: entry.name for number, entry in found.items()} == {
        9: "img9.JPG",
        10: "img10.jpg",
        11: "img011.png",
    }
    assert list(found) == [9, 10, 11]


def test_two_files_of_one_number_are_named(tmp_path):
    (tmp_path / "img09.jpg").touch()
    (tmp_path / "img9.bmp").touch()
    with pytest.raises(ClipFault, match=r"frame 9 twice, as 'img09\.jpg' and 'img9\.bmp'"):
        frames_by_number(tmp_path)


def test_listing_and_subfolders(tmp_path):
    assert listing(tmp_path) == "nothing"
    for number in range(10):
        (tmp_path / f"sub{number}").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "sub1")
    (tmp_path / "file").touch()
    assert listing(tmp_path, most=2) == "'file', 'link' and 10 more"
    assert subfolders(tmp_path) == [f"sub{number}" for number in range(10)]
