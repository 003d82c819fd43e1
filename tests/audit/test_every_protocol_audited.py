"""Apart and origin over every protocol: none is taken for a leak, and those that overlap are flagged."""

import json

import pytest

from field_table import field_table
from mestore.audit.apart import check_apart
from mestore.audit.frozen import read_frozen
from mestore.audit.origin import check_origin
from mestore.protocols import PROTOCOLS
from mestore.protocols.freeze import make_folds

OVERLAP = {"allow_person_overlap": True}
CASES = (
    ("loso", {}, ""),
    ("loso", {"scored": ["samm", "mmew"], "extra_data": True}, ""),
    ("kfold", {"k": 5}, ""),
    ("official", {}, "fourdme"),
    ("lovo", OVERLAP, "casme2_5"),
    ("cdmer", {"type": "both"} | OVERLAP, ""),
    ("cdmer", {}, ""),
    ("cd6me", {"extra_data": True}, ""),
    ("megc2018", {"task": "hde", "extra_data": True}, ""),
    ("megc2019", {}, ""),
)
NAMES = ("protocol", "params", "label")


def test_every_protocol_is_a_case():
    assert {protocol for protocol, _, _ in CASES} == set(PROTOCOLS)


@pytest.mark.parametrize(NAMES, CASES)
def test_folds_as_made_are_silent_but_for_an_overlap_on_purpose(tmp_path, protocol, params, label):
    table, path = field_table(), tmp_path / "folds.json"
    folds = make_folds(table, protocol=protocol, label=label, params=params)
    folds.save(path)
    frozen = read_frozen(path)
    origin = check_origin(frozen, {"crops": table})
    assert origin.as_made, [str(its) for its in origin.examined.findings] + list(origin.examined.unseen)
    assert frozen.digest == folds.digest
    found = check_apart(frozen, table, as_made=origin.as_made).findings
    assert {its.severity for its in found} <= {"look"}
    assert bool(found) == any(fold.overlap for fold in folds)
    assert all("flags on purpose" in its.what for its in found)
    for fold, raw in zip(folds, frozen.folds, strict=True):
        assert sorted(frozen.ids[frozen.training(raw)]) == sorted(folds.training(fold))
        assert sorted(frozen.ids[frozen.tested(raw)]) == sorted(folds.tested(fold))


@pytest.mark.parametrize(NAMES, [case for case in CASES if case[0] != "lovo"])
def test_a_person_moved_to_the_other_side_of_any_protocol_is_found(tmp_path, protocol, params, label):
    table, path = field_table(), tmp_path / "folds.json"
    make_folds(table, protocol=protocol, label=label, params=params).save(path)
    record = json.loads(path.read_bytes())
    fold = next(it for it in record["folds"] if not it["overlap"])
    fold["train"].append(fold["test"][0])
    path.write_text(json.dumps(record))
    found = check_apart(read_frozen(path), table, as_made=False).findings
    assert any(its.severity == "leak" and its.persons == (fold["test"][0],) for its in found)
