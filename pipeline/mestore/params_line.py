"""One line more in params.yaml, as text: what a person wrote there stays as it is, to the byte."""

import math
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from mestore.errors import ParamsError
from mestore.params import load_params
from mestore.replacing import replacing


def with_dataset(path: Path, name: str, entry: Mapping[str, object]) -> str:
    """Return the text of params.yaml with one line more, at the end of the block `datasets`.

    Parameters
    ----------
    path : Path
        params.yaml; it is left as it is.
    name : str
        Of the dataset.
    entry : mapping
        What params.yaml shall say of it. If it says just that already, so does the text.

    Raises
    ------
    ParamsError
        If params.yaml is not what it should be, says something else of that dataset, or is written in a way
        that cannot be extended by a line; the message holds the line.
    """
    load_params(path)
    text = path.read_bytes().decode("utf-8")
    before = yaml.safe_load(text)
    there = before["datasets"].get(name)
    if there is not None and there != entry:
        raise ParamsError(
            f"{path} has datasets.{name} already, as {there}; expected {dict(entry)}: mend it there, or give "
            "another --name"
        )
    if there is not None:
        return text
    line = yaml.safe_dump(
        {name: dict(entry)}, default_flow_style=True, width=math.inf, sort_keys=False, allow_unicode=True
    ).strip()[1:-1]
    place = _end_of_datasets(text)
    if place is not None:
        at, indent = place
        newline = "\r\n" if "\r\n" in text else "\n"
        ends = text[:at].endswith(("\r", "\n"))  # the last line of a file may have no end
        added = f"{indent}{line}{newline}" if ends else f"{newline}{indent}{line}"
        longer = text[:at] + added + text[at:]
        if _same_but(before, longer, name, entry):
            return longer
    raise ParamsError(
        f"the datasets of {path} are written in a way that cannot be extended by a line; add it by hand:\n"
        f"  {line}"
    )


def write_params(path: Path, text: str) -> None:
    """Replace params.yaml, if it is good; through a link, and with the permissions it has.

    Raises
    ------
    ParamsError
        If `text` is no good params.yaml.
    """
    path = path.resolve()
    content = text.encode("utf-8")
    if content == path.read_bytes():
        return
    with replacing(path) as temporary:
        temporary.write_bytes(content)
        shutil.copymode(path, temporary)
        load_params(temporary)


def _same_but(before: dict[str, object], text: str, name: str, entry: Mapping[str, object]) -> bool:
    """Return whether `text` says what was said before, one dataset apart."""
    try:
        after = yaml.safe_load(text)
        return bool(after["datasets"].pop(name) == entry) and bool(after == before)
    except (yaml.YAMLError, TypeError, KeyError):
        return False


def _end_of_datasets(text: str) -> tuple[int, str] | None:
    """Return where the line after the last dataset begins, and the indent; None if it is no block."""
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)  # its types allow for no document and no marks
    key, block = next((key, value) for key, value in root.value if key.value == "datasets")
    start = block.start_mark.index
    if block.flow_style or start < key.start_mark.index:  # an alias stands for what is above
        return None
    first = block.value[0][0].start_mark.index
    indent = text[max(text.rfind(sign, 0, first) for sign in "\r\n") + 1 : first]
    if indent.strip(" ") or not indent:
        return None
    end = _end_of_block(text, start)
    if text[end - 1] in "\r\n":  # of a literal text, which ends where the next line begins
        return end, indent
    newline = re.compile(r"\r\n|\n|\r").search(text, end)
    return newline.end() if newline else len(text), indent


def _end_of_block(text: str, start: int) -> int:
    """Return where the last text or bracket ends in the block mapping that begins at `start`.

    YAML lets a block end where the next thing begins, comments and all.
    """
    events: Iterable[Any] = yaml.parse(text, Loader=yaml.SafeLoader)
    flows: list[bool] = []  # of what is open
    end = start
    for event in events:
        first, last = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.CollectionStartEvent):
            if flows or (isinstance(event, yaml.MappingStartEvent) and first == start):
                flows.append(bool(event.flow_style))
        elif flows and isinstance(event, yaml.CollectionEndEvent):
            if flows.pop():
                end = last
            if not flows:
                break
        elif flows:
            end = last
    return end
