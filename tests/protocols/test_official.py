"""official: a dataset's own folds, a challenge's train and test sets, splits that leak."""

import pandas as pd
import pytest

from conftest import clip_table
from mestore import LeakError, MEStoreError, Scorer
from mestore.errors import ParamsError
from mestore.protocols.freeze import make_folds


def made(table, **params):
    return make_folds(table, protocol="official", params=params)


def split(*values, reader="table"):
    """Return a table of 12 persons who take turns at the values."""
    table = clip_table()
    return table.assign(split=[values[int(it[1:]) % len(values)] for it in table["subject"]], reader=reader)


def challenge():
    return split("train", "train", "testA", "testB", reader="dfme")


def test_every_split_is_tested_once():
    folds = made(split("1", "2", "3", "4"))
    assert [fold.name for fold in folds] == ["1", "2", "3", "4"]
    assert folds.folds[1].test == ("toy/s01", "toy/s05", "toy/s09")
    assert len(folds.folds[1].train) == 9


def test_a_challenge_trains_on_one_split_and_tests_the_others():
    folds = made(challenge(), train=["train"], test=["testA", "testB"])
    assert [fold.name for fold in folds] == ["testA", "testB"]
    assert folds.folds[0].train == folds.folds[1].train
    assert folds.folds[0].test == ("toy/s02", "toy/s06", "toy/s10")
    assert len(folds.training(folds.folds[0])) == 18
    assert "clips of split train: 18, not 1856 as published" in " ".join(folds.counts)
    assert "persons of split testB: 3, not 41 as published" in " ".join(folds.counts)


def test_clips_to_train_on_are_not_missed_by_a_score():
    table = challenge()
    folds = made(table, train=["train"], test=["testA", "testB"])
    truth = dict(zip(table["clip_id"], table["emotion"], strict=True))
    scorer = Scorer(folds, table)
    for fold in folds:
        scorer.add(fold, {clip: truth[clip] for clip in folds.tested(fold)})
    assert scorer.scores().accuracy == 1
    assert len(scorer.predictions()) == 18


def test_a_validation_set_is_taken_out_of_the_training_split():
    folds = made(challenge(), train=["train"], test=["testA", "testB"])
    inner = folds.folds[0].inner(fraction=0.5)
    assert len(folds.validating(inner)) == len(folds.training(inner)) == 9


def test_a_split_that_is_not_named_is_left_out():
    table = challenge()
    folds = made(table, train=["train"], test=["testA"])
    others = table.loc[table["split"] == "testB", "clip_id"]
    assert folds.left_out == dict.fromkeys(others, "in a split that is neither trained on nor tested")


def test_clips_without_a_split_are_left_out_with_the_reason():
    table = split("1", "2", "")
    folds = made(table)
    assert set(folds.left_out) == set(table.loc[table["split"] == "", "clip_id"])
    assert set(folds.left_out.values()) == {"in no split of its dataset"}


def test_a_person_in_two_splits_is_a_leak():
    table = split("1", "2")
    table.loc[table["subject"] == "s04", "person"] = "toy/s03"
    with pytest.raises(LeakError, match="person 'toy/s03' is in the splits '1' and '2'"):
        made(table)


def test_a_split_that_is_not_used_cannot_leak():
    table = challenge()
    table.loc[table["subject"] == "s03", "person"] = "toy/s02"
    with pytest.raises(LeakError, match="'testA' and 'testB'"):
        made(table, train=["train"], test=["testA", "testB"])
    assert len(made(table, train=["train"], test=["testA"])) == 1


def test_what_cannot_be_a_split_is_a_clear_error():
    with pytest.raises(MEStoreError, match="no clip with a label has a value in column 'split'"):
        made(clip_table())
    with pytest.raises(MEStoreError, match="found one split, 'train'"):
        made(split("train"))
    with pytest.raises(MEStoreError, match="split 'tset' is not there; found 'test', 'train'"):
        made(split("train", "test"), train=["train"], test=["tset"])
    with pytest.raises(ParamsError, match="expected both, or neither"):
        made(split("1", "2"), test=["1"])
    with pytest.raises(ParamsError, match="'1' is named twice"):
        made(split("1", "2"), train=["1"], test=["1", "2"])


def test_splits_of_two_datasets_are_not_mixed():
    table = split("1", "2")
    table.loc[table["subject"] < "s06", "reader"] = "fourdme"
    with pytest.raises(MEStoreError, match="clips of fourdme and table have splits"):
        made(table)


def test_counts_of_4dme_stand_beside_the_published_ones():
    said = " ".join(made(split("1", "2", "3", "4", "5", reader="fourdme")).counts)
    assert "clips of fourdme: 36, not 267 as published" in said
    assert "persons of fourdme: 12, not 41 or 42 as published" in said


def release(reader, sizes):
    """Return a table of splits with so many clips and persons each, and two clips that are not scored."""
    tables = []
    for name, (clips, persons) in sizes.items():
        rows = clip_table(persons=persons, clips_each=-(-clips // persons), dataset=f"{reader}-{name}")
        rows = rows.sort_values(["clip", "subject"]).head(clips)  # everybody has a clip
        tables.append(rows.assign(reader=reader, split=name))
    table = pd.concat(tables, ignore_index=True)
    more = table[:2].assign(clip_id=["macro", "mute"], kind=["macro", "micro"], emotion=["fear", ""])
    return pd.concat([table, more.assign(event=more["clip_id"])], ignore_index=True)


def test_dfmes_challenge_has_the_published_counts():
    table = release("dfme", {"train": (1856, 176), "testA": (474, 42), "testB": (299, 41)})
    folds = made(table, train=["train"], test=["testA", "testB"])
    assert [(it.name, len(it.test), len(folds.tested(it))) for it in folds] == [
        ("testA", 42, 474),
        ("testB", 41, 299),
    ]
    assert [len(folds.training(it)) for it in folds] == [1856, 1856]
    assert len(folds.counts) == 6
    assert [it for it in folds.counts if ", as published" not in it] == []
    assert folds.left_out == {"macro": "a macro-expression", "mute": "no emotion"}


def test_4dmes_release_has_the_published_counts():
    sizes = {"1": (54, 9), "2": (53, 8), "3": (53, 8), "4": (53, 8), "5": (54, 8)}
    folds = made(release("fourdme", sizes))
    assert [(it.name, len(it.test), len(folds.tested(it))) for it in folds] == [
        (name, persons, clips) for name, (clips, persons) in sizes.items()
    ]
    assert [len(it.train) for it in folds] == [41 - persons for _, persons in sizes.values()]
    assert [it.split(" (")[0] for it in folds.counts[-2:]] == [
        "clips of fourdme: 267, as published",
        "persons of fourdme: 41, as published",
    ]
    assert folds.left_out == {"macro": "a macro-expression", "mute": "no emotion"}
