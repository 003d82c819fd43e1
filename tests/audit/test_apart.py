"""Apart and origin: folds that were edited by hand, or are of other clips."""

import json

import pandas as pd
import pytest

from conftest import clip_table
from mestore import MEStoreError
from mestore.audit.apart import check_apart
from mestore.audit.frozen import read_frozen
from mestore.audit.origin import check_origin
from mestore.protocols.folds import load_folds
from mestore.protocols.freeze import make_folds


@pytest.fixture
def edited(tmp_path):
    """Return a function that freezes leave-one-person-out, changes the record and examines it."""

    def examine(change=lambda record: None, *, table=None, as_made=False):
        path = tmp_path / "loso.json"
        make_folds(clip_table(), protocol="loso").save(path)
        record = json.loads(path.read_bytes())
        change(record)
        path.write_text(json.dumps(record))
        frozen, table = read_frozen(path), clip_table() if table is None else table
        return check_apart(frozen, table, as_made=as_made), check_origin(frozen, {"crops": table})

    return examine


def severities(examined):
    return [finding.severity for finding in examined.findings]


def test_folds_as_they_were_made_are_silent_and_say_what_was_examined(edited):
    apart, origin = edited()
    assert not apart.findings and not origin.examined.findings and origin.as_made
    assert any("36 clips of 36 tested once" in line for line in apart.examined)
    assert any("12 persons" in line for line in origin.examined.examined)


def test_every_person_in_two_parts_is_named_not_only_the_first(edited):
    def change(record):
        for fold in record["folds"][:3]:
            fold["train"] += fold["test"]
        record["folds"][4]["validation"] = record["folds"][4]["train"][:1]

    apart, origin = edited(change)
    assert severities(apart) == ["leak"] * 4
    assert [finding.persons for finding in apart.findings[:3]] == [("toy/s00",), ("toy/s01",), ("toy/s02",)]
    assert "in train and in validation" in apart.findings[3].what
    assert not origin.as_made
    assert "4 folds of 12 not as protocol 'loso' makes it" in origin.examined.findings[0].what


def test_a_person_who_trains_under_another_name_is_found_by_the_clip_table(edited):
    def change(record):
        record["clips"]["toy/s00/c0@10"] = "toy/s01"

    apart, origin = edited(change)
    assert "trains on 1 clip of 1 person that it tests" in apart.findings[0].what
    assert apart.findings[0].clips == ("toy/s00/c0@10",)
    assert "leak" in severities(origin.examined)
    assert origin.examined.findings[0].persons == ("toy/s00", "toy/s01")


def test_extra_clips_of_a_held_out_person_are_found(edited):
    def change(record):
        moved = [clip for clip, person in record["clips"].items() if person == "toy/s00"]
        for clip in moved[1:]:
            del record["clips"][clip]
            record["extra"][clip] = "toy/s05"
        record["extra"]["toy/s03/c0@10"] = "toy/s03"

    apart, _ = edited(change)
    (leak,) = [its for its in apart.findings if "fold 'toy/s00'" in its.what]
    assert leak.severity == "leak" and set(leak.clips) == {"toy/s00/c1@11", "toy/s00/c2@12"}
    assert any(
        "among the extra ones" in its.what and its.clips == ("toy/s03/c0@10",) for its in apart.findings
    )


def test_one_event_under_two_persons_is_found(edited):
    table = clip_table()
    table.loc[table["clip_id"] == "toy/s01/c0@10", "event"] = "toy/s00/c0"
    apart, _ = edited(table=table)
    assert severities(apart) == ["leak", "leak"]  # in the folds of s00 and of s01
    assert all("of 1 event that it tests" in its.what for its in apart.findings)


def test_folds_that_overlap_on_purpose_are_to_look_at_and_without_a_flag_they_leak(edited):
    def overlap(record, flags):
        fold = record["folds"][0]
        fold["overlap"], fold["train"] = True, fold["train"] + fold["test"]
        own = sorted(clip for clip, person in record["clips"].items() if person in fold["test"])
        fold["tested"], fold["trained"] = own[:1], own[1:]
        record["flags"] = flags

    flags = ["376 of 442 clips, not comparable", "persons overlap: the same people"]
    on_purpose, _ = edited(lambda record: overlap(record, flags), as_made=True)
    assert severities(on_purpose) == ["look"] and "flags on purpose" in on_purpose.findings[0].what
    for others in ([], flags[:1]):
        silent, _ = edited(lambda record, others=others: overlap(record, others), as_made=True)
        assert severities(silent) == ["leak"]


def test_a_clip_on_both_sides_of_a_fold_that_overlaps_leaks(edited):
    def change(record):
        fold = record["folds"][0]
        fold["overlap"], fold["train"] = True, fold["train"] + fold["test"]
        fold["tested"] = fold["trained"] = ["toy/s00/c0@10"]
        record["flags"] = ["the same people"]

    apart, _ = edited(change, as_made=True)
    assert "fold 'toy/s00' trains on 1 clip that it tests" in [its.what for its in apart.findings]


def test_clips_tested_twice_or_never_are_found_unless_the_protocol_says_so(edited):
    def change(record):
        record["folds"][1]["test"] = ["toy/s00"]
        record["folds"][1]["train"].remove("toy/s00")

    said = [its.what for its in edited(change)[0].findings]
    assert said == ["3 scored clips tested never", "3 scored clips tested in more than one fold"]
    apart, _ = edited(change, as_made=True)
    assert not apart.findings and any("as the protocol makes it" in line for line in apart.examined)


