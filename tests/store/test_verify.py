"""Verify: every damage of every file is found, named once, and nothing else is."""

import errno
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import zarr
from typer.testing import CliRunner

from conftest import clip_table, crop_sample, vector_sample, write_store
from mestore import StoreError
from mestore.cli.commands import app
from mestore.store import verify as module
from mestore.store.compare import differences
from mestore.store.layout import Commit, Description, file_sha256
from mestore.store.manifest import Manifest, digest_of
from mestore.store.verify import examine, stores_at, verify
from mestore.store.writer import write_subject

CROPS = {"kind": "align", "axes": ("time", "y", "x", "channel"), "dtype": "uint8", "ragged": True}
VECTORS = {"kind": "mdmo", "axes": ("value",), "dtype": "float32", "ragged": False}


def toy(folder: Path, *, persons: int = 3) -> Path:
    """Write two small stores, sealed."""
    table = clip_table(persons=persons, clips_each=2)
    write_store(folder / "crops", table, crop_sample, **CROPS)
    write_store(folder / "vector", table, vector_sample, **VECTORS)
    return seal(folder)


def seal(folder: Path) -> Path:
    """Write the manifest of every store, as the last step of a build does."""
    for store in stores_at(folder):
        Manifest.of(store).write(store)
    return folder


def reseal(subject: Path) -> None:
    """Let the commit record and the manifest say what lies there now: a fault of a writer, not of a disk."""
    files = {
        path.relative_to(subject).as_posix(): {"size": path.stat().st_size, "sha256": file_sha256(path)}
        for path in sorted(subject.rglob("*"))
        if path.is_file() and path.name != "commit.json"
    }
    replace(Commit.read(subject), files=files).write(subject)
    seal(subject.parents[1])


@pytest.fixture
def whole(tmp_path) -> Path:
    return toy(tmp_path / "stores")


def said(path: Path) -> str:
    return "\n".join(map(str, verify(path)))


def test_a_whole_store_has_nothing_wrong_and_all_of_it_is_counted(whole):
    assert verify(whole) == [] and verify(whole / "crops") == []
    verdict = examine(whole)
    files = [path for path in whole.rglob("*") if path.is_file()]
    assert (verdict.subjects, verdict.files) == (6, len(files))
    assert verdict.size == sum(path.stat().st_size for path in files)
    assert str(verdict).endswith("nothing is wrong")


def test_progress_is_told_of_every_subject(whole):
    told = []
    examine(whole, progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 6) for done in range(1, 7)]


