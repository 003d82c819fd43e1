"""The report: a dataset's page with what it promises, escaped, without a network, and replaced as a whole."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from mestore.clips import FAILURES
from mestore.errors import MEStoreError, ParamsError, StoreError
from mestore.report.dataset.page import write_report
from mestore.report.dataset.scored import scored
from mestore.report.names import clip_anchor, subject_page
from mestore.report.run import gather
from mestore.report.texts import parameters
from mestore.store.reader import open_store
from reported import HOSTILE, made, named_table

ROOT = Path(__file__).parents[2]

SUBJECTS = ("s1", "s2", HOSTILE, "Ähre 1")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Four subjects with hostile names; one clip failed, one is corrected, one excluded."""
    table = named_table(SUBJECTS)
    table.loc[0, "corrections"] = "apex: '1' -> '2' (<b>typo</b>; sheet)"
    table.loc[1, "excluded"] = "<img src=x onerror=alert(1)>"
    table.loc[2, "aus"] = "4+<i>"
    row = table.iloc[3]
    failure = {"store": "index", "found": "<b>nothing</b>", "expected": "frames", "remedy": "look"}
    failed = {name: row[name] for name in ("clip_id", "dataset", "subject")} | failure
    its = made(tmp_path_factory.mktemp("lab"), table, failures=pd.DataFrame([failed], columns=list(FAILURES)))
    return its, table


@pytest.fixture(scope="module")
def report(lab):
    """Its report, faces shown."""
    its, _ = lab
    said = write_report(its.workspace, its.params, "toy")
    assert said == "report: data/reports/toy/index.html"
    return its.workspace.reports / "toy"


def read(folder: Path, name: str = "index.html") -> str:
    return (folder / name).read_text(encoding="utf-8")


def test_the_page_has_all_its_parts(report):
    page = read(report)
    for part in (
        "counts", "subjects", "durations", "quality", "failures", "corrections", "scores", "clips",
        "methods", "built",
    ):  # fmt: skip
        assert f'<h2 id="{part}">' in page and f'href="#{part}"' in page
    assert "This page shows faces" in page
    assert "UF1" in page and 'class="matrix"' in page and "sha256" in page
    assert (report / "methods.md").is_file() and (report / "references.bib").is_file()


def test_every_link_and_image_leads_to_something(report):
    pages = [report / "index.html", *sorted((report / "subjects").iterdir())]
    anchors = {page: set(re.findall(r'\sid="([^"]+)"', page.read_text(encoding="utf-8"))) for page in pages}
    for page in pages:
        for address in re.findall(r'\s(?:href|src)="([^"]+)"', page.read_text(encoding="utf-8")):
            if address.startswith("data:"):
                continue
            path, _, anchor = address.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.is_file(), address
            assert not anchor or anchor in anchors[target], address


def test_outliers_failures_and_corrections_lead_to_their_clips(lab, report):
    _, table = lab
    page = read(report)
    for place in (0, 1):  # corrected, excluded
        row = table.iloc[place]
        assert f'href="{subject_page(row["subject"])}#{clip_anchor(row["clip_id"])}"' in page
    failed = table.iloc[3]
    assert f'href="{subject_page(failed["subject"])}">{failed["clip_id"]}</a></td><td>index' in page
    dots = re.findall(r'<a href="subjects/[^"#]+#[^"]+" tabindex="-1"><circle', page)
    assert dots


def test_text_from_outside_is_escaped(report):
    for page in (report / "index.html", *(report / "subjects").iterdir()):
        text = page.read_text(encoding="utf-8")
        assert "<script>alert" not in text and "<img src=x" not in text and "<i>" not in text
        assert "<b>typo" not in text and "<b>nothing" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in read(report)
    assert "\\u003cscript>alert(1)" in read(report)  # in the table of clips, which is JSON


def test_nothing_is_fetched_from_anywhere(report):
    for page in (report / "index.html", *(report / "subjects").iterdir()):
        text = page.read_text(encoding="utf-8")
        assert "default-src 'none'" in text and "unsafe-inline'; script" in text
        for attribute in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
            assert not re.search(rf'\s{attribute}="(?:https?:|//)', text)
        assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|sendBeacon|WebSocket", text)


