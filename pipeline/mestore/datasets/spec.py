"""ReaderSpec: what the pipeline must know of a dataset's reader to index it."""

from dataclasses import dataclass
from typing import cast

from mestore.datasets.entry import Reader
from mestore.features.spec import StrictModel, resolve


class ReaderOptions(StrictModel):
    """Base of every reader's options."""


@dataclass(frozen=True, kw_only=True)
class ReaderSpec:
    """One dataset's reader.

    Parameters
    ----------
    read : str
        "module:function", a `mestore.datasets.entry.Reader`. A string, so that imports stay lazy.
    options : str
        "module:Class", a `ReaderOptions`.
    title : str
        What the dataset is called in papers.
    layouts : tuple of dict
        Options to try when a folder of unknown layout is looked at, the likeliest first.
    """

    read: str
    options: str
    title: str
    layouts: tuple[dict[str, str], ...] = ({},)

    def load(self) -> Reader:
        """Return the function."""
        return cast(Reader, resolve(self.read))

    def options_model(self) -> type[ReaderOptions]:
        """Return the class of its options."""
        return cast(type[ReaderOptions], resolve(self.options))
