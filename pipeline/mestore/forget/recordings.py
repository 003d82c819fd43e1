"""What is left of a participant in the raw recordings, which mestore never changes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from mestore.datasets import READERS
from mestore.datasets.own import FILES
from mestore.datasets.sheet import read_sheet
from mestore.errors import MEStoreError
from mestore.forget.participant import Participant
from mestore.params import DatasetParams, Params, reader_options
from mestore.workspace import Workspace


def recorded_paths(who: Participant, tables: list[pd.DataFrame]) -> frozenset[str]:
    """Return the files of their recordings below the dataset's folder, as the index has them."""
    theirs = [table.loc[who.rows(table), "paths"] for table in tables if "paths" in table]
    return frozenset(path for column in theirs for paths in column for path in paths)


def still_there(who: Participant, workspace: Workspace, params: Params, paths: frozenset[str]) -> list[str]:
    """Return what must be removed by hand before the next `dvc repro`, which would build it again.

    Folders and files of recordings, rows of coding sheets, rows of mestore's own tables beside them.
    """
    found: list[str] = []
    for name, dataset in params.datasets.items():
        root = workspace.raw / name
        if root.is_dir() and any(its == name for its, _ in who.subjects):
            tables = _named(who, [root, workspace.own / name], name)
            found.extend(sorted({*_files(root, paths), *_rows(who, root, name, dataset), *tables}))
    return found


def _files(root: Path, paths: frozenset[str]) -> Iterator[str]:
    for path in paths:
        if (root / path).exists():
            folder = (root / path).parent
            yield f"{folder if folder != root else root / path}"


def _rows(who: Participant, root: Path, name: str, dataset: DatasetParams) -> Iterator[str]:
    try:
        annotation = READERS[dataset.reader].load()(
            root.resolve(), dataset=name, options=reader_options(dataset)
        )
    except MEStoreError as error:
        yield f"whatever {root} holds of them: its coding sheet cannot be read ({error})"
        return
    for entry in annotation.entries:
        if (name, entry.subject) in who.subjects:
            yield f"the rows of subject {entry.subject} in {entry.edition}, in {root}"
            if entry.location and (root / entry.location).exists():
                yield f"{root / entry.location}"


def _named(who: Participant, folders: Sequence[Path], name: str) -> Iterator[str]:
    for path in (folder / file for folder in folders for file in FILES):
        if path.is_file():
            for row in read_sheet(path, columns=("subject",), optional=("dataset",)).rows:
                if (row.text("dataset") or name, row.text("subject")) in who.subjects:
                    yield f"the row of {name}/{row.text('subject')} in {path}"
