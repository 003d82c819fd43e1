"""Fitted: what it gives is scikit-learn's own, and it carries what it was fitted on."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from conftest import EMOTIONS, clip_table, crop_sample, write_store, write_vectors
from mestore import Fitted, LeakError, MEStoreError, Predictions, ScoreError, Scorer, open_store
from mestore.protocols.freeze import make_folds
from mestore.scores.fitted import persons_digest

UNITS = ("4+L10", "12", "38", "1+2")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Vectors and crops of 12 persons whose action units take turns."""
    folder, table = tmp_path_factory.mktemp("stores"), clip_table()
    table["aus"] = list(UNITS) * 9
    write_vectors(folder / "vector", table)
    axes = ("time", "y", "x", "channel")
    write_store(folder / "crops", table, crop_sample, kind="align", axes=axes, dtype="uint8", ragged=True)
    return open_store(folder)


def parts(store, *, label="emotion", feature="vector"):
    folds = make_folds(store.clips(), protocol="loso", label=label)
    fold = next(iter(folds))
    return folds, fold, store.read(feature, fold.train), store.read(feature, fold.test)


def test_a_pipeline_predicts_what_it_predicts_without_mestore(store):
    folds, _, train, test = parts(store)
    pipeline = make_pipeline(StandardScaler(), SVC())
    said = Fitted(pipeline, label=folds.label).fit(train).predict(test)
    expected = pipeline.fit(train.data, train.clips["emotion"]).predict(test.data)
    assert dict(said) == dict(zip(test.clips["clip_id"], expected, strict=True))
    assert said.fitted_on == set(train.clips["clip_id"])


def test_a_transformer_and_a_classifier_apart_are_the_pipeline(store):
    folds, _, train, test = parts(store)
    together = Fitted(make_pipeline(StandardScaler(), PCA(3), SVC()), label=folds.label).fit(train)
    scaler = Fitted(StandardScaler()).fit(train)
    pca = Fitted(PCA(3)).fit(scaler.transform(train))
    apart = Fitted(SVC(), label=folds.label).fit(pca.transform(scaler.transform(train)))
    seen = pca.transform(scaler.transform(test))
    assert dict(apart.predict(seen)) == dict(together.predict(test))
    np.testing.assert_array_equal(seen.samples[1].data, seen.data[1])
    assert seen.fitted_on == apart.fitted_on == set(train.clips["clip_id"])
    assert test.fitted_on == frozenset() and test.data.shape == (3, 6)  # what was given stays as it was


def test_the_estimator_given_is_cloned_and_a_second_fit_forgets_the_first(store):
    folds, _, train, _ = parts(store)
    own = SVC()
    model = Fitted(own, label=folds.label).fit(train)
    assert not hasattr(own, "classes_")
    some = store.read("vector", folds.folds[0].train[:2])
    assert model.fit(some).fitted_on == set(some.clips["clip_id"])


def test_each_of_several_labels_has_an_estimator_and_one_that_all_agree_about_is_constant(store):
    folds, fold, train, test = parts(store, label="au_cd6me")
    model = Fitted(SVC(kernel="linear"), label=folds.label).fit(train)
    said = model.predict(test)
    assert len(model.estimators) == 12 and set(said) == set(test.clips["clip_id"])
    assert all(set(labels) <= {"AU1", "AU2", "AU4", "AU10", "AU12"} for labels in said.values())
    Scorer(folds, store.clips()).add(fold, said)
    with pytest.raises(MEStoreError, match="has 12 estimators; expected one that transforms"):
        model.transform(test)


def test_a_class_that_all_training_clips_have_is_predicted(store):
    one = store.clips().query("emotion == 'disgust'")["clip_id"]
    folds, fold, _, test = parts(store)
    train = store.read("vector", fold.train, clips=set(one))
    assert set(Fitted(SVC(), label=folds.label).fit(train).predict(test).values()) == {"disgust"}


def test_a_selection_of_features_learns_from_labels(store):
    folds, _, train, _ = parts(store)
    chosen = Fitted(SelectKBest(k=3), label=folds.label).fit(train).transform(train)
    assert chosen.data.shape == (33, 3)
    expected = SelectKBest(k=3).fit_transform(train.data, train.clips["emotion"])
    np.testing.assert_array_equal(chosen.data, expected)


