import os

import av
import numpy as np
import pandas as pd
import pytest
from recordings import (
    TABLE_HEADER,
    index,
    pixels,
    remember_young_files,
    settle,
    write_csv,
    write_frames,
    write_video,
)

from mestore import clips
from mestore.datasets.index import index_dataset
from mestore.datasets.table import TableOptions
from mestore.datasets.table_io import read_parquet, write_parquet
from mestore.errors import AnnotationError


def line(clip, onset=1, apex=3, offset=5, *, subject="s1", path=None):
    return (subject, clip, clip if path is None else path, onset, apex, offset, 200, "", "")


def table(root, *lines):
    write_csv(root / "recordings.csv", [TABLE_HEADER, *lines])
    return root


def only(root, *lines):
    [clip] = index(table(root, *lines), "table").clips.itertuples()
    return clip


@pytest.fixture
def root(tmp_path):
    write_frames(tmp_path / "lab/a", [f"img{number}.png" for number in range(1, 6)])
    return tmp_path / "lab"


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ((60, 70, 50), "onset 60, apex 70, offset 50"),
        ((3, 2, 5), "onset 3, apex 2, offset 5"),
        ((1, 6, 5), "onset 1, apex 6, offset 5"),
        ((5, None, 1), "onset 5, apex None, offset 1"),
        ((0, 3, 5), "no frame 0 (onset) in 'a', which holds 5 frames from 1 to 5"),
        ((1, 7, 9), "no frame 7 (apex) in 'a'"),
        ((100, 110, 120), "no frame 100 (onset)"),
    ],
)
def test_numbers_that_cannot_be(root, numbers, found):
    failures = index(table(root, line("a", *numbers)), "table").failures
    assert list(failures.clip_id) == [f"table/s1/a@{numbers[0]}"]
    assert found in failures.found[0]
    assert "recordings.csv" in failures.remedy[0]


@pytest.mark.parametrize(("apex", "offset"), [(1, 5), (5, 5), (1, 1)])
def test_apex_at_onset_or_offset_is_fine(root, apex, offset):
    assert index(table(root, line("a", 1, apex, offset)), "table").failures.empty


def test_a_gap_keeps_its_real_numbers(root):
    (root / "a/img4.png").unlink()
    (root / "a/img5.png").unlink()
    clip = only(root, line("a"))
    assert (clip.frames, clip.gaps) == ([1, 2, 3], True)
    assert clip.paths == ["a/img1.png", "a/img2.png", "a/img3.png"]


def test_an_estimated_apex_is_a_frame_that_is_there(root):
    (root / "a/img3.png").unlink()
    clip = only(root, line("a", apex="/"))
    assert (clip.apex, clip.apex_source) == (2, "estimated:middle")


def test_an_annotated_apex_must_be_there(root):
    (root / "a/img3.png").unlink()
    assert "no frame 3 (apex)" in index(table(root, line("a")), "table").failures.found[0]


def test_two_files_of_one_number_fail_the_clip(root):
    write_frames(root / "a", ["img03.jpg"])
    assert "'img03.jpg' and 'img3.png'" in index(table(root, line("a")), "table").failures.found[0]


def test_a_file_name_that_is_no_text_fails_the_clip(root):
    (root / "a/img3.png").rename(os.fsdecode(os.fsencode(root) + b"/a/img\xff3.png"))
    assert r"file name 'img\udcff3.png'" in index(table(root, line("a")), "table").failures.found[0]


def test_the_first_of_two_equal_clips_is_kept(root):
    write_frames(root / "b", ["1.png", "2.png"])
    again = line("a", 1, 2, 2, path="b")
    found = index(table(root, line("a"), again, line("a", 2), again), "table")
    assert list(found.clips.clip_id) == ["table/s1/a@1", "table/s1/a@2"]
    assert found.clips.offset[0] == 5
    assert list(found.failures.clip_id) == ["table/s1/a@1#2", "table/s1/a@1#3"]
    assert "one more row with this subject, clip and onset, recordings.csv, row 3" in found.failures.found[0]


def test_subjects_that_persons_csv_leaves_out_are_noted(root):
    write_csv(root / "persons.csv", [("dataset", "subject", "person"), ("table", "s1", "anna")])
    found = index(table(root, line("a"), line("a", subject="s2")), "table")
    assert list(found.clips.person) == ["anna", "table/s2"]
    [note] = found.notes
    assert "persons.csv names 1 of 2 subjects" in note


def test_a_cache_that_cannot_be_written_is_only_noted(root, tmp_path, monkeypatch):
    remember_young_files(monkeypatch)
    first = index(table(root, line("a")), "table")
    assert first.notes == []
    (tmp_path / "file").touch()
    found = index(root, "table", cache=tmp_path / "file")
    assert found.clips.equals(first.clips)
    [note] = found.notes
    assert "sha256.parquet cannot be written" in note