def test_without_faces_no_picture_of_one_is_left(lab, tmp_path):
    its, _ = lab
    out = tmp_path / "to send"
    said = write_report(its.workspace, its.params, "toy", faces=False, folder=out)
    assert str(out) in said
    page = read(out)
    assert "Faces were left out" in page and "This page shows faces" not in page and "<img" not in page
    for subject in (out / "subjects").iterdir():
        assert "Faces were left out" in subject.read_text(encoding="utf-8")
    assert str(its.workspace.root) not in page


def test_without_faces_no_path_of_a_machine_is_left(tmp_path):
    table = named_table(("s1", "s2", "s3"))
    table.loc[0, "corrections"] = "apex: '1' -> '2' (said in '/home/ada/My notes/faces.txt')"
    table.loc[1, "excluded"] = r"see \\nas01\ada\reasons.docx"
    failed = table.loc[[2], ["clip_id", "dataset", "subject"]].assign(
        store="crops", found="no file /home/ada/raw/7.png", expected="frames", remedy="look at C:\\ada\\7.png"
    )
    its = made(tmp_path / "lab", table, side=32, failures=failed[list(FAILURES)])
    options = {"layout": "/home/ada/raw/{subject}"}
    datasets = {"toy": its.params.datasets["toy"].model_copy(update={"options": options})}
    params = its.params.model_copy(update={"datasets": datasets})
    for faces in (True, False):
        write_report(its.workspace, params, "toy", faces=faces, folder=tmp_path / str(faces))
        files = [it for it in (tmp_path / str(faces)).rglob("*") if it.is_file()]
        told = [it.name for it in files if b"/ada" in it.read_bytes() or b"nas01" in it.read_bytes()]
        assert sorted(told) == (["index.html", "s1.html", "s2.html"] if faces else [])
    page = read(tmp_path / "False")
    assert "…/faces.txt" in page and "…/reasons.docx" in page and "…/7.png" in page


def test_its_stage_runs_with_the_params_of_an_older_workspace_and_again_when_an_apex_changes():
    stage = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["report"]["do"]
    assert stage["params"] == [{"params.yaml": None}]  # DVC stops where a named section is not there
    assert (
        "data/index" in stage["deps"]
    )  # of clips whose apex is spotted, the stores do not have the annotated


def test_params_decide_whether_faces_are_shown(lab, tmp_path):
    its, _ = lab
    params = its.params.model_copy(
        update={"report": type(its.params.report).model_validate({"faces": "omit"})}
    )
    write_report(its.workspace, params, "toy", folder=tmp_path / "omitted")
    assert "Faces were left out" in read(tmp_path / "omitted")


def test_a_dataset_that_is_not_there_is_named(lab):
    its, _ = lab
    with pytest.raises(ParamsError, match="no dataset 'other'; it has toy"):
        write_report(its.workspace, its.params, "other")


def test_an_earlier_report_is_replaced_and_anything_else_stays(lab, report, tmp_path):
    its, _ = lab
    (report / "left over.txt").write_text("old")
    write_report(its.workspace, its.params, "toy")
    assert not (report / "left over.txt").exists() and (report / "index.html").is_file()
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "chapter.tex").write_text("years of work")
    with pytest.raises(MEStoreError, match="no report of mestore"):
        write_report(its.workspace, its.params, "toy", folder=thesis)
    assert [path.name for path in thesis.iterdir()] == ["chapter.tex"]
    assert [path.name for path in tmp_path.iterdir()] == ["thesis"]


def test_a_report_of_another_version_is_replaced_where_reports_are(lab):
    its, _ = lab
    old = its.workspace.reports / "toy"
    write_report(its.workspace, its.params, "toy")
    (old / "index.html").write_text("<title>a page of an older mestore</title>")
    write_report(its.workspace, its.params, "toy")
    assert "This page shows faces" in read(old)


