"""Every protocol, seed and order of rows: no leak, clips tested as often as it says, equal bytes."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import clip_table
from field_table import field_table
from mestore import LeakError, MEStoreError, load_folds
from mestore.protocols import PROTOCOLS
from mestore.protocols.freeze import make_folds

OVERLAP = {"allow_person_overlap": True}


def once(row: Mapping[str, Any]) -> int:
    return 1


@dataclass(frozen=True)
class Case:
    """A protocol with parameters; `tested`: how often it tests a clip that it does not leave out."""

    protocol: str
    params: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    tested: Callable[[Mapping[str, Any]], int] = once

    def __str__(self) -> str:
        return "-".join([self.protocol, *(f"{name}={value}" for name, value in self.params.items())])


CASES = [
    Case("loso"),
    Case("loso", label="fourdme"),
    Case("kfold", {"k": 5}),
    Case("kfold", {"k": 3, "balance": True}, label="fourdme"),
    Case("kfold", {"k": 4, "by_part": True}, label="dfme_7"),
    Case("official", label="fourdme"),
    Case(
        "official",
        {"train": ["train"], "test": ["testA", "testB"]},
        label="dfme_7",
        tested=lambda row: int(row["split"] != "train"),
    ),
    Case("lovo", OVERLAP, label="casme2_5"),
    Case("cdmer", tested=lambda row: 3 if row["reader"] == "casme2" else 1),
    Case("cdmer", {"type": "I"} | OVERLAP, tested=lambda row: 2),
    Case("cdmer", {"type": "both"} | OVERLAP, tested=lambda row: 3),
    Case("cd6me"),
    Case("megc2018"),
    Case("megc2018", {"task": "hde"}),
    Case("megc2018", {"task": "hde", "extra_data": True}),
    Case("megc2019"),
    Case("megc2019", {"extra_data": True}),
]
CASES = [case for case in CASES if case.protocol in PROTOCOLS]
TABLE = field_table()
ROWS = TABLE.set_index("clip_id").to_dict("index")

every_case = pytest.mark.parametrize("case", CASES, ids=str)
seeds = st.integers(0, 10**6)


def made(case: Case, *, seed: int = 0, order: int | None = None):
    """Return the folds of a case over the table, its rows in an order of their own."""
    table = TABLE if order is None else TABLE.sample(frac=1, random_state=order)
    seeded = "seed" in PROTOCOLS[case.protocol].options_model().model_fields
    params = {**case.params, **({"seed": seed} if seeded else {})}
    return make_folds(table, protocol=case.protocol, label=case.label, params=params)


def frozen(folds, folder) -> bytes:
    folds.save(folder / "folds.json")
    return (folder / "folds.json").read_bytes()


def test_every_protocol_is_a_case():
    assert {case.protocol for case in CASES} == set(PROTOCOLS)


@every_case
@settings(max_examples=8, deadline=None)
@given(seed=seeds, order=seeds)
def test_nothing_leaks_and_each_clip_is_tested_as_often_as_the_protocol_says(case, seed, order):
    folds = made(case, seed=seed, order=order)
    for fold in folds:
        trained, tested = folds.training(fold), folds.tested(fold)
        assert trained and tested
        assert not set(trained) & set(tested)
        assert {ROWS[clip]["person"] for clip in trained} <= set(fold.train)
        assert {ROWS[clip]["person"] for clip in tested} == set(fold.test)
        assert fold.overlap or not set(fold.train) & set(fold.test)
        assert not fold.overlap or any("persons overlap" in flag for flag in folds.flags)
        assert set(trained) <= folds.clips.keys() | folds.extra.keys()
    times = Counter(clip for fold in folds for clip in folds.tested(fold))
    assert {clip: times[clip] for clip in folds.clips} == {
        clip: case.tested(ROWS[clip]) for clip in folds.clips
    }
    assert times.keys() <= folds.clips.keys()


@every_case
@settings(max_examples=5, deadline=None)
@given(seed=seeds, order=seeds)
def test_folds_are_equal_for_every_order_of_rows(case, seed, order):
    assert made(case, seed=seed, order=order) == made(case, seed=seed)


@every_case
def test_frozen_folds_have_equal_bytes_and_are_read_back(case, tmp_path):
    folds = made(case)
    first = frozen(folds, tmp_path)
    assert frozen(made(case, order=1), tmp_path) == first
    assert load_folds(tmp_path / "folds.json") == folds
    assert load_folds(tmp_path / "folds.json").digest == folds.digest


@every_case
def test_each_clip_is_scored_or_left_out_with_a_reason(case):
    folds = made(case)
    assert sorted([*folds.clips, *folds.left_out]) == sorted(ROWS)
    assert folds.extra.keys() <= folds.left_out.keys()
    assert all(folds.left_out.values())
    assert {**folds.clips, **folds.extra}.items() <= {
        clip: row["person"] for clip, row in ROWS.items()
    }.items()


@every_case
def test_no_event_is_tested_twice_in_one_fold(case):
    folds = made(case)
    for fold in folds:
        events = [ROWS[clip]["event"] for clip in folds.tested(fold)]
        assert len(set(events)) == len(events)


@every_case
@settings(max_examples=5, deadline=None)
@given(seed=seeds, fraction=st.floats(0.05, 0.9))
def test_an_inner_validation_set_is_of_other_persons(case, seed, fraction):
    folds = made(case)
    for fold in folds:
        if fold.overlap:
            with pytest.raises(LeakError, match="some of whom it tests"):
                fold.inner(fraction=fraction, seed=seed)
            continue
        inner = fold.inner(fraction=fraction, seed=seed)
        parts = [set(inner.train), set(inner.validation), set(inner.test)]
        assert sum(map(len, parts)) == len(set.union(*parts))
        assert parts[0] | parts[1] == set(fold.train)
        assert folds.tested(inner) == folds.tested(fold)
        trained, validated = folds.training(inner), folds.validating(inner)
        assert not set(trained) & set(validated)
        assert {*trained, *validated} <= set(folds.training(fold))
        assert {ROWS[clip]["person"] for clip in validated} <= parts[1]
        if not folds.extra:
            assert sorted([*trained, *validated]) == folds.training(fold)
            assert validated


@pytest.mark.parametrize("protocol", ["lovo", "cdmer"])
def test_persons_overlap_only_on_request(protocol):
    with pytest.raises(LeakError, match="allow_person_overlap: true"):
        params = {"type": "I"} if protocol == "cdmer" else {}
        make_folds(TABLE, protocol=protocol, params=params)


@every_case
def test_a_single_clip_is_a_clear_error(case):
    one = TABLE[TABLE["clip_id"] == min(made(case).clips)]
    with pytest.raises(MEStoreError, match=r"found|no clip"):
        make_folds(one, protocol=case.protocol, label=case.label, params=dict(case.params))


@every_case
def test_no_clip_at_all_is_a_clear_error(case):
    none = TABLE.assign(kind="macro")
    with pytest.raises(MEStoreError, match=r"found|no clip"):
        make_folds(none, protocol=case.protocol, label=case.label, params=dict(case.params))


@pytest.mark.parametrize("params", [{"protocol": "loso"}, {"protocol": "kfold", "params": {"balance": True}}])
def test_folds_of_700_persons_and_10000_clips(params):
    table = clip_table(persons=700, clips_each=15).head(10_000)
    folds = make_folds(table, **params)
    tested = sum(len(folds.tested(fold)) for fold in folds)
    trained = sum(len(folds.training(fold)) for fold in folds)
    assert (tested, trained) == (10_000, 10_000 * (len(folds) - 1))
