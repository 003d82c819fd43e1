from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest
from recordings import index, write_csv

from mestore.datasets import READERS
from mestore.datasets.entry import Entry
from mestore.datasets.identity import FILE, family
from mestore.datasets.own import Places
from mestore.datasets.persons import COLUMNS, persons_of
from mestore.datasets.sheet import read_sheet
from mestore.errors import AnnotationError

FIELD = [reader for reader in READERS if reader != "table"]
RULES = read_sheet(
    Path(import_module("mestore.datasets").__file__).parent / FILE,
    columns=("reader", "part", "family", "source"),
).rows


def copy(root: Path, reader: str, *, dataset: str = "") -> tuple[Path, Callable[[], pd.DataFrame]]:
    """Write a fixture's copy of a dataset; return its folder and what indexes it."""
    folder = root / (dataset or reader)
    options = getattr(import_module(f"fixtures.{reader}"), f"write_{reader}")(folder)
    return folder, lambda: index(folder, reader, dataset=dataset, cache=root / "cache", **options).clips


def table(root: Path, reader: str, *, dataset: str = "") -> pd.DataFrame:
    return copy(root, reader, dataset=dataset)[1]()


def entry(subject: str, *, part: str = "") -> Entry:
    where = {"location": "c", "edition": "a.csv", "where": "a.csv, row 2"}
    return Entry(subject=subject, clip="c", onset="1", offset="2", fps="30", part=part, **where)


def person(root: Path, reader: str, subject: str, *, part: str = "") -> str:
    persons, _ = persons_of(
        Places(root=root), dataset="x", reader=reader, entries=[entry(subject, part=part)]
    )
    return persons[subject]


@pytest.mark.parametrize("reader", FIELD)
def test_every_part_of_every_dataset_of_the_field_has_a_rule(reader, tmp_path):
    parts = set(table(tmp_path, reader).part)
    ruled = {row.text("part") for row in RULES if row.text("reader") == reader}
    assert parts <= ruled


def test_every_rule_is_of_a_reader_stands_once_and_has_a_source():
    assert {row.text("reader") for row in RULES} <= set(FIELD)
    keys = [(row.text("reader"), row.text("part")) for row in RULES]
    assert len(keys) == len(set(keys))
    assert all(row.text("family") and row.text("source") for row in RULES)


def test_a_labs_own_recordings_are_a_family_by_their_name():
    assert family("table", part="", dataset="one") != family("table", part="", dataset="two")


def test_smic_and_smic_e_show_the_same_people(tmp_path):
    # datasets.md 0 and 4.4: the subjects of VIS and NIR are all in HS, and SMIC-E's are SMIC's
    persons = {
        person(tmp_path, reader, "s20", part=part)
        for reader in ("smic", "smic_e")
        for part in ("hs", "vis", "nir")
    }
    assert persons == {"smic/s20"}
    found = pd.concat([table(tmp_path, "smic"), table(tmp_path, "smic_e")])
    for subject, rows in found.groupby("subject"):
        assert set(rows.person) == {f"smic/{subject}"}
    assert found.groupby("person").reader.nunique().max() == 2


def test_one_moment_of_smic_is_one_event_in_every_part(tmp_path):
    found = table(tmp_path, "smic")
    clip = found[found["clip"] == "s20_sur_02"]
    assert set(clip.part) == {"hs", "vis", "nir"}
    assert clip.event.nunique() == 1


def test_samm_and_samm_long_videos_show_the_same_people(tmp_path):
    # datasets.md 0
    assert person(tmp_path, "samm", "006") == person(tmp_path, "samm_lv", "006") == "samm/006"
    samm, long = table(tmp_path, "samm"), table(tmp_path, "samm_lv")
    assert set(samm.person[samm.subject == "006"]) == set(long.person[long.subject == "006"]) == {"samm/006"}


def test_casme_and_casme2_do_not(tmp_path):
    # datasets.md 0: CASME "01" and CASME II "01" collide
    casme, casme2 = table(tmp_path, "casme"), table(tmp_path, "casme2")
    assert "sub01" in set(casme.subject) & set(casme2.subject)
    assert not set(casme.person) & set(casme2.person)
    assert not set(casme.event) & set(casme2.event)


def test_numbers_that_many_datasets_use_are_as_many_people(tmp_path):
    # datasets.md 0, rule 2
    readers = {"casme": "", "casme2": "", "cas_me2": "", "casme3": "c", "samm": "", "smic": "hs", "mmew": ""}
    readers |= {"fourdme": "", "dfme": "a"}
    persons = {person(tmp_path, reader, "01", part=part) for reader, part in readers.items()}
    assert len(persons) == len(readers)


def test_the_parts_of_casme3_are_not_merged(tmp_path):
    # datasets.md 0: part A's two sheets show the same people; of the other parts no source says anything
    persons = {person(tmp_path, "casme3", "01", part=part) for part in "abc"}
    assert persons == {"casme3-a/01", "casme3-b/01", "casme3-c/01"}


def test_the_parts_of_dfme_are_one_set_of_people(tmp_path):
    assert {person(tmp_path, "dfme", "sub0001", part=part) for part in "abc"} == {"dfme/sub0001"}


def test_one_id_of_two_families_in_one_dataset_is_refused(tmp_path):
    entries = [entry("01", part="a"), entry("01", part="c")]
    with pytest.raises(AnnotationError, match=r"name the parts as datasets of their own in params\.yaml"):
        persons_of(Places(root=tmp_path), dataset="x", reader="casme3", entries=entries)


def test_a_dataset_under_two_names_is_one(tmp_path):
    crops, raw = (table(tmp_path, "casme2", dataset=name) for name in ("crops", "raw"))
    assert list(crops.person) == list(raw.person)
    assert list(crops.event) == list(raw.event)
    assert not set(crops.clip_id) & set(raw.clip_id)


def test_persons_csv_stands_above_the_rules(tmp_path):
    folder, found = copy(tmp_path, "casme3", dataset="third")
    same = [("third", "spNO.1", "li"), ("third", "01", "li"), ("third", "spNO.3", "wang")]
    write_csv(folder / "persons.csv", [COLUMNS, *same])
    persons = dict(found()[["subject", "person"]].itertuples(index=False, name=None))
    assert persons == {
        "spNO.1": "li",
        "01": "li",
        "spNO.3": "wang",
        "spNO.18": "casme3-a/spNO.18",
        "spNO.210": "casme3-a/spNO.210",
        "10": "casme3-c/10",
    }


def test_persons_csv_may_join_two_datasets(tmp_path):
    people = []
    for reader in ("casme", "casme2"):
        folder, found = copy(tmp_path, reader)
        write_csv(folder / "persons.csv", [COLUMNS, (reader, "sub01", "zhao")])
        clips = found()
        people.append(set(clips.person[clips.subject == "sub01"]))
    assert people == [{"zhao"}, {"zhao"}]
