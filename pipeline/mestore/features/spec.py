"""FeatureSpec: what the pipeline must know of a kind of store to build it."""

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, ConfigDict

from mestore.sample import Sample

OVERLOOKED = frozenset({"size", "nfiles"})
"""Keys that DVC's run cache leaves out of its hash, at any depth (seen in 3.67, dvc/stage/cache.py).

A parameter of that name could change, and DVC would check out the results of its old value.
"""


def refuse_names(names: Iterable[str]) -> None:
    """Raise ValueError if DVC would overlook a key.

    Examples
    --------
    >>> refuse_names(["side", "size"])
    Traceback (most recent call last):
        ...
    ValueError: nothing in params.yaml may be called 'size': DVC overlooks that key; choose another name
    """
    for name in sorted(OVERLOOKED & set(names)):
        raise ValueError(
            f"nothing in params.yaml may be called {name!r}: DVC overlooks that key; choose another name"
        )


class StrictModel(BaseModel):
    """Base of everything a user may set: frozen, strictly typed, unknown keys refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, populate_by_name=True, allow_inf_nan=False
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse names of parameters that DVC would overlook."""
        refuse_names(cls.model_fields)


class KindParams(StrictModel):
    """Base of every kind's parameters."""

    def ragged(self, *, input_ragged: bool) -> bool:
        """Return whether clips of such a store differ in length; `input_ragged`: those of its input do."""
        return False

    def check_input(self, given: "KindParams") -> None:
        """Raise ValueError if a store with parameters `given` cannot be the input of this one."""

    def axes(self, dims: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the axes of a clip's data, given those of the kind's spec."""
        return dims


def resolve(reference: str) -> Any:
    """Import what a "module:name" string refers to.

    Examples
    --------
    >>> resolve("math:floor")(2.5)
    2
    """
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)


@dataclass(frozen=True, kw_only=True)
class FeatureSpec:
    """One kind of store.

    Parameters
    ----------
    function : str
        "module:function", a pure function (Sample, params) -> Sample. A string, so that imports stay lazy.
    params : str
        "module:Class", a `KindParams`.
    reads : tuple of str
        What its input may be: "index" (raw frames) or the kinds of stores it understands.
    dims : tuple of str
        Names of the axes of one clip's `data`; `KindParams.axes` may drop some.
    dtype, units : str
        Of `data`.
    libraries : tuple of str
        Distributions whose major.minor version enters the code digest.
    files : tuple of str
        "package:path" of data files and weights whose bytes enter the code digest.
    """

    function: str
    params: str
    reads: tuple[str, ...]
    dims: tuple[str, ...]
    dtype: str
    units: str
    libraries: tuple[str, ...]
    files: tuple[str, ...] = ()

    def load(self) -> Callable[[Sample, KindParams], Sample]:
        """Return the function."""
        return cast(Callable[[Sample, KindParams], Sample], resolve(self.function))

    def params_model(self) -> type[KindParams]:
        """Return the class of its parameters."""
        return cast(type[KindParams], resolve(self.params))
