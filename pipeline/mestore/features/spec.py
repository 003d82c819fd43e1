"""FeatureSpec: what the pipeline must know of a kind of store to build it."""

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True, kw_only=True)
class Uses:
    """What a store computes with because its parameters say so, beyond what its kind always does.

    Parameters
    ----------
    functions : tuple of str
        "module:function"; the source that the modules reach enters the code digest.
    libraries : tuple of str
        Distributions whose major.minor version enters it.
    weights : mapping of str to str
        Names of files of weights, and the sha256 that each of them must have.
    values : mapping of str to float
        Numbers that a registry says and no source that counts.
    """

    functions: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    weights: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)


class KindParams(StrictModel):
    """Base of every kind's parameters."""

    def uses(self) -> Uses:
        """Return what a store of these parameters computes with beyond what its kind always does."""
        return Uses()

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
    follows : bool
        Whether the function takes `previous` too: what it returned for the last clip of the subject, in the
        order of the clip table, that did not fail, or None.
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
    follows: bool = False

    def load(self) -> Callable[..., Sample]:
        """Return the function."""
        return cast(Callable[..., Sample], resolve(self.function))

    def params_model(self) -> type[KindParams]:
        """Return the class of its parameters."""
        return cast(type[KindParams], resolve(self.params))
