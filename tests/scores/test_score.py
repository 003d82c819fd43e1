"""`mestore score`: predictions of any trainer, scored by a process; what it prints and writes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

from conftest import EMOTIONS, clip_table, write_vectors
from mestore import ScoreError, Scorer, open_store
from mestore.protocols.freeze import make_folds
from mestore.scores.about import with_about
from mestore.scores.report import score_file
from mestore.scores.text import score_text

UNITS = ("4+L10", "12", "38", "1+2")
CD6ME = tuple(f"AU{unit}" for unit in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17))


@pytest.fixture
def lab(tmp_path):
    """A workspace of 12 persons in two datasets, with folds and predictions of a trainer nobody knows."""
    table = clip_table()
    table["aus"] = list(UNITS) * 9
    table.loc[table["subject"] > "s07", "reader"] = "samm"
    write_vectors(tmp_path / "data/stores/vector", table)
    for label in ("emotion", "au_cd6me"):
        make_folds(table, protocol="loso", label=label).save(tmp_path / f"data/folds/{label}.json")
    rng = np.random.default_rng(0)
    guesses = [str(rng.choice(EMOTIONS)) for _ in range(36)]
    write(tmp_path / "said.csv", zip(table["clip_id"], guesses, strict=True))
    persons = sorted(set(table["person"]))
    about = [f"{person},{'fm'[number % 2]}" for number, person in enumerate(persons[:-1])]
    (tmp_path / "about.csv").write_text("\n".join(["person,gender", *about]))
    return tmp_path


def write(file, pairs, header="clip_id,predicted"):
    file.write_text("\n".join([header, *(",".join(map(str, pair)) for pair in pairs)]) + "\n")


def run(*arguments, cwd):
    source = str(Path(__file__).parents[2] / "pipeline")
    command = [sys.executable, "-m", "mestore", "score", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": source}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment)


def report(lab, label="emotion", said="said.csv", **options):
    return score_file(lab / f"data/folds/{label}.json", lab / said, stores=lab / "data/stores", **options)


def truth(lab):
    table = open_store(lab / "data/stores").clips()
    return table.set_index("clip_id")


def test_the_command_prints_what_scikit_learn_says_and_writes_it(lab):
    more = ("--about", "about.csv", "--by", "gender")
    printed = run("data/folds/emotion.json", "said.csv", *more, "--json", cwd=lab)
    assert printed.returncode == 0 and printed.stderr == ""
    done = run("data/folds/emotion.json", "said.csv", *more, cwd=lab)
    assert done.returncode == 0 and done.stderr == ""
    said = dict(line.split(",") for line in (lab / "said.csv").read_text().splitlines()[1:])
    actual, guess = truth(lab).loc[list(said), "emotion"].tolist(), list(said.values())
    accuracy, f1 = metrics.accuracy_score(actual, guess), metrics.f1_score(actual, guess, average="macro")
    recall = metrics.recall_score(actual, guess, average="macro")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["accuracy", "(WAR)", f"{accuracy:.3f}"] == lines[index(lines, "accuracy")][:3]
    assert ["UF1", f"{f1:.3f}"] == lines[index(lines, "UF1")][:2]
    assert ["UAR", f"{recall:.3f}"] == lines[index(lines, "UAR")][:2]
    matrix = metrics.confusion_matrix(actual, guess, labels=list(EMOTIONS))
    at = index(lines, "truth,")
    assert [[int(cell) for cell in row[1:]] for row in lines[at + 1 : at + 4]] == matrix.tolist()
    by_class = metrics.f1_score(actual, guess, labels=list(EMOTIONS), average=None)
    at = index(lines, "class")
    assert [row[:2] for row in lines[at + 1 : at + 4]] == [
        [name, f"{value:.3f}"] for name, value in zip(EMOTIONS, by_class, strict=True)
    ]
    assert [row[-1] for row in lines[index(lines, "dataset") + 1 :][:2]] == ["12", "24"]
    assert [row[0] for row in lines[index(lines, "gender") + 1 :][:3]] == ["f", "m", "unknown"]
    assert "fold_mean" not in done.stdout and str(lab) not in printed.stdout
    written = json.loads(printed.stdout)
    assert written["seeds"]["0"]["scores"]["uf1"] == pytest.approx(f1)
    assert set(written["seeds"]["0"]["by"]) == {"reader", "gender"}
    low, high = written["seeds"]["0"]["intervals"]["uf1"]
    assert low < f1 < high


def index(lines, first):
    return next(place for place, line in enumerate(lines) if line and line[0] == first)


def test_the_heading_says_worst_first_what_a_reader_must_know(lab):
    rows = (lab / "said.csv").read_text().splitlines()
    (lab / "few.csv").write_text("\n".join(rows[:-3]))
    text = score_text(report(lab, said="few.csv"))
    samm = [line for line in text.splitlines() if "of samm: " in line]
    assert [line.partition(" as published")[0] for line in samm] == [
        "! clips of samm: 12, not 159",
        "! persons of samm: 4, not 29",
    ]
    assert [line for line in text.splitlines()[:7] if line not in samm] == [
        "loso, emotion: few.csv",
        "! 3 of 36 clips have no prediction and count as wrong",
        "! nobody said what the models were fitted on: nobody checked that",
        "  36 clips of 12 persons in 12 folds, pooled over all folds",
        "  1 set of predictions scored against these folds",
    ]
    assert "none" in next(line for line in text.splitlines() if "truth, predicted as" in line)
    dropped = report(lab, said="few.csv", missing="drop")
    assert score_text(dropped).splitlines()[1] == "! 33 of 36 clips, not comparable"
    assert dropped.seeds[0].scores.clips == 33 and json.loads(dropped.as_json())["missing"] == "drop"


def test_protocols_that_must_be_flagged_are_at_the_top(lab):
    table = open_store(lab / "data/stores").clips()
    folds = make_folds(table, protocol="lovo", params={"allow_person_overlap": True})
    folds.save(lab / "data/folds/lovo.json")
    lines = score_text(report(lab, "lovo")).splitlines()
    assert lines[0].startswith("lovo") and lines[1].startswith("! ") and "person" in lines[1]


def test_seeds_stand_side_by_side_with_their_mean(lab):
    clips = sorted(truth(lab).index)
    rng = np.random.default_rng(1)
    rows = [(clip, rng.choice(EMOTIONS), seed) for seed in (45, 46, 47) for clip in clips]
    write(lab / "seeds.csv", rows, "clip_id,predicted,seed")
    made = report(lab, said="seeds.csv")
    uf1 = [made.seeds[seed].scores.uf1 for seed in (45, 46, 47)]
    assert made.mean()["uf1"] == pytest.approx(np.mean(uf1)) and len(set(uf1)) == 3
    lines = [line.split() for line in score_text(made).splitlines()]
    assert lines[index(lines, "UF1")][1:] == [f"{it:.3f}" for it in [*uf1, np.mean(uf1)]]
    assert "3 sets of predictions scored against these folds" in score_text(made)
    assert "truth, predicted as" not in score_text(made)


def test_several_labels_have_f1_and_accuracy_each_and_the_other_f1_by_its_name(lab):
    clips = sorted(truth(lab).index)
    rng = np.random.default_rng(2)
    values = rng.random((36, 2)) < 0.4
    others = [name for name in CD6ME if name not in ("AU4", "AU12")]
    rows = [(clip, *map(int, row), *[0] * 10) for clip, row in zip(clips, values, strict=True)]
    write(lab / "units.csv", rows, ",".join(["clip_id", "AU4", "AU12", *others]))
    made = report(lab, "au_cd6me", "units.csv")
    scores = made.seeds[0].scores
    aus = truth(lab).loc[clips, "aus"]
    for column, (name, cell) in enumerate((("AU4", "4+L10"), ("AU12", "12"))):
        actual, said = (aus == cell).to_numpy(), values[:, column]
        assert scores.f1[name] == pytest.approx(metrics.f1_score(actual, said))
        assert scores.accuracies[name] == pytest.approx(metrics.accuracy_score(actual, said))
        assert scores.f1_two_class[name] == pytest.approx(metrics.f1_score(actual, said, average="macro"))
    assert scores.uf1 == pytest.approx(np.mean(list(scores.f1.values())))
    assert scores.uf1_two_class == pytest.approx(np.mean(list(scores.f1_two_class.values())))
    text = score_text(made)
    assert "F1_b, mean over labels" in text and "F1, two classes: mean of the F1 of having the label" in text
    single = report(lab).seeds[0].scores
    assert single.f1_two_class == {} and single.uf1_two_class is None


def test_means_over_folds_come_by_their_name_only(lab):
    made = report(lab, fold_mean=True)
    text = score_text(made)
    mean = made.seeds[0].fold_mean["fold_mean_uf1"]
    assert ["fold_mean_uf1", f"{mean:.3f}"] in [line.split() for line in text.splitlines()]
    assert "mean over folds, not pooled" in text and mean != made.seeds[0].scores.uf1
    assert made.seeds[0].by_fold == {}


def test_folds_that_are_experiments_of_their_own_are_told_apart(lab):
    table = open_store(lab / "data/stores").clips()
    folds = make_folds(table, protocol="kfold", params={"k": 4, "average": "folds"})
    folds.save(lab / "data/folds/four.json")
    made = report(lab, "four")
    assert set(made.seeds[0].by_fold) == {fold.name for fold in folds}
    assert "--fold-mean gives them" in score_text(made)


def test_published_scores_stand_below_with_their_source(lab, monkeypatch):
    from mestore.scores import report as report_module
    from mestore.scores.published import Published

    one = Published(
        protocol="loso", method="LBP-TOP", score="uf1", value=0.2, source="a paper", differs="other clips"
    )
    monkeypatch.setattr(report_module, "published", lambda folds: [one])
    made = report(lab)
    text = score_text(made)
    assert "[1] LBP-TOP" in text and text.endswith("[1] a paper; differs: other clips")
    assert json.loads(made.as_json())["published"][0]["value"] == 0.2


def test_a_saved_file_says_that_it_was_checked(lab):
    from mestore import Predictions, load_folds

    folds = load_folds(lab / "data/folds/emotion.json")
    scorer = Scorer(folds, open_store(lab / "data/stores").clips())
    for fold in folds:
        said = dict.fromkeys(folds.tested(fold), "disgust")
        scorer.add(fold, Predictions(said, fitted_on=folds.training(fold)))
    scorer.save(lab / "mine.csv")
    made = report(lab, said="mine.csv")
    assert made.remarks == ["no model was fitted on a person whom its fold tests, as the file says"]
    assert made.seeds[0].scores == scorer.scores()
    (lab / "mine.fits.json").unlink()
    assert "mine.fits.json is not beside the file" in report(lab, said="mine.csv").remarks[0]


def test_what_is_refused_is_one_paragraph_and_commands_no_terminal(lab):
    write(lab / "evil.csv", [("toy\x1b[2J", "disgust")])
    (lab / "other").mkdir()
    for arguments in (
        ("data/folds/emotion.json", "evil.csv"),
        ("data/folds/emotion.json", "absent.csv"),
        ("said.csv", "said.csv"),
        ("data/folds/emotion.json", "said.csv", "--stores", "nowhere"),
        ("data/folds/emotion.json", "said.csv", "--by", "age"),
        ("data/folds/emotion.json", "said.csv", "--ledger", "other"),
        ("data/folds/emotion.json", "said.csv", "--about", "said.csv"),
    ):
        done = run(*arguments, cwd=lab)
        assert done.returncode == 1 and done.stdout == "" and done.stderr.startswith("mestore: "), arguments
        assert "Traceback" not in done.stderr and "\x1b" not in done.stderr and done.stderr.count("\n") == 1
    rows = (lab / "said.csv").read_text().splitlines()[1:]
    write(lab / "evil.csv", [(row, "x") for row in rows], "clip_id,predicted,\x1b[2J")
    done = run("data/folds/emotion.json", "evil.csv", cwd=lab)
    assert done.returncode == 0 and r"columns not read: \x1b[2J" in done.stdout and "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("person,gender\ntoy/s00,f\ntoy/s00,m\n", "line 3: person 'toy/s00' is on line 2 too"),
        (
            "person,gender\neve,f\n",
            "none of the 1 persons that it names is in the clip table; expected such as",
        ),
        ("person,emotion\ntoy/s00,x\n", "column 'emotion' is one of the clip table"),
        ("person\ntoy/s00\n", "expected person and what is known of them"),
        ("name,gender\ntoy/s00,f\n", "expected person and what is known of them"),
        ("", "is empty; expected a header such as person,gender,ethnicity"),
        ("person;gender\n", "one column"),
    ],
)
def test_what_is_no_table_of_persons_is_refused(tmp_path, content, message):
    (tmp_path / "about.csv").write_text(content)
    with pytest.raises(ScoreError, match=message):
        with_about(clip_table(), tmp_path / "about.csv")


def test_a_person_of_whom_nothing_is_known_is_unknown(tmp_path):
    (tmp_path / "about.csv").write_text("person,gender\ntoy/s00,f\ntoy/s01,\n")
    table = with_about(clip_table(), tmp_path / "about.csv")
    assert table.groupby("gender").size().to_dict() == {"f": 3, "unknown": 33}


def test_a_terminal_that_lacks_a_letter_is_told_its_number(lab, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    (lab / "dégoût.csv").write_bytes((lab / "said.csv").read_bytes())
    done = run("data/folds/emotion.json", "dégoût.csv", cwd=lab)
    assert done.returncode == 0 and r"d\xe9go\xfbt.csv" in done.stdout and done.stderr == ""


def test_a_note_that_is_of_one_seed_says_of_which(lab):
    clips = sorted(truth(lab).index)
    rows = [(clip, "disgust", seed) for seed in (1, 2) for clip in clips[seed - 1 :]]
    write(lab / "seeds.csv", rows, "clip_id,predicted,seed")
    assert (
        "seed 2: 1 of 36 clips have no prediction and count as wrong" in report(lab, said="seeds.csv").notes
    )


def test_whose_clips_are_only_trained_on_or_dropped_is_not_counted(lab):
    table = clip_table()
    table["split"] = ["train" if subject < "s06" else "test" for subject in table["subject"]]
    write_vectors(lab / "two/data/stores/vector", table)
    folds = make_folds(table, protocol="official", params={"train": ["train"], "test": ["test"]})
    folds.save(lab / "two/data/folds/official.json")
    rows = [(clip, "disgust") for fold in folds for clip in folds.tested(fold)]
    write(lab / "two/said.csv", rows)
    write(lab / "two/one.csv", rows[:1])
    made = report(lab / "two", "official")
    assert made.persons == 6 and json.loads(made.as_json())["persons"] == 6
    assert "  18 clips of 6 persons in 1 fold, pooled over all folds" in score_text(made).splitlines()
    dropped = score_text(report(lab / "two", "official", "one.csv", missing="drop")).splitlines()
    assert "  1 clip of 1 person in 1 fold, pooled over all folds" in dropped
    write(lab / "two/trained.csv", [("toy/s00/c0@10", "disgust")])
    with pytest.raises(ScoreError, match="expected one of the 18 that these folds test, such as 'toy/s06/c0"):
        report(lab / "two", "official", "trained.csv")


def test_a_group_that_the_first_seed_lacks_is_shown_and_readers_and_datasets_are_told_apart(lab):
    table = truth(lab)
    samm, toy = (table.index[(table["reader"] == "samm") == its].tolist() for its in (True, False))
    rows = [*((clip, "disgust", 1) for clip in toy), *((clip, "disgust", 2) for clip in [*toy, *samm])]
    write(lab / "seeds.csv", rows, "clip_id,predicted,seed")
    made = report(lab, said="seeds.csv", missing="drop", by=["dataset"])
    lines = score_text(made).splitlines()
    at = next(place for place, line in enumerate(lines) if line.startswith("  dataset (reader)  "))
    assert [line.split()[::4] for line in lines[at + 1 : at + 3]] == [["samm", "12"], ["table", "24"]]
    assert [line.split()[0] for line in lines if line.startswith("  dataset")] == ["dataset", "dataset"]
    assert any(line.startswith("  dataset  ") for line in lines)
