"""App: the command line itself, to which modules of commands add theirs."""

import sys

import typer

app = typer.Typer(
    help="Feature stores of facial micro-expressions, keyed by subject.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _group() -> None:
    # Without a callback typer would drop the name of a lone command.
    pass


def say(text: str, *, error: bool = False) -> None:
    """Print lines that may hold names from a dataset, which shall not command the terminal."""
    from mestore.check_text import plain

    print("\n".join(plain(line) for line in text.split("\n")), file=sys.stderr if error else sys.stdout)
