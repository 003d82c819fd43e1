"""lovo: refused unless asked for, flagged on every score, recordings kept whole."""

import pytest

from conftest import clip_table
from mestore import LeakError, Scorer
from mestore.protocols.freeze import make_folds

OVERLAP = {"allow_person_overlap": True}


def test_it_is_refused_unless_asked_for(table):
    for params in ({}, {"allow_person_overlap": False}):
        with pytest.raises(LeakError, match="allow_person_overlap: true"):
            make_folds(table, protocol="lovo", params=params)


def test_one_video_of_one_subject_is_left_out(table):
    folds = make_folds(table, protocol="lovo", params=OVERLAP)
    assert len(folds) == 36
    first = folds.folds[0]
    assert (first.name, first.test, first.overlap) == ("toy/s00/c0", ("toy/s00",), True)
    assert folds.tested(first) == ["toy/s00/c0@10"]
    assert len(folds.training(first)) == 35
    assert {"toy/s00/c1@11", "toy/s00/c2@12"} < set(folds.training(first))


def test_expressions_of_one_recording_stay_together(table):
    table["video"] = table["video"].replace("c1", "c0")
    folds = make_folds(table, protocol="lovo", params=OVERLAP)
    assert len(folds) == 24
    assert folds.tested(folds.folds[0]) == ["toy/s00/c0@10", "toy/s00/c1@11"]


def test_every_score_says_so(table):
    table.loc[table["subject"] == "s00", "video"] = "c0"
    folds = make_folds(table, protocol="lovo", params=OVERLAP)
    scorer = Scorer(folds, table)
    for fold in folds:
        scorer.add(fold, dict.fromkeys(folds.tested(fold), "disgust"))
    said = "persons overlap: 11 of 12 persons are trained on and tested"
    assert said in scorer.scores().note
    assert said in scorer.by("dataset")["toy"].note


def test_there_is_no_validation_set_by_person(table):
    (fold, *_) = make_folds(table, protocol="lovo", params=OVERLAP)
    with pytest.raises(LeakError, match="some of whom it tests"):
        fold.inner()


def test_the_file_does_not_grow_with_the_square_of_the_clips(tmp_path):
    sizes = []
    for clips_each in (5, 20):
        folds = make_folds(clip_table(clips_each=clips_each), protocol="lovo", params=OVERLAP)
        folds.save(tmp_path / "lovo.json")
        sizes.append((tmp_path / "lovo.json").stat().st_size)
    assert sizes[1] < 4.2 * sizes[0]


def test_who_has_one_video_is_not_trained_on_where_it_is_tested(table):
    lonely = table[(table["subject"] != "s00") | (table["clip"] == "c0")]
    first, *others = make_folds(lonely, protocol="lovo", params=OVERLAP)
    assert first.test == ("toy/s00",)
    assert "toy/s00" not in first.train
    assert all("toy/s00" in fold.train for fold in others)


def test_one_video_cannot_be_left_out():
    with pytest.raises(LeakError, match="found 1 video"):
        make_folds(clip_table(persons=1, clips_each=1), protocol="lovo", params=OVERLAP)
