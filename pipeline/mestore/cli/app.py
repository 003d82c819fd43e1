"""App: the command line itself, to which modules of commands add theirs."""

import sys
from collections.abc import Sequence
from pathlib import Path

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

    stream = sys.stderr if error else sys.stdout
    said = "\n".join(plain(line) for line in text.split("\n"))
    # Names may hold characters that the terminal's encoding, or UTF-8, has not.
    encoding = stream.encoding or "utf-8"
    print(said.encode(encoding, "backslashreplace").decode(encoding), file=stream)


def require_target(target: Path, *, inputs: Sequence[Path]) -> None:
    """Refuse to write over what a command reads, or where no folder is; before its work begins."""
    from mestore.errors import MEStoreError

    if not target.parent.is_dir():
        raise MEStoreError(f"{target} cannot be written: found no folder {target.parent}; make it first")
    if target.is_dir():
        raise MEStoreError(f"{target} is a folder; expected the name of a file to write")
    same = [its for its in inputs if its.exists() and target.exists() and its.samefile(target)]
    if same:
        raise MEStoreError(f"{target} is read by this command; expected another file to write to")
