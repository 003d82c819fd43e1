"""params.yaml: its sections, their types, and errors that name the key and what is allowed."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo

from mestore.datasets import READERS
from mestore.datasets.spec import ReaderOptions
from mestore.errors import ParamsError
from mestore.features import FEATURES
from mestore.features.spec import KindParams, refuse_names
from mestore.labels.target import names as targets
from mestore.protocols import PROTOCOLS
from mestore.scores.settings import BASELINES, EvaluateParams

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Model = TypeVar("Model", bound=BaseModel)

INDEX = "index"

VERSION = 1
"""Of params.yaml: rises when a key that was there is called otherwise, is gone or means something else."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class DatasetParams(_Section):
    """One dataset: the folder of that name below the raw root."""

    reader: str = Field(description=f"who understands its layout: {', '.join(READERS)}")
    options: dict[str, Any] = Field(default_factory=dict, description="of that reader, listed below")
    subjects: list[str] = Field(
        default_factory=list, description="the only subjects to take, for a first try; empty: all"
    )


class StoreParams(_Section):
    """One store: data/stores/<name>."""

    kind: str = Field(description=f"what is computed: {', '.join(FEATURES)}")
    input: str = Field(description="index, or stores/<name>")
    params: dict[str, Any] = Field(default_factory=dict, description="of that kind, listed below")

    @property
    def input_store(self) -> str | None:
        """Name of the store it reads; None if it reads the index."""
        return None if self.input == INDEX else self.input.removeprefix("stores/")


class ProtocolParams(_Section):
    """One way to make folds: data/folds/<name>.json."""

    kind: str = Field(description=f"one of {', '.join(PROTOCOLS)}")
    label: str = Field(
        default="",
        description="what is predicted: a column of labels, a label map, or au_<policy> (docs/datasets.md); "
        "empty: the protocol's own, or emotion",
    )
    params: dict[str, Any] = Field(default_factory=dict, description="of that protocol, listed below")


class WriteParams(_Section):
    """How arrays are written; stores that differ in it hold the same numbers."""

    compressor: Literal["none", "zstd"] = Field(
        default="none", description="none: readers map the files; zstd: for archives, and read more slowly"
    )


class BuildParams(_Section):
    """How builds react to bad clips; changes no result."""

    max_failed: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description="failed clips per dataset up to which a stage succeeds; empty: the larger of 1 and 5 %",
    )


class ComputeParams(_Section):
    """Where builds run; changes no result."""

    n_jobs: int = Field(
        default=-1,
        description="worker processes on this machine, not 0; -1: one per core; 1: none, the stage's own",
    )
    backend: Literal["loky", "dask"] = Field(
        default="loky", description="loky: processes on this machine; dask: the workers of a scheduler"
    )
    scheduler: str | None = Field(
        default=None,
        description="of dask, such as tcp://node1:8786; empty: $DASK_SCHEDULER_ADDRESS",
    )

    @field_validator("n_jobs")
    @classmethod
    def _some(cls, value: int) -> int:
        if value == 0:
            raise ValueError("expected a number of worker processes, not 0")
        return value


class QualityParams(_Section):
    """Which clips `mestore qc` lists: thresholds of the quality numbers (docs/quality.md); changes no store.

    Pixels are those of a crop 224 px wide; of other crops they go with the side.
    """

    max_residual: float | None = Field(
        default=6.0,
        description="px between the stable landmarks and the reference face, rms; empty: not looked at",
    )
    max_drift_px: float | None = Field(default=1.0, description="px that the head moves after the onset")
    min_sharpness: float | None = Field(
        default=0.02, description="variance of the Laplacian by that of the grey levels"
    )
    min_exposure: float | None = Field(default=40.0, description="mean grey level of the face")
    max_exposure: float | None = Field(default=215.0, description="the same")
    max_clipped: float | None = Field(
        default=0.05, description="share of the face's pixels with a colour of 0 or 255"
    )
    max_flicker: float | None = Field(
        default=1.0, description="standard deviation of the frames' mean grey levels"
    )
    max_missing: float | None = Field(default=0.05, description="share of the frame numbers without a frame")
    min_confidence: float | None = Field(
        default=None,
        description="the detector's score, on its own scale; under align's own limit a clip fails",
    )
    max_repeat: float | None = Field(
        default=0.04, description="how far landmarks are found elsewhere when looked for again, eye distances"
    )
    max_noise_floor_px: float | None = Field(
        default=0.8, description="px that a flow shows where the face keeps still, rms"
    )

    @model_validator(mode="after")
    def _some_exposure(self) -> Self:
        low, high = self.min_exposure, self.max_exposure
        if low is not None and high is not None and low > high:
            raise ValueError(f"min_exposure {low:g} is above max_exposure {high:g}; set one of them to empty")
        return self


