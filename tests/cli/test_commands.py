"""Every command: its help, its example, options that are called alike, docs/commands.md."""

import os
import pty
import re
import shlex
import subprocess
import sys

import pytest
import typer
from asked import SOURCE, ask, command, commands, environment
from commands_page import PAGE, written

from mestore.cli.commands import app

NAMES = sorted(commands())
KNOWN = (
    *("init", "demo", "add", "check", "estimate", "index", "build", "params", "summary", "show", "report"),
    *("qc", "agreement", "verify", "audit", "score", "doctor", "export", "publish", "fetch", "forget"),
    *("bench", "cache ls", "cache prune"),
)


def example_of(its) -> str:
    (found,) = re.findall(r"^ *Example: (mestore .+)$", its.callback.__doc__, flags=re.MULTILINE)
    return found


def test_these_are_the_commands():
    assert set(KNOWN) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_an_example_that_parses(name):
    words = shlex.split(example_of(commands()[name]).partition(" | ")[0])[1:]
    assert " ".join(words).startswith(name)
    group = typer.main.get_command(app)
    for _ in name.split():
        _, group, words = group.resolve_command(typer.Context(group), words)
    group.make_context(name, list(words))  # raises what a wrong command line raises


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_and_option_says_what_it_is(name):
    for param in commands()[name].params:
        assert param.help and param.help.endswith((".", "!")), param.name


def test_first_lines_fit_into_the_list_of_commands():
    for name, its in commands().items():
        first = its.callback.__doc__.splitlines()[0]
        assert first.endswith(".") and len(first) <= 66, name


def test_an_option_is_the_same_thing_wherever_it_is():
    told: dict[str, set[object]] = {}
    for its in commands().values():
        for param in its.params:
            for option in param.opts if param.param_type_name == "option" else ():
                told.setdefault(option, set()).add((param.is_flag, param.multiple))
    assert {option for option, kinds in told.items() if len(kinds) > 1} == set()
    with_json = {name for name, its in commands().items() if any("--json" in it.opts for it in its.params)}
    assert with_json == {
        *("check", "estimate", "agreement", "summary", "show", "qc", "verify", "audit", "score", "doctor"),
        *("publish", "bench", "cache ls", "cache prune"),
    }


def test_the_page_about_commands_is_as_they_are():
    text = PAGE.read_text()
    assert text == written(text), "run `python tests/cli/commands_page.py`"


def test_the_page_names_every_variable_of_the_environment_that_is_read():
    read = set()
    for path in [*SOURCE.rglob("*.py"), *SOURCE.parent.joinpath("stages").iterdir()]:
        if path.is_file():
            read |= set(re.findall(r"\bMESTORE_[A-Z]+", path.read_text(encoding="utf-8")))
    assert read and read == set(re.findall(r"`(MESTORE_[A-Z]+)`", PAGE.read_text()))


def test_help_in_a_pipe_is_plain_and_narrow(tmp_path):
    for arguments in ((), ("check",), ("cache", "prune")):
        done = ask(*arguments, "--help", cwd=tmp_path, FORCE_COLOR="1", LC_ALL="C", PYTHONIOENCODING="ascii")
        assert done.returncode == 0 and done.stdout.isascii() and "\x1b" not in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
@pytest.mark.parametrize("columns", ["40", "100"])
def test_help_on_a_terminal_is_drawn_and_has_colours_unless_they_are_not_wanted(
    tmp_path, no_color, coloured, columns
):
    said = on_a_terminal("check", "--help", cwd=tmp_path, NO_COLOR=no_color, COLUMNS=columns)
    assert "╭" in said and ("\x1b[3" in said or "\x1b[1;3" in said) == coloured
    shown = re.sub(r"\x1b\[[0-9;]*m", "", said)
    assert max(map(len, shown.splitlines())) <= int(columns) + 1


def on_a_terminal(*arguments, cwd, **more) -> str:
    """Return what a command prints where both streams are a terminal."""
    master, slave = pty.openpty()
    settings = {**environment(), "TERM": "xterm-256color", **more}
    if not settings.get("NO_COLOR"):
        settings.pop("NO_COLOR", None)
    process = subprocess.Popen(command(*arguments), cwd=cwd, env=settings, stdout=slave, stderr=slave)
    os.close(slave)
    said = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not piece:
            break
        said += piece
    os.close(master)
    process.wait()
    return said.decode().replace("\r\n", "\n")


def test_help_imports_nothing_heavy(tmp_path):
    done = subprocess.run(
        [sys.executable, "-P", "-X", "importtime", "-m", "mestore", "--help"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "typer" in loaded and not loaded & {"numpy", "pandas", "cv2", "rich.console", "zarr", "numba"}


def test_the_version_is_told(tmp_path):
    done = ask("--version", cwd=tmp_path)
    assert done.returncode == 0 and re.fullmatch(r"mestore [0-9.a-z+]+\n", done.stdout)
