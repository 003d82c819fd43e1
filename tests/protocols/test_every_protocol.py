"""Every protocol, seed and order of rows: no leak, clips tested as often as it says, equal bytes."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from conftest import clip_table
from field_table import field_table
from mestore import LeakError, MEStoreError, load_folds
from mestore.errors import AnnotationError, ParamsError
from mestore.labels.target import names as targets
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
    Case("loso", {"scored": ["samm", "mmew"], "extra_data": True}),
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
    Case("cd6me", {"extra_data": True}),
    Case("megc2018"),
    Case("megc2018", {"task": "hde"}),
    Case("megc2018", {"task": "hde", "extra_data": True}),
    Case("megc2019"),
    Case("megc2019", {"extra_data": True}),
]
TABLE = field_table()
ROWS = TABLE.set_index("clip_id").to_dict("index")

every_case = pytest.mark.parametrize("case", CASES, ids=str)
seeds = st.integers(0, 10**6)


def made(case: Case, *, seed: int = 0, order: int | None = None):
    """Return the folds of a case over the table, its rows in an order of their own."""
    seeded = "seed" in PROTOCOLS[case.protocol].options_model().model_fields
    if order is None:
        return in_order(CASES.index(case), seed if seeded else None)
    return anew(case, TABLE.sample(frac=1, random_state=order), seed if seeded else None)


@cache
def in_order(place: int, seed: int | None):
    """Return the folds of the case in that place over the table as it is."""
    return anew(CASES[place], TABLE, seed)


def anew(case: Case, table, seed: int | None):
    params = {**case.params, **({} if seed is None else {"seed": seed})}
    return make_folds(table, protocol=case.protocol, label=case.label, params=params)


def frozen(folds, folder) -> bytes:
    folds.save(folder / "folds.json")
    return (folder / "folds.json").read_bytes()


def test_every_protocol_is_a_case():
    assert {case.protocol for case in CASES} == set(PROTOCOLS)


def sound(folds) -> Counter:
    """Assert what must hold of any folds over the table; return how often each clip is tested."""
    assert sorted([*folds.clips, *folds.left_out]) == sorted(ROWS)
    assert all(folds.left_out.values())
    assert folds.extra.keys() <= folds.left_out.keys()
    used: set[str] = set()
    for fold in folds:
        trained, tested = folds.training(fold), folds.tested(fold)
        used |= {*trained, *tested}
        assert trained and tested
        assert not set(trained) & set(tested)
        assert {ROWS[clip]["person"] for clip in trained} == set(fold.train)
        assert {ROWS[clip]["person"] for clip in tested} == set(fold.test)
        assert fold.overlap or not set(fold.train) & set(fold.test)
        assert not fold.overlap or any("persons overlap" in flag for flag in folds.flags)
        assert set(tested) <= folds.clips.keys()
        events = [ROWS[clip]["event"] for clip in tested]
        assert len(set(events)) == len(events)
    assert used == folds.clips.keys() | folds.extra.keys()
    return Counter(clip for fold in folds for clip in folds.tested(fold))


def inner_is_sound(folds, fold, *, seed: int, fraction: float) -> None:
    """Assert that a fold's validation set is of other persons, and that some of them are scored."""
    if fold.overlap or len(set(fold.train) - set(fold.extra)) < 2:
        with pytest.raises(LeakError, match="a validation set by person needs"):
            fold.inner(fraction=fraction, seed=seed)
        return
    inner = fold.inner(fraction=fraction, seed=seed)
    parts = [set(inner.train), set(inner.validation), set(inner.test)]
    assert sum(map(len, parts)) == len(set.union(*parts))
    assert parts[0] | parts[1] == set(fold.train)
    assert folds.tested(inner) == folds.tested(fold)
    trained, validated = folds.training(inner), folds.validating(inner)
    assert {ROWS[clip]["person"] for clip in validated} == parts[1]
    assert {*trained, *validated} <= set(folds.training(fold))
    assert folds.clips.keys() & trained
    assert not {ROWS[clip]["person"] for clip in trained} & parts[1]


VALUES = sorted({*TABLE["dataset"], *TABLE["reader"], *TABLE["split"], "absent"} - {""})
"""What a list of names may hold: some are of no use to the protocol that gets them."""


def drawn(annotation, metadata) -> st.SearchStrategy:
    """Return what an option may be, by its type."""
    if annotation is bool:
        return st.booleans()
    if get_origin(annotation) is Literal:
        return st.sampled_from(get_args(annotation))
    if annotation is int:
        least = min((it.ge for it in metadata if hasattr(it, "ge")), default=0)
        return st.integers(least, 14)
    if annotation == list[str]:
        return st.one_of(st.just([]), st.lists(st.sampled_from(VALUES), max_size=3, unique=True))
    raise AssertionError(f"say here how an option of type {annotation} is drawn")


def requests(protocol: str) -> st.SearchStrategy:
    """Return labels and parameters for a protocol, drawn from the types that its options have."""
    spec = PROTOCOLS[protocol]
    options = {
        name: drawn(info.annotation, info.metadata)
        for name, info in spec.options_model().model_fields.items()
    }
    labels = st.just("") if spec.target else st.sampled_from(["", *targets()])
    return st.fixed_dictionaries({"label": labels, "params": st.fixed_dictionaries(options)})


