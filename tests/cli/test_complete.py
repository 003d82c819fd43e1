"""Shell completion, as a shell asks for it."""

import subprocess
import sys

import pytest
import yaml
from asked import command, environment


@pytest.fixture
def lab(stores):
    root = stores.parents[1]
    params = {"datasets": {"toy": {}, "$(reboot)": {}}, "stores": {"crops": {}, "planned": {}}}
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    (root / "data/folds").mkdir()
    (root / "data/folds/loso.json").touch()
    return root


def offered(words: str, *, cwd, shell: str = "bash") -> list[str]:
    """Return what a shell is told when the tab key is pressed at the end of `words`."""
    settings = environment(_MESTORE_COMPLETE=f"complete_{shell}")
    if shell == "bash":
        settings |= {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    else:
        settings |= {"_TYPER_COMPLETE_ARGS": words, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    # As the program is called where it is installed: shells ask `mestore`, by that name.
    code = "import sys; sys.argv[0] = 'mestore'; from mestore.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=cwd, env=settings, capture_output=True, text=True
    )
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("mestore ver", ["verify"]),
        ("mestore qc ", ["toy"]),
        ("mestore build ", ["crops", "vector", "planned"]),
        ("mestore verify v", ["vector"]),
        ("mestore score ", ["loso"]),
        ("mestore export vector x --to p", ["parquet"]),
        ("mestore show toy/s03", ["toy/s03/c0@10", "toy/s03/c1@11", "toy/s03/c2@12"]),
        ("mestore forget toy/s1", ["toy/s10", "toy/s11"]),
        ("mestore check casme", ["casme", "casme2", "casme3"]),
        ("mestore verify --js", ["--json"]),
        ("mestore cache p", ["prune"]),
    ],
)
def test_names_of_the_workspace_are_offered(lab, words, names):
    assert offered(words, cwd=lab) == names


def test_zsh_and_fish_are_told_in_their_own_way(lab):
    assert '"vector"' in offered("mestore verify v", cwd=lab, shell="zsh")[0]
    assert offered("mestore verify v", cwd=lab, shell="fish") == ["vector"]


def test_outside_a_workspace_and_in_a_broken_one_nothing_is_offered(lab, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    for words in ("mestore qc ", "mestore build ", "mestore show ", "mestore score "):
        assert offered(words, cwd=empty) in ([], [""])
    (lab / "params.yaml").write_text("datasets: [")
    (lab / "data/stores/crops/clips.csv").write_bytes(b"\xff\xfe")
    assert offered("mestore qc ", cwd=lab) in ([], [""])
    assert len(offered("mestore show ", cwd=lab)) == 36  # those of the other store


def test_completion_imports_nothing_heavy(lab):
    settings = environment(_MESTORE_COMPLETE="complete_bash", COMP_WORDS="mestore show toy", COMP_CWORD="2")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command()[1:]],
        cwd=lab,
        env=settings,
        capture_output=True,
        text=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert len(done.stdout.splitlines()) == 36
    assert not loaded & {"numpy", "pandas", "rich.console", "zarr"}


def test_a_real_bash_completes(lab, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/mestore").write_text(f'#!/bin/sh\nexec {sys.executable} -P -m mestore "$@"\n')
    (tmp_path / "bin/mestore").chmod(0o755)
    script = """
        source <(mestore --show-completion)
        COMP_WORDS=(mestore verify v) COMP_CWORD=2
        $(complete -p mestore | sed 's/.*-F \\([^ ]*\\).*/\\1/') mestore
        echo "${COMPREPLY[@]}"
    """
    settings = environment(PATH=f"{tmp_path}/bin:/usr/bin:/bin")
    done = subprocess.run(
        ["bash", "--norc", "-c", script], cwd=lab, env=settings, capture_output=True, text=True
    )
    assert done.stdout == "vector\n", done.stderr
