"""Settings: what the evaluate stage scores, as params.yaml says it. They know of nothing else in there."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

BASELINES = ("constant", "majority")
"""What is scored beside the features, and needs none."""


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SvmParams(_Settings):
    """The support vector machine of a feature."""

    kernel: Literal["linear", "rbf", "poly"] = Field(
        default="linear", description="with scikit-learn's gamma `scale`; poly: of degree 3"
    )
    C: float = Field(
        default=1.0, gt=0, allow_inf_nan=False, description="penalty of a wrongly classified training clip"
    )
    scale: bool = Field(
        default=True,
        description="whether each value is standardised, by its mean and standard deviation over the "
        "training clips",
    )
    balanced: bool = Field(default=True, description="classes weigh the same, however many clips they have")


class EvaluateParams(_Settings):
    """What is scored in the folds of a protocol: data/scores/<name>. The name is that of the protocol."""

    features: list[str] = Field(
        description="names of stores with one fixed-shape feature a clip; an SVM each, beside the baselines "
        "constant and majority, which need none"
    )
    svm: dict[str, SvmParams] = Field(
        default_factory=dict,
        description="settings by feature, see the next table; those not named: its defaults",
    )