class ReportParams(_Section):
    """What the pages show; changes no other result."""

    faces: Literal["show", "omit"] = Field(
        default="show",
        description="show: for whoever may see the recordings; omit: plots, flow and numbers only",
    )


class Params(_Section):
    """All of params.yaml."""

    version: int = Field(default=VERSION, description="of the keys of this file; empty: this mestore's")
    datasets: Annotated[dict[Name, DatasetParams], Field(min_length=1)]
    stores: dict[Name, StoreParams]
    store: WriteParams = WriteParams()
    protocols: dict[Name, ProtocolParams]
    evaluate: Annotated[dict[Name, EvaluateParams], Field(min_length=1)]
    quality: QualityParams = QualityParams()
    report: ReportParams = ReportParams()
    build: BuildParams = BuildParams()
    compute: ComputeParams = ComputeParams()


def load_params(path: Path) -> Params:
    """Read params.yaml and check it whole, kinds, readers and references included.

    Raises
    ------
    ParamsError
        Naming the file, the key, what was found and what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ParamsError(
            f"{path} is missing; run in the folder that holds it, or get it back with "
            "`git checkout params.yaml`"
        ) from None
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ParamsError(f"{path} is not YAML: {error}") from None
    if not isinstance(raw, dict):
        raise ParamsError(f"{path} holds {type(raw).__name__}; expected the sections {_keys(Params)}")
    if raw.get("version", VERSION) != VERSION:
        raise ParamsError(
            f"{path} is of version {raw['version']!r}, this mestore reads version {VERSION}; install the "
            "mestore that it was written for, or change it as docs/workspace.md says, its version last"
        )
    params = _parse(Params, raw, where=str(path))
    _check(params, where=str(path))
    return params


def kind_params(store: StoreParams, *, where: str = "params.yaml") -> KindParams:
    """Return the typed parameters of a store, defaults filled in."""
    return _parse(FEATURES[store.kind].params_model(), store.params, where=where)


def reader_options(dataset: DatasetParams, *, where: str = "params.yaml") -> ReaderOptions:
    """Return the typed options of a dataset's reader, defaults filled in."""
    return _parse(READERS[dataset.reader].options_model(), dataset.options, where=where)


def dump(model: BaseModel) -> dict[str, Any]:
    """Return parameters as plain JSON values, by the names they have in params.yaml."""
    return model.model_dump(mode="json", by_alias=True)


def _parse(model: type[Model], raw: dict[str, Any], *, where: str) -> Model:
    # Through JSON, because strict Python input would refuse a YAML list where a tuple is due.
    try:
        return model.model_validate_json(json.dumps(raw, default=str))
    except ValidationError as error:
        problems = "; ".join(_problem(model, item) for item in error.errors())
        raise ParamsError(f"{where}: {problems}") from None


def _problem(model: type[BaseModel], item: Any) -> str:
    # "[key]" is pydantic's word for a mapping's key that breaks a rule.
    location = [part for part in item["loc"] if part != "[key]"]
    key = ".".join(str(part) for part in location)
    if item["type"] == "extra_forbidden":
        return f"{key!r} is unknown; allowed here: {_keys(_model_at(model, location[:-1]))}"
    if item["type"] == "missing":
        return f"{key!r} is missing"
    if item["input"] in (None, {}) and item["type"] in ("dict_type", "model_type", "too_short"):
        return f"{key!r} is empty; put an entry into it"
    return f"{key!r} is {item['input']!r}: {item['msg'][0].lower()}{item['msg'][1:]}"


