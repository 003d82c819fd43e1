"""Motion: how much faces move over a clip, by emotion: the curves of `dvc plots show`."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mestore.datasets.table_io import write_plot
from mestore.params import Params
from mestore.report.shown import stores_shown
from mestore.sample import Sample
from mestore.store.feature import Feature
from mestore.workspace import Workspace

TIME = np.linspace(0, 1, 21)
"""Time in a clip, from the onset (0) to the offset (1)."""

COLUMNS = ("time", "motion_px", "emotion", "clips")

_DIGITS = 4


def write_motion(workspace: Workspace, params: Params, dataset: str) -> str:
    """Write the mean motion in the flows that the report shows, if there are any, and say of which."""
    name = stores_shown(params).sequence
    flows = Feature(workspace.stores / name) if name else None
    table = mean_motion(flows, dataset)
    write_plot(table, workspace.motion / f"{dataset}.csv")
    if name is None:
        return "motion: params.yaml has no store of flows from the onset to each frame"
    return f"motion: {table['emotion'].nunique()} emotions of {dataset} in {name}"


def mean_motion(flows: Feature | None, dataset: str) -> pd.DataFrame:
    """Return the mean motion of the micro-expressions of a dataset at each of `TIME`, by emotion.

    Parameters
    ----------
    flows : Feature, optional
        From the onset to every other frame; without any, the table is empty.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`: time; px of the crop; emotion as in the clip table, "(none)" where there is none;
        number of clips. Excluded clips are left out.
    """
    return mean_curves({} if flows is None else _curves(flows, dataset))


def motion_curve(sample: Sample) -> NDArray[np.float64]:
    """Return the mean length of a clip's flow vectors in px of the crop at each of `TIME`.

    Parameters
    ----------
    sample : Sample
        Flows from the onset to every other frame, (pairs, y, x, channel), the first two channels (u, v).

    Returns
    -------
    ndarray of float64, shape (21,)
        0 at the onset, linear between frames, NaN where the clip has none.

    Examples
    --------
    >>> flows = np.zeros((2, 8, 8, 3), np.float32)
    >>> flows[0, ..., 0], flows[1, ..., 1] = 1.0, 0.5
    >>> pairs = np.array([[10.0, 15.0], [10.0, 20.0]])
    >>> motion_curve(Sample(data=flows, frames=pairs, onset=10, apex=15, offset=20))[::5].tolist()
    [0.0, 0.5, 1.0, 0.75, 0.5]
    """
    onset = sample.frames[0, 0]
    if sample.offset <= onset:
        return np.full(len(TIME), np.nan)
    # Flow by flow: those of a long clip at once would be gigabytes.
    lengths = [np.hypot(flow[..., 0], flow[..., 1]).mean(dtype=np.float64) for flow in sample.data]
    times = np.append((sample.frames[:, 1] - onset) / (sample.offset - onset), 0.0)
    order = times.argsort()
    known = np.append(lengths, 0.0)[order]
    return np.asarray(np.interp(TIME, times[order], known, left=np.nan, right=np.nan), np.float64)


def mean_curves(curves: dict[str, list[NDArray[np.float64]]]) -> pd.DataFrame:
    """Return the mean of each emotion's curves, one row per time: columns `COLUMNS`.

    Examples
    --------
    >>> mean_curves({"fear": [0 * TIME, 2 * TIME]}).tail(1).to_numpy().tolist()
    [[1.0, 1.0, 'fear', 2]]
    """
    rows = []
    for emotion in sorted(curves):
        stacked = np.stack(curves[emotion])
        for time, values in zip(TIME, stacked.T, strict=True):
            seen = values[np.isfinite(values)]
            if seen.size:
                mean = round(float(seen.mean()), _DIGITS)
                rows.append((round(float(time), 2), mean, emotion, seen.size))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _curves(flows: Feature, dataset: str) -> dict[str, list[NDArray[np.float64]]]:
    """Return the curves of the clips of a dataset, in the order of the clip table, by emotion."""
    table = flows.clips
    table = table[(table["dataset"] == dataset) & (table["kind"] == "micro") & (table["excluded"] == "")]
    curves: dict[str, list[NDArray[np.float64]]] = {}
    for subject, rows in table.groupby("subject"):
        samples = flows.samples(dataset, str(subject))
        for clip, emotion in zip(rows["clip_id"], rows["emotion"], strict=True):
            if clip in samples:
                curves.setdefault(emotion or "(none)", []).append(motion_curve(samples[clip]))
    return curves
