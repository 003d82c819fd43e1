"""The whole audit over stores of real faces that move: silent on clean ones, each planted leak is found."""

import csv
import json
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from acting import acted, acted_table, by_still, crop, frames_of, write_stores
from typer.testing import CliRunner

import mestore.cli.audit
import mestore.faces.embedding
from conftest import vector_sample
from mestore.audit.audit import run_audit
from mestore.audit.copies import CHECK as COPIES
from mestore.audit.crops import look_at
from mestore.audit.faces import CHECK as FACES
from mestore.audit.finding import Examined
from mestore.cli.commands import app
from mestore.errors import MEStoreError
from mestore.faces.embedding import embedding
from mestore.protocols.freeze import make_folds
from mestore.store.feature import Feature
from mestore.workspace import find_workspace

FOLDS = "data/folds/loso.json"


@pytest.fixture(scope="session")
def written(tmp_path_factory) -> Path:
    """The stores of 12 actors, each a person; written once, and copied."""
    return write_stores(tmp_path_factory.mktemp("acted") / "stores", acted_table())


@pytest.fixture(autouse=True)
def each_face_once(monkeypatch):
    """The embedding as it is, computed once for equal pixels and landmarks: the stores are audited often."""
    monkeypatch.setattr(mestore.faces.embedding, "embedding", _embedded)


