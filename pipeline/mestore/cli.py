"""The command line: `mestore`, or `python -m mestore`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mestore.errors import MEStoreError

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


@app.command()
def demo(
    directory: Annotated[Path, typer.Argument(help="Where to write them: an empty or absent folder.")],
    subjects: Annotated[int, typer.Option(min=1, help="How many subjects.")] = 8,
    clips: Annotated[int, typer.Option(min=1, help="How many clips of each.")] = 5,
) -> None:
    """Write the demo recordings: simulated micro-expressions on real faces, in CASME II's layout.

    Example: mestore demo data/raw/demo
    """
    from mestore.progress import shown
    from mestore.synthetic.demo import write_demo

    with shown("demo", unit="clip") as progress:
        write_demo(directory, subjects=subjects, clips=clips, progress=progress)
    print(f"demo recordings: {directory}")


@app.command()
def summary() -> None:
    """Say where the stores, the scores and the pictures of this workspace are.

    Example: mestore summary
    """
    from mestore.summary import summarise
    from mestore.workspace import find_workspace

    print(summarise(find_workspace(Path.cwd())))


@app.command()
def params() -> None:
    """Print every key of params.yaml with its type, default and meaning.

    Example: mestore params | less
    """
    from mestore.reference import params_reference

    print(params_reference())


def main() -> None:
    """Run the command line; what mestore refuses is one paragraph and exit status 1, not a traceback."""
    try:
        app()
    except MEStoreError as error:
        print(f"mestore: {error}", file=sys.stderr)
        sys.exit(1)
