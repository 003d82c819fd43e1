"""The predictions file: whatever it holds, it is read rightly or refused with line, clip and remedy."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import EMOTIONS, clip_table
from mestore import Fold, LeakError, MEStoreError, Predictions, ScoreError, Scorer
from mestore.protocols.folds import Folds, row_digests
from mestore.protocols.freeze import make_folds
from mestore.scores.fitted import persons_digest
from mestore.scores.placed import scorer_of
from mestore.scores.predictions import fits_of, read_predictions, write_predictions

CLIP = "toy/s00/c0@10"
OTHER = "toy/s00/c1@11"


@pytest.fixture
def folds(table):
    return make_folds(table, protocol="loso")


@pytest.fixture
def units(table):
    table["aus"] = ["4+L10", "12", "38", "1+2"] * 9
    return make_folds(table, protocol="loso", label="au_cd6me")


def written(folder, content):
    file = folder / "said.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def lines(*rows, header="clip_id,predicted"):
    return "\n".join([header, *rows]) + "\n"


@pytest.mark.parametrize("encode", [
    lambda text: text,
    lambda text: b"\xef\xbb\xbf" + text.encode(),
    lambda text: text.replace("\n", "\r\n"),
    lambda text: text.replace("\n", "\r"),
    lambda text: text.replace("\n", "\n\n") + "\n,,\n",
    lambda text: text.replace(",", ", ").replace("disgust", "disgust "),
    lambda text: text.rstrip("\n"),
], ids=["plain", "BOM", "CRLF", "CR", "blank lines", "spaces", "no last newline"])  # fmt: skip
def test_editors_and_spreadsheets_do_no_harm(tmp_path, encode):
    text = lines(f"{CLIP},disgust,1", f'"{OTHER}","surprise",2', header="clip_id,predicted,seed")
    table = read_predictions(written(tmp_path, encode(text))).table
    assert table["clip_id"].tolist() == [CLIP, OTHER] and table["predicted"].tolist() == [
        "disgust",
        "surprise",
    ]
    assert table["seed"].tolist() == [1, 2] and set(table["fold"]) == set(table["fitted_on"]) == {""}


def test_lines_are_those_of_the_file_and_other_columns_are_named(tmp_path):
    text = f'score,clip_id,note,predicted\n\n0.1,{CLIP},"two\nlines",disgust\n0.2,{OTHER},,surprise\n'
    read = read_predictions(written(tmp_path, text))
    assert read.table.index.tolist() == [3, 5] and read.unread == ("score", "note")


def test_a_column_of_0_and_1_per_label(tmp_path):
    text = lines(f"{CLIP},1,0,1", f"{OTHER},0,0,0", header="clip_id,AU4,AU9,AU10")
    assert read_predictions(written(tmp_path, text)).table["predicted"].tolist() == ["AU4+AU10", "none"]


HOSTILE = {
    "empty": (b"", "is empty; expected a header such as clip_id,predicted"),
    "blank": (b"\n \n,,\n", "is empty"),
    "semicolons": ("clip_id;predicted\n", "line 1: found 'clip_id;predicted', one column; .* with commas"),
    "tabs": ("clip_id\tpredicted\n", "one column"),
    "no header": (f"{CLIP},disgust\n", "has no column clip_id; its first line is"),
    "no prediction": ("clip_id\nx\n", "has no column predicted"),
    "other names": ("clip,label\nx,y\n", "has no column clip_id; its first line is 'clip,label'"),
    "a column twice": ("clip_id,predicted,predicted\n", "found column 'predicted' twice"),
    "UTF-16": ("clip_id,predicted\n".encode("utf-16"), "line 1: found UTF-16; expected text in UTF-8"),
    "Latin-1": (lines(f"{CLIP},dégoût").encode("latin-1"), "line 2: found byte 0xe9; expected text in UTF-8"),
    "zero bytes": (lines(CLIP + ",dis\0gust"), "line 2: found a zero byte"),
    "a workbook": (b"PK\x03\x04\x14\x00", "is a workbook"),
    "a huge cell": (lines(f"{CLIP},{'x' * 200_000}"), "line 2: cannot be read as CSV .field larger"),
    "a quote left open": (lines(f'"{CLIP},disgust', f"{OTHER},fear"), "line 2: cannot be read as CSV"),
    "too many cells": (lines(f"{CLIP},disgust,1"), f"line 2, '{CLIP}': found 3 cells; expected 2"),
    "too few cells": (lines(f"{CLIP},disgust", OTHER), f"line 3, '{OTHER}': found 1 cells; expected 2"),
    "no clip": (lines(",disgust"), "line 2: found no clip_id"),
    "no class": (lines(f"{CLIP},"), f"line 2, clip '{CLIP}': found '' as prediction; expected a class"),
    **{
        f"no value {text}": (lines(f"{CLIP},{text}"), f"line 2, clip '{CLIP}': found '{text}' as prediction")
        for text in ("nan", "NaN", "#N/A", "NA", "null", "<NA>", "inf")
    },
    "a seed that is none": (
        lines(f"{CLIP},fear,1.5", header="clip_id,predicted,seed"),
        f"line 2, clip '{CLIP}': found seed '1.5'; expected a whole number",
    ),
    "a seed that no column holds": (
        lines(f"{CLIP},fear,{2**63}", header="clip_id,predicted,seed"),
        f"found seed '{2**63}'; expected a whole number from 0 to {2**63 - 1}",
    ),
    "an Arabic seed": (lines(f"{CLIP},fear,٣", header="clip_id,predicted,seed"), "found seed '٣'"),
    "twice": (
        lines(f"{CLIP},fear", f"{OTHER},fear", f"{CLIP},fear"),
        f"line 4, clip '{CLIP}': it is on line 2 too; expected once per seed and fold",
    ),
    "probabilities by label": (
        lines(f"{CLIP},0.73,0.1", header="clip_id,AU1,AU2"),
        "column 'AU1': found '0.73'; expected 0 or 1: decide by a threshold that no test person",
    ),
    "text by label": (
        lines(f"{CLIP},yes", header="clip_id,AU1"),
        "found 'yes'; expected 0 or 1: or a column",
    ),
    "nan by label": (lines(f"{CLIP},nan", header="clip_id,AU1"), "found 'nan'; expected 0 or 1: or a column"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_file_of_predictions_is_refused(tmp_path, case):
    content, message = HOSTILE[case]
    file = written(tmp_path, content)
    with pytest.raises(ScoreError, match=message) as refused:
        read_predictions(file)
    assert str(refused.value).startswith(str(file)) and len(str(refused.value)) < 600


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=80), st.text("clip_ied,pr\n\"';01٣\x00", max_size=80).map(str.encode)))
def test_bytes_of_any_kind_are_read_or_refused(tmp_path, content):
    for start in (b"", b"clip_id,predicted\n"):
        try:
            table = read_predictions(written(tmp_path, start + content)).table
        except ScoreError:
            continue
        assert not table.duplicated(["clip_id", "seed", "fold"]).any() and (table["predicted"] != "").all()


UNFIT = {
    "a probability": (
        f"{CLIP},0.73",
        r"found '0\.73', a number; expected one of disgust, happiness, surprise",
    ),
    "a number": (f"{CLIP},2", "found '2', a number; .*not its probability, nor its place in a list"),
    "another class": (
        f"{CLIP},joy",
        "found 'joy', which is no class of this protocol; expected one of disgust",
    ),
    "another spelling": (f"{CLIP},Disgust", "found 'Disgust', which is no class"),
    "an unknown clip": (
        "toy/s00/c0,disgust",
        "found no such clip; expected one of the 36 that these folds test",
    ),
    "a terminal's command": ("\x1b[2Jx,disgust", r"\[2Jx': found no such clip"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_these_folds_do_not_know_is_refused_with_its_line(tmp_path, table, folds, case):
    row, message = UNFIT[case]
    file = written(tmp_path, lines(f"{OTHER},disgust", row))
    with pytest.raises(ScoreError, match=rf"said\.csv, line 3, clip .*{message}"):
        scorer_of(read_predictions(file), folds, table)


def test_several_labels_in_a_file(tmp_path, table, units):
    rows = [
        f"{clip},AU4+AU10" if number else f"{clip},none" for number, clip in enumerate(sorted(units.clips))
    ]
    scores = scorer_of(read_predictions(written(tmp_path, lines(*rows))), units, table).scores()
    assert scores.predicted == 36 and scores.recall["AU4"] == pytest.approx(8 / 9)
    for said in ("AU3", "AU4+AU4", "None", "0.4", "AU4 AU10"):
        with pytest.raises(ScoreError, match=f"line 2, clip '{CLIP}': found"):
            scorer_of(read_predictions(written(tmp_path, lines(f"{CLIP},{said}"))), units, table)


def test_a_clip_that_the_protocol_leaves_out_is_refused_with_the_reason(tmp_path, table):
    table.loc[0, "kind"] = "macro"
    folds = make_folds(table, protocol="loso")
    with pytest.raises(
        ScoreError, match=r"the protocol does not score it \(a macro-expression\); .*remove the line"
    ):
        scorer_of(read_predictions(written(tmp_path, lines(f"{CLIP},disgust"))), folds, table)


def test_a_file_without_a_prediction_is_refused_and_a_fold_without_one_counts_as_missing(
    tmp_path, table, folds
):
    with pytest.raises(ScoreError, match="holds no prediction, only a header"):
        scorer_of(read_predictions(written(tmp_path, lines())), folds, table)
    scores = scorer_of(read_predictions(written(tmp_path, lines(f"{CLIP},disgust"))), folds, table).scores()
    assert (scores.predicted, scores.clips) == (1, 36) and scores.accuracy == pytest.approx(1 / 36)


def crossed(table):
    """Folds that test each clip twice."""
    persons = sorted(set(table["person"]))
    everywhere = {
        name: Fold(name=name, train=train, test=test, tested=tuple(its["clip_id"]))
        for name, train, test in (("a", persons[6:], persons[:6]), ("b", persons[9:], persons[:6]))
        for its in [table[table["person"].isin(test)]]
    }
    clips = dict(zip(table["clip_id"], table["person"], strict=True))
    tested = {clip: person for clip, person in clips.items() if person in persons[:6]}
    return Folds(
        protocol="loso", label="emotion", folds=list(everywhere.values()), clips=tested, left_out={},
        rows=row_digests(table),
    )  # fmt: skip


def test_where_several_folds_test_a_clip_the_file_must_say_which(tmp_path, table):
    folds = crossed(table)
    with pytest.raises(ScoreError, match=r"2 folds test it \('a', 'b'\); expected a column fold"):
        scorer_of(read_predictions(written(tmp_path, lines(f"{CLIP},disgust"))), folds, table)
    header = "clip_id,predicted,fold"
    for fold, message in (("c", "found fold 'c'; expected one of 'a', 'b'"), ("", "2 folds test it")):
        file = written(tmp_path, lines(f"{CLIP},disgust,{fold}", header=header))
        with pytest.raises(ScoreError, match=message):
            scorer_of(read_predictions(file), folds, table)
    both = lines(f"{CLIP},disgust,a", f"{CLIP},surprise,b", header=header)
    by_fold = scorer_of(read_predictions(written(tmp_path, both)), folds, table).by_fold()
    assert by_fold["a"].recall["disgust"] > by_fold["b"].recall["disgust"] == 0


def test_a_fold_named_and_one_found_are_one(tmp_path, table, folds):
    text = lines(f"{CLIP},disgust,", f"{CLIP},disgust,toy/s00", header="clip_id,predicted,fold")
    with pytest.raises(ScoreError, match=r"line 3, .* it is on line 2 too"):
        scorer_of(read_predictions(written(tmp_path, text)), folds, table)
    with pytest.raises(ScoreError, match="fold 'toy/s01' does not test it; expected 'toy/s00'"):
        text = lines(f"{CLIP},disgust,toy/s01", header="clip_id,predicted,fold")
        scorer_of(read_predictions(written(tmp_path, text)), folds, table)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), protocol=st.sampled_from(["loso", "kfold"]))
def test_scores_do_not_depend_on_the_order_of_lines_clips_or_persons(tmp_path, seed, protocol):
    table = clip_table()
    folds = make_folds(table, protocol=protocol, params={"k": 4} if protocol == "kfold" else {})
    rng = np.random.default_rng(seed)
    rows = [f"{clip},{rng.choice(EMOTIONS)},{run}" for clip in sorted(folds.clips) for run in (0, 1)]
    header = "clip_id,predicted,seed"
    one = scorer_of(read_predictions(written(tmp_path, lines(*rows, header=header))), folds, table)
    mixed = [rows[place] for place in rng.permutation(len(rows))]
    other = scorer_of(
        read_predictions(written(tmp_path, lines(*mixed, header=header))),
        folds,
        table.sample(frac=1, random_state=seed),
    )
    for run in (0, 1):
        assert one.scores(seed=run) == other.scores(seed=run)
        assert one.intervals(seed=run, draws=20) == other.intervals(seed=run, draws=20)


def filled(folds, table, *, provenance=True):
    scorer = Scorer(folds, table)
    for seed in (3, 4):
        for fold in folds:
            said = {clip: EMOTIONS[(len(clip) + seed) % 3] for clip in folds.tested(fold)}
            scorer.add(
                fold, Predictions(said, fitted_on=folds.training(fold) if provenance else ()), seed=seed
            )
    return scorer


def test_what_a_scorer_saves_is_scored_alike(tmp_path, table, folds):
    scorer, file = filled(folds, table), tmp_path / "new" / "svm.csv"
    scorer.save(file)
    read = read_predictions(file)
    assert len(read.fits) == 12 and len(read.table) == 72
    again = scorer_of(read, folds, table)
    assert again.scores(seed=3) == scorer.scores(seed=3) and again.seeds_mean() == scorer.seeds_mean()
    first = file.read_bytes()
    again.save(file)
    assert file.read_bytes() == first and b"\r" not in first


def test_the_largest_seed_that_a_scorer_takes_is_read(tmp_path, table, folds):
    scorer, largest = Scorer(folds, table), 2**63 - 1
    for fold in folds:
        scorer.add(fold, dict.fromkeys(folds.tested(fold), "disgust"), seed=largest)
    scorer.save(tmp_path / "svm.csv")
    again = scorer_of(read_predictions(tmp_path / "svm.csv"), folds, table)
    assert again.scores(seed=largest) == scorer.scores(seed=largest)


def test_a_link_to_what_was_saved_keeps_it_when_others_are_saved(tmp_path, table, folds):
    """DVC's cache may be hard links."""
    file = tmp_path / "svm.csv"
    filled(folds, table).save(file)
    files, links = (file, fits_of(file)), (tmp_path / "a", tmp_path / "b")
    kept = [it.read_bytes() for it in files]
    for it, link in zip(files, links, strict=True):
        link.hardlink_to(it)
    scorer = Scorer(folds, table)
    for fold in folds:
        saw = folds.training(fold)[:3]
        scorer.add(fold, Predictions(dict.fromkeys(folds.tested(fold), "disgust"), fitted_on=saw))
    scorer.save(file)
    assert [link.read_bytes() for link in links] == kept
    assert all(it.read_bytes() != old for it, old in zip(files, kept, strict=True))


