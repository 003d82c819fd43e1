"""Parameters of alignment, and the recipes of others as presets."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from mestore.apex import APEX
from mestore.faces import DETECTORS, LANDMARKS
from mestore.faces.choose import Which
from mestore.faces.plausible import Limits
from mestore.faces.weights import WEIGHTS
from mestore.features.spec import KindParams, Uses

if TYPE_CHECKING:
    DetectorName = str
    LandmarksName = str
    ApexName = str
else:
    DetectorName = Literal[tuple(DETECTORS)]
    LandmarksName = Literal[tuple(LANDMARKS)]
    ApexName = Literal["as_given", *APEX]

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "": {},
    "dfme": {"detector": "retinaface", "fit": "stable", "crop": "box"},
    "meb": {"detector": "retinaface", "fit": "eyes", "crop": "box", "side": 150},
    "fourdme": {"fit": "eyes", "crop": "eyes", "side": 150},
}
"""Values of parameters by the name of whoever published them; docs/alignment.md says what is sourced."""


class AlignParams(KindParams):
    """Parameters of a store of crops."""

    preset: Literal["", "dfme", "meb", "fourdme"] = Field(
        default="",
        description="the recipe of dfme, meb or fourdme: values for other parameters, where those are not "
        "given; docs/alignment.md lists them",
    )
    side: int = Field(
        default=224, ge=32, le=1024, description="width and height of the crop, in pixels (32 to 1024)"
    )
    method: Literal["onset", "as_delivered"] = Field(
        default="onset",
        description="onset: one similarity, found on the onset frame, for every frame; "
        "as_delivered: frames are only scaled to fit, for crops that a dataset ships registered",
    )
    fit: Literal["stable", "eyes"] = Field(
        default="stable",
        description="what is laid on the reference face: the eleven stable landmarks, or the two eye centres",
    )
    crop: Literal["eyes", "box"] = Field(
        default="eyes",
        description="what the crop shows. eyes: they have their places in it; box: the square about the box "
        "that the detector draws round the face of the aligned onset frame",
    )
    detector: DetectorName = Field(
        default="dlib", description="what finds faces; the names are in mestore/faces/__init__.py"
    )
    landmarks: LandmarksName = Field(
        default="dlib", description="what finds the 68 landmarks of a face; the names are there too"
    )
    face: Which = Field(
        default="only",
        description="which face of the onset frame. only: there must be no other; largest; nearest: to that "
        "of the subject's clip before; the largest for the first clip and where the frame size changes",
    )
    min_confidence: float | None = Field(
        default=None,
        description="score under which a face counts as none; scores are the detector's own; empty: its own "
        "limit, in mestore/faces/__init__.py",
    )
    min_eye_distance: float = Field(
        default=16.0, ge=1, description="pixels between the eyes in the recording, at least *"
    )
    min_share: float = Field(
        default=0.3,
        ge=0,
        description="eye distance over the width of the face's box, as dlib draws it, at least *",
    )
    max_share: float = Field(default=0.6, gt=0, description="the same at most *")
    min_inside: float = Field(
        default=0.75, ge=0, le=1, description="share of the landmarks that lie inside the frame, at least *"
    )
    max_asymmetry: float = Field(
        default=0.25,
        gt=0,
        description="rms distance of the landmarks from their mirror image, in eye distances, at most",
    )
    max_residual: float = Field(
        default=0.1,
        gt=0,
        description="rms distance of the stable landmarks from the reference face, in eye distances, at most",
    )
    max_repeat: float = Field(
        default=0.06,
        gt=0,
        description="how far the stable landmarks move when they are looked for once more in the aligned "
        "frame, rms, in eye distances, at most * (* not asked of landmarks.csv)",
    )
    apex: ApexName = Field(
        default="as_given",
        description="as_given: the coding sheet's apex, or the middle where it has none; or how to look for "
        "it: the names are in mestore/apex/__init__.py",
    )
    apex_of: Literal["missing", "all"] = Field(
        default="missing",
        description="for which clips `apex` looks: those whose apex the sheet does not give, or all",
    )

    @model_validator(mode="before")
    @classmethod
    def _preset(cls, given: Any) -> Any:
        """Put a preset's values where none are given."""
        if not isinstance(given, dict):
            return given
        values = PRESETS.get(given.get("preset", "")) if isinstance(given.get("preset", ""), str) else None
        return {**(values or {}), **given}

    @model_validator(mode="after")
    def _consistent(self) -> "AlignParams":
        """Refuse limits that no face keeps, and a geometry for crops that are taken as they are."""
        if self.min_share > self.max_share:
            raise ValueError(
                f"min_share {self.min_share:g} is above max_share {self.max_share:g}: every clip would fail; "
                "exchange them"
            )
        if self.method == "as_delivered" and (self.fit, self.crop) != ("stable", "eyes"):
            raise ValueError(
                f"method as_delivered only scales frames, and fit {self.fit!r} with crop {self.crop!r} would "
                "move them; leave fit and crop (or the preset) out, or take method onset"
            )
        return self

    def ragged(self, *, input_ragged: bool) -> bool:
        """Return True: a crop clip has as many frames as its recording."""
        return True

    def uses(self) -> Uses:
        """Return the face models and the way of spotting an apex that are named.

        Raises
        ------
        ModelError
            If one of the models is not installed.
        """
        models = [DETECTORS[self.detector], LANDMARKS[self.landmarks]]
        for model in models:
            model.require()
        apex = [] if self.apex == "as_given" else [APEX[self.apex]]
        return Uses(
            functions=(*(it.function for it in models), *(it.function for it in apex)),
            libraries=(
                *(name for it in models for name in it.libraries),
                *(name for it in apex for name in it.libraries),
            ),
            weights={name: WEIGHTS[name].sha256 for model in models for name in model.weights},
            values={"least": self.least()},
        )

    def least(self) -> float:
        """Return the score that a face must have."""
        return DETECTORS[self.detector].least if self.min_confidence is None else self.min_confidence

    def limits(self) -> Limits:
        """Return the limits of plausible landmarks."""
        return Limits(
            min_eye_distance=self.min_eye_distance,
            min_share=self.min_share,
            max_share=self.max_share,
            max_asymmetry=self.max_asymmetry,
            max_residual=self.max_residual,
            min_inside=self.min_inside,
            max_repeat=self.max_repeat,
        )
