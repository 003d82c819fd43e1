"""Delivery: a dataset's folder and how to read it, found by the dataset's name."""

from dataclasses import dataclass
from pathlib import Path

from mestore.datasets import READERS
from mestore.datasets.recognise import recognise
from mestore.datasets.spec import ReaderOptions
from mestore.errors import AnnotationError, ParamsError
from mestore.params import load_params, reader_options
from mestore.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A copy of a dataset.

    Parameters
    ----------
    name : str
        What it is called here, the first part of clip ids.
    root : Path
        Its folder.
    reader : str
        A name of `mestore.datasets.READERS`.
    options : ReaderOptions
        Of that reader.
    """

    name: str
    root: Path
    reader: str
    options: ReaderOptions


def find_delivery(workspace: Workspace, name: str, *, raw: Path | None = None) -> Delivery:
    """Return the dataset `name` of params.yaml, or the one in folder `raw` that a reader of that name reads.

    Raises
    ------
    ParamsError
        If neither params.yaml nor, with `raw`, a reader has that name.
    """
    listed = load_params(workspace.params).datasets if workspace.params.exists() else {}
    if name in listed:
        dataset = listed[name]
        return Delivery(
            name=name,
            root=raw or workspace.raw / name,
            reader=dataset.reader,
            options=reader_options(dataset),
        )
    if raw is None or name not in READERS:
        raise ParamsError(
            f"params.yaml names the datasets {list(listed)}, not {name!r}; name it there, `mestore add` it, "
            f"or say with --raw where it lies and call it by its reader: {', '.join(READERS)}"
        )
    try:
        found = recognise(raw, reader=name)
    except AnnotationError:
        # Whoever reads it will say what was looked for; here only the place and the options matter.
        return Delivery(name=name, root=raw, reader=name, options=READERS[name].options_model()())
    options = READERS[name].options_model()(**found.options)
    return Delivery(name=name, root=found.root, reader=name, options=options)
