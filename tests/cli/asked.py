"""Asked: the command line as a process, as a user starts it, and its commands as typer knows them."""

import os
import subprocess
import sys
from pathlib import Path

import typer

from mestore.cli.commands import app

SOURCE = Path(__file__).parents[2] / "pipeline"


def environment(**more: str) -> dict[str, str]:
    """Return this environment with this source first, whatever else is installed."""
    return {**os.environ, "PYTHONPATH": str(SOURCE), "COLUMNS": "80", **more}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "mestore", *map(str, arguments)]


def ask(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        command(*arguments), cwd=cwd, capture_output=True, text=True, env=environment(**more), timeout=300
    )


def commands() -> dict[str, typer.core.TyperCommand]:
    """Return every command by what is typed, such as "cache ls"."""
    group = typer.main.get_command(app)
    found = {}
    for name, its in group.commands.items():
        inner = getattr(its, "commands", None)
        found |= {f"{name} {sub}": it for sub, it in inner.items()} if inner else {name: its}
    return found


def one_paragraph(text: str) -> bool:
    """Whether an error is one line that begins with the program's name."""
    return text.startswith("mestore: ") and text.count("\n") == 1 and "Traceback" not in text