def test_counts_of_frames_are_remembered_under_the_version_of_what_counts(root, monkeypatch):
    remember_young_files(monkeypatch)
    write_video(root / "b.mp4", [pixels(seed) for seed in range(6)])
    index(table(root, line("b", path="b.mp4")), "table")
    major, minor = av.__version__.split(".")[:2]
    names = [path.name.partition("-")[2] for path in (root.parent / "cache").iterdir()]
    assert sorted(names) == [f"frames-pyav{major}.{minor}.parquet", "sha256.parquet"]


def test_every_row_counts_also_those_that_failed(root):
    found = index(table(root, line("a"), line("gone"), line("bad", "x"), line("out", path="../..")), "table")
    assert list(found.clips["clip"]) == ["a", "bad", "gone", "out"]
    assert list(found.clips.digest.ne("")) == [True, False, False, False]
    assert list(found.clips.frames.map(len)) == [5, 0, 0, 0]
    assert list(found.clips.gaps) == [False, True, True, True]
    bad = found.clips.iloc[1]
    assert (bad.onset, bad.apex, bad.offset, bad.apex_source) == (-1, 3, 5, "annotated")
    assert list(found.failures.columns) == list(clips.FAILURES)
    assert set(found.failures.store) == {"index"}
    clips.validate(found.clips)


def test_tables_without_failures_have_the_same_types(root):
    empty = index(table(root, line("a")), "table").failures
    full = index(table(root, line("b")), "table").failures
    assert list(empty.dtypes) == list(full.dtypes) == [pd.StringDtype(na_value=np.nan)] * 7


def test_a_whole_dataset_that_is_not_there(tmp_path, root):
    with pytest.raises(AnnotationError, match=r"table: looked for a folder .*nowhere, found none"):
        index(tmp_path / "nowhere", "table")
    with pytest.raises(AnnotationError, match="has no annotated clip; fill in the coding sheet"):
        index(table(root), "table")


def test_ids_alike_within_a_dataset_are_refused(root):
    with pytest.raises(AnnotationError, match="'S01' and 's1'"):
        index(table(root, line("a", subject="s1"), line("a", subject="S01")), "table")


def test_the_root_may_be_a_link_but_nothing_below_may_leave_it(root, tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/lab").symlink_to(root)
    through = index(table(tmp_path / "raw/lab", line("a")), "table")
    assert through.clips.equals(index(root, "table").clips)
    (root / "a/img4.png").rename(tmp_path / "img4.png")
    (root / "a/img4.png").symlink_to(tmp_path / "img4.png")
    assert "'a/img4.png' passes a link" in index(root, "table").failures.found[0]
    (root / "b").symlink_to(root / "a")
    (root / "a/img4.png").unlink()
    assert index(table(root, line("b")), "table").failures.empty


def test_the_digest_tells_content_and_numbers_but_not_names(root):
    first = only(root, line("a")).digest
    assert only(root, line("other", path="a")).digest == first
    write_frames(root / "b", [f"reg_{number:03d}.png" for number in range(1, 6)])
    assert only(root, line("b")).digest == first
    write_frames(root / "c", [f"{number}.png" for number in range(2, 7)])
    assert only(root, line("c", 2, 3, 6)).digest != first


def test_a_frame_edited_in_place_to_the_same_size_is_noticed(root, monkeypatch):
    remember_young_files(monkeypatch)
    first = only(root, line("a"))
    path = root / "a/img3.png"
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    settle(path, time_ns=1_700_000_000_000_000_001)
    assert only(root, line("a")).digest != first.digest


def test_a_changed_frame_outside_the_clip_changes_nothing(root):
    first = only(root, line("a", 1, 2, 3))
    (root / "a/img5.png").write_bytes(b"x")
    assert only(root, line("a", 1, 2, 3)) == first


def test_progress_counts_clips(root):
    told = []
    index_dataset(
        table(root, line("a"), line("gone"), line("a")),
        dataset="lab",
        reader="table",
        options=TableOptions(),
        hashes_folder=root.parent / "cache",
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 2), (2, 2)]