def test_predictions_of_which_nobody_knows_what_they_were_fitted_on_leave_no_old_word_beside_them(
    tmp_path, table, folds
):
    filled(folds, table).save(tmp_path / "svm.csv")
    assert fits_of(tmp_path / "svm.csv").is_file()
    filled(folds, table, provenance=False).save(tmp_path / "svm.csv")
    assert not fits_of(tmp_path / "svm.csv").exists()
    assert set(read_predictions(tmp_path / "svm.csv").table["fitted_on"]) == {""}


def test_several_labels_are_saved_and_read(tmp_path, table, units):
    scorer = Scorer(units, table)
    for fold in units:
        scorer.add(fold, {clip: ["AU10", "AU4"] if "c0" in clip else [] for clip in units.tested(fold)})
    scorer.save(tmp_path / "units.csv")
    assert set(read_predictions(tmp_path / "units.csv").table["predicted"]) == {"AU4+AU10", "none"}
    assert scorer_of(read_predictions(tmp_path / "units.csv"), units, table).scores() == scorer.scores()


def test_a_file_that_says_it_was_fitted_on_a_test_person_is_refused(tmp_path, table, folds):
    file, everybody = tmp_path / "said.csv", sorted(set(table["person"]))
    rows = [f"{CLIP},disgust,{persons_digest(everybody)}"]
    written(tmp_path, lines(*rows, header="clip_id,predicted,fitted_on"))
    fits_of(file).write_text(json.dumps({persons_digest(everybody): everybody}))
    with pytest.raises(LeakError, match=r"fold 'toy/s00': .* whom it tests \(toy/s00\)"):
        scorer_of(read_predictions(file), folds, table)
    strangers = ["eve"]
    written(
        tmp_path, lines(f"{CLIP},disgust,{persons_digest(strangers)}", header="clip_id,predicted,fitted_on")
    )
    fits_of(file).write_text(json.dumps({persons_digest(strangers): strangers}))
    with pytest.raises(ScoreError, match="found person 'eve' among those who were fitted on"):
        scorer_of(read_predictions(file), folds, table)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (b"{", "holds no lists of persons by their digest"),
        (b"[]", "holds no lists of persons"),
        (b'{"a": 3}', "holds no lists of persons"),
        (b'{"a": [1, 2]}', "holds no lists of persons"),
        (b"[" * 100_000, "holds no lists of persons"),
        (b'{"0123456789abcdef": ["toy/s00"]}', "found 1 persons with the digest .* under '0123"),
        (b"{}", "") ,
        (json.dumps({persons_digest(["a"]): ["a"]}).encode(), "found 'feed' as fitted_on; expected one"),
    ],
)  # fmt: skip
def test_a_word_about_fits_that_was_changed_is_refused(tmp_path, record, message):
    file = written(tmp_path, lines(f"{CLIP},disgust,feed", header="clip_id,predicted,fitted_on"))
    fits_of(file).write_bytes(record)
    if not message:
        assert read_predictions(file).fits == {}
        return
    with pytest.raises(ScoreError, match=message):
        read_predictions(file)


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(OSError, match="absent"):
        read_predictions(tmp_path / "absent.csv")
    with pytest.raises((OSError, MEStoreError)):
        read_predictions(tmp_path)


