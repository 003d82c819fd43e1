"""Commands about the workspace: its demo recordings, what was built, parameters, health."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mestore.cli.app import app


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


@app.command()
def doctor() -> None:
    """Check programs, folders, links, and who may read the crops; status 1 if there is a problem.

    Example: mestore doctor
    """
    from mestore.doctor import examine
    from mestore.workspace import find_workspace

    checks = examine(find_workspace(Path.cwd()))
    for check in checks:
        print(check)
    sys.exit(int(not all(check.ok for check in checks)))
