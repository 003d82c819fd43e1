"""Delivery: a dataset's folder and how to read it, found by the dataset's name."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mestore.datasets import READERS
from mestore.datasets.recognise import look_for
from mestore.datasets.spec import ReaderOptions
from mestore.errors import MEStoreError, ParamsError
from mestore.params import DatasetParams, load_params, reader_options
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


def find_delivery(
    workspace: Workspace,
    name: str,
    *,
    raw: Path | None = None,
    options: Mapping[str, object] | None = None,
) -> Delivery:
    """Return the dataset `name` of params.yaml, or the one in folder `raw` that a reader of that name reads.

    Parameters
    ----------
    workspace : Workspace
    name : str
        Of a dataset of params.yaml or, with `raw`, of a reader.
    raw : Path, optional
        Where it lies; by default where the workspace has it.
    options : mapping, optional
        Options of its reader, on top of those of params.yaml or of the layouts that are tried.

    Raises
    ------
    ParamsError
        If neither params.yaml nor, with `raw`, a reader has that name, or the reader has no such options.
    """
    given = dict(options or {})
    listed = load_params(workspace.params).datasets if workspace.params.exists() else {}
    if name in listed:
        dataset = listed[name]
        return Delivery(
            name=name,
            root=raw or workspace.raw / name,
            reader=dataset.reader,
            options=typed_options(dataset.reader, {**dataset.options, **given}),
        )
    if raw is None or name not in READERS:
        raise ParamsError(
            f"params.yaml names the datasets {list(listed)}, not {name!r}; name it there, `mestore add` it, "
            f"or say with --raw where it lies and call it by its reader: {', '.join(READERS)}"
        )
    typed = typed_options(name, given)
    found = look_for(raw, reader=name, options=given)
    if found is None:  # whoever reads it will say what was looked for
        return Delivery(name=name, root=raw, reader=name, options=typed)
    return Delivery(name=name, root=found.root, reader=name, options=typed_options(name, found.options))


def typed_options(reader: str, options: Mapping[str, object]) -> ReaderOptions:
    """Return options of a reader, defaults filled in.

    Raises
    ------
    ParamsError
        As for the same options in params.yaml.
    """
    return reader_options(DatasetParams(reader=reader, options=dict(options)), where=f"options of {reader}")


def table_of(delivery: Delivery, csv: Path | None) -> Path:
    """Return where the table of a check goes: `csv`, or <name>.check.csv in the current folder.

    Raises
    ------
    MEStoreError
        If that is in the dataset's own folder, in which nothing is written.
    """
    path = csv or Path(f"{delivery.name}.check.csv")
    if path.resolve().is_relative_to(delivery.root.resolve()):
        raise MEStoreError(
            f"{path} would lie in the dataset's own folder {delivery.root}, in which mestore writes nothing; "
            "give a file elsewhere with --csv, or run it in another folder"
        )
    return path


def near(path: Path) -> Path:
    """Return a path as seen from the current folder where it lies below that, else as it is."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
