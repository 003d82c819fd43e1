"""Faces and copies on numbers: pairs, limits, what is settled; real crops are in test_audit.py."""

from pathlib import Path

import numpy as np
import pytest

from conftest import clip_table
from mestore.audit.copies import check_copies
from mestore.audit.crops import Look
from mestore.audit.faces import Identity, check_faces
from mestore.audit.fingerprint import Fingerprint
from mestore.audit.settled import Settled, read_settled
from mestore.workspace import find_workspace


def identities(table):
    return {
        row.clip_id: Identity(dataset=row.dataset, subject=row.subject, person=row.person)
        for row in table.itertuples()
    }


def at(clip, place, *, trouble=""):
    face = None if trouble else np.r_[place, np.zeros(127)]
    return Look(clip=clip, content=clip, fingerprint=None, face=face, trouble=trouble)


def faces_along_a_line(table):
    """Person k at k, but the last a tenth from the first; clips of one a hundredth apart."""
    persons = sorted(set(table["person"]))
    place = {person: float(number) for number, person in enumerate(persons)} | {persons[-1]: 0.1}
    return [
        at(row.clip_id, place[row.person] + 0.01 * int(row.clip[1:])) for row in table.itertuples(index=False)
    ]


def test_the_nearest_two_frames_decide_and_the_lines_to_write_are_said():
    table = clip_table()
    (finding,) = check_faces(faces_along_a_line(table), identities(table), Settled()).findings
    assert finding.severity == "look" and finding.persons == ("toy/s00", "toy/s11")
    assert finding.what == "two persons whose faces are 0.08 apart"
    assert finding.clips == ("toy/s00/c2@12", "toy/s11/c0@10")
    assert "if they are one, 'toy,s11,toy/s00'" in finding.remedy
    assert "if they are two, 'toy,s00,toy/s00', 'toy,s11,toy/s11'" in finding.remedy


def test_pairs_are_counted_and_come_nearest_first_whatever_the_order():
    table = clip_table()
    looks = faces_along_a_line(table)
    looks[3:6] = [at(look.clip, 3.3) for look in looks[3:6]]  # s01 near s03
    examined = check_faces(looks, identities(table), Settled())
    assert [its.persons for its in examined.findings] == [("toy/s00", "toy/s11"), ("toy/s01", "toy/s03")]
    assert check_faces(looks[::-1], identities(table), Settled()).findings[1].persons == (
        "toy/s01",
        "toy/s03",
    )
    assert any("66 pairs" in line for line in examined.examined)


def test_what_persons_csv_settles_is_said_and_is_no_finding():
    table = clip_table()
    settled = Settled(persons={("toy", "s00"): "ann", ("toy", "s11"): "bob"})
    examined = check_faces(faces_along_a_line(table), identities(table), settled)
    assert not examined.findings
    assert any(
        "1 near pair that persons.csv settles" in line and "0.08" in line for line in examined.examined
    )
    half = Settled(persons={("toy", "s00"): "ann"})
    assert len(check_faces(faces_along_a_line(table), identities(table), half).findings) == 1


def test_faces_between_datasets_are_compared_and_every_subject_of_a_person_gets_a_line():
    table = clip_table(persons=12)
    other = clip_table(persons=2, dataset="lab").assign(person=["x"] * 6)
    looks = faces_along_a_line(table)[:33] + [at(clip, 5.2) for clip in other["clip_id"]]
    whose = identities(table[:33]) | identities(other)
    (finding,) = check_faces(looks, whose, Settled()).findings
    assert finding.persons == ("toy/s05", "x")
    assert "'lab,s00,toy/s05', 'lab,s01,toy/s05'" in finding.remedy


def test_subjects_without_a_face_are_named_with_the_reason():
    table = clip_table(persons=3)
    looks = faces_along_a_line(table)[:6] + [
        at(clip, 0, trouble="a flat crop") for clip in table["clip_id"][6:]
    ]
    assert "1 subject without a face to compare: toy/s02 (a flat crop)" in str(
        check_faces(looks, identities(table), Settled()).unseen
    )
    assert "not there to compare" in check_faces(looks[6:], identities(table), Settled()).unseen[0]


def test_a_subject_without_a_face_or_crops_is_named_though_its_person_has_a_face_elsewhere():
    table = clip_table(persons=3)
    other = clip_table(persons=2, dataset="lab").assign(person=["toy/s00"] * 3 + ["toy/s01"] * 3)
    looks = faces_along_a_line(table) + [at(clip, 0, trouble="no landmarks") for clip in other["clip_id"][:3]]
    (said,) = check_faces(looks, identities(table) | identities(other), Settled()).unseen
    assert said == "2 subjects without a face to compare: lab/s00 (no landmarks), lab/s01 (no crops)"


