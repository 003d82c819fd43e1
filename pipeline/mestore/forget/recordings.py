"""What is left of a participant in the raw recordings, which mestore never changes."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from mestore.datasets import READERS
from mestore.datasets.media import video_and_first
from mestore.datasets.own import FILES
from mestore.datasets.sheet import read_sheet
from mestore.errors import MEStoreError
from mestore.forget.participant import Participant
from mestore.params import DatasetParams, Params, reader_options
from mestore.workspace import Workspace

_FILES = ("dataset", "media", "paths")


class RecordedFile(NamedTuple):
    """An image or a video of a clip: its path is below its dataset's folder, `media` as in the clip table."""

    dataset: str
    path: str
    media: str


def recorded_paths(who: Participant, tables: Iterable[pd.DataFrame]) -> frozenset[RecordedFile]:
    """Return the files of their recordings, as the index has them."""
    theirs = [table.loc[who.rows(table), list(_FILES)] for table in tables if {*_FILES} <= {*table}]
    return frozenset(
        RecordedFile(dataset, video_and_first(path)[0] if media == "video" else path, media)
        for rows in theirs
        for dataset, media, paths in rows.itertuples(index=False)
        for path in paths
    )


def still_there(
    who: Participant, workspace: Workspace, params: Params, paths: frozenset[RecordedFile]
) -> list[str]:
    """Return what must be removed by hand before the next `dvc repro`, which would build it again.

    Folders and files of recordings, rows of coding sheets, rows of mestore's own tables beside them.
    """
    found: list[str] = []
    for name, dataset in params.datasets.items():
        root = workspace.raw / name
        if root.is_dir() and any(its == name for its, _ in who.subjects):
            files = _files(root, (it for it in paths if it.dataset == name))
            tables = _named(who, [root, workspace.own / name], name)
            found.extend(sorted({*files, *_rows(who, root, name, dataset), *tables}))
    return found


def _files(root: Path, files: Iterable[RecordedFile]) -> Iterator[str]:
    for _, path, media in files:
        file = root / path
        if file.exists():
            # A folder of images is one recording; one of videos may hold those of others.
            yield f"{file if media == 'video' or file.parent == root else file.parent}"


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
