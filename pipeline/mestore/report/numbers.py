"""Numbers: durations and quality of the clips of a dataset, as histograms with what stands out."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mestore.clips import FPS_UNREAD, timed
from mestore.labels.criterion import is_micro
from mestore.params import QualityParams
from mestore.qc import PIXELS, SIDE, Look
from mestore.report.plots import Histogram, Mark, histogram

if TYPE_CHECKING:
    import pandas as pd

TITLES: Mapping[str, tuple[str, str]] = {
    "residual": ("alignment residual", "px"),
    "drift_px": ("head drift after the onset", "px"),
    "noise_floor_px": ("noise floor of the flow", "px"),
    "sharpness": ("sharpness, least of the clip", ""),
    "exposure": ("exposure, mean grey level", ""),
    "clipped": ("share of black or white", ""),
    "flicker": ("flicker, deviation of grey levels", ""),
    "missing": ("share of frames missing", ""),
    "confidence": ("the detector’s score", ""),
    "repeat": ("landmarks when looked for again", "eye distances"),
}
"""The quality numbers in the order of the page: what they are called, and their unit."""

MICRO_MS = 500.0
"""A micro-expression is at most so long from onset to offset (DFME, section 3.3.2)."""


def durations(clips: "pd.DataFrame", addresses: Mapping[str, str]) -> list[Histogram]:
    """Return how long the clips are, in milliseconds and in frames, by kind and frames per second.

    Parameters
    ----------
    clips : DataFrame
        Rows of a clip table; those whose times could not be read are left out.
    addresses : mapping of str to str
        Of clips, by id.
    """
    found = []
    for (kind, fps), its in timed(clips).groupby(["kind", "fps"], sort=True):
        frames = (its["offset"] - its["onset"] + 1).to_numpy(np.float64)
        ms = frames / float(str(fps)) * 1000
        marks = _too_long(its, ms, addresses) if kind == "micro" else []
        group = f"{kind}, {fps:g} fps"
        found += [
            histogram(
                ms,
                title=f"onset to offset, {group}",
                unit="ms",
                limits=[("at most", MICRO_MS)] if kind == "micro" else [],
                marks=marks,
            ),
            histogram(frames, title=f"onset to offset, {group}", unit="frames", whole=True),
        ]
    return found


def _too_long(rows: "pd.DataFrame", ms: NDArray[np.float64], addresses: Mapping[str, str]) -> list[Mark]:
    marks = []
    for row, value in zip(rows.to_dict("records"), ms.tolist(), strict=True):
        if too_long(row):
            clip = row["clip_id"]
            marks.append(Mark(value=value, name=clip, address=addresses.get(clip, "")))
    return sorted(marks, key=lambda mark: (-mark.value, mark.name))


def too_long(row: Mapping[Any, Any]) -> bool:
    """Return whether a micro-expression of the clip table lasts longer than one may."""
    onset, apex, offset = row["onset"], row["apex"], row["offset"]
    if row["kind"] != "micro" or row["fps"] == FPS_UNREAD or not 0 <= onset <= offset:
        return False
    given = row["apex_source"] in ("annotated", "corrected") and onset <= apex <= offset
    return not is_micro(onset, offset, apex=apex if given else None, fps=row["fps"])


def quality(
    table: "pd.DataFrame",
    looks: Sequence[Look],
    thresholds: QualityParams,
    addresses: Mapping[str, str],
) -> list[Histogram]:
    """Return the quality numbers of every store that has them.

    Parameters
    ----------
    table : DataFrame
        Of `mestore.qc.quality_table`.
    looks : sequence of Look
        What stands out, worst first.
    thresholds : QualityParams
    addresses : mapping of str to str
        Of clips, by id.
    """
    found = []
    for number, (title, unit) in TITLES.items():
        for store, rows in table.groupby("store", sort=False):
            its = rows[np.isfinite(rows[number])]
            if its.empty:
                continue
            # Pixels of a crop of another size are other pixels.
            scale = float(its["side"].max()) / SIDE if number in PIXELS else 1.0
            beyond = [look for look in looks if (look.store, look.number) == (store, number)]
            found.append(
                histogram(
                    its[number].to_numpy(np.float64),
                    title=title,
                    unit=unit,
                    limits=_limits(thresholds, number, scale=scale),
                    marks=[
                        Mark(value=it.found, name=it.clip_id, address=addresses.get(it.clip_id, ""))
                        for it in sorted(beyond, key=lambda it: (-it.times, it.clip_id))
                    ],
                    store=str(store),
                )
            )
    return found


def _limits(thresholds: QualityParams, number: str, *, scale: float) -> list[tuple[str, float]]:
    every = {bound: getattr(thresholds, f"{bound}_{number}", None) for bound in ("min", "max")}
    words = {"min": "at least", "max": "at most"}
    return [(words[bound], limit * scale) for bound, limit in every.items() if limit is not None]
