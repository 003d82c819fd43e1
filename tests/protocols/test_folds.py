"""Folds: persons disjoint, each clip tested once, frozen and read back."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_a_fold_whose_persons_overlap_names_what_it_tests_and_trains_on_all_else():
    with pytest.raises(LeakError, match="does not say which clips it tests"):
        Fold(name="1", train=("ann",), test=("ann",), overlap=True)
    with pytest.raises(LeakError, match="clip 'a' too"):
        Fold(name="1", train=("ann",), test=("ann",), trained=("a",), tested=("a",), overlap=True)
    fold = Fold(name="1", train=("ann", "bob"), test=("ann",), tested=("a",), overlap=True)
    clips = {"a": "ann", "b": "ann", "c": "bob", "d": "eve"}
    folds = Folds(protocol="x", label="emotion", folds=[fold], clips=clips, left_out={}, rows={})
    assert (folds.training(fold), folds.tested(fold)) == (["b", "c"], ["a"])


@settings(deadline=None)
@given(
    clips=st.dictionaries(st.sampled_from("abcdefghij"), st.sampled_from(["ann", "bob", "eve"]), min_size=2),
    data=st.data(),
)
def test_no_fold_trains_on_a_clip_that_it_tests(clips, data):
    persons = st.lists(st.sampled_from(["ann", "bob", "eve"]), min_size=1, unique=True).map(tuple)
    some = st.lists(st.sampled_from(sorted(clips)), unique=True).map(tuple)
    draw = data.draw
    try:
        fold = Fold(
            name="1",
            train=draw(persons),
            test=draw(persons),
            trained=draw(some),
            tested=draw(some),
            overlap=draw(st.booleans()),
        )
    except LeakError:
        return
    folds = Folds(protocol="x", label="emotion", folds=[fold], clips=clips, left_out={}, rows={})
    assert not set(folds.training(fold)) & set(folds.tested(fold))


PERSONS = tuple(f"p{number:02d}" for number in range(14))


@settings(deadline=None)
@given(
    extra=st.integers(0, 11), fraction=st.floats(0.01, 0.99), seed=st.integers(0, 10**6), order=st.randoms()
)
def test_who_brings_extra_clips_only_is_trained_on_and_never_validates(extra, fraction, seed, order):
    train = list(PERSONS[:13])
    order.shuffle(train)
    fold = Fold(name="1", train=tuple(train), test=PERSONS[13:], extra=PERSONS[:extra])
    inner = fold.inner(fraction=fraction, seed=seed)
    scored = set(PERSONS[extra:13])
    assert set(inner.validation) < scored  # and so somebody who is scored is trained on
    assert len(inner.validation) == min(max(round(fraction * len(scored)), 1), len(scored) - 1)
    assert set(inner.train) == set(train) - set(inner.validation)
    assert inner.test == fold.test
    in_order = Fold(name="1", train=PERSONS[:13], test=PERSONS[13:], extra=PERSONS[:extra])
    assert in_order.inner(fraction=fraction, seed=seed).validation == inner.validation


def test_an_inner_validation_set_is_the_same_on_every_machine_and_another_for_another_seed():
    fold = Fold(name="1", train=PERSONS[:13], test=PERSONS[13:])
    assert fold.inner(fraction=0.25, seed=0).validation == ("p05", "p08", "p12")
    assert len({fold.inner(fraction=0.25, seed=seed).validation for seed in range(10)}) == 10


def test_a_validation_set_needs_two_persons_with_clips_that_are_scored():
    fold = Fold(name="1", train=("ann", "bob"), test=("eve",), extra=("bob",))
    with pytest.raises(LeakError, match="trains on 1 persons and 1 more whose clips are not scored"):
        fold.inner()
    with pytest.raises(LeakError, match="'eve' brings extra clips and is not in train"):
        Fold(name="1", train=("ann", "bob"), test=("eve",), extra=("eve",))
    with pytest.raises(LeakError, match=r"fraction is 1\.5"):
        Fold(name="1", train=("ann", "bob"), test=("eve",)).inner(fraction=1.5)


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


def test_a_link_to_frozen_folds_keeps_them_when_others_are_frozen(tmp_path, table):
    """DVC's cache may be hard links."""
    file, link = tmp_path / "a.json", tmp_path / "link"
    made = make_folds(table, protocol="loso")
    made.save(file)
    link.hardlink_to(file)
    make_folds(table, protocol="kfold", params={"k": 4}).save(file)
    assert load_folds(link) == made and load_folds(file).protocol == "kfold"


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


def test_folds_hold_for_stores_that_differ_in_apexes(table):
    folds = make_folds(table, protocol="loso")
    spotted = table.assign(apex=table["apex"] + 1, apex_source="estimated:flow")
    folds.require(spotted)
    assert make_folds(spotted.drop(columns=["apex", "apex_source"]), protocol="loso").digest == folds.digest
    with pytest.raises(LeakError, match="36 changed"):
        folds.require(table.assign(onset=table["onset"] + 1))


def edited(path, change):
    """Apply a change to the record of a file of folds."""
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))
    return path


BROKEN = {
    "train a text": lambda it: it["folds"][0].update(train="abc"),
    "no name": lambda it: it["folds"][0].update(name=3),
    "clips a list": lambda it: it.update(clips=[]),
    "another schema": lambda it: it.update(schema=2),
    "no schema": lambda it: it.update(schema=None),
    "another average": lambda it: it.update(average="mean"),
    "an unknown entry": lambda it: it.update(more=1),
    "an unknown protocol": lambda it: it.update(protocol="nobody's"),
    "a fold less": lambda it: it["folds"].pop(),
    "a clip less": lambda it: it["clips"].pop("toy/s00/c0@10"),
    "a stranger": lambda it: it["folds"][0]["train"].append("eve"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_no_protocol_made_is_refused(tmp_path, table, case):
    path = tmp_path / "folds.json"
    make_folds(table, protocol="loso").save(path)
    with pytest.raises(MEStoreError, match=r"holds no folds \(.*make them with `dvc repro folds`"):
        load_folds(edited(path, BROKEN[case]))


def test_nested_rubbish_is_no_file_of_folds(tmp_path):
    for content in (b"[" * 100_000, b"3", b"null", b"\xff", b'{"folds": [[]]}'):
        (tmp_path / "folds.json").write_bytes(content)
        with pytest.raises(MEStoreError, match="holds no folds"):
            load_folds(tmp_path / "folds.json")


def test_a_clip_that_was_given_to_another_person_is_refused(tmp_path, table):
    path = tmp_path / "folds.json"
    make_folds(table, protocol="loso").save(path)
    moved = load_folds(edited(path, lambda it: it["clips"].update({"toy/s00/c0@10": "toy/s01"})))
    with pytest.raises(LeakError, match="'toy/s00/c0@10' is of person 'toy/s01'; in the clip table it is of"):
        moved.require(table)
    path = tmp_path / "more.json"
    make_folds(table, protocol="loso").save(path)
    added = load_folds(edited(path, lambda it: it["clips"].update({"toy/x": "toy/s01"})))
    with pytest.raises(LeakError, match="in the clip table it is not there"):
        added.require(table)
