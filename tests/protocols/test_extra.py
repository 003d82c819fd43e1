"""Extra data: the same option, flag and counts in every protocol that has it, and nobody who is tested."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from field_table import SEVEN, THREE, field_table, of
from mestore import LeakError
from mestore.protocols import PROTOCOLS
from mestore.protocols.extra import ExtraOptions
from mestore.protocols.freeze import make_folds

DATASETS = [("cd6me", {}), ("megc2018", {"task": "hde"})]
"""Protocols whose folds test datasets."""

CASES = [
    *DATASETS,
    ("megc2018", {"task": "cde"}),
    ("megc2019", {}),
    ("loso", {"scored": ["samm", "smic"]}),
    ("loso", {"scored": ["casme3"]}),
]
every_case = pytest.mark.parametrize(("protocol", "params"), CASES, ids=str)


def wide_table() -> pd.DataFrame:
    """Return clips of all datasets, with those that show a composite's people and are not of it."""
    long = of("samm_lv", SEVEN, family="samm")
    twin = of("smic_e", THREE, part="hs", family="smic")
    tables = [
        field_table(),
        long.assign(event=long["event"].where(long["clip"] != "c2", long["event"] + "-more")),
        twin.assign(event=twin["event"] + "-longer"),
        of("casme3", THREE, part="c", family="casme3-c"),
        of("cas_me2", THREE),
    ]
    return pd.concat(tables, ignore_index=True)


TABLE = wide_table()


def folds_of(table, protocol, params, *, extra_data=True):
    return make_folds(table, protocol=protocol, params={**params, "extra_data": extra_data})


def test_every_protocol_that_has_it_has_it_by_the_same_name_and_is_tested_here():
    models = {name: spec.options_model() for name, spec in PROTOCOLS.items()}
    named = {name for name, model in models.items() if any("extra" in it for it in model.model_fields)}
    assert named == {name for name, model in models.items() if issubclass(model, ExtraOptions)}
    assert named == {protocol for protocol, _ in CASES}


@every_case
def test_what_is_tested_and_scored_is_the_same_with_it(protocol, params):
    plain, extra = (folds_of(TABLE, protocol, params, extra_data=it) for it in (False, True))
    assert plain.clips == extra.clips
    assert plain.left_out == extra.left_out
    assert [(it.name, it.test) for it in plain] == [(it.name, it.test) for it in extra]
    assert not plain.extra
    assert not any("extra" in text for text in (*plain.flags, *plain.counts))
    for before, after in zip(plain, extra, strict=True):
        assert set(plain.training(before)) <= set(extra.training(after))
        assert set(after.train) - set(after.extra) == set(before.train)


@every_case
def test_its_number_is_a_count_and_a_flag(protocol, params):
    folds = folds_of(TABLE, protocol, params)
    assert folds.extra
    assert folds.counts[-1] == f"extra clips to train on: {len(folds.extra)}"
    of = sorted(set(TABLE.loc[TABLE["clip_id"].isin(list(folds.extra)), "reader"]))
    assert folds.flags[-1] == f"extra data: {len(folds.extra)} more clips to train on, of {', '.join(of)}"
    assert "dfme" in of


@pytest.mark.parametrize(
    ("protocol", "params"), [("loso", {"scored": ["samm"]}), ("megc2018", {}), ("cd6me", {})]
)
def test_what_shows_an_event_that_is_scored_is_not_extra(protocol, params):
    rows = TABLE.set_index("clip_id")
    folds = folds_of(TABLE, protocol, params)
    scored = set(rows.loc[list(folds.clips), "event"])
    assert not scored & set(rows.loc[list(folds.extra), "event"])
    long = rows[rows["reader"] == "samm_lv"]
    assert set(long.index[long["event"].str.endswith("-more")]) == set(long.index) & folds.extra.keys()


SHOWN = ("person", "event", "reader")


def families(events: set[str]) -> set[str]:
    return {event.split("/")[0] for event in events}


@every_case
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_nobody_who_is_tested_trains_whatever_persons_a_lab_says_are_one(protocol, params, data):
    persons = sorted(set(TABLE["person"]))
    pairs = data.draw(st.lists(st.tuples(*[st.sampled_from(persons)] * 2), max_size=8))
    table = TABLE.assign(person=TABLE["person"].replace(dict(pairs)))
    columns = {name: dict(zip(table["clip_id"], table[name], strict=True)) for name in SHOWN}

    def shown(column, clips):
        return {columns[column][clip] for clip in clips}

    try:
        folds = folds_of(table, protocol, params)
    except LeakError:
        return  # such as a dataset all of whose persons are of another one
    for fold in folds:
        trained, tested = folds.training(fold), folds.tested(fold)
        assert not shown("person", trained) & shown("person", tested)
        assert not shown("event", trained) & shown("event", tested)
        if (protocol, params) in DATASETS:
            extra = folds.extra.keys() & trained
            assert not shown("reader", extra) & shown("reader", tested)
            assert not families(shown("event", extra)) & families(shown("event", tested))
        if len(fold.train) - len(fold.extra) > 1:
            inner = fold.inner(seed=len(pairs))
            assert shown("person", folds.validating(inner)) == set(inner.validation)
            assert folds.clips.keys() & folds.training(inner)


def test_part_c_of_casme3_is_extra_but_where_part_a_is_tested():
    folds = folds_of(TABLE, "cd6me", {})
    other = set(TABLE.loc[(TABLE["reader"] == "casme3") & (TABLE["part"] == "c"), "clip_id"])
    for fold in folds:
        assert len(other & set(folds.training(fold))) == (0 if fold.name == "casme3" else len(other))
