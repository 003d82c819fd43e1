"""The leaks of Varanka et al. 2023, section 3, tried through what users call: each is refused or told."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from recordings import TABLE_HEADER, write_csv, write_frames
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from conftest import EMOTIONS, PERSONS, clip_table, write_vectors
from mestore import (
    Fitted,
    Fold,
    LeakError,
    Predictions,
    ScoreError,
    Scorer,
    StoreError,
    load_folds,
    open_store,
)
from mestore.datasets.index import index_dataset
from mestore.datasets.table import TableOptions
from mestore.protocols.freeze import make_folds


@pytest.fixture
def store(stores):
    return open_store(stores)


@pytest.fixture
def folds(store, stores):
    file = stores.parent / "folds" / "loso.json"
    make_folds(store.clips(), protocol="loso").save(file)
    return load_folds(file)


def everybody(store):
    return store.read("vector", sorted(set(store.clips()["person"])))


def of_fold(store, folds, fold):
    train = store.read("vector", fold.train, clips=folds.training(fold))
    return train, store.read("vector", fold.test, clips=folds.tested(fold))


def svm(folds):
    return Fitted(make_pipeline(StandardScaler(), SVC(kernel="linear")), label=folds.label)


def test_the_right_way_is_taken(store, folds, stores):
    assert len(folds) == PERSONS == 12
    scorer = Scorer(folds, store.clips())
    for fold in folds:
        train, test = of_fold(store, folds, fold)
        scorer.add(fold, svm(folds).fit(train).predict(test))
    scores = scorer.scores()
    assert scores.uf1 > 0.9 and scores.note == "1 set of predictions scored against these folds"


@pytest.mark.parametrize(
    "transformer", [StandardScaler(), PCA(2), SelectKBest(k=2)], ids=["scaler", "PCA", "feature selection"]
)
def test_what_is_fitted_on_all_clips_before_the_folds_is_refused(store, folds, transformer):
    """Normalisation and selection of features over the whole dataset."""
    needs = isinstance(transformer, SelectKBest)
    before = Fitted(transformer, label=folds.label if needs else None).fit(everybody(store))
    scorer, fold = Scorer(folds, store.clips()), next(iter(folds))
    train, test = of_fold(store, folds, fold)
    model = Fitted(SVC(kernel="linear"), label=folds.label).fit(before.transform(train))
    with pytest.raises(
        LeakError, match=rf"fold '{fold.name}': .* fitted on 3 clips of 1 person whom it tests"
    ):
        scorer.add(fold, model.predict(before.transform(test)))
    with pytest.raises(LeakError, match="fit scaler, PCA, selection of features and model on"):
        if isinstance(transformer, StandardScaler):
            scorer.add(fold, model.predict(test))  # the test clips take another way, the model does not
        scorer.add(fold, model.predict(replace(before.transform(test), fitted_on=frozenset())))
    clean = Fitted(transformer, label=folds.label if needs else None).fit(train)
    again = Fitted(SVC(kernel="linear"), label=folds.label).fit(clean.transform(train))
    scorer.add(fold, again.predict(clean.transform(test)))  # the refused ones left nothing behind


def test_a_chain_of_transformers_is_seen_through(store, folds):
    fold = next(iter(folds))
    train, test = of_fold(store, folds, fold)
    scaler = Fitted(StandardScaler()).fit(everybody(store))
    pca = Fitted(PCA(3)).fit(scaler.transform(train))
    model = Fitted(SVC(), label=folds.label).fit(pca.transform(scaler.transform(train)))
    with pytest.raises(LeakError, match="fitted on 3 clips"):
        Scorer(folds, store.clips()).add(fold, model.predict(pca.transform(scaler.transform(test))))


def test_the_test_persons_alone_cannot_be_normalised_by_themselves_either(store, folds):
    """A scaler of the test set is fitted on test persons: transductive, and not what the field compares."""
    fold = next(iter(folds))
    train, test = of_fold(store, folds, fold)
    own = Fitted(StandardScaler()).fit(test)
    with pytest.raises(LeakError, match=rf"whom it tests \({fold.test[0]}\)"):
        Scorer(folds, store.clips()).add(fold, svm(folds).fit(train).predict(own.transform(test)))


def test_weights_of_another_trainer_that_saw_a_test_person_are_refused(store, folds):
    """Pre-training on persons who are tested later."""
    fold = next(iter(folds))
    seen = store.clips()["clip_id"]
    said = dict.fromkeys(folds.tested(fold), "disgust")
    with pytest.raises(LeakError, match="fitted on 3 clips of 1 person whom it tests"):
        Scorer(folds, store.clips()).add(fold, Predictions(said, fitted_on=seen))
    Scorer(folds, store.clips()).add(fold, Predictions(said, fitted_on=folds.training(fold)))


def test_a_model_of_one_fold_is_refused_in_the_next(store, folds):
    first, second, *_ = folds
    train, _ = of_fold(store, folds, first)
    _, test = of_fold(store, folds, second)
    with pytest.raises(LeakError, match=f"fold '{second.name}'"):
        Scorer(folds, store.clips()).add(second, svm(folds).fit(train).predict(test))


def test_labels_of_the_test_fold_are_not_there_to_stop_early_by(store, folds):
    """The epoch chosen on the test fold."""
    fold = next(iter(folds))
    _, test = of_fold(store, folds, fold)
    assert not {"emotion", "objective_class", "aus", "aus_given", "corrections"} & set(test.clips)
    assert isinstance(store.to_sklearn("vector", fold.test), np.ndarray)
    with pytest.raises(LeakError, match="held out: emotion is not shown"):
        svm(folds).fit(test)
    with pytest.raises(LeakError, match="is in validation and in test"):
        Fold(name=fold.name, train=fold.train[1:], validation=(fold.test[0],), test=fold.test)
    inner = fold.inner(fraction=0.2, seed=0)
    watched = store.read("vector", inner.validation, clips=folds.validating(inner))
    assert not set(watched.clips["person"]) & set(fold.test) and "emotion" in watched.clips


def test_an_epoch_chosen_by_scoring_again_and_again_is_counted_in_every_score(store, folds):
    """Thirty epochs are thirty sets, as every score says; no fold is scored before all are in."""
    clips = sorted(folds.clips)
    for epoch in range(30):
        scorer = Scorer(folds, store.clips())
        for fold in folds:
            with pytest.raises(ScoreError, match="have no predictions for seed 0"):
                scorer.scores()
            said = {clip: EMOTIONS[clips.index(clip) <= epoch] for clip in folds.tested(fold)}
            scorer.add(fold, said)
        for _ in range(2):
            scores = scorer.scores()
    assert scores.note.endswith("; 30 sets of predictions scored against these folds")
    assert scorer.by("dataset")["toy"].note == scores.note


def test_a_look_at_intervals_counts_too(store, folds):
    for said in EMOTIONS:
        scorer = Scorer(folds, store.clips())
        for fold in folds:
            scorer.add(fold, dict.fromkeys(folds.tested(fold), said))
        scorer.intervals(draws=2)
    assert "; 3 sets of" in scorer.scores().note


def two_labs(tmp_path, *, persons=()):
    """Return the clip table of two datasets that both number their subjects from 01, read from disk."""
    parts = []
    for name in ("north", "south"):
        root = tmp_path / name
        write_frames(root / "frames", [f"{number}.png" for number in range(1, 6)])
        rows = [
            (f"{subject:02d}", f"c{number}", "frames", 1, 3, 5, 200, EMOTIONS[(subject + number) % 3], "")
            for subject in range(1, 8)
            for number in range(3)
        ]
        write_csv(root / "recordings.csv", [TABLE_HEADER, *rows])
        if persons:
            write_csv(root / "persons.csv", [("dataset", "subject", "person"), *persons])
        its = index_dataset(
            root, dataset=name, reader="table", options=TableOptions(), hashes_folder=tmp_path / "hashes"
        )
        assert its.failures.empty
        parts.append(its.clips)
    return pd.concat(parts, ignore_index=True)


def test_one_subject_id_in_two_datasets_is_two_persons(tmp_path):
    """Subject "01" of two datasets, split by the bare id."""
    table = two_labs(tmp_path)
    folds = make_folds(table, protocol="loso")
    assert len(folds) == 14 and {fold.test for fold in folds} >= {("north/01",), ("south/01",)}
    assert all(len(folds.tested(fold)) == 3 for fold in folds)
    write_vectors(tmp_path / "stores" / "vector", table)
    store = open_store(tmp_path / "stores")
    read = store.read("vector", ["south/01"])
    assert set(read.clips["dataset"]) == {"south"} and len(read.data) == 3
    with pytest.raises(StoreError, match="no person '01'"):
        store.read("vector", ["01"])


def test_a_person_in_two_datasets_is_in_one_fold(tmp_path):
    rows = [("north", "01", "ann"), ("south", "01", "ann")]
    table = two_labs(tmp_path, persons=rows)
    for protocol, params in (("loso", {}), ("kfold", {"k": 5})):
        folds = make_folds(table, protocol=protocol, params=params)
        [own] = [fold for fold in folds if "ann" in fold.test]
        tested = {clip.split("/")[0] for clip in folds.tested(own) if folds.clips[clip] == "ann"}
        assert tested == {"north", "south"}
        assert not any("/01/" in clip for clip in folds.training(own))
        said = dict.fromkeys(folds.tested(own), "disgust")
        with pytest.raises(LeakError, match="fitted on 1 clip of 1 person whom it tests"):
            Scorer(folds, table).add(own, Predictions(said, fitted_on=["south/01/c0@1"]))


def test_f1_is_pooled_and_a_mean_over_folds_has_its_name(store, folds):
    """F1 of every fold, averaged."""
    scorer = Scorer(folds, store.clips())
    rng = np.random.default_rng(0)
    said = {clip: str(rng.choice(EMOTIONS)) for clip in sorted(folds.clips)}
    for fold in folds:
        scorer.add(fold, {clip: said[clip] for clip in folds.tested(fold)})
    truth = dict(zip(store.clips()["clip_id"], store.clips()["emotion"], strict=True))
    pairs = [(truth[clip], said[clip]) for clip in said]
    pooled = f1_score(*zip(*pairs, strict=True), average="macro")
    assert scorer.scores().uf1 == pytest.approx(pooled)
    assert not any("mean" in name for name in scorer.scores().as_dict())
    means = scorer.fold_mean()
    assert set(means) == {"fold_mean_accuracy", "fold_mean_uf1", "fold_mean_uar"}
    assert means["fold_mean_uf1"] < pooled


def test_perfect_predictions_score_one_however_persons_are_interleaved(store, folds):
    """A public library gives 0.67: it joins outputs by person and compares them with labels by row."""
    table = store.clips()
    interleaved = table.sort_values(["clip", "subject"]).reset_index(drop=True)
    assert interleaved["person"].tolist() != sorted(interleaved["person"])
    scorer = Scorer(folds, interleaved)
    truth = dict(zip(table["clip_id"], table["emotion"], strict=True))
    for fold in reversed(list(folds)):
        scorer.add(fold, {clip: truth[clip] for clip in folds.tested(fold)})
    assert scorer.scores().uf1 == scorer.scores().accuracy == 1


def test_what_no_library_can_see_is_not_said_to_be_checked(store, folds):
    """A scaler in plain NumPy leaves no trace: the score does not say that it was looked for."""
    fold, data = next(iter(folds)), everybody(store)
    values = (data.data - data.data.mean(axis=0)) / data.data.std(axis=0)
    rows = dict(zip(data.clips["clip_id"], values, strict=True))
    train, _ = of_fold(store, folds, fold)
    model = DummyClassifier().fit([rows[clip] for clip in train.clips["clip_id"]], train.clips["emotion"])
    said = {clip: str(model.predict([rows[clip]])[0]) for clip in folds.tested(fold)}
    Scorer(folds, store.clips()).add(fold, said)
    assert Predictions(said).fitted_on == frozenset()


def test_a_single_person_has_no_folds():
    with pytest.raises(LeakError, match="person"):
        make_folds(clip_table(persons=1), protocol="loso")
    with pytest.raises(LeakError, match="nobody is in test"):
        Fold(name="0", train=("a",), test=())
