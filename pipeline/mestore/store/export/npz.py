"""npz: the arrays of a fixed-shape store, clip by clip in one file; nothing in it is pickled."""

import json
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mestore.sample import Sample
from mestore.store.export.selection import Selection, data_like, fixed_shape, joined_frames
from mestore.store.layout import DATA, LANDMARKS


def write_npz(path: Path, selection: Selection) -> None:
    """Write a selection as npz: `data`, `landmarks` where there are any, and one array per column.

    `data` is written clip by clip, so that memory holds one subject. `about` is JSON; `missing` names the
    clips that have no arrays. Where labels are hidden, `frames` and `frames_offsets` are not there.

    Raises
    ------
    StoreError
        If the clips differ in shape.
    """
    model = fixed_shape(selection.feature, form="npz")
    table = selection.table()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        with _member(archive, DATA) as stream:
            _begin(stream, (len(table), *model.data.shape), model.data.dtype)
            for part in selection.parts():
                for sample in part.samples:
                    stream.write(data_like(sample, model).tobytes())
        for name, values in _small(selection).items():
            _save(archive, name, values)
        for heading, column in table.items():
            numbers = column.dtype.kind in "ifb"
            _save(archive, str(heading), column.to_numpy() if numbers else np.array(column.tolist(), np.str_))
        _save(archive, "missing", np.array(selection.missing(), np.str_))
        _save(archive, "about", np.array(json.dumps(selection.about(), sort_keys=True)))


def _small(selection: Selection) -> dict[str, NDArray[Any]]:
    """Return landmarks and frame numbers of all clips."""
    samples: list[Sample] = []
    for part in selection.parts(check=False):
        samples.extend(sample.having(np.empty(0), frames=sample.frames.copy()) for sample in part.samples)
    points = [sample.landmarks for sample in samples if sample.landmarks is not None]
    found: dict[str, NDArray[Any]] = {LANDMARKS: np.stack(points)} if points else {}
    if not selection.hidden:
        found["frames"], found["frames_offsets"] = joined_frames(samples)
    return found


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    # By name, not by ZipInfo of a file: its time is then 1980, and equal arrays give equal bytes.
    return archive.open(f"{name}.npy", "w", force_zip64=True)


def _begin(stream: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)


def _save(archive: zipfile.ZipFile, name: str, values: NDArray[Any]) -> None:
    with _member(archive, name) as stream:
        np.lib.format.write_array(stream, values, allow_pickle=False)
