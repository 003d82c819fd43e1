from pathlib import Path

import numpy as np
import pytest
from recordings import (
    TABLE_HEADER,
    index,
    pixels,
    write_csv,
    write_frames,
    write_video,
    write_xls,
    write_xlsx,
)

from mestore.datasets.media import read_frames
from mestore.errors import AnnotationError

MEDIA = Path(__file__).parents[2].parent / "shared" / "media"
FRAMES = [pixels(seed) for seed in range(10)]
EXTRA = ("person", "kind", "objective_class")


def table(root, *lines, extra=(), name="recordings.csv", write=write_csv):
    root.mkdir(exist_ok=True)
    write(root / name, [(*TABLE_HEADER, *extra), *lines])
    return root


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "lab"
    write_frames(root / "a/smile", [f"f_{number:04d}.png" for number in range(98, 104)])
    write_video(root / "videos/b.mp4", FRAMES)
    return table(
        root,
        ("a", "smile", "a/smile", 98, 100, 103, 120, "Happiness", "6+12"),
        ("b", "frown", "videos/b.mp4", 2, None, 7, 29.97, "", 4),
    )


def test_folders_and_videos_side_by_side(root):
    found = index(root, "table", dataset="lab")
    assert found.failures.empty
    assert found.notes == []
    smile, frown = (row for _, row in found.clips.iterrows())
    assert (smile.clip_id, smile.media, smile.fps, smile.emotion) == (
        "lab/a/smile@98",
        "frames",
        120.0,
        "happiness",
    )
    assert smile.paths == [f"a/smile/f_{number:04d}.png" for number in range(98, 104)]
    assert (frown.clip_id, frown.media, frown.fps, frown.aus) == ("lab/b/frown@2", "video", 29.97, "4")
    assert (frown.apex, frown.apex_source, frown.gaps) == (4, "estimated:middle", False)
    assert (frown.frames, frown.paths) == ([2, 3, 4, 5, 6, 7], ["videos/b.mp4#0"])
    clip = read_frames(root, media=frown.media, frames=frown.frames, paths=frown.paths)
    assert np.array_equal(clip, FRAMES[2:8])


def test_a_video_may_be_counted_from_1(root):
    zero, one = (index(root, "table", video_first_frame=first).clips.iloc[1] for first in (0, 1))
    assert one.frames == zero.frames
    assert one.paths == ["videos/b.mp4#1"]
    assert one.digest != zero.digest
    assert np.array_equal(read_frames(root, media="video", frames=one.frames, paths=one.paths), FRAMES[1:7])


def test_a_video_that_ends_before_the_offset_has_gaps(root):
    table(root, ("b", "frown", "videos/b.mp4", 2, 4, 12, 50, "", 4))
    found = index(root, "table").clips.iloc[0]
    assert found.frames == list(range(2, 10))
    assert found.gaps


@pytest.mark.parametrize(("first", "onset", "apex"), [(0, 2, 10), (1, 0, 3), (0, 10, 11)])
def test_a_video_without_onset_or_apex_fails(root, first, onset, apex):
    table(root, ("b", "frown", "videos/b.mp4", onset, apex, 12, 50, "", 4))
    [found] = index(root, "table", video_first_frame=first).failures.found
    assert f"'videos/b.mp4', which holds 10 frames from {first} to {first + 9}" in found


@pytest.mark.parametrize(("name", "write"), [("r.xlsx", write_xlsx), ("r.xls", write_xls)])
def test_excel_reads_like_csv(root, name, write):
    csv = index(root, "table").clips
    table(
        root,
        ("a", "smile", "a/smile", 98, 100, 103, 120, "Happiness", "6+12"),
        ("b", "frown", "videos/b.mp4", 2, None, 7, 29.97, None, 4),
        name=name,
        write=write,
    )
    assert index(root, "table", table=name).clips.drop(columns="edition").equals(csv.drop(columns="edition"))


def test_optional_columns(root):
    lines = [
        ("a", "smile", "a/smile", 98, 100, 103, 120, "", "", "anna", "Macro", "1"),
        ("b", "frown", "videos/b.mp4", 2, 4, 7, 50, "", "", "", "", "iv"),
    ]
    clips = index(table(root, *lines, extra=EXTRA), "table").clips
    assert list(clips.person) == ["anna", "table/b"]
    assert list(clips.kind) == ["macro", "micro"]
    assert list(clips.objective_class) == ["I", "IV"]


