"""Forgetting a participant: in a real checkout with real DVC, and by hand where cases are rare."""

import hashlib
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from recordings import TABLE_HEADER, index, pixels, remember_young_files, write_csv, write_frames, write_video

from checkout import Checkout
from conftest import clip_table, crop_sample, write_store, write_vectors
from mestore.datasets.table_io import write_parquet
from mestore.errors import MEStoreError
from mestore.export import export_store
from mestore.forget.dvc_traces import DvcFolders, dvc_memory, dvc_traces, old_tables
from mestore.forget.forget import find, forget
from mestore.forget.participant import IDENTITY, participant
from mestore.forget.recordings import RecordedFile, recorded_paths
from mestore.forget.search import LARGEST_TEXT
from mestore.store.layout import subject_key
from mestore.store.reader import Feature
from mestore.store.verify import verify
from mestore.workspace import Workspace

PERSONS = {"sub01": "ann", "sub02": "ben", "sub03": "cem"}

PLACES_OF_OTHERS = (".git", ".venv", "pipeline", "tests", "docs", "benchmarks", "examples", "README.md")
"""Of a checkout: the source, in whose examples there are subjects and persons too."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Checkout:
    """Two datasets that share people, built, published and committed; one store was taken out since."""
    checkout = Checkout(tmp_path_factory.mktemp("lab") / "mestore")
    demo = checkout.folder / "data/raw/demo"
    checkout.run(".venv/bin/mestore", "demo", str(demo), "--subjects", "3", "--clips", "1")
    shutil.copytree(demo, demo.with_name("other"))
    for dataset in ("demo", "other"):
        lines = ["dataset,subject,person", *(f"{dataset},{name},{its}" for name, its in PERSONS.items())]
        (demo.with_name(dataset) / "persons.csv").write_text("\n".join(lines) + "\n")
    stores = {"crops": {"kind": "align", "input": "index", "params": {"side": 64}}}
    for name, n in (("clips", 5), ("old", 4)):
        stores[name] = {"kind": "tim", "input": "stores/crops", "params": {"n": n}}
    reader = {"reader": "casme2", "options": {"layout": "raw"}}
    changes = {"datasets": {"demo": reader, "other": reader}, "stores": stores, "evaluate.loso.features": []}
    checkout.set_params({**changes, "compute.n_jobs": 1})
    checkout.dvc("repro")
    checkout.run(".venv/bin/mestore", "publish", "data/stores", "published")
    checkout.dvc("remote", "add", "-d", "nas", str(checkout.folder.parent / "nas"))
    checkout.dvc("push", "--run-cache")
    checkout.commit("built")
    checkout.set_params({"stores.old": None})
    shutil.rmtree(checkout.folder / "data/stores/old")
    return checkout


def files(folder: Path, *, but: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the sha256 of every file below a folder, by path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and not set(but) & set(path.relative_to(folder).parts)
    }


def contents_of_ann(checkout: Checkout) -> set[str]:
    """Return the sha256 of all files of ann's in stores and build cache, shapes of arrays aside."""
    built = [path.parent for path in checkout.folder.glob(".dvc/mestore/subjects/*/*/zarr.json")]
    folders = [*checkout.folder.glob("data/stores/*/*.zarr/sub01"), *(it for it in built if _is_anns(it))]
    return {
        digest
        for folder in folders
        for name, digest in files(folder).items()
        if not name.endswith("zarr.json") or name == "zarr.json"
    }


def _is_anns(folder: Path) -> bool:
    return b"/sub01/" in (folder / "zarr.json").read_bytes()


def found_of_ann(root: Path, contents: set[str]) -> list[str]:
    """Return every file, recordings aside, that still is or names ann's."""
    hits = []
    for path in root.rglob("*"):
        parts = path.relative_to(root).parts
        if not path.is_file() or parts[0] in PLACES_OF_OTHERS or parts[:2] == ("data", "raw"):
            continue
        content = path.read_bytes()
        if content.startswith(b"PAR1"):
            content = str(pq.read_table(path).to_pylist()).replace("'", '"').encode()
        named = any(it in content for it in (b"/sub01/", b'"ann"', b",ann\n", b",ann,"))
        if named or "sub01" in parts or hashlib.sha256(content).hexdigest() in contents:
            hits.append(str(path))
    return hits