OF_ONE_LABEL = [name for name, spec in PROTOCOLS.items() if spec.target]
"""Protocols that can be asked for little: 2 to 6 sets of parameters each."""


@pytest.mark.parametrize("protocol", OF_ONE_LABEL)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), seed=seeds, fraction=st.floats(0.05, 0.95))
def test_the_little_that_is_asked_for_is_refused_in_words_or_sound(protocol, data, seed, fraction):
    refused_in_words_or_sound(protocol, data, seed, fraction)


@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if name not in OF_ONE_LABEL])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), seed=seeds, fraction=st.floats(0.05, 0.95))
def test_whatever_is_asked_for_is_refused_in_words_or_sound(protocol, data, seed, fraction):
    refused_in_words_or_sound(protocol, data, seed, fraction)


def refused_in_words_or_sound(protocol, data, seed, fraction) -> None:
    """Assert it of a request that is drawn."""
    request = data.draw(requests(protocol))
    table = TABLE.sample(frac=1, random_state=seed)
    table.index = data.draw(
        st.sampled_from([range(len(table)), [0] * len(table), table["clip_id"], table.index])
    )
    try:
        folds = make_folds(table, protocol=protocol, **request)
    except MEStoreError as error:
        event("refused")
        assert len(str(error).split()) > 8
        return
    event("made")
    times = sound(folds)
    if not any("clips are tested in several" in flag for flag in folds.flags):
        assert set(times.values()) == {1}
    assert make_folds(TABLE, protocol=protocol, **request) == folds
    for fold in list(folds)[:5]:
        inner_is_sound(folds, fold, seed=seed, fraction=fraction)


@every_case
@settings(max_examples=4, deadline=None)
@given(seed=seeds, order=seeds)
def test_each_clip_is_tested_as_often_as_the_protocol_says_for_every_order_of_rows(case, seed, order):
    folds = made(case, seed=seed, order=order)
    times = sound(folds)
    assert {clip: times[clip] for clip in folds.clips} == {
        clip: case.tested(ROWS[clip]) for clip in folds.clips
    }
    assert folds == made(case, seed=seed)


@every_case
def test_frozen_folds_have_equal_bytes_and_are_read_back(case, tmp_path):
    folds = made(case)
    first = frozen(folds, tmp_path)
    assert frozen(made(case, order=1), tmp_path) == first
    assert load_folds(tmp_path / "folds.json") == folds
    assert load_folds(tmp_path / "folds.json").digest == folds.digest


@every_case
@settings(max_examples=3, deadline=None)
@given(seed=seeds, fraction=st.floats(0.05, 0.9))
def test_an_inner_validation_set_is_of_other_persons(case, seed, fraction):
    folds = made(case)
    for fold in folds:
        inner_is_sound(folds, fold, seed=seed, fraction=fraction)


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
    with pytest.raises(MEStoreError, match="the clip table has no clip; index datasets"):
        make_folds(TABLE[:0], protocol=case.protocol, label=case.label, params=dict(case.params))


@every_case
def test_no_label_at_all_is_a_clear_error(case):
    none = TABLE.assign(emotion="", aus="", aus_given="", objective_class="")
    with pytest.raises(MEStoreError, match=r"found|no clip|is '' .* which the label map"):
        make_folds(none, protocol=case.protocol, label=case.label, params=dict(case.params))


@pytest.mark.parametrize("case", [it for it in CASES if "allow_person_overlap" not in it.params], ids=str)
def test_a_single_person_is_a_clear_error(case):
    one = TABLE.assign(person="ann")
    with pytest.raises(MEStoreError, match=r"found|person|nobody"):
        make_folds(one, protocol=case.protocol, label=case.label, params=dict(case.params))


@every_case
def test_datasets_that_are_absent_are_a_clear_error(case):
    lab = clip_table(dataset="mylab").assign(emotion="")
    with pytest.raises(MEStoreError, match=r"found|no clip"):
        make_folds(lab, protocol=case.protocol, label=case.label, params=dict(case.params))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_unknown_option_is_refused_with_those_that_there_are(protocol):
    with pytest.raises(ParamsError, match="'colour' is unknown; its parameters are"):
        make_folds(TABLE, protocol=protocol, params={"colour": "red"})


def test_an_unknown_protocol_is_refused_with_those_that_there_are():
    with pytest.raises(ParamsError, match="protocol is 'lopo'; allowed: loso, kfold"):
        make_folds(TABLE, protocol="lopo")


def test_a_clip_that_is_there_twice_is_refused():
    with pytest.raises(AnnotationError, match="is in the clip table 2 times; expected once"):
        make_folds(TABLE.iloc[[0, 1, 2, 1]], protocol="loso")


@pytest.mark.parametrize("params", [{"protocol": "loso"}, {"protocol": "kfold", "params": {"balance": True}}])
def test_folds_of_700_persons_and_10000_clips(params):
    table = clip_table(persons=700, clips_each=15).head(10_000)
    folds = make_folds(table, **params)
    tested = sum(len(folds.tested(fold)) for fold in folds)
    trained = sum(len(folds.training(fold)) for fold in folds)
    assert (tested, trained) == (10_000, 10_000 * (len(folds) - 1))
