"""Parquet: one row per clip: the clip table's columns and the data as a list of fixed size."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mestore.sample import Sample
from mestore.store.export.selection import Part, Selection, data_like, fixed_shape
from mestore.store.layout import DATA, LANDMARKS

_TYPES = {"i": pa.int64(), "f": pa.float64(), "b": pa.bool_()}


def write_parquet(path: Path, selection: Selection) -> None:
    """Write a selection as parquet, one row group per subject.

    `data` is flattened in C order; the metadata key "mestore" holds JSON with its shape and what the store
    is. Where labels are hidden, `frames` is not there.

    Raises
    ------
    StoreError
        If the clips differ in shape.
    """
    model = fixed_shape(selection.feature, form="parquet")
    about = json.dumps({**selection.about(), "shape": model.data.shape}, sort_keys=True)
    schema = _schema(selection.table(), model, hidden=selection.hidden).with_metadata({"mestore": about})
    # Numbers that hardly repeat only grow by a dictionary.
    with pq.ParquetWriter(path, schema, use_dictionary=False) as writer:
        for part in selection.parts():
            writer.write_table(pa.table(_columns(part, model, schema), schema=schema))


def _schema(table: pd.DataFrame, model: Sample, *, hidden: bool) -> pa.Schema:
    fields = {str(name): _TYPES.get(column.dtype.kind, pa.string()) for name, column in table.items()}
    fields[DATA] = pa.list_(pa.from_numpy_dtype(model.data.dtype), model.data.size)
    if model.landmarks is not None:
        fields[LANDMARKS] = pa.list_(pa.float32(), model.landmarks.size)
    if not hidden:
        fields["frames"] = pa.list_(pa.float64())
    return pa.schema(fields)


def _columns(part: Part, model: Sample, schema: pa.Schema) -> dict[str, pa.Array]:
    columns = {
        str(name): pa.array(column.tolist(), type=schema.field(str(name)).type)
        for name, column in part.rows.items()
    }
    flat = np.concatenate([data_like(sample, model).reshape(-1) for sample in part.samples])
    columns[DATA] = pa.FixedSizeListArray.from_arrays(pa.array(flat), model.data.size)
    if LANDMARKS in schema.names:
        points = [np.ravel(sample.landmarks) for sample in part.samples if sample.landmarks is not None]
        columns[LANDMARKS] = pa.FixedSizeListArray.from_arrays(
            pa.array(np.concatenate(points)), len(points[0])
        )
    if "frames" in schema.names:
        frames = [np.ravel(sample.frames).tolist() for sample in part.samples]
        columns["frames"] = pa.array(frames, type=pa.list_(pa.float64()))
    return columns