def test_the_table_is_the_same_bytes_whatever_the_times_the_memo_and_the_order(root, tmp_path):
    table(root, line("a"), line("gone"), line("bad", "x"))
    first = index(root, "table")
    table(root, line("gone"), line("bad", "x"), line("a"))
    os.utime(root / "a/img3.png")
    again = index(root, "table", cache=tmp_path / "another")
    for number, found in enumerate((first, again)):
        write_parquet(found.clips, tmp_path / f"clips{number}.parquet")
        write_parquet(found.failures, tmp_path / f"failures{number}.parquet")
        found.clips.to_parquet(tmp_path / f"pandas{number}.parquet")
    for name in ("clips", "pandas"):
        files = [(tmp_path / f"{name}{number}.parquet").read_bytes() for number in (0, 1)]
        assert files[0] == files[1]
        assert str(tmp_path).encode() not in files[0]
    (tmp_path / "plain").touch()
    assert (tmp_path / "clips0.parquet").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_tables_come_back_as_they_were(root, tmp_path):
    found = index(table(root, line("a"), line("gone")), "table")
    write_parquet(found.clips, tmp_path / "out/clips.parquet")
    write_parquet(found.failures, tmp_path / "out/failures.parquet")
    back = clips.validate(read_parquet(tmp_path / "out/clips.parquet"))
    assert back.equals(found.clips)
    assert [type(value) for value in back.frames[0]] == [int] * 5
    assert isinstance(back.paths[1], list)
    assert read_parquet(tmp_path / "out/failures.parquet").equals(found.failures)
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == [
        "clips.parquet",
        "failures.parquet",
    ]


def test_tables_without_rows_or_frames_keep_their_types(root, tmp_path):
    for lines in ([line("gone")], [line("a")]):
        found = index(table(root, *lines), "table")
        for name, frame in {
            "clips": found.clips,
            "failures": found.failures,
            "none": found.clips.head(0),
        }.items():
            write_parquet(frame, tmp_path / f"{name}.parquet")
            assert list(read_parquet(tmp_path / f"{name}.parquet").dtypes) == list(frame.dtypes)


def test_a_failed_write_leaves_the_old_table(root, tmp_path):
    found = index(table(root, line("a")), "table")
    write_parquet(found.clips, tmp_path / "clips.parquet")
    before = (tmp_path / "clips.parquet").read_bytes()
    with pytest.raises(KeyError):
        write_parquet(found.clips.assign(extra=object()), tmp_path / "clips.parquet")
    assert (tmp_path / "clips.parquet").read_bytes() == before
    assert not list(tmp_path.glob(".*.tmp"))


def test_a_damaged_table_is_named(tmp_path):
    (tmp_path / "clips.parquet").write_bytes(b"damaged")
    with pytest.raises(AnnotationError, match=r"clips\.parquet is no parquet file"):
        read_parquet(tmp_path / "clips.parquet")


def test_frames_are_matched_by_number_whatever_their_names(root):
    write_frames(root / "mixed", ["b10.png", "a009.PNG", "c11.bmp", "x0012.jpeg"])
    clip = only(root, line("mixed", 9, 10, 12))
    assert clip.paths == ["mixed/a009.PNG", "mixed/b10.png", "mixed/c11.bmp", "mixed/x0012.jpeg"]


def test_clips_of_one_name_whose_onset_cannot_be_read_are_clips_of_their_own(root):
    found = index(table(root, line("a"), line("a", "x"), line("a", "y"), line("a", 2, "z")), "table")
    assert list(found.clips.clip_id) == ["table/s1/a@-1", "table/s1/a@-2", "table/s1/a@1", "table/s1/a@2"]
    assert list(found.failures.clip_id) == ["table/s1/a@-1", "table/s1/a@-2", "table/s1/a@2"]
    assert "'z' as apex" in found.failures.found[2]


def test_control_characters_of_cells_are_spaces_in_the_table(root):
    """Of stores' CSV, pandas, R and MATLAB end a row at a lone CR."""
    columns = ("person", "video", "event", "modality")
    cells = ("A\rnn", "v\x0b1", "e\r\n2", "nir\x85")
    labels = (200, "sur\rprise", "4\r+\u20287")
    write_csv(
        root / "recordings.csv", [(*TABLE_HEADER, *columns), ("s1", "a", "a", 1, 3, 5, *labels, *cells)]
    )
    write_csv(root / "exclusions.csv", [("subject", "clip", "onset", "reason"), ("s1", "a", 1, "two\rfaces")])
    [clip] = index(root, "table").clips.itertuples()
    assert (clip.person, clip.video, clip.modality) == ("A nn", "v 1", "nir")
    assert clip.event.endswith("e  2")
    assert (clip.emotion, clip.aus_given, clip.excluded) == ("sur prise", "4 + 7", "two faces")


def test_a_labs_tables_may_lie_in_the_workspace(root, tmp_path):
    own = tmp_path / "own"
    write_csv(own / "persons.csv", [("dataset", "subject", "person"), ("table", "s1", "anna")])
    options = {"dataset": "table", "reader": "table", "options": TableOptions(), "hashes_folder": tmp_path}
    table(root, line("a"))
    assert index_dataset(root, own=own, **options).clips.person[0] == "anna"
    assert index_dataset(root, own=tmp_path / "none", **options).clips.person[0] == "table/s1"
    write_csv(root / "persons.csv", [("dataset", "subject", "person"), ("table", "s1", "berta")])
    with pytest.raises(AnnotationError, match=r"persons\.csv and .*persons\.csv are both there"):
        index_dataset(root, own=own, **options)