def test_maps_are_handed_over_as_vectors(store):
    folds, fold, _, _ = parts(store)
    batch = store.read("vector", fold.train)
    maps = type(batch)(data=batch.data.reshape(33, 3, 1, 2), clips=batch.clips, samples=batch.samples)
    model = Fitted(SVC(), label=folds.label)
    assert dict(model.fit(maps).predict(maps)) == dict(model.fit(batch).predict(batch))


def test_no_clip_to_predict_is_no_prediction(store):
    folds, _, train, _ = parts(store)
    nobody = store.read("vector", [])
    assert len(Fitted(SVC(), label=folds.label).fit(train).predict(nobody)) == 0
    with pytest.raises(MEStoreError, match="found no clip to fit on"):
        Fitted(SVC(), label=folds.label).fit(nobody)


def test_what_cannot_be_fitted_is_refused(store):
    folds, _, train, test = parts(store)
    with pytest.raises(LeakError, match="3 clips are of persons who are held out: emotion is not shown"):
        Fitted(SVC(), label=folds.label).fit(test)
    with pytest.raises(MEStoreError, match=r"no label is given; expected such as label=folds\.label"):
        Fitted(SVC()).fit(train)
    with pytest.raises(MEStoreError, match=r"was not fitted; call fit\(train\) first"):
        Fitted(SVC(), label=folds.label).predict(test)
    with pytest.raises(MEStoreError, match="differ in length"):
        Fitted(SVC(), label=folds.label).fit(store.read("crops", folds.folds[0].train))
    with pytest.raises(MEStoreError, match="label is 'joy'; allowed"):
        Fitted(SVC(), label="joy").fit(train)


def test_a_regressor_says_no_labels(store):
    folds, _, train, test = parts(store, label="au_cd6me")
    with pytest.raises(ScoreError, match="expected 0 or 1"):
        Fitted(LinearRegression(), label=folds.label).fit(train).predict(test)


def test_predictions_are_a_mapping_and_a_text_is_no_list_of_clips():
    said = Predictions({"a": "x", "b": ["y"]}, fitted_on=np.array(["c", "d"]))
    assert dict(said) == {"a": "x", "b": ["y"]} and said.fitted_on == {"c", "d"}
    assert repr(said) == "Predictions(2 clips, fitted on 2 clips)"
    assert Predictions(said, fitted_on=["e"]).fitted_on == {"c", "d", "e"}
    assert Predictions(said).fitted_on == said.fitted_on
    with pytest.raises(ScoreError, match="fitted_on is the text 'abc'"):
        Predictions({}, fitted_on="abc")


def test_a_clip_that_nobody_knows_is_no_provenance(store):
    folds, fold, *_ = parts(store)
    said = Predictions(dict.fromkeys(folds.tested(fold), EMOTIONS[0]), fitted_on=["toy/s01/c0"])
    with pytest.raises(
        ScoreError, match="found 'toy/s01/c0' in fitted_on, which is no clip of the clip table"
    ):
        Scorer(folds, store.clips()).add(fold, said)


def test_persons_whom_the_fold_does_not_train_on_are_told_in_the_note():
    table = clip_table()
    table["split"] = table["subject"].map(lambda name: ["train", "train", "test", "none"][int(name[1:]) % 4])
    folds = make_folds(table, protocol="official", params={"train": ["train"], "test": ["test"]})
    [fold] = folds
    of_none = table.loc[table["split"] == "none", "clip_id"]
    said = dict.fromkeys(folds.tested(fold), "disgust")
    scorer = Scorer(folds, table)
    scorer.add(fold, Predictions(said, fitted_on=[*folds.training(fold), *of_none]))
    assert "fitted on 3 persons whom the fold does not train on" in scorer.scores().note
    scorer.add(fold, Predictions(said, fitted_on=folds.training(fold)), seed=1)
    assert "does not train on" not in scorer.scores(seed=1).note


def test_the_digest_of_persons_is_as_it_was():
    assert persons_digest(["b", "a", "b"]) == persons_digest(("a", "b")) == "7e18f737311b2dc3"


def test_a_label_that_no_training_clip_has_is_learned_of_a_dataset_that_is_coded(tmp_path):
    table = clip_table(persons=3)
    table["aus"] = ["4", "12", "1"] + [""] * 6
    write_vectors(tmp_path / "vector", table)
    _, _, train, test = parts(open_store(tmp_path), label="au_cd6me")
    said = Fitted(SVC(), label="au_cd6me").fit(Fitted(PCA(2)).fit(train).transform(train))
    assert len(said.fitted_on) == 6 and set(said.estimators[0].predict(np.zeros((2, 2)))) == {0}
    assert test.held_out
