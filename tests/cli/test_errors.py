"""What goes wrong is one paragraph with an exit status; tracebacks only where they are asked for."""

import json
import os
import subprocess

import pytest
import yaml
from asked import ask, command, environment, one_paragraph

from mestore.cli import here
from mestore.cli.run import run
from mestore.errors import MEStoreError
from mestore.store.layout import CLIPS


@pytest.fixture
def lab(stores):
    """A workspace with two stores, and nothing else."""
    root = stores.parents[1]
    params = {
        "datasets": {"toy": {"reader": "table"}},
        "stores": {"crops": {"kind": "align", "input": "index"}},
        "protocols": {"loso": {"kind": "loso"}},
        "evaluate": {"loso": {"features": []}},
    }
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    return root


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("chek",), "No such command 'chek'"),
        (("check",), "Missing argument 'DATASET'"),
        (("check", "toy", "--cvs", "x"), "No such option: --cvs"),
        (("demo", "x", "--subjects", "0"), "--subjects"),
        (("demo", "x", "--subjects", "eight"), "valid integer"),
        (("score", "a", "b", "--missing", "drp"), "drp"),
        (("--verison",), "--verison"),
        (("report", "toy", "--faces", "omit"), "--out"),
    ],
)
def test_a_wrong_command_line_is_a_paragraph_and_status_2(lab, arguments, said):
    done = ask(*arguments, cwd=lab)
    assert done.returncode == 2 and done.stdout == ""
    assert one_paragraph(done.stderr) and said in done.stderr and "--help`" in done.stderr


def test_no_command_shows_help_and_is_status_2(tmp_path):
    done = ask(cwd=tmp_path)
    assert done.returncode == 2 and "Commands:" in done.stderr and done.stdout == ""


@pytest.mark.parametrize(
    "arguments", ["summary", "qc", "index", "build", "estimate", "show a", "report", "cache ls"]
)
def test_outside_a_workspace_it_says_how_to_get_one(tmp_path, arguments):
    done = ask(*arguments.split(), cwd=tmp_path)
    assert done.returncode == 1 and one_paragraph(done.stderr)
    assert "no params.yaml" in done.stderr and "mestore init DIR" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("verify", "vectr"), "no store is called 'vectr'; did you mean vector?"),
        (("build", "crop"), "no store of params.yaml is called 'crop'; did you mean crops?"),
        (("qc", "tay"), "no dataset is called 'tay'; did you mean toy?"),
        (("show", "toy/s03/c4@10"), "did you mean toy/s03/c0@10 "),
        (("export", "vector", "v.h7", "--to", "h7"), "no format 'h7'; there are: h5"),
        (("verify", "nowhere/flow"), "no store at nowhere/flow"),
        (("score", "loso", "a.csv"), "no file of folds is called 'loso', and there is no other yet"),
        (("build", "crops"), "has no dvc.yaml and no .dvc"),
        (("show", "toy/s03/c0@10", "--out", "nowhere/a.png"), "nowhere"),
    ],
)
def test_a_name_that_is_not_there_is_met_with_those_that_are(lab, arguments, said):
    done = ask(*arguments, cwd=lab)
    assert done.returncode == 1 and one_paragraph(done.stderr) and said in done.stderr


def test_a_summary_says_what_is_there_and_what_is_not_yet(lab):
    done = ask("summary", cwd=lab)
    assert done.returncode == 0 and "scores:    none yet\n" in done.stdout
    (lab / "data/scores/loso").mkdir(parents=True)
    (lab / "data/scores/loso/metrics.json").write_text('{"loso": {"flow": {"uf1": 0.5}}}')
    lines = ask("summary", cwd=lab).stdout.splitlines()
    assert lines[:2] == [
        "stores:    data/stores/ (crops)",
        "scores:    data/scores/loso/metrics.json (flow UF1 0.50)",
    ]
    assert lines[2] == "pictures:  none yet" and lines[3] == "try next:"  # neither .venv nor examples here
    assert not [line for line in lines if "examples/" in line]


@pytest.mark.parametrize("scores", ["", "3", "[]", '{"loso": 3}', '{"loso": {"flow": {"uf1": null}}}'])
def test_scores_that_are_none_are_said_to_be(lab, scores):
    (lab / "data/scores/loso").mkdir(parents=True)
    (lab / "data/scores/loso/metrics.json").write_text(scores)
    done = ask("summary", cwd=lab)
    assert done.returncode == 1 and one_paragraph(done.stderr) and "holds no scores of loso" in done.stderr


