"""Clip tables as parquet files: equal tables give equal bytes, and a reader sees all of a file or none."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mestore.errors import AnnotationError

_LISTS = {
    "frames": pa.list_(pa.int64()),
    "paths": pa.list_(pa.string()),
    "landmarks": pa.list_(pa.float64()),
    "box": pa.list_(pa.float64()),
}
_TYPES = {"str": pa.string(), "int64": pa.int64(), "float64": pa.float64(), "bool": pa.bool_()}


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`, and rename it to `path` if all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile: it makes files that only their owner may read, and a lab shares these.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a clip table or a failures table to `path`, atomically.

    Column types come from the schema, not from the rows, and no pandas version is written: a table without
    rows keeps its types, and equal tables give equal bytes.
    """
    arrays = {
        name: pa.array(column.tolist(), type=_LISTS.get(str(name)) or _TYPES[str(column.dtype)])
        for name, column in table.items()
    }
    with replacing(path) as temporary:
        pq.write_table(pa.table(arrays), temporary)


def read_parquet(path: Path) -> pd.DataFrame:
    """Return the table in `path`; `frames`, `paths`, `landmarks` and `box` are lists again.

    Raises
    ------
    AnnotationError
        If the file is no parquet file.
    """
    try:
        table: pd.DataFrame = pq.read_table(path).to_pandas()
    except pa.ArrowInvalid as error:
        raise AnnotationError(f"{path} is no parquet file ({error}); delete it and index again") from error
    for name in _LISTS.keys() & set(table.columns):
        table[name] = pd.Series([list_.tolist() for list_ in table[name]], dtype=object, index=table.index)
    return table