def remove_recordings(checkout: Checkout) -> None:
    """Remove ann from the raw folders by hand, as a lab would."""
    for root in (checkout.folder / "data" / "raw").iterdir():
        shutil.rmtree(root / "CASME2_RAW_selected" / "sub01")
        book = openpyxl.load_workbook(root / "CASME2-coding-20140508.xlsx")
        sheet = book.worksheets[0]
        for row in range(sheet.max_row, 1, -1):
            if str(sheet.cell(row, 1).value) == "01":
                sheet.delete_rows(row)
        book.save(root / "CASME2-coding-20140508.xlsx")
        lines = (root / "persons.csv").read_text().splitlines(keepends=True)
        (root / "persons.csv").write_text("".join(it for it in lines if ",ann" not in it))


def test_a_dry_run_and_a_refusal_change_nothing(lab):
    before = files(lab.folder, but=("tmp",))
    said = lab.run(".venv/bin/mestore", "forget", "ann", "--published", "published")
    assert "ann: demo/sub01, other/sub01, 2 clips" in said and "nothing was removed" in said
    for place in (
        "stores",
        "build cache",
        "DVC cache, arrays",
        "folds",
        "scores",
        "reports",
        "published copies",
    ):
        assert f"  {place}: " in said
    refused = lab.run(".venv/bin/mestore", "forget", "ann", "--yes", check=False)
    for line in ("data/raw/demo/CASME2_RAW_selected/sub01/", "the rows of subject sub01", "persons.csv"):
        assert line in refused.partition("Remove these by hand first")[2]
    with pytest.raises(AssertionError, match="did you mean 'ann'"):
        lab.run(".venv/bin/mestore", "forget", "Ann")
    assert files(lab.folder, but=("tmp",)) == before


def clip_tables(stores: Path) -> dict[str, str]:
    """The clip table of each store, without the edition of the coding sheet."""
    return {
        path.parent.name: pd.read_csv(path).drop(columns="edition").to_csv()
        for path in sorted(stores.glob("*/clips.csv"))
    }


def test_a_person_is_gone_everywhere_and_the_others_stay_as_they_were(lab):
    contents, before = contents_of_ann(lab), files(lab.folder / "data/stores")
    # Arrays of crops, of clips and of the old clips; landmarks; of both datasets clip records and commits.
    assert len(contents) == 3 + 1 + 2 * (3 + 3) and found_of_ann(lab.folder, contents)
    remove_recordings(lab)
    mine = lab.folder / "data" / "notes.txt"
    mine.write_text("demo/sub01/EP01_01f@26 looks odd")
    refused = lab.run(".venv/bin/mestore", "forget", "ann", "--yes", "--published", "published", check=False)
    assert str(mine) in refused and "Nothing was removed" in refused
    assert files(lab.folder / "data/stores") == before
    mine.unlink()
    running = lab.folder / ".dvc" / "tmp" / "rwlock"
    record = running.read_text()
    running.write_text(json.dumps({"data/stores/crops": {"write": {"pid": os.getpid(), "cmd": "repro"}}}))
    refused = lab.run(".venv/bin/mestore", "forget", "ann", "--yes", "--published", "published", check=False)
    assert f"process {os.getpid()} builds in this workspace" in refused
    assert files(lab.folder / "data/stores") == before
    running.write_text(record)
    said = lab.run(".venv/bin/mestore", "forget", "ann", "--yes", "--published", "published")
    assert "ann is forgotten. Searched again: 0 files" in said
    assert found_of_ann(lab.folder, contents) == []
    assert not (lab.folder / "published" / "current").is_symlink()
    remote = lab.folder.parent / "nas"
    assert found_of_ann(remote, contents)
    for line in said.splitlines():
        if line.startswith("  - in remote nas"):
            Path(line.partition(": rm ")[2]).unlink()
    assert found_of_ann(remote, contents) == []
    after = files(lab.folder / "data/stores")
    tables = ("clips.csv", "failures.csv", "manifest.json")
    assert {n for n in before if n not in after} == {n for n in before if "/sub01/" in n}
    assert {n for n in after if before[n] != after[n]} <= {n for n in after if n.endswith(tables)}
    assert verify(lab.folder / "data/stores") == []
    rows = clip_tables(lab.folder / "data/stores")
    output = lab.dvc("repro")
    assert output.count("0 subjects built, 4 found in the cache") == 2
    # The coding sheet without Ann's rows is another edition, and the clip tables name it. No more differs.
    again = files(lab.folder / "data/stores")
    assert {n for n in again if again[n] != after.get(n)} <= {n for n in after if n.endswith(tables)}
    assert again.keys() == after.keys() and clip_tables(lab.folder / "data/stores") == rows
    assert found_of_ann(lab.folder, contents) == []
    assert "no person 'ann'" in lab.run(".venv/bin/mestore", "forget", "ann", "--yes", check=False)