def test_writing_needs_no_folder_and_keeps_commas(tmp_path, table):
    rows = [("a,b", "x", 0, 'the "first"', "")]
    frame = pd.DataFrame(rows, columns=["clip_id", "predicted", "seed", "fold", "fitted_on"])
    write_predictions(tmp_path / "x" / "y.csv", frame, {})
    read = read_predictions(tmp_path / "x" / "y.csv").table.iloc[0]
    assert (read["clip_id"], read["fold"]) == ("a,b", 'the "first"')


def test_columns_of_labels_are_those_of_the_protocol(tmp_path, table, units):
    classes = Scorer(units, table).classes
    zeros = ",".join("0" * 12)
    whole = lines(f"{CLIP},{zeros},0", header=f"clip_id,{','.join(classes)},comment")
    read = read_predictions(written(tmp_path, whole), classes=classes)
    assert read.unread == ("comment",) and read.table["predicted"].tolist() == ["none"]
    scorer_of(read, units, table)
    few = written(tmp_path, lines(f"{CLIP},1", header="clip_id,AU4"))
    with pytest.raises(ScoreError, match="found no column for AU1, AU2, AU5"):
        read_predictions(few, classes=classes)
    with pytest.raises(ScoreError, match="found no column for AU1, AU2, AU5"):
        scorer_of(read_predictions(few), units, table)


