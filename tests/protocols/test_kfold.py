"""kfold: sizes, seeds, every class in every fold, what is said where that cannot be."""

from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from conftest import EMOTIONS, clip_table
from mestore import LeakError
from mestore.protocols.freeze import make_folds
from mestore.protocols.kfold import balanced, dealt

PERSONS = [f"p{number:02d}" for number in range(12)]


def made(table, *, label="", **params):
    return make_folds(table, protocol="kfold", label=label, params=params)


@given(k=st.integers(2, 12), seed=st.integers(0, 10**6))
def test_persons_are_dealt_evenly(k, seed):
    folds = made(clip_table(), k=k, seed=seed)
    assert len(folds) == k
    sizes = [len(fold.test) for fold in folds]
    assert sum(sizes) == 12
    assert max(sizes) - min(sizes) <= 1


def test_a_seed_gives_the_same_folds_on_every_machine():
    assert dealt(dict.fromkeys(PERSONS, ""), k=4, seed=0) == [
        ["p00", "p03", "p05"],
        ["p08", "p09", "p11"],
        ["p01", "p04", "p07"],
        ["p02", "p06", "p10"],
    ]


def test_another_seed_gives_other_folds(table):
    assert made(table, k=4).folds != made(table, k=4, seed=1).folds


def test_ten_folds_are_the_default_and_sort_as_they_count(table):
    assert [fold.name for fold in made(table)] == [f"{number:02d}" for number in range(1, 11)]


def test_parts_are_spread_evenly_on_request(table):
    table["part"] = ["a" if subject < "s04" else "c" for subject in table["subject"]]
    part = dict(zip(table["person"], table["part"], strict=True))
    for seed in range(5):
        folds = made(table, k=4, seed=seed, by_part=True)
        assert [Counter(part[it] for it in fold.test) for fold in folds] == [{"a": 1, "c": 2}] * 4


def test_fewer_persons_than_folds_is_an_error(table):
    with pytest.raises(LeakError, match=r"found 12 person.*13 folds.*smaller k"):
        made(table, k=13)
    with pytest.raises(ValidationError, match="greater than or equal to 2"):
        made(table, k=1)
    with pytest.raises(ValidationError, match="expected one of them"):
        made(table, balance=True, by_part=True)


def test_published_scores_that_are_means_over_folds_are_said(table):
    assert made(table).average == "pooled"
    assert made(table, average="folds").average == "folds"


def rare(table, persons: int):
    """Return a table where so many persons show fear, and each but one emotion."""
    emotions = [EMOTIONS[int(subject[1:]) % 3] for subject in table["subject"]]
    return table.assign(emotion=emotions).assign(
        emotion=lambda it: it["emotion"].where(it["subject"] >= f"s{persons:02d}", "fear")
    )


@given(seed=st.integers(0, 10**6), order=st.integers(0, 10**6))
def test_balanced_folds_hold_every_class(seed, order):
    table = rare(clip_table(), 4)
    emotion = dict(zip(table["clip_id"], table["emotion"], strict=True))
    folds = made(table.sample(frac=1, random_state=order), k=4, seed=seed, balance=True)
    for fold in folds:
        assert {emotion[clip] for clip in folds.tested(fold)} >= {"fear"}
        assert len(folds.tested(fold)) == 9
    assert not any("fear" in flag for flag in folds.flags)


def test_a_class_that_too_few_persons_show_is_flagged_with_the_folds_that_lack_it(table):
    folds = made(rare(table, 2), k=4, balance=True)
    (flag,) = (flag for flag in folds.flags if "fear" in flag)
    without = [fold.name for fold in folds if not {"toy/s00", "toy/s01"} & set(fold.test)]
    assert flag == f"class 'fear', shown by 2 persons, is not in fold {', '.join(without)}"
    assert len(without) == 2


def test_balanced_folds_are_of_like_size_though_persons_are_not():
    table = clip_table(clips_each=12)
    keep = [
        number < 1 + int(subject[1:])
        for subject, number in zip(table["subject"], list(range(12)) * 12, strict=True)
    ]
    folds = made(table[keep], k=5, balance=True)  # 1 + 2 + ... + 12 = 78 clips
    sizes = [len(folds.tested(fold)) for fold in folds]
    assert sum(sizes) == 78
    assert max(sizes) - min(sizes) <= 2
    assert f"clips of the smallest fold: {min(sizes)}" in folds.counts


def test_a_clip_of_two_classes_counts_for_both(table):
    table = table.assign(reader="fourdme", emotion="negative")
    table.loc[table["subject"] == "s00", "emotion"] = "positive+surprise"
    table.loc[table["subject"] == "s01", "emotion"] = "positive"
    table.loc[table["subject"] == "s02", "emotion"] = "surprise"
    folds = made(table, label="fourdme", k=2, balance=True)
    assert folds.flags == ()
    assert "clips of fourdme: 36, not 267 as published (datasets.md 1.2: 4DME 2022, table 3)" in folds.counts


@pytest.mark.parametrize("order", list(permutations("abc")))
def test_balance_does_not_depend_on_the_order_of_persons(order):
    clips = {"a": Counter({"": 2, "x": 2}), "b": Counter({"": 2, "y": 2}), "c": Counter({"": 2, "x": 2})}
    assert balanced({name: clips[name] for name in order}, k=2, seed=0) == balanced(clips, k=2, seed=0)
