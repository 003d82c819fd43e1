"""Methods of alignment: how faces were found and placed, and where the apex comes from, in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from mestore.align_params import PRESETS
from mestore.apex import APEX
from mestore.counting import counted
from mestore.faces import DETECTORS, LANDMARKS
from mestore.faces.spec import ModelSpec
from mestore.features import FEATURES
from mestore.report.methods.citing import cite, listed, outside
from mestore.report.run import Built

DETECTED: Mapping[str, str] = {
    "dlib": (f"the HOG detector of dlib {cite('king2009')}"),
    "retinaface": (f"RetinaFace {cite('deng2020')} with a MobileNet-0.25 backbone"),
    "retinaface_resnet50": (f"RetinaFace {cite('deng2020')} with a ResNet-50 backbone"),
}
"""One line here for each of `mestore.faces.DETECTORS`."""

LOCATED: Mapping[str, str] = {
    "dlib": (
        f"the ensemble of regression trees {cite('kazemi2014')} of dlib {cite('king2009')}, trained on "
        f"300-W {cite('sagonas2016')}"
    ),
    "mesh": (f"68 of the points of the MediaPipe face mesh {cite('kartynnik2019')}, run in OpenCV"),
    "fan": (f"the face alignment network 2D-FAN-4 {cite('bulat2017')}"),
}
"""One line here for each of `mestore.faces.LANDMARKS`."""

SPOTTED: Mapping[str, str] = {
    "middle": ("the frame half way between onset and offset"),
    "max_difference": ("the frame whose grey levels differed most from those of the onset"),
    "flow": (
        "the frame with the longest mean optical flow from the onset (dense inverse search "
        f"{cite('kroeger2016')}, head motion subtracted)"
    ),
    "strain": (
        f"the frame with the largest mean optical strain {cite('shreve2011')} since the onset (flow by dense "
        f"inverse search {cite('kroeger2016')}, head motion subtracted)"
    ),
    "lbp": (
        "the frame whose local binary patterns correlated least with those of the onset, by divide and "
        f"conquer {cite('liong2015')}"
    ),
    "frequency": (
        "the frame around which texture changed at the highest frequencies in space and time "
        f"{cite('li2018apex')}"
    ),
    "landmark_cells": (
        f"the frame in which ten cells around landmarks differed most from the onset {cite('quang2019')}"
    ),
}
"""One line here for each of `mestore.apex.APEX`."""

_PRESETS = {
    "dfme": f"DFME {cite('zhao2024')}",
    "meb": f"Varanka et al. {cite('varanka2024')}",
    "fourdme": f"4DME {cite('li2023fourdme')}",
}
_FACE = {
    "only": "clips with more than one face there were refused",
    "largest": "of several faces the largest was taken",
    "nearest": "of several faces the one nearest to that in the subject's previous clip was taken (the "
    "largest in the first clip, and where the size of the frames changed)",
}


def aligned(it: Built) -> Iterator[str]:
    """Give how crops were made: face, landmarks, transform, crop, and the apexes that they carry."""
    yield from _landmarks(it)
    yield from _placed(it)
    enlarged = sum(map(bool, it.measures.get("enlarged", [])))
    if enlarged:
        yield f"In {counted(enlarged, 'clip')} this enlarged the recorded frames."
    yield from apexes(it.clips, params=it.params, spotted=it.measures.get("apex_spotted"))


def _landmarks(it: Built) -> Iterator[str]:
    p, clips = it.params, len(it.held)
    given, boxes = it.given.landmarks, it.given.boxes
    if given:
        which = f"all {counted(clips, 'clip')}" if given == clips else counted(given, "clip")
        yield (
            f"The 68 landmarks of the onset frames of {which} came with the recordings; clips were refused "
            f"if {_limits(p, given=True)}."
        )
    if given == clips:
        return
    others = " of the other clips" if given else ""
    if boxes:
        yield f"The box around the face came with the recordings in {counted(boxes, 'clip')}."
    if given + boxes < clips:
        where = " of the remaining clips" if boxes else others
        yield (
            f"Faces were detected in the onset frames{where} by {_said(DETECTED, p['detector'], DETECTORS)} "
            f"({_least(it)}); {_FACE[p['face']]}."
        )
    yield (
        f"In the onset frames{others} 68 facial landmarks were located by "
        f"{_said(LOCATED, p['landmarks'], LANDMARKS)}. Clips were refused if the eyes were less than "
        f"{p['min_eye_distance']:g} px apart, or less than {_percent(p['min_share'])} or more than "
        f"{_percent(p['max_share'])} of the width of the box around the face; if less than "
        f"{_percent(p['min_inside'])} of the landmarks lay inside the frame; or if {_limits(p, given=False)}."
    )


def _limits(p: Mapping[str, Any], *, given: bool) -> str:
    """Return the limits of distances; landmarks that came with the recordings are not located once more."""
    again = f", or their shift when they were located again in the aligned frame {p['max_repeat']:g}"
    return (
        f"the distance of the landmarks from their mirror image exceeded {p['max_asymmetry']:g}"
        f"{' or' if given else ','} that of the stable ones from a reference face {p['max_residual']:g}"
        f"{'' if given else again} (root mean squares, in units of the distance between the eyes)"
    )


def _percent(share: float) -> str:
    return f"{share * 100:g} %"


def _ran(it: Built) -> list[ModelSpec]:
    """Return the face models that had something to do: what came with the recordings is not looked for."""
    p, clips, given = it.params, len(it.held), it.given
    boxed = p.get("crop") == "box"  # the detector draws it, whatever came with the recordings
    detector = DETECTORS.get(p["detector"]) if boxed or given.landmarks + given.boxes < clips else None
    landmarks = LANDMARKS.get(p["landmarks"]) if given.landmarks < clips else None
    return [model for model in (detector, landmarks) if model is not None]


def idle(it: Built) -> tuple[set[str], set[str]]:
    """Return the weights and the libraries that the parameters of a store name, and that nothing ran of."""
    p = it.params
    if it.description.kind != "align" or not {"detector", "landmarks", "apex"} <= set(p):
        return set(), set()
    ran, named = _ran(it), [DETECTORS.get(p["detector"]), LANDMARKS.get(p["landmarks"])]
    resting = [model for model in named if model is not None and model not in ran]
    apex = APEX.get(p["apex"])
    used = {*FEATURES["align"].libraries, *(apex.libraries if apex else ())}
    used |= {name for model in ran for name in model.libraries}
    return (
        {name for model in resting for name in model.weights}
        - {name for model in ran for name in model.weights},
        {name for model in resting for name in model.libraries} - used,
    )


def _said(table: Mapping[str, str], name: str, registry: Mapping[str, object]) -> str:
    """Return what a model is; of one without a sentence, its title."""
    if name in table:
        return table[name]
    return outside(getattr(registry.get(name), "title", name))


def _least(it: Built) -> str:
    """Return the limit of the detector's score that counted, in words."""
    least = it.params["min_confidence"]
    if least is None:
        least = it.code.get("declared", {}).get("uses", {}).get("values", {}).get("least")
    return "with its own limit of the score" if least is None else f"with a score of at least {least:g}"


