"""The readers of datasets. Adding one is one file and one line in `READERS`."""

from mestore.datasets.spec import ReaderSpec

READERS: dict[str, ReaderSpec] = {
    "casme2": ReaderSpec(
        read="mestore.datasets.casme2:read", options="mestore.datasets.casme2:Casme2Options"
    ),
    "table": ReaderSpec(read="mestore.datasets.table:read", options="mestore.datasets.table:TableOptions"),
}
