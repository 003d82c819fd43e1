"""The methods text: it says what ran, counted from records, and nothing else; its BibTeX is BibTeX."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from conftest import clip_table, crop_sample, vector_sample, write_store, write_vectors
from mestore import open_store
from mestore.build.provenance import STAGES, stage_code, write_code
from mestore.build.stage import build_store
from mestore.clips import FAILURES
from mestore.datasets import READERS
from mestore.faces import DETECTORS, LANDMARKS
from mestore.features import FEATURES
from mestore.params import Params, dump, load_params
from mestore.protocols import PROTOCOLS
from mestore.protocols.fold import Fold
from mestore.protocols.folds import Folds, load_folds
from mestore.protocols.freeze import make_folds
from mestore.replacing import replacing
from mestore.report.methods import faces as methods_faces
from mestore.report.methods import protocols as methods_protocols
from mestore.report.methods import recordings as methods_data
from mestore.report.methods import software as methods_software
from mestore.report.methods import stores as methods_stores
from mestore.report.methods.bibliography import FILE, load, parse
from mestore.report.methods.citing import cite, cited, latex, markdown, outside
from mestore.report.methods.methods import Methods, methods, written
from mestore.report.run import Built, Given, Protocol, Run, gather
from mestore.scores.evaluate import evaluate, record
from mestore.scores.settings import EvaluateParams
from mestore.workspace import Workspace, find_workspace
from written import described

SOURCES = Path(methods_stores.__file__).parent


def built(kind: str, name: str = "", *, source: str = "index", clips=None, **changes) -> Built:
    """Return a store of `kind` with its default parameters, but for `changes`."""
    spec = FEATURES[kind]
    params = {"lambda" if key == "lambda_" else key: value for key, value in changes.items()}
    description = described(
        store=name or kind,
        kind=kind,
        axes=spec.dims[1:] if "pair" in spec.dims else spec.dims,
        params=dump(spec.params_model()(**params)),
        input=source,
        code=f"{kind}-code",
        units=spec.units,
    )
    table = clip_table(persons=2) if clips is None else clips
    return Built(
        description=description,
        clips=table,
        failures=pd.DataFrame(columns=list(FAILURES)),
        code={"digest": f"{kind}-code", "libraries": {"numpy": "2.4"}},
    )


def told(*stores: Built, **run) -> Methods:
    """Return the methods text of a run of some stores."""
    return written(Run(dataset="toy", stores={it.name: it for it in stores}, **run), version="0")


def text(*stores: Built, **run) -> str:
    return "\n".join(told(*stores, **run).paragraphs)


def test_every_kind_model_protocol_and_dataset_has_a_sentence_of_its_own():
    assert methods_stores.unsaid() == [], (
        "these kinds get a generic sentence: write one in mestore/report/methods/stores.py"
    )
    assert methods_faces.unsaid() == [], "name these in mestore/report/methods/faces.py"
    assert methods_protocols.unsaid() == [], "write a sentence in mestore/report/methods/protocols.py"
    assert methods_data.unsaid() == [], (
        "say what is cited for these datasets in mestore/report/methods/recordings.py"
    )
    assert set(methods_stores.NOUNS) == set(methods_stores.KINDS)


def test_every_library_of_a_code_digest_has_a_name_or_is_plumbing():
    declared = {name for spec in FEATURES.values() for name in spec.libraries}
    declared |= {name for models in (DETECTORS, LANDMARKS) for it in models.values() for name in it.libraries}
    declared |= set(STAGES["evaluate"]["libraries"])
    known = set(methods_software.LIBRARIES) | methods_software.PLUMBING
    assert declared - known == set(), "name these in mestore/report/methods/software.py"


def test_what_is_cited_is_in_the_bibliography_and_all_of_that_can_be_cited():
    sources = "".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*.py"))
    keys = set(re.findall(r"[\"']([a-z]+[12][0-9]{3}[a-z]*)[\"']", sources))
    keys -= {"megc2018", "megc2019", "ann2020"}  # protocols, and the paper of an example
    assert keys == set(load())


def test_the_bibliography_parses_and_its_entries_are_printed_as_they_stand():
    whole = (SOURCES / FILE).read_text(encoding="utf-8")
    entries = parse(whole)
    assert len(entries) > 40 and all(entry.bibtex() in whole for entry in entries.values())
    again = parse("\n".join(entry.bibtex() for entry in entries.values()))
    assert again == entries
    for entry in entries.values():
        assert entry.fields["year"] in entry.key, "a key ends in the year"
        assert re.fullmatch(r"[12][0-9]{3}", entry.fields["year"])
        assert re.fullmatch(r"e?[0-9]+(--[0-9]+)?", entry.fields.get("pages", "1"))
        assert re.fullmatch(r"10\.[0-9]{4,}/\S+", entry.fields.get("doi", "10.1000/x"))
        assert not re.search(r"[{}\\$]", entry.reference())


GOOD = "@misc{ann2020,\n  author = {Ann, A.},\n  title = {T},\n  year = {2020}\n}\n"


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (GOOD + GOOD, "twice"),
        (GOOD.replace("{T}", "{T}}"), "braces"),
        (GOOD.replace("{T}", "}T{"), "braces"),
        (GOOD.replace("{T},", "{T}"), "field"),
        (GOOD.replace("  title = {T},\n", ""), "lacks"),
        (GOOD.replace("{2020}\n", "{2020},\n  colour = {red}\n"), "unknown"),
        (GOOD.replace("misc", "thing"), "expected one of"),
        (GOOD.replace("{T}", "{Tä}"), "ASCII"),
        (GOOD.replace("{T}", "{50$}"), "ASCII"),
        (GOOD[:-2], "ends"),
        ("a line of its own\n" + GOOD, "head of an entry"),
    ],
)
def test_a_bibliography_with_a_slip_is_refused(bad, why):
    with pytest.raises(ValueError, match=why):
        parse(bad)


def test_numbers_references_and_bibtex_are_of_what_is_cited_alone():
    its = told(built("align", "crops"), built("tim", "clips", source="stores/crops"))
    numbers = [
        int(it) for found in re.findall(r"\[([0-9, ]+)\]", "".join(its.paragraphs)) for it in found.split(",")
    ]
    assert list(dict.fromkeys(numbers)) == list(range(1, len(its.references) + 1))
    assert len(its.references) == len(its.keys) and sorted(parse(its.bibtex)) == sorted(its.keys)
    assert "zhou2011" in its.keys and not {"zach2007", "zhao2007", "liu2016", "see2019"} & set(its.keys)
    assert set(re.findall(r"@([a-z]+[0-9]+)", its.markdown)) == set(its.keys)
    assert {key for found in re.findall(r"\\cite\{([^}]*)\}", its.latex) for key in found.split(",")} == set(
        its.keys
    )


def test_recordings_are_counted_from_the_table():
    clips = clip_table(persons=2)
    clips.loc[0, ["corrections", "excluded", "gaps"]] = ["apex: 1 -> 2", "a hand", True]
    clips.loc[1, ["kind", "fps"]] = ["macro", 100.0]
    clips["modality"] = "colour"
    clips["person"] = "ann"
    assert told(built("align", clips=clips)).paragraphs[0] == (
        "The recordings were those of the dataset toy, described by a table of clips. There were 5 "
        "micro-expressions and 1 macro-expression of 2 subjects (1 different person), recorded at 100 to 200 "
        "frames per second (colour). From onset to offset a clip had 12 frames (median 12), which is 0.06 to "
        "0.12 s (median 0.06 s). Known errors of the coding sheet were corrected in 1 clip. In 1 clip frames "
        "between onset and offset were missing. 1 clip was excluded from evaluation after inspection (a "
        "hand: 1)."
    )


def test_a_dataset_is_called_by_its_name_only_where_its_sheet_is_a_known_one():
    clips = clip_table(persons=2).assign(reader="casme2", edition="CASME2-coding.xlsx 255-01234567")
    said = told(built("align", clips=clips)).paragraphs[0]
    assert said.startswith(
        "The recordings were those of CASME II [1], with the coding sheet CASME2-coding.xlsx (255 rows). "
    )
    said = told(built("align", clips=clips.assign(edition="x.xlsx 40-01234567"))).paragraphs[0]
    assert said.startswith(
        "The recordings were those of the dataset toy, laid out like CASME II; its coding sheet, of 40 rows, "
        "is none of the published editions. "
    )


def test_a_demo_with_as_many_clips_as_a_dataset_is_not_called_by_its_name():
    clips = clip_table(persons=51, clips_each=5).assign(reader="casme2", edition="CASME2.xlsx 255-01234567")
    its = told(built("align", clips=clips))
    assert "of the dataset toy, laid out like CASME II; its coding sheet, of 255 rows" in its.paragraphs[0]
    assert "yan2014" not in its.keys
    assert (
        its.notes[0].startswith("dataset toy is not called CASME II, ") and "W.-J. Yan, X. Li" in its.notes[0]
    )


def test_a_dataset_whose_counts_depend_on_no_sheet_is_called_by_its_name():
    clips = clip_table(persons=2).assign(reader="fourdme", edition="4DME.xlsx 267-01234567")
    assert text(built("align", clips=clips)).startswith("The recordings were those of 4DME [1]")


def test_rows_that_could_not_be_read_have_no_length():
    clips = clip_table(persons=2)
    clips.loc[0, ["onset", "apex", "offset"]] = -1
    assert "a clip had 12 frames" in text(built("align", clips=clips))


def test_the_text_of_tim_flow_and_mdmo_is_this():
    stores = (
        built("align", "crops"),
        built("tim", "clips", source="stores/crops", n=12),
        built("tvl1", "flow", source="stores/crops", lambda_=0.3),
        built("tvl1", "each", source="stores/clips", pairs="onset-each", lambda_=0.3),
        built("mdmo", source="stores/each", alpha=0.8),
    )
    _, _, tim, flow, each, mdmo, _ = told(*stores).paragraphs
    assert tim == (
        "The aligned crops of each clip, from onset to offset, were interpolated to 12 frames by the "
        "temporal interpolation model (TIM) [6], computed in closed form as a linear map along time."
    )
    assert flow.startswith(
        "Dense optical flow was computed from the onset to the apex frame of the aligned crops by the "
        "TV-L1 method [7, 8] in the implementation of mestore (τ = 0.25, λ = 0.3 for grey levels of 0 to "
        "255, θ = 0.3, at most 5 pyramid levels of a scale factor of 0.8, 5 warps per level, 10 outer "
        "iterations of 30 inner iterations, a stopping threshold of 0.01 px and a median filter of 5 × 5 "
        "px). "
    )
    assert each == (
        "Dense optical flow was computed from the onset frame to every other frame of the interpolated "
        "clips by the TV-L1 method [7, 8] in the implementation of mestore (with the same settings as the "
        "TV-L1 flow from the onset to the apex frame)."
    )
    assert "from the TV-L1 flow from the onset frame to every other frame" in mdmo and "α = 0.8" in mdmo


def test_what_did_not_run_is_not_in_it():
    usual = text(
        built("align", "crops"), built("tim", source="stores/crops"), built("tvl1", source="stores/crops")
    )
    for word in (
        "Head motion", "initialised", "missing", "failed", "corrected", "excluded", "spotted", "enlarged",
        "apex was the onset", "support vector", "ledger", "DVC", "LBP", "MDMO",
    ):  # fmt: skip
        assert word not in usual
    drift = text(
        built("align", "crops"), built("tvl1", source="stores/crops", drift="median", pairs="onset-each")
    )
    assert "Head motion was subtracted from each flow: the median of the flow at 13 landmarks" in drift
    filled = replace(built("tim"), measures={"filled": [0, 2, 3]})
    assert "Frames that were missing (5 frames in 2 clips) were filled" in text(filled)
    clips = clip_table(persons=2)
    clips.loc[0, "apex"] = clips.loc[0, "onset"]
    flow = built("dis", source="stores/crops", clips=clips)
    assert "In 1 clip the apex was the onset, and the flow from the offset to the apex was taken." in text(
        flow
    )
    assert "by dense inverse search [1] as implemented in OpenCV [2] (preset medium)" in text(flow)
    failed = pd.DataFrame([dict.fromkeys(FAILURES, "") | {"clip_id": "x", "store": "align"}])
    assert "1 clip of 6 failed at this step" in text(replace(built("align"), failures=failed))


def test_faces_that_nobody_looked_for_are_not_told_of():
    crops = built("align")
    given = told(replace(crops, given=Given(landmarks=6)))
    assert "of all 6 clips came with the recordings; clips were refused if the dis" in given.paragraphs[1]
    assert "located" not in given.paragraphs[1] and not {"king2009", "kazemi2014"} & set(given.keys)
    some = text(replace(crops, given=Given(landmarks=2, boxes=1)))
    assert "onset frames of 2 clips came with the recordings" in some and "in 1 clip." in some
    assert "detected in the onset frames of the remaining clips by the HOG detector" in some
    boxes = told(replace(crops, given=Given(boxes=6)))
    assert "detected" not in boxes.paragraphs[1] and "regression trees" in boxes.paragraphs[1]


def test_models_that_had_nothing_to_do_are_not_in_the_software():
    code = {
        "libraries": {"numpy": "2.4", "torch": "2.1", "dlib-bin": "20.0"},
        "declared": {"uses": {"weights": {"retinaface_mobilenet0.25": "a" * 64, "dlib68": "b" * 64}}},
    }
    crops = replace(built("align", detector="retinaface"), code=code)
    assert "PyTorch" in text(crops) and "retinaface_mobilenet0.25.pth" in text(crops)
    boxes = text(replace(crops, given=Given(boxes=6)))
    assert "PyTorch" not in boxes and "retinaface" not in boxes and "shape_predictor_68" in boxes
    landmarks = text(replace(crops, given=Given(landmarks=6)))
    assert "dlib" not in landmarks and "Weights" not in landmarks and "NumPy 2.4" in landmarks
    boxed = replace(built("align", detector="retinaface", crop="box"), code=code, given=Given(landmarks=6))
    assert "PyTorch" in text(boxed) and "RetinaFace" in text(boxed) and "dlib" not in text(boxed)


def test_clips_that_failed_did_not_come_with_landmarks():
    failed = pd.DataFrame([dict.fromkeys(FAILURES, "") | {"clip_id": "toy/s00/c0@10", "store": "align"}])
    crops = replace(built("align"), failures=failed, given=Given(landmarks=5))
    assert "onset frames of all 5 clips came with" in text(crops) and "1 clip of 6 failed" in text(crops)


def test_stores_are_called_what_they_are():
    crops = built("align", "crops", method="as_delivered")
    its = text(crops, built("tim", "clips", source="stores/crops", sampling="uniform"),
               built("lbp_top", source="stores/clips"))  # fmt: skip
    assert "The delivered crops of each clip, from onset to offset, were sampled at 10 evenly" in its
    assert "the grey levels of the sampled clips" in its
    assert "interpolat" not in its and "the aligned crops" not in its


@pytest.mark.parametrize(
    ("changes", "words", "key"),
    [
        ({"detector": "retinaface"}, "RetinaFace [", "deng2020"),
        ({"landmarks": "fan"}, "2D-FAN-4 [", "bulat2017"),
        ({"landmarks": "mesh"}, "MediaPipe face mesh [", "kartynnik2019"),
        ({"preset": "dfme"}, "The choice of detector, fitted points and crop followed DFME [", "zhao2024"),
        (
            {"preset": "meb", "crop": "eyes"},
            "choice of detector and fitted points followed Varanka",
            "varanka2024",
        ),
        ({"side": 96}, "an RGB crop of 96 × 96 px", "umeyama1991"),
        ({"method": "as_delivered"}, "had been registered by those who published them", "king2009"),
    ],
)
def test_alignment_goes_by_its_parameters(changes, words, key):
    its = told(built("align", **changes))
    assert words in its.paragraphs[1] and key in its.keys
    assert ("transform" in its.paragraphs[1]) == (changes.get("method") != "as_delivered")


def test_apexes_are_counted_by_their_source():
    clips = clip_table(persons=2)
    clips["apex_source"] = [
        "annotated",
        "corrected",
        "estimated:strain",
        "estimated:strain",
        "estimated:middle",
        "",
    ]
    crops = built("align", clips=clips, apex="strain")
    said = text(replace(crops, measures={"apex_spotted": [0, 0, 1, 1, 0, 0]}))
    assert (
        "The apex was the annotated frame (1 clip), a frame that was annotated and corrected (1 clip), a "
        "spotted frame (2 clips) or the frame half way between onset and offset (1 clip). Where none was "
        "annotated, it was looked for between onset and offset as the frame with the largest mean optical "
        "strain"
    ) in said
    assert "looked for between" not in text(built("align", clips=clips.assign(apex_source="annotated")))


def test_a_kind_without_a_sentence_gets_a_true_one():
    crops = built("align", "crops")
    own = replace(
        crops,
        description=described(
            store="mine", kind="gabor", params={"n": [1, 2], "f": 0.5}, input="stores/crops", units="<1>"
        ),
    )
    said = text(crops, own)
    assert (
        "Features of kind gabor (<1>) were computed from the aligned crops (parameters: n = (1, 2) and f = "
        "0.5)." in said
    )
    older = replace(crops, description=described(store="crops", kind="align", params={"size": 3}))
    assert "Features of kind align (1) were computed from the recordings (parameters: size = 3)." in text(
        older
    )


def test_stores_of_one_kind_are_told_apart_by_their_names():
    stores = (
        built("align", "crops"),
        built("tvl1", "one", source="stores/crops"),
        built("tvl1", "two", source="stores/crops", lambda_=0.5),
    )
    run = Run(dataset="toy", stores={it.name: it for it in stores})
    nouns = [methods_stores.noun(it, run) for it in stores]
    assert nouns[0] == "aligned crops" and nouns[1].endswith("frame (store one)")
    assert "λ = 0.5" in text(*stores)


def folds_of(protocol: str, **params) -> Folds:
    fold = Fold(name="one", train=("a",), test=("b",))
    its = {"folds": [fold], "clips": {"x": "b"}, "left_out": {}, "rows": {}}
    return Folds(protocol=protocol, label="emotion", params=params, **its)


@pytest.mark.parametrize(
    ("protocol", "params", "words"),
    [
        ("loso", {}, "leave-one-subject-out"),
        ("kfold", {"k": 1, "seed": 7}, "1 group (seed 7)"),
        ("kfold", {"k": 1, "seed": 7, "balance": True}, "every class"),
        ("official", {"train": ["train"], "test": ["one"]}, "train for training, and one for testing"),
        ("lovo", {}, "Other videos of the same person are trained on"),
        ("megc2018", {"task": "hde"}, "both ways"),
        ("megc2019", {}, "MEGC2019"),
        ("cd6me", {}, "CD6ME"),
        ("cdmer", {"type": "I"}, "TYPE-I"),
    ],
)
def test_every_protocol_is_told_by_its_parameters(protocol, params, words):
    said = methods_protocols.of_folds(folds_of(protocol, **params))
    assert words in said and said.endswith(".") and "None" not in said


def test_a_protocol_without_a_sentence_gets_a_true_one(monkeypatch):
    monkeypatch.setattr(methods_protocols, "PROTOCOL_SENTENCES", {})
    said = methods_protocols.of_folds(folds_of("kfold", k=1))
    assert said == "Evaluation followed the protocol k folds by person (1 fold, k = 1)."


def test_labels_can_neither_cite_nor_be_markup():
    hostile = "*a* [@b2000] <script> \\input{x} 5% $y$ _z_" + cite("zhao2007") + "\n# head"
    said = outside(hostile)
    assert cited([said]) == [] and "\n" not in said
    assert markdown(said).startswith(r"\*a\* \[\@b2000\] \<script\> \\input\{x\} 5% \$y\$ \_z\_")
    assert latex(said).startswith(
        r"*a* [@b2000] \textless{}script\textgreater{} \textbackslash{}input\{x\} 5\% \$y\$ \_z\_"
    )
    clips = clip_table(persons=2)
    clips.loc[0, "excluded"] = hostile
    its = told(built("align", clips=clips))
    assert "zhao2007" not in its.keys and r"\<script\>" in its.markdown


def test_versions_are_those_on_record_with_the_digest_and_no_others():
    crops = replace(
        built("align", "crops"),
        code={"libraries": {"numpy": "1.0", "pillow": "9.9", "new": "3.1"},
              "declared": {"uses": {"weights": {"dlib68": "f" * 64}}}},
    )  # fmt: skip
    unknown = replace(built("lbp_top", source="stores/crops"), code={})
    its = told(crops, unknown)
    said = its.paragraphs[-1]
    assert "Stores were computed with NumPy 1.0 [" in said and "and new 3.1." in said and "pillow" not in said
    assert "The versions of the libraries that computed lbp_top are not on record." in said
    assert "shape_predictor_68_face_landmarks.dat (SHA-256 ffffffffffff)" in said
    assert "crops align-code and lbp_top lbp_top-code" in said and "Scores were computed" not in said
    assert "store lbp_top was computed by other code" in its.notes[0]
    assert "as a DVC pipeline [" in told(crops, dvc=True).paragraphs[-1]


def rebuild(workspace, table, make) -> None:
    """Write the store of the lab, in place of one that is there."""
    folder = workspace.stores / "vector"
    shutil.rmtree(folder, ignore_errors=True)
    write_vectors(folder, table, make)


@pytest.fixture
def lab(tmp_path):
    """A workspace with a store, folds of it, and scores in them; a second store is declared and not built."""
    workspace = Workspace(root=tmp_path, raw=tmp_path / "raw", cache=tmp_path / "cache")
    table = pd.concat([clip_table(persons=4), clip_table(persons=3, dataset="other")], ignore_index=True)
    table.loc[0, "excluded"] = "a hand"
    rebuild(workspace, table, vector_sample)
    store = open_store(workspace.stores)
    make_folds(store.clips(), protocol="loso").save(workspace.folds / "mine.json")
    make_folds(store.clips(), protocol="kfold", params={"k": 2}).save(workspace.folds / "dropped.json")
    workspace.params.write_text(
        "datasets: {toy: {reader: table}, other: {reader: table}}\n"
        "stores:\n  vector: {kind: lbp_top, input: stores/crops}\n  crops: {kind: align, input: index}\n"
        "protocols: {mine: {kind: loso}, never: {kind: loso}}\nevaluate: {mine: {features: [vector]}}\n",
        encoding="utf-8",
    )
    return workspace, store


def scored(workspace, store, **svm):
    folds = load_folds(workspace.folds / "mine.json")
    params = EvaluateParams(features=["vector"], svm={"vector": svm} if svm else {})
    ledger = workspace.ledger / "mine.jsonl"
    scorers = evaluate(store, folds, params, ledger=ledger)
    code = stage_code(workspace, "evaluate")
    its = record("mine", folds, store, scorers, params=params, code=code, ledger=ledger)
    (workspace.scores / "mine").mkdir(parents=True, exist_ok=True)
    with replacing(workspace.scores / "mine" / "scores.json") as temporary:
        temporary.write_text(json.dumps(its), encoding="utf-8")


def test_a_run_on_disk_is_told_by_what_it_says_of_itself(lab):
    workspace, store = lab
    scored(workspace, store, kernel="rbf", C=28.0, scale=False)
    its = methods(gather(store, load_params(workspace.params), workspace, "toy"))
    said = "\n".join(its.paragraphs)
    # params.yaml says lbp_top of crops; the store says what it is, and crops are not there.
    assert "Features of kind mdmo (1) were computed from the recordings (parameters: none)." in said
    assert "LBP" not in said and "aligned" not in said and "2 folds" not in said
    assert "each of 7 folds tests" in said
    assert "20 clips of 7 persons were scored (9 of other and 11 of toy)." in said
    assert "1 clip was left out: excluded after inspection (1)." in said
    assert (
        "Scores in these folds carry the note: 1 of 21 clips excluded by exclusions.csv, not comparable."
        in said
    )
    assert (
        "with an RBF kernel (in scikit-learn gamma = scale), C = 28 and classes weighted inversely to their "
        "frequency was trained on MDMO. The classifier was fitted to the training clips of each fold alone."
    ) in said
    assert re.search(
        r"ledger of evaluations, [23] sets of predictions have been scored against these folds\.", said
    )
    assert "scikit-learn" in said and "The apex was the annotated frame (all 12 clips)." in said
    assert "happiness: " in said


def test_scores_of_other_folds_are_not_told(lab):
    workspace, store = lab
    scored(workspace, store)
    make_folds(store.clips(), protocol="kfold", params={"k": 3}).save(workspace.folds / "mine.json")
    its = methods(gather(store, load_params(workspace.params), workspace, "toy"))
    said = "\n".join(its.paragraphs)
    assert "protocol mine: its scores are of other folds than lie there: run `dvc repro`" in its.notes
    assert "divided into 3 groups" in said
    assert "support vector" not in said and "UF1" not in said and "ledger" not in said
    assert (
        "20 clips of 7 persons can be scored" in said and "The annotated emotion is to be predicted." in said
    )
    assert not re.search("were scored|was predicted|was trained", said)


def test_scores_of_a_store_that_was_built_anew_are_not_told(lab):
    workspace, store = lab
    scored(workspace, store)
    rebuild(workspace, store.clips(), lambda row: vector_sample(row).having(vector_sample(row).data + 1))
    its = methods(gather(open_store(workspace.stores), load_params(workspace.params), workspace, "toy"))
    said = "\n".join(its.paragraphs)
    assert "support vector" not in said and "scored as baselines" in said
    assert (
        "protocol mine: the scores of vector are of another store than lies there: run `dvc repro`"
        in its.notes
    )


def test_folds_of_another_clip_table_are_not_told(lab):
    workspace, store = lab
    scored(workspace, store)
    table = store.clips()
    table.loc[1, "fps"] = 100.0
    rebuild(workspace, table, vector_sample)
    its = methods(gather(open_store(workspace.stores), load_params(workspace.params), workspace, "toy"))
    assert "fold" not in "".join(its.paragraphs)
    assert "protocol mine: its folds are of another clip table: run `dvc repro`" in its.notes


def test_a_store_of_another_input_than_lies_there_is_noted(stores):
    workspace = find_workspace(stores.parents[1], environment={})
    params = Params.model_validate(
        {
            "datasets": {"toy": {"reader": "table"}},
            "stores": {
                "crops": {"kind": "align", "input": "index"},
                "clips": {"kind": "tim", "input": "stores/crops"},
            },
            "protocols": {"loso": {"kind": "loso"}},
            "evaluate": {"loso": {"features": []}},
        }
    )
    write_code(workspace, params)
    build_store(workspace, params, "clips")
    notes = methods(gather(open_store(stores), params, workspace, "toy")).notes
    assert not [it for it in notes if "clips" in it]
    shutil.rmtree(stores / "crops")
    axes = ("time", "y", "x", "channel")
    write_store(
        stores / "crops", clip_table(), lambda row: crop_sample(row, side=32), kind="align", axes=axes,
        dtype="uint8", ragged=True,
    )  # fmt: skip
    notes = methods(gather(open_store(stores), params, workspace, "toy")).notes
    assert "store clips was computed from another crops than lies there: run `dvc repro`" in notes


@pytest.mark.parametrize(("stages", "dvc"), [("store@vector", True), ("store@crops", False)])
def test_dvc_is_named_where_it_has_a_record_of_every_store(lab, stages, dvc):
    workspace, store = lab
    (workspace.root / "dvc.lock").write_text(f"schema: '2.0'\nstages:\n  {stages}: {{cmd: x}}\n", "utf-8")
    its = methods(gather(store, load_params(workspace.params), workspace, "toy"))
    assert ("DVC" in its.paragraphs[-1]) == dvc


def test_a_clip_without_features_is_said_to_count_as_wrong():
    scores = {"clips": 5, "predicted": 4, "several": False, "f1": {"a": 1.0}, "confusion": [[4, 1]]}
    record = {"baselines": {"vector": {"scores": scores}}, "svm": {}, "code": {"libraries": {}}}
    its = Protocol(name="p", folds=folds_of("loso"), datasets={"toy": 1}, record=record, looks=(1, 2))
    said = text(built("align"), protocols=(its,))
    assert "For 1 clip there was no prediction from vector, which counted as wrong." in said
    assert "1 set of predictions has been scored against these folds, and 2 against other versions" in said
    assert "The annotated emotion was predicted (a: 5)." in said


def test_registries_are_as_this_test_knows_them():
    assert set(methods_protocols.PROTOCOL_SENTENCES) <= set(PROTOCOLS)
    assert set(methods_data.DATASETS) <= set(READERS) and set(methods_stores.KINDS) <= set(FEATURES)
