"""What is handed to a scorer by mistake: refused with what to hand over instead, or understood."""

import numpy as np
import pandas as pd
import pytest
from sklearn.svm import SVC

from mestore import Fitted, MEStoreError, Predictions, ScoreError, Scorer, open_store
from mestore.protocols.freeze import make_folds


@pytest.fixture
def folds(table):
    return make_folds(table, protocol="loso")


def test_what_is_no_mapping_of_clip_ids_is_refused(table, folds):
    fold = next(iter(folds))
    series = pd.Series("disgust", index=folds.tested(fold))
    for said in (series, series.to_frame(), list(series), "disgust", np.array(series), None):
        with pytest.raises(ScoreError, match=r"expected a mapping of clip id to class: .* dict\(series\)"):
            Scorer(folds, table).add(fold, said)
    Scorer(folds, table).add(fold, dict(series))
    assert dict(Predictions(series)) == dict(series)
    for said, fitted_on in ((list(series), ()), (None, ()), ({}, None)):
        with pytest.raises(ScoreError, match="expected a mapping by clip id"):
            Predictions(said, fitted_on=fitted_on)


@pytest.mark.parametrize("seed", ["0", None, 1.5, float("nan"), 10**30, True, -1])
def test_a_seed_is_a_whole_number(table, folds, seed):
    with pytest.raises(ScoreError, match="expected a whole number from 0"):
        Scorer(folds, table).add(next(iter(folds)), {}, seed=seed)
    Scorer(folds, table).add(next(iter(folds)), {}, seed=np.int64(3))


def test_what_is_no_fold_no_table_and_no_seed_is_refused(table, folds, stores):
    with pytest.raises(ScoreError, match="found 'toy/s00' as fold"):
        Scorer(folds, table).add("toy/s00", {})
    with pytest.raises(ScoreError, match=r"Scorer\(folds, store\.clips\(\)\)"):
        Scorer(folds, open_store(stores))
    with pytest.raises(ScoreError, match="no predictions are in yet"):
        Scorer(folds, table).seeds_mean()
    scorer = Scorer(folds, table)
    for fold in folds:
        scorer.add(fold, {}, seed=4)
    with pytest.raises(ScoreError, match=r"seeds that were added: 4\)"):
        scorer.scores()


def test_a_clip_that_is_twice_in_the_table_is_told(table, folds):
    with pytest.raises(MEStoreError, match="1 twice: toy/s00/c0@10"):
        Scorer(folds, pd.concat([table, table[:1]]))


def test_of_several_labels_0_and_1_by_label_are_those_that_are_1(table):
    folds = make_folds(table, protocol="loso", label="au_cd6me")
    scorer = Scorer(folds, table)
    row = dict.fromkeys(scorer.classes, 0) | {"AU4": 1, "AU12": True}
    for fold in folds:
        scorer.add(fold, dict.fromkeys(folds.tested(fold), row))
    assert set(scorer.predictions()["predicted"]) == {"AU4+AU12"}
    fold = next(iter(folds))
    for odd in (row | {"AU4": 0.7}, row | {"AU3": 1}, {"AU4": 1}):
        with pytest.raises(ScoreError, match="expected 0 or 1"):
            Scorer(folds, table).add(fold, dict.fromkeys(folds.tested(fold), odd))
    Scorer(folds, table).add(fold, dict.fromkeys(folds.tested(fold), "AU1 + AU4"))


def test_another_spelling_is_asked_about(table, folds):
    fold = next(iter(folds))
    with pytest.raises(ScoreError, match="did you mean 'disgust'"):
        Scorer(folds, table).add(fold, dict.fromkeys(folds.tested(fold), " Disgust"))


def test_what_cannot_be_fitted_says_which_clip(stores, folds):
    fold = next(iter(folds))
    train = open_store(stores).read("vector", fold.train)
    with pytest.raises(MEStoreError, match=r"fit\(train\), not fit\(train\.data\)"):
        Fitted(SVC(), label="emotion").fit(train.data)
    with pytest.raises(MEStoreError, match=r"found the class SVC; expected one of it: SVC\(\)"):
        Fitted(SVC, label="emotion")
    train.data[4, 2] = np.nan
    with pytest.raises(MEStoreError, match=f"the first: {train.clips['clip_id'][4]}"):
        Fitted(SVC(), label="emotion").fit(train)
