"""loso: which datasets are scored, what stands beside the published counts, who else trains."""

import pytest

from conftest import clip_table
from field_table import field_table
from mestore import LeakError
from mestore.errors import ParamsError
from mestore.protocols.freeze import make_folds


def made(table, *, label="", **params):
    return make_folds(table, protocol="loso", label=label, params=params)


def readers(table, clips):
    return set(table.loc[table["clip_id"].isin(list(clips)), "reader"])


def test_all_datasets_that_have_the_label_are_scored_unless_some_are_named():
    table = field_table()
    assert readers(table, made(table).clips) == set(table["reader"])
    named = made(table, scored=["samm", "mylab"])
    assert readers(table, named.clips) == {"samm", "table"}
    assert len(named) == 24
    assert named.left_out["casme2/s00/c0@10"] == "of a dataset that is not scored"


def test_a_dataset_is_named_by_its_reader_too():
    table = field_table().assign(dataset=lambda it: it["dataset"].replace("smic", "oulu"))
    by_name, by_reader = made(table, scored=["oulu"]), made(table, scored=["smic"])
    assert by_name.clips == by_reader.clips
    assert len(by_name) == 12
    assert len(by_name.clips) == 36  # HS shows all that VIS and NIR do


def test_a_dataset_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ParamsError, match=r"dataset 'sam' of option 'scored' has no clip; found .*samm, "):
        made(field_table(), scored=["sam"])
    with pytest.raises(LeakError, match=r"found 0 person.* with a clip of casme2 to score"):
        made(
            field_table().assign(emotion=lambda it: it["emotion"].where(it["reader"] != "casme2", "")),
            scored=["casme2"],
        )


@pytest.mark.parametrize(
    ("protocol", "params"),
    [
        ("loso", {}),
        ("kfold", {}),
        ("lovo", {"allow_person_overlap": True}),
        ("megc2019", {}),
        ("megc2018", {"task": "hde"}),
        ("cdmer", {}),
    ],
)
def test_too_few_clips_because_of_exclusions_is_said(protocol, params):
    table = field_table().assign(excluded="blurred")
    with pytest.raises(LeakError, match=r"more would be scored, were they not excluded by exclusions\.csv"):
        make_folds(table, protocol=protocol, params=params)
    none = field_table().assign(kind="macro")
    with pytest.raises(LeakError, match=r"^((?!exclusions).)*$"):
        make_folds(none, protocol=protocol, params=params)


def test_extra_data_trains_on_the_others_and_tests_the_same():
    table = field_table()
    plain, extra = made(table, scored=["casme2"]), made(table, scored=["casme2"], extra_data=True)
    assert plain.clips == extra.clips
    assert [plain.tested(it) for it in plain] == [extra.tested(it) for it in extra]
    assert readers(table, extra.extra) == set(table["reader"]) - {"casme2"}
    for fold in extra:
        assert set(extra.extra) <= set(extra.training(fold))
        assert set(fold.inner().validation) <= {f"casme2/s{number:02d}" for number in range(12)}


def test_extra_data_of_a_label_that_one_dataset_has_is_of_all_others():
    table = field_table()
    folds = made(table, label="casme2_5", extra_data=True)
    assert readers(table, folds.clips) == {"casme2"}
    assert readers(table, folds.extra) == set(table["reader"]) - {"casme2"}


def test_extra_data_where_everything_is_scored_is_none_and_says_so(table):
    assert made(table, extra_data=True).flags == ("extra data: 0 more clips to train on, of no dataset",)


def test_counts_stand_beside_the_published_ones():
    table = clip_table(persons=17, clips_each=8, dataset="samm").assign(reader="samm", emotion="anger")
    assert made(table, label="samm_5").counts == (
        "clips of samm: 136, as published (counted in davidnvq/me_recognition)",
        "persons of samm: 17",
    )
    assert made(table).counts[1] == "persons of samm: 17, not 29 as published (Varanka et al. 2023, table 1)"