def test_few_names_are_listed_and_many_counted():
    with pytest.raises(MEStoreError, match=r"there are: a, b$"):
        here.known("xyz", ["a", "b"], what="store")
    with pytest.raises(MEStoreError, match=r"n19 and 10 more$"):
        here.known("xyz", [f"n{number:02}" for number in range(30)], what="store")


@pytest.fixture
def fault(monkeypatch, lab):
    """A workspace in which `mestore summary` meets a bug whose message would command the terminal."""

    def broken(workspace):
        raise ZeroDivisionError("of \x1b[2J\nand more")

    monkeypatch.setattr("mestore.summary.summarise", broken)
    monkeypatch.delenv("MESTORE_DEBUG", raising=False)
    monkeypatch.chdir(lab)
    return lab


def test_a_fault_of_mestore_asks_for_a_report_with_debug(fault, capsys):
    assert run(["summary"]) == 70
    said = capsys.readouterr()
    assert one_paragraph(said.err) and "\x1b" not in said.err and "--debug" in said.err and said.out == ""


@pytest.mark.parametrize("arguments", [["--debug", "summary"], ["summary", "--debug"]])
def test_debug_shows_the_traceback_wherever_it_stands(fault, capsys, monkeypatch, arguments):
    monkeypatch.setenv("MESTORE_DEBUG", "")
    assert run(arguments) == 70
    said = capsys.readouterr().err
    assert "Traceback (most recent call last)" in said and "test_errors.py" in said and "\x1b" not in said


def test_an_error_of_the_user_has_no_traceback_but_with_debug(lab):
    assert "Traceback" in ask("qc", "tay", cwd=lab, MESTORE_DEBUG="1").stderr
    assert "Traceback" not in ask("qc", "tay", cwd=lab, MESTORE_DEBUG="0").stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_is_no_error(lab, closed):
    line = " ".join([*command("verify"), closed])
    done = subprocess.run(["bash", "-c", line], cwd=lab, env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and ("nothing is wrong" in done.stdout) == (
        ">&-" not in closed.replace("2>&-", "")
    )


@pytest.mark.parametrize("arguments", [["params"], ["verify", "--json"], ["--help"]])
def test_a_reader_that_goes_away_is_no_error(lab, arguments):
    line = " ".join(command(*arguments)) + " | true"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], cwd=lab, env=environment(), capture_output=True, text=True
    )
    assert done.stderr == "" and done.returncode in (0, 1, 141)


@pytest.mark.parametrize(
    ("arguments", "status", "keys"),
    [
        (("verify", "--json"), 0, {"stores", "differences"}),
        (("verify", "vector", "--against", "data/stores/vector", "--json"), 0, {"stores", "differences"}),
        (("summary", "--json"), 0, {"stores", "scores", "reports"}),
        (("doctor", "--json"), 1, {"ok", "checks"}),
        (("cache", "ls", "--json"), 0, {"cache", "bytes", "held"}),
        (("cache", "prune", "--json"), 0, {"removed", "bytes_freed", "entries"}),
        (("publish", "data/stores", "out", "--json"), 0, {"current", "folder", "new", "removed"}),
        (("check", "toy", "--json"), 1, {"dataset", "verdict", "csv", "rows"}),
    ],
)
def test_json_is_an_object_of_these_keys_and_nothing_else_is_printed(lab, arguments, status, keys):
    done = ask(*arguments, cwd=lab)
    assert done.returncode == status and done.stdout.isascii() and done.stderr == ""
    assert set(json.loads(done.stdout)) == keys


def test_a_finding_in_json_has_status_1_and_says_what(lab):
    (lab / "data/stores/vector" / CLIPS).write_text("nothing")
    done = ask("verify", "vector", "--json", cwd=lab)
    (told,) = json.loads(done.stdout)["stores"]
    assert done.returncode == 1 and {"where", "found", "expected", "remedy"} == set(told["findings"][0])


def test_paths_with_spaces_letters_and_escapes_are_told_as_they_are_or_escaped(lab):
    odd = lab / "dégoût \x1b[31m"
    os.rename(lab / "data/stores/vector", odd)  # noqa: PTH104
    for encoding in ("utf-8", "ascii"):
        done = ask("verify", odd.name, cwd=lab, PYTHONIOENCODING=encoding)
        assert done.returncode == 0 and r"\x1b[31m: checked" in done.stdout and "\x1b" not in done.stdout