# By hand, without DVC: a workspace of 3 persons whose names are hostile.

NAMES = ("../x", "a", "a/b")


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    table = clip_table(persons=3, clips_each=2)
    names = dict(zip(sorted(set(table["subject"])), NAMES, strict=True))
    table["subject"] = table["subject"].map(names)
    table["person"] = "toy/" + table["subject"]
    table["clip_id"] = "toy/" + table["subject"] + "/" + table["clip"] + "@" + table["onset"].astype("str")
    root = tmp_path / "ws"
    crops = ("time", "y", "x", "channel")
    write_store(
        root / "data/stores/crops", table, crop_sample, kind="align", axes=crops, dtype="uint8", ragged=True
    )
    write_vectors(root / "data/stores/vec", table)
    write_parquet(table, root / "data/index/toy.parquet")
    folds = {"clips": dict(zip(table["clip_id"], table["person"], strict=True))}
    (root / "data/folds").mkdir()
    (root / "data/folds/loso.json").write_text(json.dumps(folds))
    (root / "data/folds/of-others.json").write_text(json.dumps({"clips": {"toy/q/1@1": "toy/q"}}))
    (root / "params.yaml").write_text(
        yaml.safe_dump(
            {
                "datasets": {"toy": {"reader": "table"}},
                "stores": {"crops": {"kind": "align", "input": "index"}},
                "protocols": {"loso": {"kind": "loso"}},
                "evaluate": {"loso": {"features": []}},
            }
        )
    )
    cache = root / "cache"
    for number, subject in enumerate(NAMES):
        key = f"{number}{'f' * 63}"
        source = root / "data/stores/crops/toy.zarr" / subject_key(subject)
        shutil.copytree(source, cache / "subjects" / key[:2] / key)
        half = cache / "subjects" / key[:2] / f".{key[:12]}-x"
        half.mkdir()
        shutil.copy(source / "zarr.json", half)
    return Workspace(root=root, raw=root / "data/raw", cache=cache)


@pytest.mark.parametrize("subject", NAMES)
def test_hostile_names_are_told_apart(workspace, subject):
    everything = files(workspace.root)
    forget(workspace, find(workspace, f"toy/{subject}"))
    left = files(workspace.root)
    key = subject_key(subject)
    stores = {n: it for n, it in everything.items() if "toy.zarr" in n and f"toy.zarr/{key}/" not in n}
    assert {n: it for n, it in left.items() if "toy.zarr" in n} == stores
    number = NAMES.index(subject)
    cached = {n: it for n, it in everything.items() if n.startswith("cache/") and f"/{number}f" not in n}
    assert {n: it for n, it in left.items() if n.startswith("cache/")} == cached
    assert "data/folds/of-others.json" in left and "data/folds/loso.json" not in left
    for store in ("crops", "vec"):
        assert subject not in set(Feature(workspace.stores / store).clips["subject"])
    assert verify(workspace.stores) == []
    assert subject not in set(pq.read_table(workspace.index / "toy.parquet")["subject"].to_pylist())


@pytest.mark.parametrize("done", [0, 1, 3, 4, 5])
def test_who_was_interrupted_can_begin_again(workspace, done):
    plan = find(workspace, "toy/a")
    for trace in plan.traces[:done]:
        trace.remove()
    assert "toy/a is forgotten" in forget(workspace, find(workspace, "toy/a"))
    assert not [n for n in files(workspace.root) if "toy.zarr/a/" in n]


