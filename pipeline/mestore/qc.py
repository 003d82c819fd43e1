"""Qc: the clips to look at, by their quality numbers and the thresholds of params.yaml; worst first."""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mestore.check import cell
from mestore.datasets.exclusions import COLUMNS
from mestore.datasets.own import EXCLUSIONS
from mestore.errors import MEStoreError
from mestore.features import FLOWS
from mestore.params import Params, QualityParams
from mestore.replacing import replacing
from mestore.store.reader import Store

PIXELS = ("residual", "drift_px", "noise_floor_px")
"""Numbers in pixels of the crop: their thresholds are for crops of side `SIDE`, and go with the side."""
SIDE = 224

REMEDIES: Mapping[str, str] = {
    "residual": "the landmarks may be wrong, or the head turned: look at the onset's crop",
    "drift_px": "the head moves after the onset: take that out of the flow (`drift`), or exclude the clip",
    "sharpness": "out of focus, blurred by motion, or recorded small: look at the frames",
    "exposure": "too dark or too bright: look at the frames",
    "clipped": "parts of the face are black or white, or cut off by the edge: look at the frames",
    "flicker": "the light changes: flow takes that for motion; look at the frames",
    "missing": "frame numbers have no frame: complete the copy; `mestore check` names them",
    "confidence": "the detector is not sure of the face: look at the onset's crop",
    "repeat": "the landmarks are found elsewhere when looked for again: look at the onset's crop",
    "noise_floor_px": "the flow moves where the face keeps still: weigh a small motion against it",
}
"""The quality numbers by their names in a store, and what to do about a clip that stands out."""

CSV_COLUMNS = ("part", *COLUMNS, "clip_id", "times_threshold")
"""Those of exclusions.csv, then what it does not read."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One number of a clip that its threshold does not allow.

    Parameters
    ----------
    clip_id, store, number : str
    found, threshold : float
    bound : {"at most", "at least"}
        What the threshold is.
    times : float
        How far beyond it is: found / threshold, or threshold / found; infinite where one of them is 0.
    remedy : str
        What to do.
    """

    clip_id: str
    store: str
    number: str
    found: float
    threshold: float
    bound: str
    times: float
    remedy: str

    def __str__(self) -> str:
        return f"{self.number} {self.found:.3g}, {self.bound} {self.threshold:.3g} ({self.store})"


def measured(params: Params) -> list[str]:
    """Return the names of the stores in params.yaml that have quality numbers: of crops and of flows."""
    return [name for name, store in params.stores.items() if store.kind in ("align", *FLOWS)]


