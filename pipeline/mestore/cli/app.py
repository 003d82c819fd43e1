"""App: the command line itself, with the options that every command has."""

import os
from typing import Annotated

import typer

from mestore.cli.says import on_terminal, say

DEBUG = "MESTORE_DEBUG"

app = typer.Typer(
    help="Feature stores of facial micro-expressions, keyed by subject.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Boxes and colours are for people; what a program or a file gets is plain.
    rich_markup_mode="markdown" if on_terminal() else None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="`mestore COMMAND --help` shows its options and an example; docs/commands.md has all of them.",
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        say(f"mestore {version('mestore')}")
        raise typer.Exit


@app.callback()
def group(
    debug: Annotated[
        bool, typer.Option("--debug", help=f"Show the traceback of an error; {DEBUG}=1 does so too.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Set what every command heeds."""
    if debug:
        os.environ[DEBUG] = "1"  # the stages of `mestore build` are processes, and inherit it


def debugging() -> bool:
    """Return whether tracebacks are wanted."""
    return os.environ.get(DEBUG, "") not in ("", "0")
