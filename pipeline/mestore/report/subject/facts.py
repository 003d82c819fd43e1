"""Facts: what the page of a subject says of a clip in words and numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mestore.report.subject.clip import Clip


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A number or a word about a clip; `flag` says which bound it breaks, and is empty if it breaks none."""

    name: str
    value: str
    flag: str = ""


def labels(clip: Clip) -> list[Fact]:
    """Return what the coding sheet and the lab say of a clip, beside emotion and action units."""
    row = clip.row
    facts = [
        Fact(name="onset / apex / offset", value=f"{row['onset']} / {row['apex']} / {row['offset']}"),
        Fact(name="apex", value=str(row["apex_source"])),
        Fact(name="person", value=str(row["person"])),
    ]
    optional = {"kind": "micro", "objective_class": "", "modality": "", "corrections": "", "excluded": ""}
    for name, usual in optional.items():
        if str(row[name]) != usual:
            facts.append(Fact(name=name.replace("_", " "), value=str(row[name])))
    return facts


def timing(row: Mapping[str, Any]) -> list[Fact]:
    """Return how long a clip is, and how many frames a second has.

    Examples
    --------
    >>> [it.value for it in timing({"onset": 10, "offset": 19, "fps": 200.0})]
    ['50 ms', '200']
    """
    fps = float(row["fps"])
    if not (np.isfinite(fps) and fps > 0):
        return [Fact(name="frames per second", value="not said")]
    lasts = (int(row["offset"]) - int(row["onset"]) + 1) / fps * 1000
    said = {"onset to offset": f"{lasts:.0f} ms", "frames per second": f"{fps:g}"}
    return [Fact(name=name, value=value) for name, value in said.items()]


def numbers(clip: Clip, *, titles: Mapping[str, tuple[str, str]]) -> list[Fact]:
    """Return the quality numbers of a clip, those that a threshold does not allow with a flag.

    Parameters
    ----------
    clip : Clip
    titles : mapping of str to (str, str)
        What the quality numbers are called, and their unit.
    """
    facts = timing(clip.row)
    crops = clip.samples.get("crops")
    if crops is not None:
        facts.append(Fact(name="frames", value=str(len(crops.data))))
    seen = {
        name: value
        for role in ("crops", "flow")
        if role in clip.samples
        for name, value in clip.samples[role].measures.items()
    }
    for name, (title, unit) in titles.items():
        if name in seen:
            value = f"{float(seen[name]):.3g} {unit}".rstrip()
            facts.append(Fact(name=title, value=value, flag=clip.flags.get(name, "")))
    if "eye_distance" in seen:
        before, after = (float(it) for it in seen["eye_distance"])
        enlarged = " (enlarged)" if seen.get("enlarged") else ""
        facts.append(Fact(name="eyes apart", value=f"{before:.0f} px, {after:.0f} px in the crop{enlarged}"))
    if "clips" in clip.samples and int(clip.samples["clips"].measures["filled"]):
        facts.append(Fact(name="frames filled", value=str(int(clip.samples["clips"].measures["filled"]))))
    return facts
