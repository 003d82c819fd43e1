"""Tables as files: equal tables give equal bytes, and a reader sees all of a file or none."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mestore.clips import columns
from mestore.errors import AnnotationError
from mestore.replacing import replacing

VERSION = 1
"""Of the clip table: rises when a column is added, taken out, or means something else."""

_VERSION_KEY = b"mestore_clip_table"

_LISTS = {
    "frames": pa.list_(pa.int64()),
    "paths": pa.list_(pa.string()),
    "landmarks": pa.list_(pa.float64()),
    "box": pa.list_(pa.float64()),
}
_TYPES = {"str": pa.string(), "int64": pa.int64(), "float64": pa.float64(), "bool": pa.bool_()}


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
        pq.write_table(pa.table(arrays, metadata={_VERSION_KEY: str(VERSION)}), temporary)


def write_plot(table: pd.DataFrame, path: Path) -> None:
    """Write a table that DVC plots, as CSV.

    DVC writes what it plots into a page as it is, where a label must not be markup: < and > become ‹ and ›.
    """
    with replacing(path) as temporary:
        table.replace({"<": "‹", ">": "›"}, regex=True).to_csv(temporary, index=False)


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


def refuse_other_version(path: Path) -> None:
    """Raise `AnnotationError` if a file holds the clip table of another version of mestore.

    A workspace without the recordings keeps the table that `dvc pull` brought, whoever wrote it.
    """
    schema = pq.read_schema(path)
    found = (schema.metadata or {}).get(_VERSION_KEY, b"").decode() or "before 1"
    if found == str(VERSION) or (found == "before 1" and schema.names == columns()):
        return
    raise AnnotationError(
        f"{path} is a clip table of version {found}, this mestore reads version {VERSION}; run `dvc repro "
        "index` where the recordings are and `dvc pull` it here, or install the mestore that wrote it"
    )
