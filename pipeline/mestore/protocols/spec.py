"""ProtocolSpec: what the pipeline must know of a protocol to make its folds."""

from dataclasses import dataclass
from typing import Any, Protocol, cast

import pandas as pd

from mestore.features.spec import StrictModel, resolve
from mestore.protocols.plan import Plan


class ProtocolOptions(StrictModel):
    """Base of every protocol's parameters."""


class MakePlan(Protocol):
    """Makes the folds of a protocol."""

    def __call__(self, table: pd.DataFrame, truth: "pd.Series[str]", options: Any) -> Plan:
        """Return a plan over a clip table; `truth` has its index, and is empty where a clip has no label."""


@dataclass(frozen=True, kw_only=True)
class ProtocolSpec:
    """One protocol.

    Parameters
    ----------
    plan : str
        "module:function", a `MakePlan`. A string, so that imports stay lazy.
    options : str
        "module:Class", a `ProtocolOptions`.
    title : str
        What it is, in words.
    target : str
        The target of `mestore.labels.target` that it is about; empty where the user chooses.
    """

    plan: str
    options: str
    title: str
    target: str = ""

    def load(self) -> MakePlan:
        """Return the function."""
        return cast(MakePlan, resolve(self.plan))

    def options_model(self) -> type[ProtocolOptions]:
        """Return the class of its parameters."""
        return cast(type[ProtocolOptions], resolve(self.options))