def test_a_clip_table_other_than_the_folds_is_found_with_the_difference(edited):
    table = clip_table()
    table.loc[table["subject"] == "s04", "person"] = "toy/s03"
    origin = edited(table=table)[1]
    assert severities(origin.examined) == ["leak", "look"]
    assert "3 rows of other content" in origin.examined.findings[1].what
    assert "another one" in origin.examined.unseen[0]
    fewer = edited(table=clip_table(persons=11))[1].examined
    assert any("3 rows that the stores lack" in its.what for its in fewer.findings)
    assert any("3 clips of the folds in no clip table" in its.what for its in fewer.findings)


def test_stores_of_different_clip_tables_are_found(tmp_path):
    path = tmp_path / "loso.json"
    make_folds(clip_table(), protocol="loso").save(path)
    tables = {"crops": clip_table(), "flow": clip_table(persons=11)}
    (finding,) = check_origin(read_frozen(path), tables).examined.findings
    assert "'crops' and 'flow' hold different clip tables" in finding.what


def test_persons_whom_the_index_would_refuse_are_found(edited):
    table = clip_table()
    table.loc[1, "person"] = "ann"  # subject s00 is toy/s00, too
    table.loc[table["subject"] == "s05", "person"] = "TOY/s4"
    said = {(its.severity, its.what) for its in edited(table=table)[1].examined.findings}
    (torn,) = [what for severity, what in said if severity == "leak" and "'ann'" in what]
    (twins,) = [what for severity, what in said if severity == "look" and "leading zeros" in what]
    assert "subject 's00' is person 'toy/s00' in toy and 'ann'" in torn
    assert "'TOY/s4' and 'toy/s04' differ only in case" in twins
    doubled = edited(table=pd.concat([clip_table(), clip_table()[:1]]))[1].examined.findings
    assert any("1 row of the clip table about a clip that has one already" in its.what for its in doubled)


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ({"protocol": "mine"}, "no protocol 'mine'"),
        ({"protocol": "megc2019"}, "predicts 'megc2019', not 'emotion'"),
        ({"params": {"colour": "red"}}, "'colour' is unknown"),
        ({"params": {"scored": 3}}, "'scored' is 3"),
        ({"params": {"scored": ["samm"]}}, "dataset 'samm' of option 'scored' has no clip"),
        ({"params": [[1, 2]]}, "protocol 'loso' does not run"),
        ({"label": "mood"}, "label is 'mood'"),
    ],
)
def test_a_protocol_that_cannot_be_run_again_is_to_look_at(edited, entries, why):
    origin = edited(lambda record: record.update(entries))[1]
    assert severities(origin.examined) == ["look"] and not origin.as_made
    (finding,) = origin.examined.findings
    assert "nobody can say whether the folds are what their protocol makes" in finding.what
    assert why in finding.what and why in origin.examined.unseen[0]


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"flags": ["mine"]}, "flags of the file are not those of the protocol: the protocol lacks 'mine'"),
        ({"counts": []}, "counts of the file are not those of the protocol: the file lacks 'clips of table"),
        ({"average": "folds"}, 'average is "folds" in the file, and "pooled" by the protocol'),
        ({"label": ""}, 'label is "" in the file, and "emotion" by the protocol'),
        ({"schema": 2}, "schema is 2 in the file"),
        ({"params": {"scored": []}}, 'params is {"scored": []} in the file'),
        ({"left_out": {"toy/s00/c0@10": "forgotten"}}, "1 clip left out in the file or by the protocol"),
        ({"mine": 1}, "the file holds other entries, reasons or orders"),
    ],
)
def test_an_entry_that_was_edited_is_to_look_at(edited, entries, said):
    origin = edited(lambda record: record.update(entries))[1]
    assert severities(origin.examined) == ["look"] and not origin.as_made
    assert said in origin.examined.findings[0].what


def test_an_order_that_was_edited_is_to_look_at_and_the_layout_of_the_file_is_not(edited, tmp_path):
    origin = edited(lambda record: record["folds"][0]["train"].reverse())[1]
    assert "the file holds other entries, reasons or orders" in origin.examined.findings[0].what
    edited()
    frozen = read_frozen(tmp_path / "loso.json")
    assert frozen.digest == load_folds(tmp_path / "loso.json").digest


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"folds": 3}', '{"folds": [{"name": "a", "train": "all"}]}', "[" * 100_000]
)
def test_a_file_that_holds_no_folds_is_refused(tmp_path, text):
    path = tmp_path / "loso.json"
    path.write_text(text)
    with pytest.raises(MEStoreError, match=r"holds no folds .*dvc repro folds"):
        read_frozen(path)


def test_a_name_that_is_half_of_a_sign_is_refused(tmp_path):
    path = tmp_path / "loso.json"
    make_folds(clip_table(), protocol="loso").save(path)
    path.write_text(path.read_text().replace("toy/s03", r"\ud800"))
    with pytest.raises(MEStoreError, match=r"holds no folds .*surrogates not allowed.*dvc repro folds"):
        read_frozen(path)