def test_recordings_that_are_still_there_are_named(workspace):
    for path in pq.read_table(workspace.index / "toy.parquet")["paths"].to_pylist()[0][:1]:
        (workspace.raw / "toy" / path).parent.mkdir(parents=True)
        (workspace.raw / "toy" / path).write_text("frame")
    before = files(workspace.root)
    plan = find(workspace, "toy/../x")
    with pytest.raises(MEStoreError, match=r"(?s)Nothing was removed.*data/raw/toy/s00/c0"):
        forget(workspace, plan)
    assert files(workspace.root) == before


def write_sheets(workspace: Workspace, *rows: tuple[str, str, str, str], but: str = "") -> None:
    """Write the coding sheets of rows (dataset, subject, person, path), without those of one person."""
    for dataset in {row[0] for row in rows}:
        lines = [
            (subject, "c", path, 1, 2, 3, 200, "happiness", "", person)
            for its, subject, person, path in rows
            if its == dataset and person != but
        ]
        write_csv(workspace.raw / dataset / "recordings.csv", [(*TABLE_HEADER, "person"), *lines])


def indexed(root: Path, *rows: tuple[str, str, str, str]) -> Workspace:
    """Return a workspace with the index of recordings, and their sheets without ann's rows since."""
    workspace = Workspace(root=root, raw=root / "data/raw", cache=root / "cache")
    datasets = sorted({row[0] for row in rows})
    write_sheets(workspace, *rows)
    for dataset in datasets:
        found = index(workspace.raw / dataset, "table", cache=workspace.cache / "hashes", dataset=dataset)
        assert found.failures.empty
        write_parquet(found.clips, workspace.index / f"{dataset}.parquet")
    write_sheets(workspace, *rows, but="ann")
    readers = {dataset: {"reader": "table"} for dataset in datasets}
    stores = {"crops": {"kind": "align", "input": "index"}}
    protocols = {"protocols": {"loso": {"kind": "loso"}}, "evaluate": {"loso": {"features": []}}}
    workspace.params.write_text(yaml.safe_dump({"datasets": readers, "stores": stores, **protocols}))
    return workspace


def in_memos(workspace: Workspace) -> set[str]:
    """Return the files that the memos of hashes name."""
    memos = (workspace.cache / "hashes").glob("*.parquet")
    return {path for memo in memos for path in pq.read_table(memo)["path"].to_pylist()}


def test_videos_that_are_still_there_are_named_without_those_beside_them(tmp_path, monkeypatch):
    remember_young_files(monkeypatch)
    raw = tmp_path / "ws/data/raw/toy"
    names = ("ann_smile.mp4", "films/ann.mp4", "films/ben.mp4", "ben.mp4")
    for seed, name in enumerate(names):
        write_video(raw / name, [pixels(seed)] * 5)
    workspace = indexed(
        tmp_path / "ws",
        *(
            ("toy", f"s{number}", "ann" if "ann" in name else "ben", name)
            for number, name in enumerate(names)
        ),
    )
    assert in_memos(workspace) == set(names)
    plan = find(workspace, "ann")
    assert plan.recordings == tuple(f"{raw / name}" for name in names[:2])
    with pytest.raises(MEStoreError, match=r"(?s)Nothing was removed.*ann_smile\.mp4"):
        forget(workspace, plan)
    for name in names[:2]:
        (raw / name).unlink()
    assert "ann is forgotten" in forget(workspace, find(workspace, "ann"))
    assert "ben.mp4" in in_memos(workspace) and not in_memos(workspace) & set(names[:2])


def test_recordings_of_somebody_else_in_another_dataset_are_not_named(tmp_path):
    raw = tmp_path / "ws/data/raw"
    rows = [("one", "s01", "ann"), ("two", "s07", "ann"), ("two", "s01", "ben")]
    for dataset, subject, _ in rows:
        write_frames(raw / dataset / subject / "c", [f"{number}.png" for number in (1, 2, 3)])
    workspace = indexed(tmp_path / "ws", *((*row, f"{row[1]}/c") for row in rows))
    assert find(workspace, "ann").recordings == (f"{raw / 'one/s01/c'}", f"{raw / 'two/s07/c'}")
    shutil.rmtree(raw / "one/s01")
    shutil.rmtree(raw / "two/s07")
    assert "ann is forgotten" in forget(workspace, find(workspace, "ann"))
    assert len(list((raw / "two/s01/c").iterdir())) == 3


