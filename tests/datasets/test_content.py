import pytest
from recordings import TABLE_HEADER, index, pixels, write_csv, write_frames, write_video

from mestore.datasets.content import clip_digest
from mestore.errors import UnsafePathError

LINES = [
    ("s1", "a", "a", 2, 3, 4, 200, "", ""),
    ("s1", "b", "b.mp4", 2, 3, 4, 50, "", ""),
    ("s1", "gone", "gone", 2, 3, 4, 200, "", ""),
]


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "lab"
    write_frames(root / "a", [f"img{number}.png" for number in range(1, 6)])
    write_video(root / "b.mp4", [pixels(seed) for seed in range(6)])
    write_csv(root / "recordings.csv", [TABLE_HEADER, *LINES])
    return root


@pytest.fixture(params=[0, 1])
def clips(root, request):
    return index(root, "table", video_first_frame=request.param).clips.set_index("clip")


def now(root, row):
    return clip_digest(root, media=row.media, frames=row.frames, paths=row.paths)


def test_the_digest_is_that_of_the_clip_table(root, clips):
    assert list(clips.media) == ["frames", "video", "frames"]
    assert [now(root, row) for _, row in clips.iterrows()] == list(clips.digest)
    assert list(clips.digest.ne("")) == [True, True, False]


@pytest.mark.parametrize(("clip", "file"), [("a", "a/img3.png"), ("b", "b.mp4")])
def test_an_edit_changes_it(root, clips, clip, file):
    (root / file).write_bytes((root / file).read_bytes() + b"x")
    changed = {name for name, row in clips.iterrows() if now(root, row) != row.digest}
    assert changed == {clip}


def test_two_frames_that_are_swapped_change_it(root, clips):
    for old, new in (("img2.png", "c"), ("img3.png", "img2.png"), ("c", "img3.png")):
        (root / "a" / old).rename(root / "a" / new)
    assert now(root, clips.loc["a"]) != clips.digest["a"]


def test_a_file_that_is_gone_is_the_machines_fault(root, clips):
    (root / "a/img3.png").unlink()
    with pytest.raises(FileNotFoundError):
        now(root, clips.loc["a"])


@pytest.mark.parametrize(
    ("media", "frames", "paths"),
    [
        ("frames", [1, 2], ["a/img1.png"]),
        ("frames", [], ["a/img1.png"]),
        ("video", [1, 2], ["b.mp4#0", "b.mp4#0"]),
        ("video", [1], []),
    ],
)
def test_paths_that_do_not_fit_the_frames(root, media, frames, paths):
    with pytest.raises(ValueError, match=r"expected [0-2] paths"):
        clip_digest(root, media=media, frames=frames, paths=paths)


def test_a_path_may_not_leave_the_folder(root):
    with pytest.raises(UnsafePathError):
        clip_digest(root, media="frames", frames=[1], paths=["../x.png"])
