"""exclusions.csv: from the file through the index and the folds to the score."""

import pytest
from recordings import TABLE_HEADER, index, write_csv, write_frames

from mestore.check import findings
from mestore.datasets.exclusions import COLUMNS, FILE, exclusions_of
from mestore.datasets.own import Places
from mestore.datasets.table_io import read_parquet, write_parquet
from mestore.errors import AnnotationError, LeakError, UnsafePathError
from mestore.forget.recordings import FILES
from mestore.protocols.freeze import make_folds
from mestore.protocols.plan import EXCLUDED
from mestore.scores.scorer import Scorer

CLIPS = [("", "sub01", "EP02_01f", 46), ("", "sub01", "EP02_01f", 90), ("", "sub02", "EP03", 1)]
REASON = "a hand before the mouth"


def exclusions(root, *lines, header=COLUMNS, clips=CLIPS):
    write_csv(root / FILE, [header, *lines])
    return exclusions_of(Places(root=root), clips=clips)


def test_without_the_file_nothing_is_excluded(tmp_path):
    assert exclusions_of(Places(root=tmp_path), clips=CLIPS) == {}
    assert exclusions(tmp_path) == {}


def test_a_clip_is_named_by_subject_clip_and_onset(tmp_path):
    hostile = '=HYPERLINK("x"), \x1b[2J, "quoted"'
    found = exclusions(tmp_path, ("sub01", "EP02_01f", "046.0", REASON), ("sub02", "EP03", 1, hostile))
    assert found == {CLIPS[0]: REASON, CLIPS[2]: hostile}


def test_columns_stand_in_any_order_and_others_are_not_read(tmp_path):
    header = ("clip_id", "Reason", "onset", "Subject", "clip", "times_threshold")
    line = ("casme2/sub02/EP03@1", REASON, 1, "sub02", "EP03", 2.5)
    assert exclusions(tmp_path, line, header=header) == {CLIPS[2]: REASON}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            [("sub01", "EP02_01f", 47, REASON)],
            r"exclusions.csv, row 2: there is no clip 'EP02_01f' of subject 'sub01' with onset 47; expected"
            r" .*such as 'EP02_01f' with onset 46, 'EP02_01f' with onset 90: mend the row",
        ),
        ([("1", "EP03", 1, REASON)], "such as those of subject 'sub01', those of subject 'sub02'"),
        (
            [("sub02", "EP03", 1, "x"), ("sub02", "EP03", "01", "y")],
            "row 3: clip 'EP03' .* stands there twice",
        ),
        (
            [("sub02", "EP03", 1, "")],
            "exclusions.csv, row 2: no reason; expected one.*: fill it in, or remove",
        ),
        ([("sub02", "EP03", 1, "   ")], "row 2: no reason"),
        ([("sub02", "EP03", "", REASON)], "row 2: '' in column 'onset'; expected a frame number"),
        ([("sub02", "EP03", -1, REASON)], "row 2: '-1' in column 'onset'; expected a frame number"),
        ([("sub02", "EP03", 1)], "row 2: found 3 cells; expected 4"),
    ],
)
def test_bad_rows_are_named(tmp_path, lines, message):
    with pytest.raises(AnnotationError, match=message):
        exclusions(tmp_path, *lines)


def test_a_table_without_reasons_is_refused(tmp_path):
    with pytest.raises(AnnotationError, match=r"lacks \['reason'\]"):
        exclusions(tmp_path, ("sub02", "EP03", 1), header=COLUMNS[:-1])


def test_parts_that_share_a_clips_names_are_told_apart(tmp_path):
    clips = [("hs", "s1", "c", 9), ("vis", "s1", "c", 9)]
    header = ("part", *COLUMNS)
    assert exclusions(tmp_path, ("vis", "s1", "c", 9, "x"), header=header, clips=clips) == {clips[1]: "x"}
    with pytest.raises(AnnotationError, match=r"row 2: clip 'c' .* is in the parts \['hs', 'vis'\]"):
        exclusions(tmp_path, ("s1", "c", 9, "x"), clips=clips)