@pytest.mark.parametrize("form", ["h5", "npz", "parquet"])
def test_exports_beside_the_data_are_found_and_left_to_the_user(workspace, form):
    target = workspace.root / "data" / f"vec.{form}"
    export_store(workspace.stores / "vec", target, to=form)
    with pytest.raises(MEStoreError, match=rf"(?s)mestore does not know.*vec\.{form}"):
        forget(workspace, find(workspace, "toy/a"))
    target.unlink()
    forget(workspace, find(workspace, "toy/a"))


def test_links_that_nobody_named_are_told(workspace):
    shard = next(it for it in workspace.stores.rglob("crops/toy.zarr/a/data/c/**/*") if it.is_file())
    (workspace.root.parent / "backup").hardlink_to(shard)
    assert "1 removed files have hard links elsewhere" in forget(workspace, find(workspace, "toy/a"))


def people(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(IDENTITY))


def test_who_a_subject_is_the_workspace_says_and_old_tables_only_of_subjects_it_does_not_know():
    now = people(("d/s1/a@1", "d", "s1", "ben"))
    old = people(("d/s1/a@1", "d", "s1", "ann"), ("d/s2/a@1", "d", "s2", "ann"))
    assert participant("ann", clip_tables=[now], old=[old]).subjects == {("d", "s2")}
    assert participant("ben", clip_tables=[now], old=[old]).subjects == {("d", "s1")}
    with pytest.raises(MEStoreError, match=r"no person 'eve'.*there are ann, ben"):
        participant("eve", clip_tables=[now], old=[old])


@pytest.mark.parametrize("person", ["ann", 'Ö "x" <b>', "it's"])
def test_a_name_is_found_as_tables_folds_and_pages_write_it(person):
    from markupsafe import escape

    subject = f"s{person}"
    who = participant(person, clip_tables=[people((f"d/{subject}/c@1", "d", subject, person))])
    table = people((f"d/{subject}/c@1", "d", subject, person))
    for text in (
        table.to_csv(index=False),
        table[["person"]].to_csv(index=False),
        json.dumps({"test": [person]}),
    ):
        assert who.mentioned_in(text.encode())
    assert who.mentioned_in(f"<td>{escape(person)}</td>".encode())
    assert who.mentioned_in(f"<td>{escape(f'd/{subject}/c@1')}</td>".encode())
    assert who.mentioned_in(json.dumps([{"relpath": f"d.zarr/{subject_key(subject)}/zarr.json"}]).encode())
    others = people((f"d/x{subject}/c@1", "d", f"x{subject}", f"{person}ie"))
    for text in (others.to_csv(index=False), json.dumps([f"x{person}"]), f"<td>{escape(person)}ie</td>"):
        assert not who.mentioned_in(text.encode())


def test_copies_of_experiments_and_what_dvc_remembers_of_paths_go(tmp_path):
    dvc = DvcFolders(
        objects=tmp_path / "md5",
        runs=tmp_path / "runs",
        memos=tmp_path / "m",
        copies=tmp_path / "e",
        remotes={},
        lock=tmp_path / "dvc.lock",
    )
    tables = [people(("d/s1/c@1", "d", "s1", "ann"), ("d/s2/c@1", "d", "s2", "ben"))]
    (dvc.copies / "tmp1" / "data/stores/flow/d.zarr/s1").mkdir(parents=True)
    dvc.memos.mkdir()
    (dvc.memos / "cache.db").write_bytes(b"\0/lab/data/stores/flow/d.zarr/s1/zarr.json\0")
    gone = {
        person: {trace.path for trace in dvc_memory(participant(person, clip_tables=tables), dvc)}
        for person in ("ann", "ben")
    }
    assert gone == {"ann": {dvc.memos, dvc.copies / "tmp1"}, "ben": set()}


