"""Commands: all of them, in the order and under the headings in which help lists them."""

from collections.abc import Callable, Mapping

from mestore.cli import audit, bench, look, pipeline, qc, recordings, score, stores, workspace
from mestore.cli.app import app
from mestore.cli.cache import cache

__all__ = ["app"]

COMMANDS: Mapping[str, tuple[Callable[..., None], ...]] = {
    "Begin": (workspace.init, workspace.demo, recordings.add, recordings.check, recordings.estimate),
    "Build": (pipeline.index, pipeline.build, workspace.params),
    "Look": (workspace.summary, look.show, look.report, qc.qc, recordings.agreement),
    "Trust": (stores.verify, audit.audit, score.score, workspace.doctor),
    "Share": (stores.export, stores.publish, stores.fetch, stores.forget),
    "Machine": (bench.bench,),
}
"""Adding a command is a function in one of these modules, and its name here."""

for heading, commands in COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=heading)(command)
app.add_typer(cache, name="cache", rich_help_panel="Machine")