def _embedded(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    return _of_bytes(image.tobytes(), image.shape, landmarks.tobytes(), landmarks.dtype.str)


@cache
def _of_bytes(pixels: bytes, shape: tuple[int, ...], places: bytes, dtype: str) -> np.ndarray:
    landmarks = np.frombuffer(places, dtype).reshape(-1, 2)
    return embedding(np.frombuffer(pixels, np.uint8).reshape(shape), landmarks)


@pytest.fixture
def empty(tmp_path, monkeypatch) -> Path:
    """A workspace without stores, which is the current folder."""
    for name in ("MESTORE_RAW", "DVC_ROOT", "MESTORE_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def lab(empty, written) -> Path:
    """A workspace with the stores of 12 persons, their folds, and a persons.csv that tells them apart."""
    shutil.copytree(written, empty / "data/stores")
    freeze(acted_table())
    settle(acted_table())
    return empty


def freeze(table: pd.DataFrame) -> None:
    make_folds(table, protocol="loso").save(Path(FOLDS))


def settle(table: pd.DataFrame) -> None:
    path = Path("data/own/toy/persons.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = table[["dataset", "subject", "person"]].drop_duplicates()
    path.write_text("\n".join([",".join(rows.columns), *(",".join(row) for row in rows.to_numpy())]) + "\n")


def audited(*arguments: str):
    return CliRunner().invoke(app, ["audit", "data/stores", FOLDS, "--jobs", "1", *arguments])


def examined() -> dict[str, Examined]:
    workspace = find_workspace(Path.cwd(), environment={})
    done = run_audit(Path("data/stores"), Path(FOLDS), workspace=workspace)
    return {its.check: its for its in done.checks}


def test_twelve_persons_with_clean_stores_give_status_0_and_say_what_was_examined(lab):
    done = audited()
    assert done.exit_code == 0, done.output
    assert "nothing found" in done.stdout and "page: loso.audit.html" in done.stdout
    for said in (
        "12 folds over 36 clips of 12 persons",
        "36 onset frames of 12 persons",
        "66 pairs of persons",
        "594 pairs of two persons",
        "near pairs that persons.csv settles as two persons",
        "crops, toy: whole numbers (uint8), which no scaler gives",
        "no predictions were given",
        "nothing was counted",
    ):
        assert said in done.stdout
    assert "data:image" not in Path("loso.audit.html").read_text()


def test_faces_of_one_still_under_two_persons_are_listed_and_of_one_person_are_not(lab):
    shutil.rmtree("data/own")
    found = examined()[FACES].findings
    still = dict(by_still(acted_table())[["subject", "person"]].to_numpy())
    pairs = [tuple(person.removeprefix("toy/") for person in its.persons) for its in found]
    assert len(pairs) >= 15 and all(still[one] == still[other] for one, other in pairs)
    apart = [float(its.what.split()[5]) for its in found]
    assert apart == sorted(apart) and apart[-1] < 0.5
    assert "settle it in data/own/toy/persons.csv: if they are one, 'toy,s" in found[0].remedy

    table = by_still(acted_table())
    shutil.rmtree("data/stores")
    write_stores(Path("data/stores"), table)
    freeze(table)
    checks = examined()
    assert not checks[FACES].findings and not checks[COPIES].findings


def jpeg(frames: np.ndarray, *, quality: int = 80, gain: float = 1.0) -> np.ndarray:
    lit = np.clip(frames * gain, 0, 255).astype(np.uint8)
    coded = (cv2.imencode(".jpg", it, [cv2.IMWRITE_JPEG_QUALITY, quality])[1] for it in lit)
    return np.stack([cv2.imdecode(it, cv2.IMREAD_COLOR) for it in coded])


COPIED = {
    "the same bytes": lambda frames: frames,
    "encoded again": jpeg,
    "brighter": lambda frames: jpeg(frames, quality=95, gain=1.1),
    "one frame later": lambda frames: frames,
    "grey": lambda frames: np.repeat(frames.mean(axis=3, keepdims=True), 3, axis=3).astype(np.uint8),
}


@pytest.mark.parametrize("how", COPIED)
def test_a_clip_copied_to_another_person_is_found(empty, how):
    table = acted_table(persons=4)

    def copied(row):
        if row["clip_id"] != "toy/s03/c2@12":
            return acted(row)
        frames = frames_of(0, 0, after=int(how == "one frame later"))  # take 0 has a peak of 2 px
        return crop(COPIED[how](frames), row, 0)

    write_stores(Path("data/stores"), table, crops=copied)
    freeze(table)
    (finding,) = examined()[COPIES].findings
    assert set(finding.clips) == {"toy/s00/c0@10", "toy/s03/c2@12"}
    assert finding.severity == ("leak" if how == "the same bytes" else "look")


def test_the_index_beside_the_stores_tells_the_same_recording(lab):
    table = acted_table()[["clip_id", "digest"]]
    table.loc[5, "digest"] = table.loc[20, "digest"]
    Path("data/index").mkdir()
    table.to_parquet("data/index/toy.parquet")
    pd.DataFrame({"found": ["x"]}).to_parquet("data/index/toy.failures.parquet")
    (finding,) = examined()[COPIES].findings
    assert finding.severity == "leak" and finding.clips == tuple(table.loc[[5, 20], "clip_id"])


def test_crops_without_landmarks_flat_ones_and_depth_are_told(empty):
    table = acted_table(persons=4)
    table.loc[table["subject"] == "s02", "modality"] = "depth"

    def odd(row):
        sample = acted(row)
        if row["subject"] == "s00":
            sample = replace(sample, landmarks=np.full((68, 2), np.nan, np.float32))
        return sample.having(sample.data * 0 + 7) if row["subject"] == "s01" else sample

    write_stores(Path("data/stores"), table, crops=odd)
    looks = look_at(Feature(Path("data/stores/crops")), table)
    assert [look.trouble for look in looks[::3]] == ["no landmarks", "a flat crop", "", ""]
    freeze(table)
    checks = examined()
    (said, *_) = [line for line in checks[FACES].unseen if "without a face" in line]
    assert "toy/s00 (no landmarks), toy/s01 (a flat crop), toy/s02 (no photograph)" in said
    assert "3 clips whose crops are flat" in checks[COPIES].unseen


def test_looks_of_several_processes_are_those_of_one(written):
    feature, table = Feature(written / "crops"), acted_table(persons=5)  # a worker takes 4 at once
    alone, beside = (look_at(feature, table, jobs=jobs) for jobs in (1, 2))
    assert [look.clip for look in beside] == [look.clip for look in alone] == list(table["clip_id"])
    for one, other in zip(alone, beside, strict=True):
        assert one.content == other.content
        assert np.array_equal(one.fingerprint.motion, other.fingerprint.motion)
        assert (one.face is None) == (other.face is None) and np.allclose(one.face, other.face)


def test_leaks_give_status_1_and_stand_on_a_page_without_faces_unless_asked(lab):
    record = json.loads(Path(FOLDS).read_bytes())
    record["folds"][0]["train"].append("toy/s00")
    Path(FOLDS).write_text(json.dumps(record))
    shutil.rmtree("data/own")
    table = acted_table()
    with Path("svm.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["clip_id", "predicted", "fitted_on"])
        writer.writerows((clip, "disgust", "0123456789abcdef") for clip in table["clip_id"])
    done = audited("--predictions", "svm.csv", "--out", "page.html")
    assert done.exit_code == 1
    assert "LEAK: fold 'toy/s00': 1 person in train and in test; persons toy/s00" in done.stdout
    assert "fitted on persons whom nobody can name" in done.stdout
    assert "and 36 predictions" not in done.stdout
    page = Path("page.html").read_text()
    assert "1 leak" in page and "<img" not in page and "http" not in page
    assert audited("--out", "page.html", "--pictures").exit_code == 1
    page = Path("page.html").read_text()
    assert page.count('src="data:image/jpeg;base64,') >= 30 and "This page shows faces" in page


def test_names_from_a_dataset_command_neither_the_page_nor_the_terminal(empty):
    table = acted_table(persons=12)
    hostile = "<script>alert(1)</script>\x1b[2J"
    table["person"] = table["person"] + hostile
    write_stores(Path("data/stores"), table, crops=None)
    freeze(table)
    record = json.loads(Path(FOLDS).read_bytes())
    record["folds"][0]["train"].append(record["folds"][0]["test"][0])
    record["folds"][0]["name"] = hostile
    Path(FOLDS).write_text(json.dumps(record))
    done = audited()
    assert done.exit_code == 1 and "\x1b" not in done.stdout
    page = Path("loso.audit.html").read_text()
    assert "<script" not in page and "&lt;script&gt;alert(1)" in page and "\x1b" not in page


def test_a_store_that_may_only_be_read_is_audited_and_left_as_it_is(lab):
    files = sorted(it for it in Path("data").rglob("*"))
    before = {it: (it.stat().st_mtime_ns, it.stat().st_size) for it in files}
    for path in files:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert audited("--out", "page.html").exit_code == 0
    finally:
        for path in files:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert {it: (it.stat().st_mtime_ns, it.stat().st_size) for it in Path("data").rglob("*")} == before


def test_stores_without_crops_are_audited_as_far_as_that_goes(empty):
    table = acted_table()
    write_stores(Path("data/stores"), table, crops=None)
    freeze(table)
    done = audited()
    assert done.exit_code == 0
    assert done.stdout.count("no store of kind align among the stores") == 2


def test_a_store_scaled_over_all_clips_leaks(empty):
    table = acted_table()
    values = np.random.default_rng(0).normal(3, 2, (len(table), 6))
    scaled = dict(zip(table["clip_id"], (values - values.mean(0)) / values.std(0), strict=True))

    def made(row):
        return replace(vector_sample(row), data=scaled[row["clip_id"]].astype(np.float32))

    write_stores(Path("data/stores"), table, crops=None, values=made, kind="scaled")
    freeze(table)
    done = audited()
    assert (
        done.exit_code == 1 and "LEAK: store 'vector': the columns have mean 0 and deviation 1" in done.stdout
    )


def test_predictions_of_several_labels_are_read_as_score_reads_them(empty):
    table = acted_table().assign(aus=["4", "12", "38", "1+2"] * 9)
    write_stores(Path("data/stores"), table, crops=None)
    make_folds(table, protocol="loso", label="au_cd6me").save(Path(FOLDS))
    units = {f"AU{unit}": 0 for unit in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17)}
    said = table[["clip_id"]].assign(**units, confidence=0.73, gender=1)
    said.to_csv("aus.csv", index=False)
    done = audited("--predictions", "aus.csv")
    assert done.exit_code == 0, done.output
    assert "36 predictions of 36 clips" in done.stdout
    said.drop(columns="AU17").to_csv("aus.csv", index=False)
    refused = audited("--predictions", "aus.csv").exception
    assert isinstance(refused, MEStoreError) and "found no column for AU17" in str(refused)


def test_a_label_that_no_map_knows_ends_no_audit_of_predictions(empty):
    table = acted_table().assign(reader="fourdme", emotion="positive")
    make_folds(table, protocol="loso", label="fourdme").save(Path(FOLDS))
    table["emotion"] = "nope"

    def values(row):
        return vector_sample(row | {"emotion": "disgust"})

    write_stores(Path("data/stores"), table, crops=None, values=values)
    table[["clip_id"]].assign(predicted="positive").to_csv("svm.csv", index=False)
    done = audited("--predictions", "svm.csv")
    assert done.exit_code == 1, done.exception
    assert "not examined: what is predicted: " in done.stdout and "'nope'" in done.stdout


def test_crops_that_are_all_black_end_no_audit_and_are_told(empty):
    table = acted_table(persons=4)

    def black(row):
        sample = acted(row)
        return sample.having(sample.data * 0)

    write_stores(Path("data/stores"), table, crops=black)
    freeze(table)
    done = audited()
    assert done.exit_code == 0, done.exception
    assert "not examined: 12 clips whose crops are flat" in done.stdout
    assert "4 subjects without a face to compare: toy/s00 (a flat crop)" in done.stdout


def test_a_page_is_written_over_an_earlier_one_and_over_no_other(empty):
    write_stores(Path("data/stores"), acted_table(), crops=None)
    freeze(acted_table())
    for _ in range(2):
        assert audited("--out", "page.html").exit_code == 0
    other = "<!doctype html>\n<title>Leak audit: mine</title>\n"
    Path("page.html").write_text(other)
    assert isinstance(audited("--out", "page.html").exception, MEStoreError)
    assert Path("page.html").read_text() == other


@pytest.mark.parametrize(
    "page", [FOLDS, "svm.csv", "data/stores/vector/clips.csv", "data", "/dev/null", "no/such/page.html"]
)
def test_a_page_is_written_over_no_file_that_is_none_and_before_any_work(empty, page):
    write_stores(Path("data/stores"), acted_table(), crops=None)
    freeze(acted_table())
    Path("svm.csv").write_text("clip_id,predicted\n")
    before = {it: it.read_bytes() for it in Path().rglob("*") if it.is_file()}
    done = audited("--out", page)
    assert isinstance(done.exception, MEStoreError) and not done.stdout
    assert {it: it.read_bytes() for it in Path().rglob("*") if it.is_file()} == before


def test_processes_are_one_or_more_and_no_more_than_cores(empty):
    write_stores(Path("data/stores"), acted_table(), crops=None)
    freeze(acted_table())
    for jobs in ("0", "-7"):
        done = audited("--jobs", jobs)
        assert done.exit_code == 2 and "expected 1 or more, or -1" in done.output
    assert audited("--jobs", "100000").exit_code == 0


def test_what_every_score_over_the_folds_must_say_stands_first_and_is_no_finding(empty):
    table = acted_table().assign(reader="samm")
    write_stores(Path("data/stores"), table, crops=None)
    freeze(table)
    done = audited()
    assert done.exit_code == 0
    said = "clips of samm: 36, not 159 as published ("
    assert f"\n! {said}" in done.stdout and said in Path("loso.audit.html").read_text()


def test_what_is_no_file_of_folds_or_no_store_is_refused(lab):
    assert mestore.cli.audit.audit.__doc__
    Path(FOLDS).write_text("{}")
    assert "holds no folds" in str(audited().exception)
    shutil.rmtree("data/stores/crops")
    shutil.rmtree("data/stores/vector")
    assert "no store below" in str(audited().exception)
