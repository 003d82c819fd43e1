"""Notes: what every score says before its number: whom models saw, what is missing, who is on both sides."""

import json

import pytest
from sklearn.dummy import DummyClassifier

from conftest import EMOTIONS, clip_table, vector_sample, write_vectors
from field_table import field_table
from mestore import Fitted, LeakError, Predictions, Scorer, StoreError, load_folds, open_store
from mestore.protocols.freeze import make_folds
from mestore.scores.notes import UNSAID
from mestore.scores.placed import scorer_of
from mestore.scores.predictions import read_predictions


def added(folds, table, *, fitted_on=None, said=None, **options):
    """Return a scorer with what `said` gives of each clip, and of each fold what it was fitted on."""
    scorer = Scorer(folds, table, **options)
    for number, fold in enumerate(folds):
        its = {clip: said(clip) if said else scorer.classes[0] for clip in folds.tested(fold)}
        its = {clip: one for clip, one in its.items() if one}
        scorer.add(fold, Predictions(its, fitted_on=fitted_on(number, fold) if fitted_on else ()))
    return scorer


@pytest.mark.parametrize("protocol", ["loso", "cdmer", "lovo"])
def test_the_clips_that_a_fold_trains_on_are_no_note_and_others_are(protocol):
    """By persons alone, cdmer would train on SMIC's other parts, and any protocol on macro-expressions."""
    table = field_table()
    table.loc[table.index[::5], "kind"] = "macro"
    params = {"allow_person_overlap": True} if protocol == "lovo" else {}
    folds = make_folds(table, protocol=protocol, params=params)
    whose = table.groupby("person")["clip_id"].apply(set)
    right = added(folds, table, fitted_on=lambda _, fold: folds.training(fold))
    assert not any("fitted" in note for note in right.notes())

    def by_persons(_, fold):
        tested = set(folds.tested(fold)) if fold.overlap else set()
        return set().union(*whose[list(fold.train)]) - tested

    wrong = added(folds, table, fitted_on=by_persons)
    strays = set().union(*(by_persons(0, fold) - set(folds.training(fold)) for fold in folds))
    assert f"fitted on {len(strays)} clips that the fold does not train on" in wrong.notes()


def test_the_inner_training_and_validation_clips_of_a_fold_are_its_own(table):
    folds = make_folds(table, protocol="loso")
    scorer = Scorer(folds, table)
    for fold in folds:
        inner = fold.inner(fraction=0.3, seed=0)
        saw = [*folds.training(inner), *folds.validating(inner)]
        scorer.add(inner, Predictions(dict.fromkeys(folds.tested(fold), "disgust"), fitted_on=saw))
    assert scorer.scores().note == "not counted: these folds have no file"


def test_a_clip_that_no_fold_trains_on_is_told_out_of_a_file_too(table, tmp_path):
    """A file names persons: of those whom the fold trains on, it is taken to mean its own clips."""
    table.loc[3, "kind"] = "macro"
    folds = make_folds(table, protocol="loso")
    added(folds, table, fitted_on=lambda _, fold: folds.training(fold)).save(tmp_path / "said.csv")
    again = scorer_of(read_predictions(tmp_path / "said.csv"), folds, table)
    assert again.notes() == ["not counted: these folds have no file"]


def test_provenance_that_was_lost_is_told(table, tmp_path):
    folds = make_folds(table, protocol="loso")
    some = added(folds, table, fitted_on=lambda number, fold: folds.training(fold) if number > 2 else ())
    assert "of 3 of 12 folds nobody said what the models were fitted on" in some.notes()
    assert UNSAID in added(folds, table).notes()
    (tmp_path / "said.csv").write_text(
        "clip_id,predicted\n" + "".join(f"{clip},disgust\n" for clip in folds.clips)
    )
    assert UNSAID in scorer_of(read_predictions(tmp_path / "said.csv"), folds, table).notes()


def test_clips_without_a_prediction_are_told_however_they_count(table):
    folds = make_folds(table, protocol="loso")
    few = lambda clip: "" if "/s00/" in clip or clip.endswith("@10") else "disgust"  # noqa: E731
    assert added(folds, table, said=few).notes()[0] == "14 of 36 clips have no prediction and count as wrong"
    dropped = added(folds, table, said=few, missing="drop")
    assert dropped.notes()[:2] == [
        "22 of 36 clips, not comparable",
        "1 of 12 folds have no prediction and are in no mean over folds",
    ]
    assert len(dropped.by_fold()) == 11


def test_persons_on_both_sides_are_told_where_the_protocol_does_not(table, tmp_path):
    path = tmp_path / "folds.json"
    make_folds(table, protocol="loso").save(path)
    record = json.loads(path.read_text())
    first = record["folds"][0]
    first["train"] = sorted([*first["train"], *first["test"]])
    first["overlap"] = True
    first["tested"] = [clip for clip, person in record["clips"].items() if person in first["test"]]
    path.write_text(json.dumps(record))
    folds = load_folds(path)
    note = added(folds, table).scores().note
    assert note.startswith("persons overlap: 1 trained on and tested, which the protocol does not say")
    lovo = make_folds(table, protocol="lovo", params={"allow_person_overlap": True})
    assert added(lovo, table).scores().note.count("persons overlap") == 1


def test_the_truth_of_the_test_clips_is_a_look(table, tmp_path):
    folds = make_folds(table, protocol="loso")
    ledger = tmp_path / "ledger.jsonl"
    for number, said in enumerate(EMOTIONS, 1):
        scorer = added(folds, table, said=lambda clip, said=said: said, ledger=ledger)
        assert set(scorer.predictions()["actual"]) == set(EMOTIONS)
        assert len(ledger.read_text().splitlines()) == number
    scorer.scores()
    assert scorer.notes()[-1] == "3 sets of predictions scored against these folds"


def test_folds_made_again_do_not_start_the_count_again(table, tmp_path):
    """One clip of another dataset is added: the folds are others, and who looked before looked at them."""
    path = tmp_path / "loso.json"
    make_folds(table, protocol="loso").save(path)
    for said in EMOTIONS:
        added(load_folds(path), table, said=lambda clip, said=said: said).scores()
    more = clip_table(persons=13)
    make_folds(more, protocol="loso").save(path)
    note = added(load_folds(path), more).notes()[-1]
    assert note == "1 set of predictions scored against these folds, 3 against other versions of them"


def test_extra_clips_without_a_label_are_left_out_by_name(tmp_path):
    """The loop of README over megc2019 with extra data, of which many clips have no class of it."""
    table = field_table()
    write_vectors(tmp_path / "vector", table, lambda row: vector_sample(row | {"emotion": EMOTIONS[0]}))
    store = open_store(tmp_path)
    folds = make_folds(store.clips(), protocol="megc2019", params={"extra_data": True})
    fold = next(iter(folds))
    train = store.read("vector", fold.train, clips=folds.training(fold))
    assert set(train.clips["clip_id"]) & set(folds.extra)
    some = train.labelled(folds.label)
    assert len(some.data) == len(some.clips) == len(some.samples) < len(train.clips)
    assert set(some.clips["clip_id"]) >= set(folds.training(fold)) & set(folds.clips)
    with pytest.raises(StoreError, match=r"have no megc2019, .* take of them what has a label"):
        Fitted(DummyClassifier(), label=folds.label).fit(train)
    assert Fitted(DummyClassifier(), label=folds.label).fit(some).fitted_on == set(some.clips["clip_id"])
    with pytest.raises(LeakError, match="held out: megc2019 is not shown"):
        store.read("vector", fold.test, clips=folds.tested(fold)).labelled(folds.label)