def test_what_cannot_be_removed_is_named_and_the_rest_can_be_tried_again(workspace):
    plan = find(workspace, "toy/a")
    stuck = replace(plan.traces[1], rewrite=_refused)
    with pytest.raises(MEStoreError, match=r"cannot be removed .*is still known"):
        forget(workspace, replace(plan, traces=(plan.traces[0], stuck, *plan.traces[2:])))
    assert "toy/a is forgotten" in forget(workspace, find(workspace, "toy/a"))


def _refused() -> None:
    raise PermissionError("not yours")


def test_objects_of_killed_commits_go_and_shared_ones_stay(tmp_path):
    dvc = DvcFolders(
        objects=tmp_path / "md5",
        runs=tmp_path / "runs",
        memos=tmp_path / "m",
        copies=tmp_path / "e",
        remotes={},
        lock=tmp_path / "dvc.lock",
    )

    def put(content: bytes, suffix: str = "") -> str:
        name = hashlib.md5(content).hexdigest() + suffix
        dvc.object(name).parent.mkdir(parents=True, exist_ok=True)
        dvc.object(name).write_bytes(content)
        return name

    who = participant(
        "ann", clip_tables=[people(("d/s1/c@1", "d", "s1", "ann"), ("d/s2/c@1", "d", "s2", "ben"))]
    )
    shard, same, shape, others = put(b"ann\0"), put(b"both\0"), put(b"shape"), put(b"ben\0")
    orphan = tmp_path / "cache" / "shard"
    orphan.parent.mkdir()
    orphan.write_bytes(b"orphan\0")
    lost = put(b"orphan\0")
    paths = {
        "manifest.json": put(b"{}"),
        "d.zarr/s1/data/c/0": shard,
        "d.zarr/s1/landmarks/c/0": same,
        "d.zarr/s1/data/zarr.json": shape,
        "d.zarr/s2/data/c/0": others,
        "d.zarr/s2/landmarks/c/0": same,
    }
    listing = put(json.dumps([{"md5": md5, "relpath": path} for path, md5 in paths.items()]).encode(), ".dir")
    scores, kept = put(b'{"uf1": 0.5}'), put(b'{"uf1": 0.6}')
    for name, record in {
        "crops": {"cmd": "sh stages/run store crops", "outs": [{"md5": listing}]},
        "evaluate": {
            "cmd": "sh stages/run evaluate",
            "deps": [{"md5": listing}],
            "outs": [{"md5": scores}],
        },
        "other": {"cmd": "sh stages/run evaluate", "deps": [{"md5": "0" * 32}], "outs": [{"md5": kept}]},
    }.items():
        (dvc.runs / "ab" / name).mkdir(parents=True)
        (dvc.runs / "ab" / name / "1").write_text(yaml.safe_dump(record))
    gone = {trace.path for trace in dvc_traces(who, dvc, [orphan])}
    assert gone == {
        *(dvc.object(it) for it in (shard, lost, listing, scores)),
        *(dvc.runs / "ab" / it / "1" for it in ("crops", "evaluate")),
    }


def shared_cache(tmp_path: Path) -> DvcFolders:
    """Return the folders of a DVC cache, empty."""
    return DvcFolders(
        objects=tmp_path / "md5",
        runs=tmp_path / "runs",
        memos=tmp_path / "m",
        copies=tmp_path / "e",
        remotes={},
        lock=tmp_path / "dvc.lock",
    )


def add(dvc: DvcFolders, content: bytes | dict[str, bytes]) -> str:
    """Put a file, or a folder with its files, into the cache; return the name of its object."""
    suffix = ""
    if isinstance(content, dict):
        listed = [{"md5": add(dvc, its), "relpath": path} for path, its in content.items()]
        content, suffix = json.dumps(listed).encode(), ".dir"
    name = hashlib.md5(content).hexdigest() + suffix
    dvc.object(name).parent.mkdir(parents=True, exist_ok=True)
    dvc.object(name).write_bytes(content)
    return name


def record(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content))


