"""HDF5: the groups of the store in one file, for MATLAB, R, Julia and everything else that reads HDF5."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from mestore.sample import CURVE
from mestore.store.export.selection import Part, Selection, joined_frames, offsets
from mestore.store.layout import DATA, LANDMARKS, subject_key

TABLE = "_clips"
"""Group of the clip table; no dataset's name begins with an underscore."""


def write_h5(path: Path, selection: Selection) -> None:
    """Write a selection as HDF5; equal stores give equal bytes.

    ::

        /                          attributes: made_by, labels
        /_clips/<column>           the clip table of the clips that are there; texts are UTF-8
        /_missing                  clips that have no arrays
        /<dataset>/                attributes: those of the store; params as JSON
            <subject>/             percent-encoded where need be; attribute: subject
                data               (clips, ...) or, ragged, (rows of all clips, ...)
                data_offsets       ragged: where each clip's rows begin, and the end: (clips + 1), from 0
                clip               clip ids
                landmarks          (clips, 68, 2) float32
                onset, apex, offset, frames, frames_offsets, measures/<name>
                                     (<name>_curve: a value per frame, joined as frames are)

    Where labels are hidden, `clip` holds keys, and of the last line nothing is there.
    """
    # Bounds of the file format fixed, so that the bytes depend on no release of the library.
    with h5py.File(path, "w", libver=("earliest", "v110")) as file:
        about = selection.about()
        file.attrs.update({name: about[name] for name in ("made_by", "labels")})
        for name, description in about["datasets"].items():
            _describe(file.create_group(name), description)
        for part in selection.parts():
            _write_part(file[part.dataset].create_group(subject_key(part.subject)), part, selection)
        for name, column in selection.table().items():
            _write(file.require_group(TABLE), str(name), _plain(column))
        _write(file, "_missing", about["missing"])


def _describe(group: h5py.Group, description: dict[str, Any]) -> None:
    for name, value in description.items():
        if isinstance(value, dict):
            group.attrs[name] = json.dumps(value, sort_keys=True)
        elif isinstance(value, list):
            group.attrs.create(name, value, dtype=h5py.string_dtype())
        else:
            group.attrs[name] = np.uint8(value) if isinstance(value, bool) else value


def _write_part(group: h5py.Group, part: Part, selection: Selection) -> None:
    group.attrs["subject"] = part.subject
    samples, ragged = part.samples, part.description.ragged
    first = samples[0].data.shape
    starts = offsets([len(sample.data) for sample in samples])
    shape = (int(starts[-1]), *first[1:]) if ragged else (len(samples), *first)
    data = group.create_dataset(DATA, shape, part.description.dtype, track_times=False)
    for number, sample in enumerate(samples):
        data[slice(starts[number], starts[number + 1]) if ragged else number] = sample.data
    if ragged:
        _write(group, "data_offsets", starts)
    _write(group, "clip", selection.names(part))
    points = [sample.landmarks for sample in samples if sample.landmarks is not None]
    if points:
        _write(group, LANDMARKS, np.stack(points))
    if not selection.hidden:
        _write_annotation(group, part)


def _write_annotation(group: h5py.Group, part: Part) -> None:
    """Write the frame numbers and what was measured."""
    for name in ("onset", "apex", "offset"):
        _write(group, name, np.array([getattr(sample, name) for sample in part.samples], np.int64))
    frames, starts = joined_frames(part.samples)
    _write(group, "frames", frames)
    _write(group, "frames_offsets", starts)
    for name in sorted(part.samples[0].measures):
        each = [np.asarray(sample.measures[name]) for sample in part.samples]
        values = np.concatenate(each) if name.endswith(CURVE) else np.stack(each)
        _write(group.require_group("measures"), name, _plain(values))


def _plain(values: Any) -> Any:
    """Return values that every reader of HDF5 knows: truth values are 0 and 1, texts are texts."""
    if values.dtype == bool:
        return np.asarray(values, np.uint8)
    return values.tolist() if isinstance(values, pd.Series) and values.dtype.kind not in "if" else values


def _write(group: h5py.Group, name: str, values: Any) -> None:
    kind = h5py.string_dtype() if isinstance(values, list) else None
    group.create_dataset(name, data=values, dtype=kind, shape=np.shape(values), track_times=False)
