"""TIFF: a folder with one multi-page file per clip, for image programs and for looking."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from mestore.errors import StoreError
from mestore.store.export import MARK
from mestore.store.export.selection import Part, Selection, file_name
from mestore.store.layout import Description


def write_tif(path: Path, selection: Selection) -> None:
    """Write a selection as <dataset>/<subject>/<clip>.tif, with clips.csv and export.json beside them.

    Frames of three uint8 channels are a page each; of anything else every channel is a page of its own
    (time, channel, y, x), because few programs read pages of several float channels. The column `file` of
    clips.csv says which file is whose.

    Raises
    ------
    StoreError
        If a clip is no image: its axes lack y or x.
    """
    for description in selection.feature.descriptions.values():
        _require_images(description)
    path.mkdir(exist_ok=True)
    table, files = selection.table(), []
    for part in selection.parts():
        folder = path / part.dataset / file_name(part.subject)
        folder.mkdir(parents=True, exist_ok=True)
        for name, sample in zip(_names(part, selection), part.samples, strict=True):
            file = folder / f"{file_name(name)}.tif"
            _write_clip(file, sample.data, axes=part.description.axes)
            files.append(file.relative_to(path).as_posix())
    table.assign(file=files).to_csv(path / "clips.csv", index=False)
    (path / MARK).write_text(json.dumps(selection.about(), sort_keys=True, indent=1) + "\n", encoding="utf-8")


def pages(data: NDArray[Any], *, axes: tuple[str, ...]) -> NDArray[Any]:
    """Return a clip as pages: (page, y, x, 3) uint8 or (page, y, x).

    Examples
    --------
    >>> pages(np.zeros((4, 5, 2)), axes=("y", "x", "channel")).shape
    (2, 4, 5)
    >>> pages(np.zeros((7, 4, 5, 3), np.uint8), axes=("time", "y", "x", "channel")).shape
    (7, 4, 5, 3)
    """
    if "channel" not in axes:
        return data.reshape(-1, *data.shape[-2:])
    if data.dtype == np.uint8 and data.shape[-1] == 3:
        return data.reshape(-1, *data.shape[-3:])
    apart = np.moveaxis(data, -1, -3)
    return apart.reshape(-1, *apart.shape[-2:])


def _names(part: Part, selection: Selection) -> list[str]:
    """Return names that are unique inside a subject: the end of the clip ids or, hidden, the keys."""
    if selection.hidden:
        return selection.names(part)
    columns = (part.rows[name] for name in ("part", "clip", "onset"))
    return [f"{part}{'-' if part else ''}{clip}@{onset}" for part, clip, onset in zip(*columns, strict=True)]


def _require_images(description: Description) -> None:
    if description.axes[-3:] != ("y", "x", "channel") and description.axes[-2:] != ("y", "x"):
        raise StoreError(
            f"{description.store}: the axes of a clip are {', '.join(description.axes)}, which is no image; "
            "export it with --to h5, npz or parquet"
        )


def _write_clip(file: Path, data: NDArray[Any], *, axes: tuple[str, ...]) -> None:
    stacked = pages(np.asarray(data), axes=axes)
    colour = stacked.ndim == 4
    # "x": two clips whose names differ only in case must not become one file where case does not count.
    with file.open("xb") as stream:
        tifffile.imwrite(
            stream,
            np.ascontiguousarray(stacked),
            photometric="rgb" if colour else "minisblack",
            planarconfig="contig" if colour else None,
            metadata=None,
            software="mestore",
        )
