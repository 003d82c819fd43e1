"""Export: a store in one file that other languages read. A new format is one file and a line in `FORMATS`."""

FORMATS: dict[str, str] = {
    "h5": "mestore.store.export.h5:write_h5",
    "npz": "mestore.store.export.npz:write_npz",
    "parquet": "mestore.store.export.parquet:write_parquet",
    "tif": "mestore.store.export.tif:write_tif",
}
"""Each a function (path, Selection) -> None; `path` is not there yet. All but tif write one file."""

FOLDERS = ("tif",)
"""Formats that write a folder."""

MARK = "export.json"
"""File that every folder of an export holds: what it is, and that mestore may replace it."""
