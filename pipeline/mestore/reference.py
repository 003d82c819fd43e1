"""Reference: every key of params.yaml, written from the models that check it."""

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mestore.datasets import READERS
from mestore.features import FEATURES
from mestore.features.spec import FeatureSpec
from mestore.params import (
    VERSION,
    BuildParams,
    ComputeParams,
    DatasetParams,
    ProtocolParams,
    QualityParams,
    ReportParams,
    StoreParams,
    WriteParams,
    key_of,
)
from mestore.protocols import PROTOCOLS
from mestore.scores.settings import EvaluateParams, SvmParams

_SECTIONS: dict[str, type[BaseModel]] = {
    "datasets.<name>": DatasetParams,
    "stores.<name>": StoreParams,
    "store": WriteParams,
    "protocols.<name>": ProtocolParams,
    "evaluate.<protocol>": EvaluateParams,
    "evaluate.<protocol>.svm.<feature>": SvmParams,
    "quality": QualityParams,
    "report": ReportParams,
    "build": BuildParams,
    "compute": ComputeParams,
}


def params_reference() -> str:
    """Return docs/params.md: each section, each kind of store and each reader with all their keys."""
    lines = [
        "# params.yaml",
        "",
        "Written by `mestore params`; do not edit. An unknown or ill-typed key is an error that names the",
        "key, the file and what is allowed. Names are lower case letters, digits and `_`.",
        f"`version: {VERSION}` may stand at the top: a file of another version is refused (workspace.md).",
        "",
    ]
    for section, model in _SECTIONS.items():
        lines += [f"## {section}", "", *_table(model), ""]
    for kind, spec in FEATURES.items():
        reads = ", ".join(spec.reads)
        lines += [f"## stores.<name>.params of kind {kind}", "", f"Input: {reads}. {_clip(spec)}", ""]
        lines += [*_table(spec.params_model()), ""]
    for kind, protocol in PROTOCOLS.items():
        lines += [f"## protocols.<name>.params of kind {kind}", ""]
        lines += [
            f"{protocol.title[0].upper()}{protocol.title[1:]}.",
            "",
            *_table(protocol.options_model()),
            "",
        ]
    for reader, reader_spec in READERS.items():
        lines += [f"## datasets.<name>.options of reader {reader}", "", *_table(reader_spec.options_model())]
        lines += [""]
    return "\n".join(lines)


def params_keys() -> dict[str, str]:
    """Return the default of every key of params.yaml, by the key as the reference has it."""
    models = dict(_SECTIONS)
    models |= {f"stores.<name>.params of kind {kind}": it.params_model() for kind, it in FEATURES.items()}
    models |= {
        f"protocols.<name>.params of kind {kind}": it.options_model() for kind, it in PROTOCOLS.items()
    }
    models |= {
        f"datasets.<name>.options of reader {name}": it.options_model() for name, it in READERS.items()
    }
    return {
        f"{key_of(name, field)} in {section}": _default(field)
        for section, model in models.items()
        for name, field in model.model_fields.items()
    }


def _clip(spec: FeatureSpec) -> str:
    """Return type and axes of a clip by default and, where parameters add an axis, of the longer one."""
    axes = spec.params_model()().axes(spec.dims)
    more = "" if axes == spec.dims else f", or ({', '.join(spec.dims)}) of a sequence"
    return f"A clip: {spec.dtype} ({', '.join(axes)}){more}, {spec.units}."


def _default(field: FieldInfo) -> str:
    return "required" if field.is_required() else _plain(field.get_default(call_default_factory=True))


def _table(model: type[BaseModel]) -> Iterator[str]:
    if not model.model_fields:
        yield "No keys."
        return
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    for name, field in model.model_fields.items():
        default = (
            "required" if field.is_required() else f"`{_plain(field.get_default(call_default_factory=True))}`"
        )
        yield f"| `{key_of(name, field)}` | {_type(field)} | {default} | {field.description or ''} |"


def _plain(value: Any) -> str:
    return "" if value is None else str(list(value) if isinstance(value, tuple) else value)


def _type(field: FieldInfo) -> str:
    """Return a type as a user would say it: choices for literals, limits where there are any."""
    said = _said(field.annotation)
    limits = [
        f"{sign} {getattr(rule, name)}"
        for rule in field.metadata
        for name, sign in (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<="))
        if getattr(rule, name, None) is not None
    ]
    return ", ".join([said, *limits])


def _said(annotation: Any) -> str:
    inner = get_args(annotation)
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{choice}`" for choice in inner)
    if hasattr(annotation, "__metadata__"):
        return _said(inner[0])
    if get_origin(annotation) in (UnionType, Union):
        return " or ".join(_said(choice) for choice in inner)
    if get_origin(annotation) is tuple:
        if inner[-1] is Ellipsis:
            return f"list of {_said(inner[0])}"
        return f"[{', '.join(_said(choice) for choice in inner)}]"
    if annotation is NoneType:
        return "empty"
    return str(getattr(annotation, "__name__", annotation))
