"""Add: a lab's copy of a dataset becomes part of the workspace: recognised, linked, named in params.yaml."""

import io
import os
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from mestore.datasets import READERS
from mestore.datasets.recognise import Recognised, recognise
from mestore.datasets.table_io import replacing
from mestore.datasets.unpack import unpack
from mestore.errors import MEStoreError, ParamsError
from mestore.params import load_params
from mestore.workspace import Workspace

_LINE = 110


def add_dataset(
    workspace: Workspace,
    delivery: Path,
    *,
    reader: str,
    name: str = "",
    subjects: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Recognised:
    """Add a delivery to the workspace and return what was recognised.

    The recordings stay where they are: data/raw/<name> becomes a link to them. A zip file is unpacked beside
    that link. In params.yaml one entry is added and nothing else touched, comments included.

    Parameters
    ----------
    workspace : Workspace
    delivery : Path
        A folder or a zip file.
    reader : str
        Which dataset it is: a name of `mestore.datasets.READERS`.
    name : str
        What the workspace calls it; empty: as the reader is called.
    subjects : sequence of str
        The only subjects to take at first; empty for all.
    progress : callable
        Told (files done, files in all) of a zip file.

    Raises
    ------
    AnnotationError
        If it is not that dataset.
    ParamsError
        If there is no such reader, or params.yaml has another dataset of that name.
    MEStoreError
        If data/raw/<name> is something else.
    """
    if reader not in READERS:
        known = ", ".join(f"{key} ({spec.title})" for key, spec in READERS.items())
        raise ParamsError(f"there is no dataset {reader!r}; expected one of: {known}")
    name = name or reader
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ParamsError(f"a dataset cannot be called {name!r}; expected lower-case letters, digits and _")
    if not delivery.exists():
        raise MEStoreError(f"there is nothing at {delivery}; give the folder or the zip file you were sent")
    link = workspace.raw / name
    if zipfile.is_zipfile(delivery):
        unpacked = link.with_name(f"{name}.unpacked")
        if not unpacked.exists():
            unpack(delivery, unpacked, progress=progress)
        delivery = unpacked
    found = recognise(delivery, reader=reader)
    text = _with_dataset(workspace.params, name, found, reader=reader, subjects=subjects)
    _link(link, found.root)
    with replacing(workspace.params) as temporary:
        temporary.write_text(text, encoding="utf-8")
        load_params(temporary)
    return found


def _link(link: Path, root: Path) -> None:
    """Make `link` lead to `root`, unless it does."""
    if os.path.lexists(link):
        if not (link.exists() and link.samefile(root)):
            raise MEStoreError(
                f"{link} is there already and is not {root}; remove it, or give another --name"
            )
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(root.resolve(), target_is_directory=True)


def _with_dataset(path: Path, name: str, found: Recognised, *, reader: str, subjects: Sequence[str]) -> str:
    """Return the text of params.yaml with one dataset more."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _LINE
    load_params(path)
    document = yaml.load(path.read_text(encoding="utf-8"))
    entry: dict[str, object] = {"reader": reader}
    if found.options:
        entry["options"] = _flow(dict(found.options))
    if subjects:
        entry["subjects"] = list(subjects)
    there = document["datasets"].get(name)
    if there is not None and dict(there) != entry:
        raise ParamsError(
            f"{path} has datasets.{name} already, as {dict(there)}; expected {entry}: mend it there, or give "
            "another --name"
        )
    document["datasets"][name] = _flow(entry)
    stream = io.StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def _flow(entry: dict[str, object] | dict[str, str]) -> CommentedMap:
    mapping = CommentedMap(entry)
    mapping.fa.set_flow_style()
    return mapping