def test_every_damage_of_every_file_names_that_file_and_no_other(tmp_path):
    whole = toy(tmp_path / "stores", persons=2)
    files = sorted(path for path in whole.rglob("*") if path.is_file())
    assert len(files) == 28
    for path in files:
        content = path.read_bytes()
        flipped = bytearray(content)
        flipped[len(flipped) // 2] ^= 1
        for harmed in (bytes(flipped), content[:-1], b"", None):
            path.unlink()
            if harmed is not None:
                path.write_bytes(harmed)
            found = verify(whole)
            assert [finding.where for finding in found] == [str(path)], (path, harmed and harmed[:20], found)
            path.write_bytes(content)
    assert verify(whole) == []


def test_every_single_flipped_byte_of_the_manifest_shows(whole):
    path = whole / "vector" / "manifest.json"
    content = path.read_bytes()
    for position in range(len(content)):
        flipped = bytearray(content)
        flipped[position] ^= 1
        path.write_bytes(flipped)
        with pytest.raises(StoreError):
            Manifest.read(path.parent)


def test_a_finding_says_where_found_expected_and_what_to_do(whole):
    shard = whole / "vector" / "toy.zarr" / "s01" / "data" / "c" / "0" / "0"
    size = shard.stat().st_size
    shard.write_bytes(shard.read_bytes()[:-4])
    (line,) = map(str, verify(whole))
    assert line.startswith(f"{shard}: found {size - 4} bytes; expected {size} bytes, sha256 ")
    assert "dvc repro" in line


def test_a_file_that_the_disk_does_not_give_is_named_and_the_rest_is_checked(whole, monkeypatch):
    shard = whole / "vector" / "toy.zarr" / "s01" / "data" / "c" / "0" / "0"
    stray = whole / "vector" / "stray"
    stray.write_text("")

    def broken(path: Path) -> str:
        if path == shard:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return file_sha256(path)

    monkeypatch.setattr(module, "file_sha256", broken)
    first, second = verify(whole)
    assert first.where == str(shard) and "Input/output error" in first.found
    assert second.where == str(stray)


def test_several_damages_are_several_findings(whole):
    for name in ("s00", "s02"):
        (whole / "crops" / "toy.zarr" / name / "landmarks" / "zarr.json").unlink()
    (whole / "vector" / "failures.csv").write_text("")
    assert len(verify(whole)) == 3


@pytest.mark.parametrize(
    "stray",
    ["crops/notes.txt", "crops/toy.zarr/.DS_Store", "crops/toy.zarr/s00/data/c/9/0/0/0", "vector/x/y"],
)
def test_a_stray_file_is_named(whole, stray):
    path = whole / stray
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    (finding,) = verify(whole)
    assert finding.where == str(path) and "remove" in finding.remedy


def test_a_subject_without_a_commit_record_is_named(whole):
    subject = whole / "vector" / "toy.zarr" / "s01"
    (subject / "commit.json").unlink()
    seal(whole / "vector")  # so that no manifest expects it
    found = verify(whole)
    assert [finding.where for finding in found] == [str(subject)]


def test_a_subject_in_two_places_is_named(whole):
    group = whole / "vector" / "toy.zarr"
    shutil.copytree(group / "s01", group / "S01")
    seal(whole / "vector")
    text = said(whole)
    assert f"subject 's01' in {group / 'S01'} too" in text
    assert "clip toy/s01/c0@10: found its arrays in" in text and "expected one place" in text


def test_a_folder_whose_clips_are_another_subjects_is_named(whole):
    group = whole / "vector" / "toy.zarr"
    (group / "s01").rename(group / "t")
    (group / "s02").rename(group / "s01")
    (group / "t").rename(group / "s02")
    seal(whole / "vector")
    text = said(whole)
    assert f"{group / 's01'}: found clip toy/s02/c0@10; expected it in the folder of toy/s02" in text


def test_a_name_that_is_not_the_key_of_a_subject_is_named(whole):
    group = whole / "vector" / "toy.zarr"
    (group / "s01").rename(group / "s%30%31")
    seal(whole / "vector")
    assert "found a name that no subject has; expected 's01'" in said(whole)


def test_a_clip_that_is_nowhere_and_one_that_is_in_both_places_are_named(whole):
    store = whole / "vector"
    table = pd.read_csv(store / "clips.csv", keep_default_na=False)
    pd.concat([table, table.iloc[:1].assign(clip_id="toy/s00/lost@3")]).to_csv(
        store / "clips.csv", index=False
    )
    row = {"clip_id": "toy/s02/c1@11", "dataset": "toy", "subject": "s02", "store": "vector"}
    row |= dict.fromkeys(("found", "expected", "remedy"), "x")
    pd.DataFrame([row]).to_csv(store / "failures.csv", index=False)
    seal(store)
    lines = said(whole).splitlines()
    assert len(lines) == 2
    assert "clip toy/s00/lost@3: found neither arrays nor a line in failures.csv" in lines[1]
    assert "clip toy/s02/c1@11: found its arrays, and a line in failures.csv" in lines[0]


def test_a_clip_that_failed_is_not_missed(whole):
    store = whole / "vector"
    subject = store / "toy.zarr" / "s02"
    fault = {"found": "x", "expected": "y", "remedy": "z"}
    rows = clip_table(persons=3, clips_each=2).to_dict("records")[4:]
    shutil.rmtree(subject)
    subject.mkdir()
    description = Description.read(subject.parent)
    write_subject(
        subject,
        {rows[0]["clip_id"]: vector_sample(rows[0])},
        description=description,
        inputs="none",
        failures={rows[1]["clip_id"]: fault},
    )
    seal(store)
    assert f"{store / 'failures.csv'}: found no line about toy/s02/c1@11" in said(store)
    line = {"clip_id": rows[1]["clip_id"], "dataset": "toy", "subject": "s02", "store": "vector", **fault}
    pd.DataFrame([line]).to_csv(store / "failures.csv", index=False)
    seal(store)
    assert verify(store) == []


def test_two_persons_for_one_subject_and_a_clip_twice_are_named(whole):
    store = whole / "vector"
    table = pd.read_csv(store / "clips.csv", keep_default_na=False)
    table.loc[0, "person"] = "toy/other"
    pd.concat([table, table.iloc[2:3]]).to_csv(store / "clips.csv", index=False)
    seal(store)
    text = said(store)
    assert "found subject toy/s00 as persons toy/other, toy/s00" in text
    assert "found two rows of clip toy/s01/c0@10" in text


def rewrite(path: Path, change) -> None:
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda a: a.update(schema=9), "schema 9"),
        (lambda a: a.update(dtype="float99"), "float99"),
        (lambda a: a.update(dataset="other"), "dataset 'other'"),
        (lambda a: a.update(ragged="no"), "ragged is 'no'"),
        (lambda a: a.update(more=1), "more"),
        (lambda a: a.pop("units"), "units"),
        (lambda a: a.update(dtype="uint8"), "dtype float32; expected uint8"),
        (lambda a: a.update(axes=["time"]), "axes ('clip', 'value')"),
    ],
)
def test_a_description_that_is_not_true_is_named(whole, change, says):
    path = whole / "vector" / "toy.zarr" / "zarr.json"
    rewrite(path, lambda meta: change(meta["attributes"]))
    seal(whole / "vector")
    assert says in said(whole)


