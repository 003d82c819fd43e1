"""Commands about the workspace: a new one, its demo recordings, what was built, parameters, health."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mestore.cli import here
from mestore.cli.options import AsJson
from mestore.cli.says import say, say_json


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The workspace: a new or empty folder.")],
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Bring a workspace of an older mestore up to this one.")
    ] = False,
) -> None:
    """Make a workspace of your own, or upgrade one.

    It gets dvc.yaml, params.yaml, stages and data; docs/workspace.md says what they are.

    Example: mestore init mylab
    """
    from mestore.init import init_workspace

    say(init_workspace(directory, upgrade=upgrade))


def demo(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to write them: an empty or absent folder.")
    ],
    subjects: Annotated[int, typer.Option(min=1, help="How many subjects.")] = 8,
    clips: Annotated[int, typer.Option(min=1, help="How many clips of each.")] = 5,
) -> None:
    """Write the demo recordings: simulated, in CASME II's layout.

    Known fields move two photographs in the public domain. An earlier demo there is replaced.

    Example: mestore demo data/raw/demo
    """
    from mestore.progress import shown
    from mestore.synthetic.demo import write_demo

    with shown("demo", unit="clip") as progress:
        write_demo(directory, subjects=subjects, clips=clips, progress=progress)
    say(f"demo recordings: {directory}")


def summary(as_json: AsJson = False) -> None:
    """Say where the stores, scores and pictures are.

    Example: mestore summary
    """
    from mestore.summary import summarise, where

    if as_json:
        say_json(where(here.workspace()))
    else:
        say(summarise(here.workspace()))


def params() -> None:
    """Print every key of params.yaml with type, default and meaning.

    Example: mestore params | less
    """
    from mestore.reference import params_reference

    say(params_reference())


def doctor(as_json: AsJson = False) -> None:
    """Check programs, folders, links, and who may read the crops.

    Status 1 if there is a problem.

    Example: mestore doctor
    """
    from mestore.doctor import examine
    from mestore.workspace import find_workspace

    checks = examine(find_workspace(Path.cwd()))
    well = all(check.ok for check in checks)
    if as_json:
        say_json({"ok": well, "checks": [asdict(check) for check in checks]})
    else:
        say("\n".join(map(str, checks)))
    sys.exit(int(not well))