def test_what_is_half_written_is_removed(lab, tmp_path, monkeypatch):
    its, _ = lab

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("mestore.report.dataset.page.methods", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_report(its.workspace, its.params, "toy", folder=tmp_path / "report")
    assert list(tmp_path.iterdir()) == []


def test_equal_input_gives_equal_bytes(lab, tmp_path):
    its, _ = lab
    for name in ("one", "two"):
        write_report(its.workspace, its.params, "toy", folder=tmp_path / name)
    files = {
        name: {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("one", "two")
    }
    assert files["one"] == files["two"]


def test_only_protocols_that_score_the_dataset_are_shown(lab):
    its, _ = lab
    store = open_store(its.workspace.stores)
    [found] = scored(gather(store, its.params, its.workspace, "toy"))
    assert found.record["protocol"] == "loso" and len(found.digest) == 64
    assert scored(gather(store, its.params, its.workspace, "other")) == []


def test_what_is_out_of_date_is_said_first_and_its_scores_are_not_shown(tmp_path):
    its = made(tmp_path, named_table(("s1", "s2", "s3")), side=16)
    path = its.workspace.scores / "loso" / "scores.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"digest": "0" * 64}))
    write_report(its.workspace, its.params, "toy")
    page = read(its.workspace.reports / "toy")
    assert "Out of date: protocol loso: its scores are of other folds than lie there" in page
    assert "no protocol has scores of this dataset" in page and 'id="protocol-1"' not in page


def test_scores_of_several_labels_datasets_and_folds_are_shown_and_escaped(tmp_path):
    its = made(tmp_path, named_table(("s1", "s2", "s3")), side=16)
    path = its.workspace.scores / "loso" / "scores.json"
    record = json.loads(path.read_text())
    hostile = "<img src=x onerror=alert(1)>"
    record |= {"datasets": {"toy": 6, "other": 3}, "average": "folds", "flags": [hostile], "label": hostile}
    record["counts"] = ["clips: 6, not 255 as published (<b>)"]
    record["published"] = [dict.fromkeys(("method", "score", "source", "differs"), hostile) | {"value": 0.25}]
    for it in record["baselines"].values():
        it["fold_mean"] = {"fold_mean_uf1": 0.125}
        it["scores"] |= {"several": True, "f1": {hostile: 0.5}, "confusion": [[3, 1, 0, 2]], "note": hostile}
    path.write_text(json.dumps(record))
    write_report(its.workspace, its.params, "toy")
    page = read(its.workspace.reports / "toy")
    assert "<img src=x" not in page and "<b>" not in page
    for said in ("F1_b", "mean UF1 of folds", "UF1, toy alone", "0.125", "has it not: said", "0.250"):
        assert said in page
    assert "Not the clips that were published: clips: 6, not 255" in page
    assert 'style="--v:0.750" class="right"' in page


def test_of_a_dataset_that_is_in_no_store_there_is_no_page(tmp_path, lab):
    its, _ = lab
    params = its.params.model_copy(
        update={"datasets": its.params.datasets | {"new": its.params.datasets["toy"]}}
    )
    with pytest.raises(StoreError, match=r"dataset 'new' is in no store yet; run `dvc repro`"):
        write_report(its.workspace, params, "new", folder=tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_page_names_no_clips_of_other_datasets(tmp_path):
    its = made(tmp_path, named_table(("s1", "s2", "s3")), side=16)
    folds = its.workspace.folds / "loso.json"
    folds.write_text(folds.read_text().replace("toy/s3/", "other/secret/"))
    write_report(its.workspace, its.params, "toy")
    page = read(its.workspace.reports / "toy")
    assert "Out of date: protocol loso: its folds are of another clip table" in page
    assert "secret" not in page


def test_sections_that_name_machines_are_left_out_of_the_parameters(lab):
    its, _ = lab
    text = parameters(its.params, "toy", paths=True)
    assert "max_residual: 6.0" in text and "scheduler" not in text and "n_jobs" not in text