@pytest.mark.parametrize(
    ("store", "change", "says"),
    [
        ("crops", lambda clips: clips[0].update(rows=11), "start 12; expected 11"),
        ("crops", lambda clips: clips[1].update(rows=11), "rows 24; expected 23"),
        ("crops", lambda clips: clips.pop(), "rows 24; expected 12"),
        ("vector", lambda clips: clips[0].update(rows=3), "6 rows; expected 3"),
        ("vector", lambda clips: clips[0].update(apex=99), "onset, apex, offset (10, 99, 21)"),
        ("vector", lambda clips: clips[0].pop("offset"), "a clip record without offset as int"),
        ("vector", lambda clips: clips[0].update(clip="toy/s01/c1@11"), "2 records of 1 clips"),
    ],
)
def test_clip_records_that_disagree_with_the_arrays_are_named(whole, store, change, says):
    subject = whole / store / "toy.zarr" / "s01"
    rewrite(subject / "zarr.json", lambda meta: change(meta["attributes"]["clips"]))
    reseal(subject)
    assert says in said(whole)


def test_arrays_that_zarr_cannot_read_or_that_are_not_there_are_named(whole):
    data = whole / "crops" / "toy.zarr" / "s01" / "data"
    shard = next(path for path in data.rglob("c/**/*") if path.is_file())
    content = bytearray(shard.read_bytes())
    content[10] ^= 1  # inside a chunk, whose own checksum Zarr compares
    shard.write_bytes(content)
    reseal(data.parent)
    assert f"{data}: found what cannot be read" in said(whole)
    shutil.rmtree(data)
    reseal(data.parent)
    assert f"{data}: found no array; expected one of 2 clips" in said(whole)


def test_chunks_that_zarr_reads_as_zeros_are_named(whole):
    subject = whole / "vector" / "toy.zarr" / "s01"
    array = zarr.open_array(subject / "data", mode="r+", config={"write_empty_chunks": False})
    array[0] = 0
    reseal(subject)
    assert "lacks chunks" in said(whole)


