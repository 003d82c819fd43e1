"""The part of docs/commands.md that is written from the commands themselves; run this file to write it."""

import inspect
from pathlib import Path

from asked import commands

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
START, END = "<!-- written from the commands: python tests/cli/commands_page.py -->\n", "<!-- to here -->\n"


def reference() -> str:
    """Return a section per command: usage, what it does, arguments and options, example."""
    return "\n".join(_section(name, its) for name, its in commands().items())


def _section(name: str, its) -> str:
    first, *rest = inspect.cleandoc(its.callback.__doc__).split("\n\n")
    body = [" ".join(it.split()) for it in rest if not it.startswith("Example: ")]
    example = next(it for it in rest if it.startswith("Example: ")).removeprefix("Example: ")
    rows = [f"| `{_called(param)}` | {_help(param)} |" for param in its.params if param.name != "help"]
    table = ["| | |", "|---|---|", *rows, ""] if rows else []
    return "\n".join([f"### mestore {name}", "", " ".join([first, *body]), "", *table, f"    {example}", ""])


def _called(param) -> str:
    if param.param_type_name == "argument":
        name = (param.metavar or param.name).upper()
        return name if param.required else f"[{name}]"
    called = max(param.opts, key=len)
    if param.is_flag:
        return called
    return f"{called} {param.metavar or _KIND.get(param.name, param.name).upper()}"


_KIND = {
    **dict.fromkeys(("csv", "predictions", "about", "ledger", "folds"), "file"),
    **dict.fromkeys(("raw", "stores", "published"), "folder"),
    **dict.fromkeys(("subjects", "clips", "keep", "jobs"), "number"),
    "to": "format",
    "out": "path",
    "against": "stores",
    "older_than": "age",
    "by": "column",
    "only": "store",
    "missing": "wrong|drop",
    "faces": "show|omit",
}


def _help(param) -> str:
    default = "" if param.default in (None, "", False) or param.required else f" Default: `{param.default}`."
    return f"{param.help}{default}".replace("|", "\\|")


def written(text: str) -> str:
    """Return the page with its reference as it should be."""
    head, _, rest = text.partition(START)
    return f"{head}{START}\n{reference()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