def test_objects_of_other_projects_stay(tmp_path):
    dvc = shared_cache(tmp_path)
    who = participant("1", clip_tables=[people(("d/s1/c@1", "d", "s1", "1"))])
    store = add(dvc, {"manifest.json": b"{}", "d.zarr/s1/data/c/0": b"ann\0"})
    page, fold = {"index.html": b"<td>1</td>", "a.png": b"face\0"}, add(dvc, b'{"test": ["1"]}')
    report = add(dvc, page)
    record(
        dvc.runs / "aa/aa/aa",
        {"cmd": "sh stages/run report d", "deps": [{"md5": store}], "outs": [{"md5": report}]},
    )
    folds = {"cmd": "sh stages/run folds loso", "outs": [{"md5": fold}]}
    record(dvc.lock, {"schema": "2.0", "stages": {"folds@loso": folds}})
    ours = {path for path in dvc.objects.rglob("*") if path.is_file()} - {dvc.object(add(dvc, b"{}"))}
    for foreign in (
        b"trial,rating\n1,5\n",
        b"frames are in d/s1/c0",
        {"index.html": b"<p>thesis</p>", "t.csv": b"n\n1\n"},
        {"ws/manifest.json": b"{}", "ws/d.zarr/s1/data/c/0": b"lab\0", "video.avi": b"raw\0"},
    ):
        add(dvc, foreign)
    model = add(dvc, b"model\0")
    theirs = {"cmd": "python train.py", "deps": [{"md5": store}], "outs": [{"md5": model}]}
    record(dvc.runs / "bb/bb/bb", theirs)
    gone = {trace.path for trace in dvc_traces(who, dvc, [])}
    assert gone == ours - {dvc.object(add(dvc, b"{}"))} | {dvc.runs / "aa/aa/aa"}


def test_predictions_and_plots_that_were_learned_of_them_go_whole(tmp_path):
    dvc = shared_cache(tmp_path)
    who = participant("ann", clip_tables=[people(("d/s1/c@1", "d", "s1", "ann"))])
    fold = add(dvc, b'{"train": ["ann"]}')
    made = [
        add(dvc, {"svm.csv": b"clip_id,predicted\nd/s2/c@1,fear\n", "svm.fits.json": b'{"0f": ["ann"]}'}),
        add(dvc, {"svm.csv": b"actual,predicted\nfear,fear\n"}),
        add(dvc, b'{"svm": {"uf1": 1}}'),
    ]
    ours = {path for path in dvc.objects.rglob("*") if path.is_file()}
    add(dvc, {"theirs.csv": b"actual,predicted\njoy,joy\n"})
    run = {"deps": [{"md5": fold}], "outs": [{"md5": it} for it in made]}
    record(dvc.runs / "aa/aa/aa", {"cmd": "sh stages/run evaluate loso", **run})
    record(dvc.lock, {"stages": {"folds@loso": {"cmd": "sh stages/run folds loso", "outs": [{"md5": fold}]}}})
    assert {trace.path for trace in dvc_traces(who, dvc, [])} == ours | {dvc.runs / "aa/aa/aa"}


def test_old_indices_in_the_cache_say_where_videos_lay(tmp_path):
    dvc = shared_cache(tmp_path)
    table = clip_table(persons=1, clips_each=1).assign(media="video", paths=[["ann#1.mp4#0"]])
    write_parquet(table, tmp_path / "toy.parquet")
    folder = add(dvc, {"toy.parquet": (tmp_path / "toy.parquet").read_bytes()})
    record(dvc.lock, {"stages": {"index": {"cmd": "sh stages/run index", "outs": [{"md5": folder}]}}})
    tables = list(old_tables(dvc))
    who = participant("toy/s00", clip_tables=[], old=tables)
    assert recorded_paths(who, tables) == {RecordedFile("toy", "ann#1.mp4", "video")}


def test_large_objects_are_not_read(tmp_path):
    dvc = shared_cache(tmp_path)
    who = participant("ann", clip_tables=[people(("d/s1/c@1", "d", "s1", "ann"))])
    text = add(dvc, b"x,ann\n")
    record(dvc.lock, {"stages": {"folds@a": {"cmd": "sh stages/run folds a", "outs": [{"md5": text}]}}})
    assert {trace.path for trace in dvc_traces(who, dvc, [])} == {dvc.object(text)}
    os.truncate(dvc.object(text), LARGEST_TEXT + 1)
    assert list(dvc_traces(who, dvc, [])) == []


