"""MEGC2018: both tasks on clip tables with the published counts, and what they refuse."""

import pandas as pd
import pytest
from composites import joined, labelled, megc2018, rows_of

from mestore import LeakError
from mestore.errors import AnnotationError
from mestore.protocols.freeze import make_folds
from mestore.scores.scorer import Scorer

CLASSES = ("I", "II", "III", "IV", "V")


def folds_of(table: pd.DataFrame, **params):
    return make_folds(table, protocol="megc2018", params=params)


@pytest.mark.parametrize(("task", "folds", "average"), [("cde", 47, "pooled"), ("hde", 2, "folds")])
def test_counts_are_as_published(task, folds, average):
    made = folds_of(megc2018(), task=task)
    assert len(made) == folds
    assert made.average == average
    assert made.flags == ()
    assert [it for it in made.counts if ", as published" not in it] == []
    assert made.counts[:2] == (
        "clips: 253, as published (objective classes in davidnvq/me_recognition)",
        "persons: 47, as published (objective classes in davidnvq/me_recognition)",
    )
    assert "III of casme2: 99, as published (objective classes in davidnvq/me_recognition)" in made.counts
    assert "V of samm: 3, as published (objective classes in davidnvq/me_recognition)" in made.counts


@pytest.mark.parametrize("task", ["cde", "hde"])
def test_each_clip_is_tested_once_and_nobody_is_on_both_sides_in_any_order(task):
    table = megc2018()
    made = folds_of(table, task=task)
    assert sorted(clip for fold in made for clip in made.tested(fold)) == sorted(made.clips)
    assert all(not set(fold.train) & set(fold.test) for fold in made)
    for seed in range(3):
        assert folds_of(table.sample(frac=1, random_state=seed), task=task) == made


def test_the_holdout_task_trains_on_one_dataset_and_tests_the_other():
    table = megc2018()
    made = folds_of(table, task="hde")
    readers = dict(zip(table["clip_id"], table["reader"], strict=True))
    sides = [
        (fold.name, {readers[it] for it in made.training(fold)}, len(made.tested(fold))) for fold in made
    ]
    assert sides == [("samm", {"casme2"}, 68), ("casme2", {"samm"}, 185)]


def test_the_score_of_each_direction_is_given():
    table = megc2018()
    made = folds_of(table, task="hde")
    scorer = Scorer(made, table)
    assert scorer.classes == CLASSES
    for fold in made:
        scorer.add(fold, dict.fromkeys(made.tested(fold), "III"))
    by_fold = scorer.by_fold()
    assert by_fold["samm"].accuracy == pytest.approx(20 / 68)
    assert by_fold["casme2"].accuracy == pytest.approx(99 / 185)
    mean = scorer.fold_mean()
    assert mean["fold_mean_uar"] == pytest.approx(1 / 5)
    assert mean["fold_mean_accuracy"] == pytest.approx((20 / 68 + 99 / 185) / 2)


def test_one_clip_missing_is_told():
    table = megc2018().drop(index=0).reset_index(drop=True)
    made = folds_of(table)
    assert made.flags == ("252 of 253 clips, not comparable",)
    counts = made.counts
    assert counts[0] == "clips: 252, not 253 as published (objective classes in davidnvq/me_recognition)"
    assert "I of casme2: 24, not 25 as published (objective classes in davidnvq/me_recognition)" in counts


def test_the_holdout_task_needs_both_datasets_and_the_composite_says_that_one_is_missing():
    table = megc2018()
    table = table[table["reader"] == "samm"].reset_index(drop=True)
    with pytest.raises(LeakError, match=r"found clips to score of \['samm'\]"):
        folds_of(table, task="hde")
    assert folds_of(table).flags == (
        "68 of 253 clips, not comparable",
        "1 of 2 datasets (without casme2), not comparable",
    )


def test_a_person_of_both_datasets_is_tested_with_each_and_trained_on_in_neither_direction():
    table = megc2018()
    shared = table["person"].isin(["casme2/sub01", "samm/006"])
    table.loc[shared, "person"] = "ann"
    made = folds_of(table, task="hde")
    assert {fold.name: len(made.tested(fold)) for fold in made} == {"samm": 68, "casme2": 185}
    of_ann = set(table.loc[shared, "clip_id"])
    assert all(not of_ann & set(made.training(fold)) for fold in made)
    assert made.flags == ("in several datasets, and not trained on where one is tested: ann",)
    scorer = Scorer(made, table)
    for fold in made:
        scorer.add(fold, {clip: scorer._truth[clip] for clip in made.tested(fold)})
    assert scorer.scores().uf1 == 1
    (fold,) = (fold for fold in folds_of(table, task="cde") if fold.test == ("ann",))
    assert "ann" not in fold.train


def test_an_unknown_class_is_refused():
    table = megc2018()
    table.loc[0, "objective_class"] = "VIII"
    with pytest.raises(AnnotationError, match="objective_class is 'VIII'"):
        folds_of(table)


def test_extra_data_is_trained_on_and_never_scored_and_never_of_the_family_that_is_tested():
    lab = labelled(rows_of("mmew", count=24, persons=12), emotion={"fear": 24})
    long = labelled(
        rows_of("samm_lv", count=29, persons=29, first=6, family="samm", prefix="l"), emotion={"fear": 29}
    )
    long["subject"] = [f"{int(it[1:]):03d}" for it in long["subject"]]
    long["person"] = "samm/" + long["subject"]
    table = joined(megc2018(), lab, long)
    made = folds_of(table, task="hde", extra_data=True)
    assert set(made.extra) == set(lab["clip_id"]) | set(long["clip_id"])
    assert not set(made.extra) & set(made.clips)
    of_samm, of_casme2 = made
    assert set(lab["clip_id"]) <= set(made.training(of_samm))
    assert not set(long["clip_id"]) & set(made.training(of_samm))
    assert set(made.extra) <= set(made.training(of_casme2))
    assert "extra data: 53 more clips to train on, of mmew, samm_lv" in made.flags
    plain = folds_of(table, task="hde")
    assert [plain.tested(it) for it in plain] == [made.tested(it) for it in made]
    assert not plain.extra


def test_extra_data_of_the_person_who_is_tested_is_not_trained_on():
    long = labelled(rows_of("samm_lv", count=2, persons=2, prefix="l"), emotion={"fear": 2})
    table = joined(megc2018(), long.assign(person=["samm/006", "samm/007"]))
    made = folds_of(table, extra_data=True)
    for fold in made:
        trained = set(long["clip_id"]) & set(made.training(fold))
        assert len(trained) == 2 - sum(person in ("samm/006", "samm/007") for person in fold.test)