def test_a_misspelt_optional_column_is_noted(root):
    line = ("a", "smile", "a/smile", 98, 100, 103, 120, "", "", "anna")
    [note] = index(table(root, line, extra=("persn",)), "table").notes
    assert "'persn' of recordings.csv is not read" in note


GOOD = dict(zip(TABLE_HEADER, ("a", "smile", "a/smile", 98, 100, 103, 120, "", ""), strict=True))


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ({"onset": "x"}, "'x' as onset in recordings.csv, row 2"),
        ({"onset": ""}, "'' as onset in recordings.csv, row 2"),
        ({"apex": "10.5"}, "'10.5' as apex"),
        ({"offset": "/"}, "'/' as offset"),
        ({"fps": ""}, "'' as fps"),
        ({"fps": "0"}, "'0' as fps"),
        ({"fps": "29,97"}, "'29,97' as fps"),
        ({"fps": "inf"}, "'inf' as fps"),
        ({"kind": "tiny"}, "'tiny' as kind"),
        ({"objective_class": "9"}, "'9' as objective_class"),
        ({"path": "../../etc"}, "path '../../etc' has '..' in it"),
        ({"path": "/etc"}, "path '/etc' is absolute"),
        ({"path": "a\\smile"}, "path 'a\\\\smile' has a backslash"),
        ({"path": ""}, "path '' is empty"),
        ({"path": "a/smile/f_0098.png"}, "nothing at 'a/smile/f_0098.png'"),
        ({"path": "videos"}, "no frame 98 (onset) in 'videos', which holds no frames"),
        ({"path": "videos/none.mp4"}, "nothing at 'videos/none.mp4'"),
        ({"path": "broken.mp4"}, "broken.mp4, which cannot be decoded"),
        ({"path": "folder.mp4"}, "nothing at 'folder.mp4'"),
    ],
)
def test_a_bad_row_fails_alone(root, cell, found):
    (root / "broken.mp4").write_bytes(b"no video")
    (root / "folder.mp4").mkdir()
    good = [GOOD[name] for name in TABLE_HEADER] + ["", "", ""]
    bad = {**GOOD, "clip": "bad", "person": "", "kind": "", "objective_class": ""} | cell
    index_ = index(table(root, list(bad.values()), good, extra=EXTRA), "table")
    assert list(index_.failures.clip_id.str.contains("/bad@")) == [True]
    assert found in index_.failures.found[0]
    assert str(root) not in index_.failures.to_csv()
    by_clip = index_.clips.set_index("clip")
    assert (by_clip.frames["bad"], by_clip.paths["bad"], by_clip.digest["bad"]) == ([], [], "")
    assert by_clip.frames["smile"] == list(range(98, 104))


def test_no_table_and_wrong_columns(tmp_path):
    (tmp_path / "lab").mkdir()
    with pytest.raises(
        AnnotationError, match=r"looked for the table 'recordings\.csv', found nothing; write one"
    ):
        index(tmp_path / "lab", "table")
    write_csv(tmp_path / "lab/recordings.csv", [("subject", "video", "onset")])
    with pytest.raises(AnnotationError, match=r"has 'subject', 'video', 'onset' and lacks \['clip', 'path'"):
        index(tmp_path / "lab", "table")
    with pytest.raises(AnnotationError, match=r"'\.\./recordings\.csv' has '\.\.'"):
        index(tmp_path / "lab", "table", table="../recordings.csv")


def test_real_people_filmed(tmp_path):
    video = MEDIA / "single_face.mp4"
    if not video.is_file():
        pytest.skip(f"shared/media/{video.name} beside the repository is not there")
    root = table(tmp_path / "lab", ("a", "talk", video.name, 10, 20, 30, 30, "", ""))
    (root / video.name).write_bytes(video.read_bytes())
    found = index(root, "table")
    [clip] = found.clips.itertuples()
    frames = read_frames(root, media=clip.media, frames=clip.frames, paths=clip.paths)
    assert frames.shape == (21, 360, 640, 3)
    assert np.array_equal(frames[10], read_frames(root, media="video", frames=[20], paths=clip.paths)[0])
    assert frames.std() > 10