def _model_at(model: type[BaseModel], location: list[int | str]) -> type[BaseModel]:
    """Follow a location through sections and mappings of sections."""
    for part in location:
        for name, info in model.model_fields.items():
            if part in (name, info.validation_alias):
                inner = [info.annotation, *getattr(info.annotation, "__args__", ())]
                model = next((t for t in inner if isinstance(t, type) and issubclass(t, BaseModel)), model)
    return model


def _keys(model: type[BaseModel]) -> str:
    return ", ".join(key_of(name, info) for name, info in model.model_fields.items())


def key_of(name: str, field: FieldInfo) -> str:
    """Return what a field is called in params.yaml: `lambda` is no name in Python."""
    return str(field.validation_alias or name)


def is_ragged(stores: dict[str, StoreParams], name: str) -> bool:
    """Return whether the clips of a store differ in length."""
    source = stores[name].input_store
    return kind_params(stores[name]).ragged(input_ragged=source is not None and is_ragged(stores, source))


def _check(params: Params, *, where: str) -> None:
    """Check what types cannot say: that names refer to something, and stores to what they can read."""
    for section in (params.datasets, params.stores, params.protocols):
        _valid(f"{where}: ", partial(refuse_names, section))
    for name, dataset in params.datasets.items():
        _known(dataset.reader, READERS, f"{where}: datasets.{name}.reader")
        reader_options(dataset, where=f"{where}: datasets.{name}.options")
    for name, store in params.stores.items():
        _check_store(name, store, params.stores, where=where)
    for name, protocol in params.protocols.items():
        _known(protocol.kind, PROTOCOLS, f"{where}: protocols.{name}.kind")
        _check_protocol(protocol, key=f"{where}: protocols.{name}")
    for name, evaluated in params.evaluate.items():
        _known(name, params.protocols, f"{where}: evaluate's protocol")
        _check_evaluated(evaluated, params.stores, key=f"{where}: evaluate.{name}")


def _check_evaluated(evaluated: EvaluateParams, stores: dict[str, StoreParams], *, key: str) -> None:
    for feature in evaluated.features:
        _known(feature, stores, f"{key}.features")
        if feature in BASELINES:
            raise ParamsError(
                f"{key}.features names store {feature!r}, as a baseline is called; call the store otherwise"
            )
        if is_ragged(stores, feature):
            raise ParamsError(
                f"{key}.features: clips of store {feature!r} differ in length; an SVM needs vectors of one "
                "length: name a store with a fixed shape"
            )
    for feature in evaluated.svm:
        _known(feature, evaluated.features, f"{key}.svm")


def _check_protocol(protocol: ProtocolParams, *, key: str) -> None:
    spec = PROTOCOLS[protocol.kind]
    _parse(spec.options_model(), protocol.params, where=f"{key}.params")
    _known(protocol.label, ["", spec.target] if spec.target else ["", *targets()], f"{key}.label")


def _check_store(name: str, store: StoreParams, stores: dict[str, StoreParams], *, where: str) -> None:
    key = f"{where}: stores.{name}"
    _known(store.kind, FEATURES, f"{key}.kind")
    reads = FEATURES[store.kind].reads
    possible = [f"stores/{other}" for other, its in stores.items() if its.kind in reads and other != name]
    _known(store.input, [INDEX] * (INDEX in reads) + possible, f"{key}.input")
    typed = kind_params(store, where=f"{key}.params")
    if store.input_store is not None:
        given = kind_params(stores[store.input_store], where=f"{where}: stores.{store.input_store}.params")
        _valid(f"{key}.input: ", partial(typed.check_input, given))


def _valid(where: str, check: Callable[[], None]) -> None:
    """Call a check and turn its ValueError into a `ParamsError`."""
    try:
        check()
    except ValueError as error:
        raise ParamsError(f"{where}{error}") from None


def _known(value: str, known: Any, key: str) -> None:
    if value not in known:
        allowed = ", ".join(it or "'' (empty)" for it in known)
        raise ParamsError(f"{key} is {value!r}; allowed: {allowed or 'nothing yet'}")
