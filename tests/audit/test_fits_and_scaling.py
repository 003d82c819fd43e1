"""Fits, scalings, looks: what predictions, stores and the ledger say of themselves."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conftest import clip_table, vector_sample, write_store
from mestore.audit.fits import check_fits
from mestore.audit.frozen import read_frozen
from mestore.audit.looks import check_looks
from mestore.audit.normalised import Sampled, check_normalised, sample_columns, scaling
from mestore.protocols.folds import load_folds
from mestore.protocols.freeze import make_folds
from mestore.scores.fitted import persons_digest
from mestore.scores.ledger import Ledger, ledger_of
from mestore.scores.predictions import read_predictions
from mestore.scores.scorer import Scorer
from mestore.store.feature import Feature

ALL = tuple(sorted(set(clip_table()["person"])))


@pytest.fixture
def frozen(tmp_path):
    path = tmp_path / "loso.json"
    make_folds(clip_table(), protocol="loso").save(path)
    return read_frozen(path)


def predictions(tmp_path, frozen, fitted_on, *, fits=None, said="disgust", extra=()):
    """Write predictions; `fitted_on` gives the digest by the fold that tests the clip."""
    rows = [
        (clip, said if isinstance(said, str) else said[clip], 0, fold.name, fitted_on(fold))
        for fold in frozen.folds
        for clip in frozen.ids[frozen.tested(fold)]
    ]
    path = tmp_path / "svm.csv"
    columns = ["clip_id", "predicted", "seed", "fold", "fitted_on"]
    pd.DataFrame([*rows, *extra], columns=columns).to_csv(path, index=False)
    if fits is not None:
        record = {persons_digest(persons): sorted(persons) for persons in fits}
        path.with_name("svm.fits.json").write_text(json.dumps(record))
    return read_predictions(path)


def test_fits_on_the_persons_a_fold_trains_on_are_silent(tmp_path, frozen):
    file = predictions(tmp_path, frozen, lambda fold: persons_digest(fold.train))
    examined = check_fits(frozen, clip_table(), file)
    assert not examined.findings
    assert (
        "36 predictions of 36 clips, 1 seed; 36 say what they were fitted on, in 12 fits"
        in examined.examined[0]
    )


def test_a_fit_on_everybody_leaks_in_every_fold(tmp_path, frozen):
    file = predictions(tmp_path, frozen, lambda fold: persons_digest(ALL), fits=[ALL])
    (finding,) = check_fits(frozen, clip_table(), file).findings
    assert finding.severity == "leak" and "in 12 folds of 12" in finding.what
    assert finding.persons == ALL and len(finding.clips) == 36


def test_a_fit_of_another_fold_is_found_without_its_list_of_persons(tmp_path, frozen):
    other = persons_digest(frozen.folds[1].train)
    file = predictions(
        tmp_path, frozen, lambda fold: other if fold.name == "toy/s00" else persons_digest(fold.train)
    )
    (finding,) = check_fits(frozen, clip_table(), file).findings
    assert finding.severity == "leak" and finding.persons == ("toy/s00",)


def test_a_digest_that_nobody_can_name_is_to_look_at_and_silence_is_told(tmp_path, frozen):
    file = predictions(tmp_path, frozen, lambda fold: "0123456789abcdef" if fold.name == "toy/s00" else "")
    examined = check_fits(frozen, clip_table(), file)
    (finding,) = examined.findings
    assert (
        finding.severity == "look" and "3 predictions fitted on persons whom nobody can name" in finding.what
    )
    assert "33 predictions without `fitted_on`" in examined.unseen[0]
    assert "no predictions were given" in check_fits(frozen, clip_table(), None).unseen[0]


def test_perfect_predictions_and_clips_that_are_not_tested_are_to_look_at(tmp_path, frozen):
    truth = dict(zip(clip_table()["clip_id"], clip_table()["emotion"], strict=True))
    extra = [("toy/s99/c0@10", "disgust", 0, "", ""), ("toy/s00/c0@10", "disgust", 1, "mine", "")]
    file = predictions(tmp_path, frozen, lambda fold: "", said=truth, extra=extra)
    said = [finding.what for finding in check_fits(frozen, clip_table(), file).findings]
    assert said == [
        "1 predicted clip not tested by these folds",
        "predictions of 1 fold that these folds lack: mine",
        "seed 0: all 36 predictions are right, which is too good",
    ]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("0.7", "line 2: found '0.7', a number"),
        ("nope", "line 2: found 'nope', which is no class"),
        ("Disgust", "did you mean 'disgust'?"),
        ("disgust+fear", "which is no class of this protocol"),
    ],
)
def test_predictions_that_cannot_be_scored_are_to_look_at(tmp_path, frozen, said, why):
    file = predictions(tmp_path, frozen, lambda fold: "", said=said)
    (finding,) = check_fits(frozen, clip_table(), file).findings
    assert finding.severity == "look" and len(finding.clips) == 36
    assert "predictions of 36 clips that cannot be scored" in finding.what and why in finding.what


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("clip_id,predicted\n", "holds no prediction, only a header"),
        ("clip_id,disgust,mine\ntoy/s00/c0@10,1,0\n", "has no column predicted, but disgust, mine"),
    ],
)
def test_a_file_that_cannot_be_scored_at_all_is_to_look_at(tmp_path, frozen, text, why):
    path = tmp_path / "few.csv"
    path.write_text(text)
    (finding,) = check_fits(frozen, clip_table(), read_predictions(path)).findings
    assert finding.severity == "look" and why in finding.what


def test_a_clip_that_a_label_map_does_not_know_ends_no_audit(tmp_path, frozen):
    file = predictions(tmp_path, frozen, lambda fold: persons_digest(ALL), fits=[ALL])
    table = clip_table().assign(reader="casme2")
    table.loc[4, "emotion"] = "hapiness"
    examined = check_fits(replace(frozen, label="megc2019"), table, file)
    assert [its.severity for its in examined.findings] == ["leak"]
    (unseen,) = [line for line in examined.unseen if line.startswith("what is predicted: ")]
    assert "'hapiness'" in unseen and table["clip_id"][4] in unseen


def test_fits_on_strangers_and_a_label_that_there_is_not_are_told(tmp_path, frozen):
    persons = ["ann", *frozen.folds[0].train]
    file = predictions(tmp_path, frozen, lambda fold: persons_digest(persons), fits=[persons])
    found = check_fits(frozen, clip_table(), file).findings
    (stranger,) = [its for its in found if its.severity == "look"]
    assert stranger.persons == ("ann",) and "whom the clip table lacks" in stranger.what
    unseen = check_fits(replace(frozen, label="mood"), clip_table(), file).unseen
    assert any("what is predicted: label is 'mood'" in line for line in unseen)


def test_a_list_of_nobody_says_of_nobody_what_models_were_fitted_on(tmp_path, frozen):
    file = predictions(tmp_path, frozen, lambda fold: persons_digest([]), fits=[[]])
    assert "36 predictions without `fitted_on`" in check_fits(frozen, clip_table(), file).unseen[0]


def test_tested_clips_without_a_prediction_are_counted(tmp_path, frozen):
    path = tmp_path / "few.csv"
    path.write_text("clip_id,predicted\ntoy/s00/c0@10,disgust\n")
    examined = check_fits(frozen, clip_table(), read_predictions(path))
    assert not examined.findings
    assert any("35 tested clips without a prediction" in line for line in examined.examined)


def test_clips_that_are_only_trained_on_lack_no_prediction(tmp_path):
    table = clip_table().assign(reader="dfme")
    table["split"] = ["train" if subject < "s08" else "test" for subject in table["subject"]]
    path = tmp_path / "official.json"
    make_folds(table, protocol="official", params={"train": ["train"], "test": ["test"]}).save(path)
    (tmp_path / "svm.csv").write_text(
        "clip_id,predicted\n" + "".join(f"{clip},disgust\n" for clip in table["clip_id"][24:])
    )
    examined = check_fits(read_frozen(path), table, read_predictions(tmp_path / "svm.csv"))
    assert not examined.findings and len(examined.examined) == 1
    (tmp_path / "svm.csv").write_text(f"clip_id,predicted\n{table['clip_id'][0]},disgust\n")
    examined = check_fits(read_frozen(path), table, read_predictions(tmp_path / "svm.csv"))
    assert examined.findings[0].what == "1 predicted clip not tested by these folds"
    assert "12 tested clips without a prediction" in examined.examined[1]


def table_of_values(seed=0, *, clips=60, columns=40):
    return np.random.default_rng(seed).gamma(2, size=(clips, columns))


def sampled(values, *, dataset="toy", subjects=None, kind="mdmo"):
    subjects = subjects or tuple(f"s{row // 10}" for row in range(len(values)))
    return Sampled(store="flow", kind=kind, dataset=dataset, subjects=subjects, values=values)


SCALERS = {
    "mean 0 and deviation 1": lambda x: (x - x.mean(0)) / x.std(0),
    "mean 0": lambda x: x - x.mean(0),
    "minimum 0 and maximum 1": lambda x: (x - x.min(0)) / np.ptp(x, axis=0),
    "minimum -1 and maximum 1": lambda x: 2 * (x - x.min(0)) / np.ptp(x, axis=0) - 1,
}


@pytest.mark.parametrize("name", SCALERS)
def test_values_scaled_over_all_clips_leak_in_float32_too_and_over_a_training_fold_do_not(name):
    values = table_of_values()
    whole = SCALERS[name](values).astype(np.float32).astype(np.float64)
    (finding,) = check_normalised([sampled(whole)]).findings
    assert finding.severity == "leak" and f"{name} over all clips" in finding.what
    assert scaling(whole[:50]) == ""  # as values scaled over 60 clips look over 50, and the other way round
    assert not check_normalised([sampled(values)]).findings


def test_values_scaled_over_one_dataset_leak():
    scale = SCALERS["mean 0 and deviation 1"]
    two = [sampled(scale(table_of_values(1))), sampled(table_of_values(2), dataset="lab")]
    (finding,) = check_normalised(two).findings
    assert finding.severity == "leak" and "over all clips of toy" in finding.what
    (everywhere,) = check_normalised([two[0], sampled(scale(table_of_values(2)), dataset="lab")]).findings
    assert everywhere.severity == "leak"


@pytest.mark.parametrize("name", SCALERS)
@pytest.mark.parametrize("each", [3, 10])
def test_values_scaled_over_each_subject_alone_are_to_look_at(name, each):
    parts = np.split(table_of_values(3), 60 // each)
    subjects = tuple(f"s{row // each}" for row in range(60))
    values = np.concatenate([SCALERS[name](part) for part in parts])
    findings = check_normalised([sampled(values, subjects=subjects)]).findings
    assert [its.severity for its in findings] == ["look"] and "each subject alone" in findings[0].what


def test_few_clips_few_columns_and_columns_of_two_values_say_nothing():
    assert scaling(SCALERS["mean 0"](table_of_values(clips=5))) == ""
    assert scaling(SCALERS["mean 0"](table_of_values(columns=2))) == ""
    assert scaling(np.random.default_rng(0).integers(0, 2, (60, 40)).astype(float)) == ""
    assert scaling(np.full((60, 40), np.nan)) == ""


@pytest.mark.parametrize("name", SCALERS)
@pytest.mark.parametrize("gap", [np.nan, np.inf])
def test_values_that_are_no_numbers_hide_no_scaling_and_are_told(name, gap):
    values = table_of_values()
    values[3, 7] = values[5] = np.nan  # in a cell, and in a whole clip
    with np.errstate(invalid="ignore"):
        low, high, mean, deviation = (
            its(values, axis=0) for its in (np.nanmin, np.nanmax, np.nanmean, np.nanstd)
        )
    whole = {
        "mean 0 and deviation 1": (values - mean) / deviation,
        "mean 0": values - mean,
        "minimum 0 and maximum 1": (values - low) / (high - low),
        "minimum -1 and maximum 1": 2 * (values - low) / (high - low) - 1,
    }[name]
    examined = check_normalised([sampled(np.where(np.isnan(whole), gap, whole))])
    (finding,) = examined.findings
    assert finding.severity == "leak" and f"{name} over all clips" in finding.what
    assert "flow, toy: 41 values of 2 clips, NaN or infinite: left out" in examined.unseen
    assert not check_normalised([sampled(np.where(np.isnan(values), gap, values))]).findings


def test_what_nothing_can_be_said_of_is_not_said_to_be_examined():
    scale = SCALERS["mean 0 and deviation 1"]
    for values, why in (
        (scale(table_of_values(clips=6)), "6 clips, fewer than 8"),
        (scale(table_of_values(columns=2)), "2 columns with more than two values, in 8 clips or more: fewer"),
        (np.full((60, 40), np.nan), "0 columns with more than two values"),
    ):
        examined = check_normalised([sampled(values)])
        assert not examined.findings and not examined.examined
        assert examined.unseen[0].startswith(f"flow, toy: {why}")


def test_a_dataset_of_few_clips_is_told_and_counts_among_all():
    few = sampled(table_of_values(2, clips=5), dataset="lab")
    examined = check_normalised([sampled(table_of_values(1)), few])
    assert examined.examined[0].startswith("flow: 40 columns of 65 clips, over all, per dataset")
    assert examined.unseen[0] == "flow, lab: 5 clips, fewer than 8"
    tiny = sampled(table_of_values(3, clips=2), dataset="tiny")
    assert check_normalised([few, tiny]).unseen[0] == "flow, lab, tiny: 7 clips, fewer than 8"


def test_datasets_whose_clips_differ_in_shape_are_looked_at_one_by_one_and_that_is_told():
    scaled = SCALERS["mean 0"](table_of_values(1, columns=20))
    examined = check_normalised([sampled(table_of_values(2)), sampled(scaled, dataset="lab")])
    (finding,) = examined.findings
    assert finding.severity == "leak" and "over all clips of lab" in finding.what
    assert examined.examined[0].startswith("flow: 20 or 40 columns of 120 clips, per dataset")
    assert examined.unseen[0] == "flow, all datasets together: clips of different shapes"


def test_stores_are_sampled_the_same_way_each_time_and_whole_numbers_are_told(tmp_path):
    table = clip_table()
    options = {"kind": "mine", "axes": ("value",), "ragged": False}

    def long(row):
        sample = vector_sample(row)
        return sample.having(np.resize(sample.data, 1000).astype(np.float32))

    write_store(tmp_path / "long", table, long, dtype="float32", **options)
    (found,), unseen = sample_columns("long", Feature(tmp_path / "long"))
    assert found.values.shape == (36, 256) and unseen == ()
    (again,), _ = sample_columns("long", Feature(tmp_path / "long"))
    assert np.array_equal(found.values, again.values)
    assert "kind mine is none of mestore's" in check_normalised([found]).examined[0]

    def whole(row):
        return vector_sample(row).having(np.arange(6, dtype=np.uint8))

    write_store(tmp_path / "whole", table, whole, dtype="uint8", **options)
    assert "whole numbers (uint8)" in sample_columns("whole", Feature(tmp_path / "whole"))[1][0]


def test_sets_in_the_ledger_are_counted_and_its_absence_is_told(tmp_path):
    path = tmp_path / "data/folds/loso.json"
    make_folds(clip_table(), protocol="loso").save(path)
    digest = load_folds(path).digest
    assert "nothing was counted" in check_looks(path, digest=digest).unseen[0]
    for folds, said in ((digest, "a"), (digest, "b"), (digest, "a"), ("other", "c")):
        Ledger(ledger_of(path), folds=folds).record(said)
    examined = check_looks(path, digest=digest)
    assert examined.examined[0].startswith(
        "2 sets of predictions scored against these folds, by loso.jsonl; 1 "
    )
    assert not examined.findings
    ledger_of(path).write_text("\n" + ledger_of(path).read_text() + "\n")  # blank lines are no sets
    assert check_looks(path, digest=digest).examined == examined.examined
    ledger_of(path).write_text("not json\n")
    assert "cannot be read" in check_looks(path, digest=digest).findings[0].what
    ledger_of(path).unlink()
    ledger_of(path).mkdir()
    assert "cannot be read" in check_looks(path, digest=digest).findings[0].what


@pytest.mark.parametrize(
    ("place", "typed"),
    [
        ("data/folds", "loso.json"),
        ("data", "folds/loso.json"),
        ("data/stores", "../folds/loso.json"),
        (".", "data/stores/../folds/loso.json"),
    ],
)
def test_the_ledger_is_found_however_the_folds_are_named(tmp_path, monkeypatch, place, typed):
    path = tmp_path / "data/folds/loso.json"
    table = clip_table()
    make_folds(table, protocol="loso").save(path)
    (tmp_path / "data/stores").mkdir()
    monkeypatch.chdir(tmp_path / place)
    folds = load_folds(typed)
    scorer = Scorer(folds, table)
    for fold in folds:
        scorer.add(fold, dict.fromkeys(folds.tested(fold), "disgust"))
    scorer.scores()
    assert (tmp_path / "data/ledger/loso.jsonl").is_file()
    assert "1 set of predictions" in check_looks(Path(typed), digest=folds.digest).examined[0]


def test_the_ledger_of_a_linked_file_of_folds_is_beside_the_link(tmp_path):
    kept = tmp_path / "cache/0123"
    make_folds(clip_table(), protocol="loso").save(kept)
    link = tmp_path / "data/folds/loso.json"
    link.parent.mkdir(parents=True)
    link.symlink_to(kept)
    assert ledger_of(link) == tmp_path / "data/ledger/loso.jsonl"