def _placed(it: Built) -> Iterator[str]:
    p = it.params
    side = f"{p['side']} × {p['side']} px"
    if p["method"] == "as_delivered":
        yield (
            "The frames had been registered by those who published them; they were scaled, both sides "
            f"alike, to fit crops of {side}, and not aligned again."
        )
        return
    points = {
        "stable": (
            "eleven landmarks that expressions hardly move (corners of the eyes, bridge and base of the nose)"
        ),
        "eyes": "the centres of the two eyes (means of six landmarks each)",
    }[p["fit"]]
    scheme = f", as by Zhao et al. {cite('zhao2024')}" if p["fit"] == "stable" else ""
    yield (
        "On the onset frame of each clip the similarity transform (rotation, uniform scale and "
        f"translation) was found that laid {points} on those of a reference face with the least squared "
        f"error {cite('umeyama1991')}. The same transform was applied to all frames of the clip{scheme}, "
        "so that motion within the clip was kept."
    )
    where = "with the eyes of the reference face at 30 % and 70 % of the width and 36 % of the height"
    if p["crop"] == "box":
        where = (
            f"which showed the square around the box that {_said(DETECTED, p['detector'], DETECTORS)} drew "
            "around the face in the aligned onset frame"
        )
    yield (
        "Each frame was resampled once (Lanczos interpolation, after a Gaussian low-pass filter where it "
        f"was reduced), to an RGB crop of {side}, {where}."
    )
    yield from _preset(p)


def _preset(p: Mapping[str, Any]) -> Iterator[str]:
    """Give whose recipe was followed, and in what: values of one's own win over a preset's."""
    kept = [
        what
        for name, what in (("detector", "detector"), ("fit", "fitted points"), ("crop", "crop"))
        if p["preset"] and PRESETS[p["preset"]].get(name) == p[name]
    ]
    if kept:
        yield f"The choice of {listed(kept)} followed {_PRESETS.get(p['preset'], outside(p['preset']))}."


def apexes(
    clips: pd.DataFrame, *, params: Mapping[str, str], spotted: Sequence[float] | None = None
) -> Iterator[str]:
    """Give where apexes come from, counted from the table of a store.

    Parameters
    ----------
    clips : DataFrame
        Column apex_source.
    params : mapping
        Of the store; `apex` and `apex_of` count.
    spotted : sequence of float, optional
        Whether an apex was spotted, of each clip; None where none was looked for.
    """
    source = clips["apex_source"]
    method = params.get("apex", "as_given")
    looked = method not in ("as_given", "middle") and spotted is not None
    counts = {
        "the annotated frame": "annotated",
        "a frame that was annotated and corrected": "corrected",
        "a spotted frame": f"estimated:{method}" if looked else "",
        "the frame half way between onset and offset": "estimated:middle",
    }
    parts = [
        f"{what} ({'all ' * (count == len(clips) > 1)}{counted(count, 'clip')})"
        for what, its in counts.items()
        if its and (count := int((source == its).sum()))
    ]
    if parts:
        yield f"The apex was {listed(parts, word='or')}."
    every = params.get("apex_of") == "all"
    if looked and (every or source.str.startswith("estimated:").any()):
        yield (
            f"{'In all clips' if every else 'Where none was annotated'}, it was looked for between onset "
            f"and offset as {_said(SPOTTED, method, APEX)}, and taken where the peak stood out of the "
            "noise (permutation test at the 1 % level)."
        )


def unsaid() -> list[str]:
    """Return the face models and ways to spot an apex whose titles stand in for a sentence."""
    pairs = ((DETECTORS, DETECTED), (LANDMARKS, LOCATED), (APEX, SPOTTED))
    return sorted(name for registry, said in pairs for name in set(registry) - set(said))
