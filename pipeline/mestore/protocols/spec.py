"""ProtocolSpec: what the pipeline must know of a protocol to make its folds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

import pandas as pd
from pydantic import ValidationError

from mestore.errors import ParamsError
from mestore.features.spec import StrictModel, resolve
from mestore.protocols.plan import Plan


class ProtocolOptions(StrictModel):
    """Base of every protocol's parameters."""


class MakePlan(Protocol):
    """Makes the folds of a protocol."""

    def __call__(self, table: pd.DataFrame, truth: "pd.Series[str]", options: Any) -> Plan:
        """Return a plan over a clip table.

        Its rows are sorted by clip id and numbered from 0; `truth` has that index, and is empty where a clip
        has no label.
        """


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

    def parse(self, params: Mapping[str, Any]) -> ProtocolOptions:
        """Return its parameters, defaults filled in; raise `ParamsError` naming what is wrong."""
        model = self.options_model()
        try:
            return model(**params)
        except ValidationError as error:
            problems = "; ".join(_problem(it) for it in error.errors())
            allowed = ", ".join(model.model_fields) or "none"
            raise ParamsError(f"{self.title}: {problems}; its parameters are {allowed}") from None


def _problem(item: Any) -> str:
    """Return what is wrong with one parameter, or with several together, which have no place."""
    name, said = ".".join(map(str, item["loc"])), f"{item['msg'][0].lower()}{item['msg'][1:]}"
    if item["type"] == "extra_forbidden":
        return f"{name!r} is unknown"
    return f"{name!r} is {item['input']!r}: {said}" if name else said
