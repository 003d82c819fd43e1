"""Folds: persons disjoint, each clip tested once, frozen and read back."""

import pytest

from conftest import clip_table
from mestore import LeakError, MEStoreError, load_folds
from mestore.protocols.fold import Fold
from mestore.protocols.folds import Folds
from mestore.protocols.freeze import make_folds


def test_two_subjects_of_one_person_stay_together():
    table = clip_table()
    table.loc[table["subject"].isin(["s00", "s01"]), "person"] = "both"
    folds = make_folds(table, protocol="loso")
    assert len(folds) == 11
    (fold,) = (fold for fold in folds if fold.test == ("both",))
    assert len(folds.tested(fold)) == 6


def test_a_person_in_two_parts_is_a_leak():
    with pytest.raises(LeakError, match="'ann' is in train and in test"):
        Fold(name="1", train=("ann", "bob"), test=("ann",))
    with pytest.raises(LeakError, match="validation and in test"):
        Fold(name="1", train=("bob",), validation=("ann",), test=("ann",))
    with pytest.raises(LeakError, match="nobody is in train"):
        Fold(name="1", train=(), test=("ann",))
    fold = Fold(name="1", train=("bob",), test=("ann",))
    again = Fold(name="2", train=("bob",), test=("ann",))
    with pytest.raises(LeakError, match="tested in two folds"):
        Folds(protocol="x", label="emotion", folds=[fold, again], clips={}, left_out={}, rows={})
    with pytest.raises(LeakError, match="of different names"):
        Folds(protocol="x", label="emotion", folds=[fold, fold], clips={}, left_out={}, rows={})


def test_one_person_cannot_be_left_out():
    with pytest.raises(LeakError, match="found 1 person"):
        make_folds(clip_table(persons=1), protocol="loso")


def test_what_is_left_out_is_said_with_the_reason():
    table = clip_table()
    table.loc[0, "kind"] = "macro"
    table.loc[1, "emotion"] = ""
    folds = make_folds(table, protocol="loso")
    assert folds.left_out == {
        table["clip_id"][0]: "a macro-expression",
        table["clip_id"][1]: "no emotion",
    }
    assert len(folds.clips) == 34


def test_frozen_folds_are_read_back_and_equal_bytes(tmp_path, table):
    folds = make_folds(table, protocol="loso")
    for name in ("a.json", "b.json"):
        folds.save(tmp_path / name)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert load_folds(tmp_path / "a.json") == folds


def test_a_tampered_file_is_refused(tmp_path, table):
    path = tmp_path / "folds.json"
    make_folds(table, protocol="loso").save(path)
    text = path.read_text()
    path.write_text(text.replace('"toy/s01"', '"toy/s00"'))
    with pytest.raises(LeakError):
        load_folds(path)
    path.write_text("{}")
    with pytest.raises(MEStoreError, match="dvc repro"):
        load_folds(path)
    with pytest.raises(MEStoreError, match="holds no folds"):
        load_folds(tmp_path / "absent.json")


def test_a_label_that_is_none_is_refused(table):
    with pytest.raises(MEStoreError, match="label is 'person'"):
        make_folds(table, protocol="loso", label="person")
