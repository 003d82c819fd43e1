"""Scorer: several labels, folds apart, groups, seeds, intervals, and the ledger."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from conftest import EMOTIONS, clip_table
from mestore import LeakError, ScoreError, Scorer
from mestore.protocols.fold import Fold
from mestore.protocols.freeze import make_folds


def test_equal_names_in_two_datasets_are_scored_apart():
    both = pd.concat([clip_table(persons=2), clip_table(persons=2, dataset="other")], ignore_index=True)
    scorer = filled(make_folds(both, protocol="loso"), both, random_emotion)
    assert set(scorer.by("subject")) == {f"{name}/s0{n}" for name in ("toy", "other") for n in (0, 1)}
    assert {scores.clips for scores in scorer.by("video").values()} == {1}
    assert set(scorer.by("clip")) == set(scorer.by("video")) and "toy/s00/c0" in scorer.by("clip")
    assert set(scorer.by("person")) == set(scorer.by("subject"))


@pytest.fixture
def table():
    table = clip_table()
    table["aus"] = ["4+L10", "12", "38", "1+2"] * 9
    return table


def filled(folds, table, said, *, seeds=(0,), **options):
    scorer = Scorer(folds, table, **options)
    for seed in seeds:
        for fold in folds:
            scorer.add(fold, {clip: said(clip) for clip in folds.tested(fold)}, seed=seed)
    return scorer


def random_emotion(clip):
    return EMOTIONS[sum(map(ord, clip)) % 3]


def test_a_column_that_is_called_as_the_label_map_changes_no_class():
    table = clip_table().assign(reader="smic", part="hs")
    table["emotion"] = ["negative", "positive"] * 18
    folds = make_folds(table, protocol="loso", label="megc2019")
    plain, named = (filled(folds, its, lambda _: "positive") for its in (table, table.assign(megc2019="x")))
    assert named.classes == plain.classes == ("negative", "positive", "surprise")
    assert named.scores().uf1 == plain.scores().uf1


def test_of_several_labels_the_field_takes_f1_of_each(table):
    folds = make_folds(table, protocol="loso", label="au_cd6me")
    truth = {clip: {"4+L10": {"AU4", "AU10"}, "12": {"AU12"}, "38": set(), "1+2": {"AU1", "AU2"}}[aus]
             for clip, aus in zip(table["clip_id"], table["aus"], strict=True)}  # fmt: skip
    perfect = filled(folds, table, truth.get).scores()
    assert perfect.f1["AU4"] == perfect.f1["AU12"] == perfect.accuracy == 1
    assert perfect.without == ["AU5", "AU6", "AU7", "AU9", "AU14", "AU15", "AU17"]
    assert perfect.uf1 == pytest.approx(5 / 12)  # labels that nobody has count as 0
    everything = filled(folds, table, lambda clip: "+".join(perfect.f1)).scores()
    assert everything.f1["AU4"] == pytest.approx(2 * 0.25 / 1.25)  # 2p / (1 + p)
    silent = Scorer(folds, table)
    for fold in folds:
        silent.add(fold, {})
    assert silent.scores().accuracy == 0  # silence is not right about all that a clip lacks


def test_folds_apart_and_their_mean_have_names_of_their_own(table):
    folds = make_folds(table, protocol="kfold", params={"k": 4})
    scorer = filled(folds, table, random_emotion)
    pooled, apart = scorer.scores(), scorer.by_fold()
    assert list(apart) == sorted(fold.name for fold in folds)
    assert sum(it.clips for it in apart.values()) == pooled.clips == 36
    mean = scorer.fold_mean()
    assert mean["fold_mean_uf1"] == pytest.approx(np.mean([it.uf1 for it in apart.values()]))
    assert "fold_mean" not in json.dumps(pooled.as_dict())


def test_groups_of_any_column_of_the_table(table):
    table["gender"] = ["f", "m"] * 18
    folds = make_folds(table, protocol="loso")
    by_gender = filled(folds, table, random_emotion).by("gender")
    truth = table.set_index("clip_id")
    for gender, scores in by_gender.items():
        rows = truth[truth["gender"] == gender]
        guess = [random_emotion(clip) for clip in rows.index]
        f1 = metrics.f1_score(rows["emotion"], guess, labels=list(EMOTIONS), average="macro", zero_division=0)
        assert scores.uf1 == pytest.approx(f1)
    with pytest.raises(ScoreError, match="no column 'age'"):
        filled(folds, table, random_emotion).by("age")


def test_seeds_are_averaged_by_name_and_intervals_hold_the_score(table):
    folds = make_folds(table, protocol="loso")
    scorer = filled(folds, table, random_emotion, seeds=(45, 46))
    assert scorer.seeds_mean()["uf1"] == pytest.approx(scorer.scores(seed=45).uf1)
    for name, (low, high) in scorer.intervals(seed=45, draws=200).items():
        assert low <= getattr(scorer.scores(seed=45), name) <= high
    assert scorer.intervals(seed=45) == scorer.intervals(seed=45)


def test_an_inner_fold_is_scored_as_its_fold(table):
    folds = make_folds(table, protocol="loso")
    scorer = Scorer(folds, table)
    for fold in folds:
        inner = fold.inner(fraction=0.2, seed=3)
        assert not set(folds.training(inner)) & set(folds.validating(inner))
        scorer.add(inner, {clip: random_emotion(clip) for clip in folds.tested(inner)})
    assert scorer.scores().clips == 36


@pytest.mark.parametrize("said", [0.7, math.nan, None, 1, ["disgust"], np.array([0.1, 0.9]), "", "joy"])
def test_numbers_probabilities_and_lists_are_no_class(table, said):
    folds = make_folds(table, protocol="loso")
    fold = next(iter(folds))
    with pytest.raises(ScoreError, match="clip 'toy"):
        Scorer(folds, table).add(fold, dict.fromkeys(folds.tested(fold), said))


@pytest.mark.parametrize("said", [0.7, "AU3", ["AU4", "AU4"], [0.1] * 12, None])
def test_what_is_no_set_of_labels_is_refused(table, said):
    folds = make_folds(table, protocol="loso", label="au_cd6me")
    fold = next(iter(folds))
    with pytest.raises(ScoreError, match="clip 'toy"):
        Scorer(folds, table).add(fold, dict.fromkeys(folds.tested(fold), said))


def test_predictions_of_another_fold_or_of_early_stopping_on_it_are_refused(table):
    folds = make_folds(table, protocol="loso")
    first = next(iter(folds))
    with pytest.raises(LeakError, match="is in validation and in test"):
        Fold(name=first.name, train=first.train[1:], validation=(first.test[0],), test=first.test)
    other = Fold(name="mine", train=first.train, test=first.test)
    with pytest.raises(ScoreError, match="fold 'mine' is not one of these folds"):
        Scorer(folds, table).add(other, {})


def test_every_score_states_how_often_one_looked(table, tmp_path):
    folds = make_folds(table, protocol="loso")
    ledger = tmp_path / "data/ledger.jsonl"
    first = filled(folds, table, random_emotion, ledger=ledger)
    assert first.notes()[-1] == "1 set of predictions scored against these folds"
    assert first.scores() == first.scores()
    again = filled(folds, table, lambda clip: "disgust", ledger=ledger)
    assert again.notes()[-1] == first.notes()[-1] == "2 sets of predictions scored against these folds"
    other = make_folds(table, protocol="kfold", params={"k": 3})
    looks = filled(other, table, random_emotion, ledger=ledger).notes()[-1]
    assert looks == "1 set of predictions scored against these folds, 2 against other versions of them"
    assert len(ledger.read_text().splitlines()) == 3
    ledger.write_text("not json\n")
    with pytest.raises(ScoreError, match=r"ledger .* cannot be kept"):
        first.scores()