def test_landmarks_of_another_shape_are_named(whole):
    subject = whole / "crops" / "toy.zarr" / "s01"
    shutil.rmtree(subject / "landmarks")
    array = zarr.create_array(
        subject / "landmarks", shape=(2, 5, 2), dtype="float32", dimension_names=["a", "b", "c"]
    )
    array[:] = np.ones((2, 5, 2))
    reseal(subject)
    assert "landmarks: found shape (2, 5, 2); expected (2, 68, 2)" in said(whole)


def test_no_store_is_an_error(tmp_path):
    with pytest.raises(StoreError, match="dvc repro"):
        verify(tmp_path)


def test_equal_stores_have_equal_digests_wherever_they_lie(whole, tmp_path):
    other = toy(tmp_path / "other")
    assert digest_of(stores_at(whole)) == digest_of(stores_at(other))
    assert differences(whole, other) == [] and differences(whole / "crops", other / "crops") == []


def test_differences_are_named(whole, tmp_path):
    other = toy(tmp_path / "other", persons=4)
    shutil.rmtree(other / "vector" / "toy.zarr" / "s00")
    subject = other / "vector" / "toy.zarr" / "s01"
    shutil.rmtree(subject)
    subject.mkdir()
    rows = clip_table(persons=3, clips_each=2).to_dict("records")[2:4]
    samples = {row["clip_id"]: vector_sample(row | {"clip_id": "another seed"}) for row in rows}
    write_subject(subject, samples, description=Description.read(subject.parent), inputs="none", failures={})
    rewrite(
        subject.parent / "zarr.json",
        lambda meta: meta["attributes"].update(params={"alpha": 0.9}, code="new"),
    )
    seal(other)
    lines = differences(whole / "vector", other / "vector")
    assert lines == [
        "vector/toy.zarr: attribute code is 'none' here, 'new' there",
        "vector/toy.zarr: attribute params.alpha is nothing here, 0.9 there",
        "vector/toy.zarr/s00: only here",
        "vector/toy.zarr/s01: array data differs",
        "vector/toy.zarr/s03: only there",
        "vector/clips.csv: clip toy/s03/c0@10 only there",
        "vector/clips.csv: clip toy/s03/c1@11 only there",
    ]
    shutil.rmtree(whole / "crops")
    assert "store crops: only there" in differences(whole, other)


def test_the_command_prints_a_line_per_finding_the_counts_last_and_a_status(whole, tmp_path):
    def run(*arguments: Path | str) -> tuple[int, list[str]]:
        done = CliRunner().invoke(app, ["verify", *map(str, arguments)])
        return done.exit_code, done.stdout.splitlines()

    files = sum(path.is_file() for path in whole.rglob("*"))
    status, lines = run(whole)
    assert status == 0 and len(lines) == 1
    assert lines[0].startswith(f"{whole}: checked 6 subjects, {files} files, ")
    other = toy(tmp_path / "other")
    assert run(whole, "--against", other)[1][-1] == "equal: the same subjects, clips and arrays"
    shutil.rmtree(other / "crops")
    status, lines = run(whole, "--against", other)
    assert status == 1 and lines[-1] == "store crops: only here"
    (whole / "vector" / "clips.csv").unlink()
    status, lines = run(whole)
    assert status == 1 and len(lines) == 2
    assert lines[0].startswith(f"{whole / 'vector' / 'clips.csv'}: found no file") and "1 finding" in lines[1]


def test_a_compressed_store_is_read_through_zarr(whole):
    group = whole / "crops" / "toy.zarr"
    rewrite(group / "zarr.json", lambda meta: meta["attributes"].update(compressor="zstd"))
    subject = group / "s01"
    shutil.rmtree(subject)
    subject.mkdir()
    rows = clip_table(persons=3, clips_each=2).to_dict("records")[2:4]
    samples = {row["clip_id"]: crop_sample(row) for row in rows}
    write_subject(subject, samples, description=Description.read(group), inputs="none", failures={})
    seal(whole)
    assert verify(whole) == []
    shard = next(path for path in (subject / "data").rglob("c/**/*") if path.is_file())
    content = bytearray(shard.read_bytes())
    content[10] ^= 1
    shard.write_bytes(content)
    reseal(subject)
    assert f"{subject / 'data'}: found what cannot be read" in said(whole)