def test_persons_csv_is_read_where_the_build_reads_it_and_trouble_is_said(tmp_path: Path):
    workspace = find_workspace(tmp_path, environment={})
    for folder, text in (
        (workspace.own / "toy", "dataset,subject,person\ntoy,s00,ann\nother,s00,x\n"),
        (workspace.raw / "lab", "dataset,subject,person\nlab,s01,bob\n"),
        (workspace.own / "bad", "nonsense"),
    ):
        folder.mkdir(parents=True)
        (folder / "persons.csv").write_text(text)
    settled = read_settled(workspace, ["toy", "lab", "bad", "none"])
    assert settled.persons == {("toy", "s00"): "ann", ("lab", "s01"): "bob"}
    assert settled.places["toy"] == "data/own/toy/persons.csv"
    assert settled.places["lab"] == "persons.csv in the folder of lab"
    assert len(settled.trouble) == 1 and "of bad cannot be read" in settled.trouble[0]


def printed(number, *, like=None, angle=0.0):
    """A fingerprint of random directions; `like` another but for an angle."""
    rng = np.random.default_rng(number)
    face, motion = (unit(rng.standard_normal(size)) for size in (1024, 512))
    if like is not None:
        face, motion = (
            unit(np.cos(angle) * old + np.sin(angle) * new)
            for old, new in ((like.face, face), (like.motion, motion))
        )
    return Fingerprint(face=face, motion=motion)


def unit(values):
    return (values / np.linalg.norm(values)).astype(np.float32)


def looked(table):
    return [
        Look(clip=clip, content=clip, fingerprint=printed(row)) for row, clip in enumerate(table["clip_id"])
    ]


def test_different_clips_are_silent_and_the_pairs_are_counted():
    table = clip_table()
    examined = check_copies(table, looks=looked(table), digests=None)
    assert not examined.findings
    assert any("594 pairs" in line for line in examined.examined)  # 36 * 35 / 2 less 3 of each person
    assert "digests of the recordings" in examined.unseen[0]


@pytest.mark.parametrize("persons", [12, 500])
def test_a_near_copy_under_another_person_is_found_in_any_block(persons):
    table = clip_table(persons=persons)
    looks = looked(table)
    copy = Look(
        clip=looks[-1].clip, content="x", fingerprint=printed(-9 % 97, like=looks[0].fingerprint, angle=0.6)
    )
    (finding,) = check_copies(table, looks=[*looks[:-1], copy], digests=None).findings
    assert finding.clips == (looks[0].clip, copy.clip) and finding.severity == "look"
    assert "correlate 0.8" in finding.what


def test_flat_crops_are_equal_and_no_copies():
    table = clip_table(persons=4, clips_each=1)
    flat = [Look(clip=clip, content="black", fingerprint=None) for clip in table["clip_id"][:2]]
    seen = [Look(clip=table["clip_id"][2], content="seen", fingerprint=printed(1))]
    examined = check_copies(table, looks=[*flat, *seen], digests=None)
    assert not examined.findings
    assert "the same crops, byte by byte: 1 clip" in examined.examined
    assert examined.unseen[1:] == ("1 clip without crops", "2 clips whose crops are flat")


def test_crops_that_are_all_flat_or_none_at_all_end_no_audit():
    table = clip_table()
    flat = [Look(clip=clip, content="black", fingerprint=None) for clip in table["clip_id"]]
    for looks, why in ((flat, "36 clips whose crops are flat"), ([], "36 clips without crops")):
        examined = check_copies(table, looks=looks, digests=None)
        assert not examined.findings and why in examined.unseen
        assert "fingerprints of onset, apex and offset of 0 clips: 0 pairs" in examined.examined[1]


def test_of_one_person_in_two_datasets_only_what_is_all_but_equal_is_shown():
    table = clip_table()
    table.loc[table["subject"] == "s11", ["dataset", "person"]] = ["again", "toy/s00"]
    looks = looked(table)
    for angle, found in ((0.6, 0), (0.1, 1)):
        copy = Look(
            clip=looks[-1].clip, content="x", fingerprint=printed(5, like=looks[0].fingerprint, angle=angle)
        )
        assert len(check_copies(table, looks=[*looks[:-1], copy], digests=None).findings) == found


def test_the_digest_of_a_recording_under_two_persons_leaks_and_under_one_is_to_look_at():
    table = clip_table()
    digests = dict.fromkeys(table["clip_id"], "") | {
        "toy/s00/c0@10": "a", "toy/s05/c1@11": "a", "toy/s07/c0@10": "b", "toy/s07/c1@11": "b",
    }  # fmt: skip
    leak, look = check_copies(table, looks=None, digests=digests).findings
    assert (leak.severity, leak.clips) == ("leak", ("toy/s00/c0@10", "toy/s05/c1@11"))
    assert (look.severity, look.persons) == ("look", ("toy/s07",))


def test_one_event_of_one_person_under_two_ids_is_by_design():
    table = clip_table()
    table.loc[1, "event"] = table.loc[0, "event"]
    digests = dict.fromkeys(table["clip_id"][:2], "a")
    examined = check_copies(table, looks=None, digests=digests)
    assert not examined.findings and any("1 pair of one event" in line for line in examined.examined)
    assert any("no store of kind align" in line for line in examined.unseen)