@pytest.mark.parametrize("text", ["{{: bad", "- a\n- b\n", "deps: [a]", "outs: 3", "", "\0"])
def test_a_file_that_is_no_record_of_a_run_is_skipped(tmp_path, text):
    dvc = shared_cache(tmp_path)
    who = participant("ann", clip_tables=[people(("d/s1/c@1", "d", "s1", "ann"))])
    for path in (dvc.runs / "aa/bb/cc", dvc.lock):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert list(dvc_traces(who, dvc, [])) == []


def test_published_contents_go_and_nothing_else_below_a_destination(workspace):
    target = workspace.root.parent / "pub"
    content = target / ("0" * 64)
    shutil.copytree(workspace.stores, content)
    (target / "current").symlink_to(content.name)
    (target / "notes").mkdir()
    labdata = target / "labdata"
    shutil.copytree(workspace.stores, labdata / "ws" / "stores")
    before = files(workspace.root.parent)
    with pytest.raises(MEStoreError, match="labdata is no content of mestore publish"):
        find(workspace, "toy/a", copies=[target])
    assert files(workspace.root.parent) == before
    shutil.rmtree(labdata)
    forget(workspace, find(workspace, "toy/a", copies=[target]), copies=[target])
    assert [path.name for path in target.iterdir()] == ["notes"]


def test_what_is_no_destination_is_refused(workspace):
    target = workspace.root.parent / "pub"
    content = target / ("0" * 64)
    shutil.copytree(workspace.stores, content)
    (target / "current").symlink_to(content.name)
    for wrong in (content, target / "current", workspace.root, workspace.root.parent):
        with pytest.raises(MEStoreError, match=r"name (the|a) destination"):
            find(workspace, "toy/a", copies=[wrong])


@pytest.mark.parametrize("damage", ["changed", "foreign", "missing"])
def test_a_store_with_damaged_subjects_of_others_is_refused(workspace, damage):
    folder = workspace.stores / "vec" / "toy.zarr" / subject_key("../x")
    if damage == "changed":
        (folder / "commit.json").write_text("{}")
    elif damage == "foreign":
        shutil.copytree(folder, folder.with_name("z"))
    else:
        (folder / "commit.json").unlink()
    before = files(workspace.root)
    with pytest.raises(MEStoreError, match=r"(?s)vec/toy.zarr/.*commit.json.*`mestore verify` first"):
        find(workspace, "toy/a")
    assert files(workspace.root) == before


def test_a_store_damaged_after_the_plan_is_not_written_anew(workspace):
    plan = find(workspace, "toy/a")
    (workspace.stores / "vec" / "toy.zarr" / subject_key("../x") / "commit.json").write_text("{}")
    before = files(workspace.stores / "vec")
    with pytest.raises(MEStoreError, match="`mestore verify` first"):
        forget(workspace, plan)
    assert files(workspace.stores / "vec") == before


def test_a_store_that_is_a_link_is_refused(workspace):
    elsewhere = workspace.root.parent / "vec"
    (workspace.stores / "vec").rename(elsewhere)
    (workspace.stores / "vec").symlink_to(elsewhere)
    before = files(workspace.root.parent)
    with pytest.raises(MEStoreError, match=r"data/stores/vec is a link to .*vec"):
        find(workspace, "toy/a")
    assert files(workspace.root.parent) == before


@pytest.mark.parametrize("name", ["failures.csv", "clips.csv"])
def test_a_table_that_cannot_be_read_does_not_cost_the_store(workspace, name):
    (workspace.stores / "vec" / name).write_bytes(b"\xff\xfe\0,,\n")
    before = files(workspace.root)
    with pytest.raises(MEStoreError, match=f"vec/{name}"):
        find(workspace, "toy/a")
    assert files(workspace.root) == before


def test_a_store_is_put_back_if_the_new_one_cannot_take_its_place(workspace, monkeypatch):
    plan, before, rename = find(workspace, "toy/a"), files(workspace.stores), Path.rename

    def refusing(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise PermissionError("not now")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises(MEStoreError, match="cannot be removed"):
        forget(workspace, plan)
    monkeypatch.undo()
    assert files(workspace.stores) == before
    assert "toy/a is forgotten" in forget(workspace, find(workspace, "toy/a"))