def test_of_one_class_per_clip_there_is_a_column_predicted(tmp_path, table, folds):
    file = written(tmp_path, lines(f"{CLIP},1,0,0", header="clip_id,disgust,happiness,surprise"))
    with pytest.raises(ScoreError, match="has no column predicted; found 'disgust,happiness,surprise'"):
        scorer_of(read_predictions(file), folds, table)


def test_numbers_as_pandas_writes_them_are_understood(tmp_path):
    text = lines(f"{CLIP},1.0,False,1.0", f"{OTHER},0.0,True,1", header="clip_id,AU1,AU2,seed")
    table = read_predictions(written(tmp_path, text)).table
    assert table["predicted"].tolist() == ["AU1", "AU2"] and table["seed"].tolist() == [1, 1]


def test_a_list_of_nobody_says_not_what_a_model_was_fitted_on(tmp_path, table, folds):
    file = tmp_path / "said.csv"
    nobody = persons_digest([])
    rows = [f"{clip},disgust,{nobody}" for clip in folds.clips]
    written(tmp_path, lines(*rows, header="clip_id,predicted,fitted_on"))
    fits_of(file).write_text(json.dumps({nobody: []}))
    assert set(read_predictions(file).table["fitted_on"]) == {""}
    assert "nobody said what the models" in scorer_of(read_predictions(file), folds, table).notes()[0]