def included(table: pd.DataFrame, clips: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table, by clip_id, whose clips exclusions.csv does not name."""
    return table[~table["clip_id"].isin(set(clips.loc[clips["excluded"] != "", "clip_id"]))]


def quality_table(store: Store, *, dataset: str | None = None) -> pd.DataFrame:
    """Return the quality numbers of all clips: a row for each clip and store that has any.

    Parameters
    ----------
    store : Store
        Those of its stores that have quality numbers count.
    dataset : str, optional
        Of which; by default all.

    Returns
    -------
    DataFrame
        clip_id, dataset, store, side (of the crop, in pixels), and a column of float64 per number of
        `REMEDIES`: NaN where a store does not have it.
    """
    rows = [row for name in store.features for row in _rows(store, name, dataset)]
    types = {"clip_id": "str", "dataset": "str", "store": "str"}
    table = pd.DataFrame(rows, columns=[*types, "side", *REMEDIES])
    return table.astype(types | dict.fromkeys(("side", *REMEDIES), "float64"))


def _rows(store: Store, name: str, only: str | None) -> Iterator[dict[str, object]]:
    feature = store.feature(name)
    for dataset in feature.descriptions.keys() & {only} if only else feature.descriptions:
        for subject in feature.subjects(dataset):
            opened = feature.open(dataset, subject)
            for clip, (_, record) in opened.records.items():
                numbers = {its: record["measures"][its] for its in REMEDIES if its in record["measures"]}
                if numbers and opened.data is not None:
                    who = {"clip_id": clip, "dataset": dataset, "store": name}
                    yield {**who, "side": opened.data.shape[-2], **numbers}


def looks(table: pd.DataFrame, thresholds: QualityParams) -> list[Look]:
    """Return what to look at, the worst clip first, and of each clip the worst number first.

    Parameters
    ----------
    table : DataFrame
        Of `quality_table`.
    thresholds : QualityParams
        Section `quality` of params.yaml: max_<number> and min_<number>; empty: not looked at.
    """
    found = [
        look
        for key, limit in thresholds.model_dump().items()
        if limit is not None
        for look in _beyond(table, key, float(limit))
    ]
    worst: dict[str, float] = {}
    for look in found:
        worst[look.clip_id] = max(look.times, worst.get(look.clip_id, 0.0))
    return sorted(found, key=lambda it: (-worst[it.clip_id], it.clip_id, -it.times, it.store, it.number))


def _beyond(table: pd.DataFrame, key: str, limit: float) -> Iterator[Look]:
    """Give the clips that one threshold does not allow."""
    kind, _, number = key.partition("_")
    for clip, store, side, found in table[["clip_id", "store", "side", number]].itertuples(index=False):
        threshold = limit * side / SIDE if number in PIXELS else limit
        # A NaN is beyond nothing: the store does not have the number.
        if found > threshold if kind == "max" else found < threshold:
            larger, smaller = (found, threshold) if kind == "max" else (threshold, found)
            yield Look(
                clip_id=clip,
                store=store,
                number=number,
                found=float(found),
                threshold=float(threshold),
                bound="at most" if kind == "max" else "at least",
                times=float(larger / smaller) if smaller > 0 else math.inf,
                remedy=REMEDIES[number],
            )


def by_clip(found: Iterable[Look]) -> dict[str, list[Look]]:
    """Return what to look at by clip, in the order it comes in."""
    clips: dict[str, list[Look]] = {}
    for look in found:
        clips.setdefault(look.clip_id, []).append(look)
    return clips


def qc_text(found: Sequence[Look], *, dataset: str, clips: int, excluded: int, most: int = 20) -> str:
    """Return the list for people.

    Parameters
    ----------
    found : sequence of Look
        Of one dataset, worst first.
    dataset : str
    clips : int
        How many clips of it have numbers.
    excluded : int
        How many others exclusions.csv leaves out already.
    most : int
        Clips that are listed.
    """
    listed = by_clip(found)
    lines = []
    for clip, its in list(listed.items())[:most]:
        lines += [clip, *(f"  {look}: {look.remedy}" for look in its)]
    if len(listed) > most:
        lines.append(f"and {len(listed) - most} clips more")
    order = ", worst first" if listed else ""
    left = f"; {excluded} more are excluded already" if excluded else ""
    lines.append(f"{dataset}: {len(listed)} of {clips} clips to look at{order}{left}")
    return "\n".join(lines)


def write_looks(path: Path, found: Sequence[Look], clips: pd.DataFrame, *, force: bool = False) -> None:
    """Write one row per clip, which becomes a row of exclusions.csv if it stays.

    Parameters
    ----------
    path : Path
        What is there already stays, unless it is the same.
    found : sequence of Look
    clips : DataFrame
        The clip table.
    force : bool
        Replace what is there: a person may have worked on it.

    Raises
    ------
    MEStoreError
        If the file is there and another one, or cannot be written.
    """
    table = _as_csv(found, clips).encode()
    try:
        if not force and path.is_file() and path.read_bytes() != table:
            raise MEStoreError(
                f"{path} is there already, and differs: rows may have been removed or reasons given; name "
                "another file with --csv, or replace it with --force"
            )
        with replacing(path) as temporary:
            temporary.write_bytes(table)
    except OSError as error:
        raise MEStoreError(f"{path} cannot be written ({error}); give another file with --csv") from error


def _as_csv(found: Sequence[Look], clips: pd.DataFrame) -> str:
    names = clips.set_index("clip_id")[["part", "subject", "clip", "onset"]]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for clip, its in by_clip(found).items():
        part, subject, name, onset = names.loc[clip]
        reason, times = "; ".join(map(str, its)), f"{its[0].times:.3g}"
        texts = (part, subject, name, onset, reason, clip)
        writer.writerow([*(cell(str(text)) for text in texts), times])
    return text.getvalue()


def what_next(path: Path | None, dataset: str) -> str:
    """Return what to do with the table, or how to get one where none was written."""
    table = path or f"`mestore qc {dataset} --csv FILE` writes a table of them"
    return (
        f"{table}: look at these clips, remove the rows of those that are good, say why in column 'reason', "
        f"and keep the rest as {EXCLUSIONS} beside the recordings of {dataset} (or in data/own/{dataset})"
    )