def test_a_folder_and_a_link_that_leads_out_are_refused(tmp_path):
    root = tmp_path / "lab"
    (root / FILE).mkdir(parents=True)
    with pytest.raises(AnnotationError, match="is no file; expected a table with the columns subject, clip"):
        exclusions_of(Places(root=root), clips=CLIPS)
    (root / FILE).rmdir()
    write_csv(tmp_path / "other.csv", [COLUMNS])
    (root / FILE).symlink_to(tmp_path / "other.csv")
    with pytest.raises(UnsafePathError, match="leaves the dataset's folder"):
        exclusions_of(Places(root=root), clips=CLIPS)


def test_a_participant_who_withdraws_is_found_in_it():
    assert FILE in FILES


# Through index, folds and scores

SUBJECTS = ("s1", "s2", "s3")


def dataset(root, *excluded):
    """Three subjects with two clips each, of frames 1 to 3; the second clips of s2 and s3 are macro."""
    lines = []
    for subject in SUBJECTS:
        for clip in ("a", "b"):
            write_frames(root / subject / clip, ["1.png", "2.png", "3.png"])
            kind = "macro" if clip == "b" and subject != "s1" else "micro"
            lines.append((subject, clip, f"{subject}/{clip}", 1, 2, 3, 200, "happiness", "12", kind))
    write_csv(root / "recordings.csv", [(*TABLE_HEADER, "kind"), *lines])
    write_csv(root / FILE, [COLUMNS, *((subject, clip, 1, reason) for subject, clip, reason in excluded)])
    return index(root, "table")


@pytest.fixture
def found(tmp_path):
    return dataset(tmp_path / "lab", ("s1", "b", REASON), ("s3", "b", "a macro that moves"))


def test_the_clip_table_says_why_and_the_clip_keeps_its_frames(found, tmp_path):
    rows = found.clips.set_index(["subject", "clip"])
    assert rows.loc[("s1", "b"), "excluded"] == REASON
    assert rows.loc[("s1", "b"), "frames"] == [1, 2, 3] and rows.loc[("s1", "b"), "digest"]
    assert (rows["excluded"] == "").sum() == 4
    assert found.failures.empty
    write_parquet(found.clips, tmp_path / "clips.parquet")
    assert list(read_parquet(tmp_path / "clips.parquet")["excluded"]) == list(found.clips["excluded"])


def test_check_lists_it(found):
    said = {it.clip: it for it in findings(found) if it.topic == "clip excluded"}
    assert sorted(said) == ["table/s1/b@1", "table/s3/b@1"]
    assert said["table/s1/b@1"].found == REASON and not said["table/s1/b@1"].wrong


def test_folds_leave_it_out_with_the_reason_and_every_score_says_so(found):
    folds = make_folds(found.clips, protocol="loso")
    assert folds.left_out["table/s1/b@1"] == f"{EXCLUDED}: {REASON}"
    assert folds.left_out["table/s3/b@1"] == "a macro-expression"  # not scored anyway, so not counted
    flag = "1 of 4 clips excluded by exclusions.csv, not comparable"
    assert folds.flags == (flag,)
    assert sorted(folds.clips) == ["table/s1/a@1", "table/s2/a@1", "table/s3/a@1"]
    scorer = Scorer(folds, found.clips)
    for fold in folds:
        assert "table/s1/b@1" not in {*folds.training(fold), *folds.tested(fold)}
        scorer.add(fold, dict.fromkeys(folds.tested(fold), "happiness"))
    scores = scorer.scores()
    assert scores.note.startswith(flag) and scores.accuracy == 1


def test_folds_of_the_table_without_the_exclusion_are_other_folds(found, tmp_path):
    whole = dataset(tmp_path / "whole")
    folds = make_folds(whole.clips, protocol="loso")
    assert folds.flags == () and len(folds.clips) == 4
    again = dataset(tmp_path / "again" / "whole", ("s1", "b", REASON))
    with pytest.raises(LeakError, match="1 changed: table/s1/b@1"):
        folds.require(again.clips)


def test_no_other_clip_of_its_event_stands_in_for_it(found):
    table = found.clips.assign(event="table/one/" + found.clips["subject"])
    table.loc[(table["subject"] == "s1") & (table["clip"] == "a"), "excluded"] = "blurred"
    folds = make_folds(table, protocol="loso")
    assert folds.left_out["table/s1/a@1"] == f"{EXCLUDED}: blurred"
    assert folds.left_out["table/s1/b@1"] == "an event of which another clip is excluded by exclusions.csv"
    assert folds.flags == ("1 of 3 clips excluded by exclusions.csv, not comparable",)
