"""Page: one HTML page per dataset: what was found, what failed, every clip, the scores."""

import io
import json
import shutil
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment
from PIL import Image as Pillow

from mestore.features import FLOWS
from mestore.params import Params, kind_params
from mestore.progress import shown as progress_shown
from mestore.qc import REMEDIES
from mestore.report import figures
from mestore.sample import Sample
from mestore.store.reader import Store, open_store
from mestore.workspace import Workspace

PANELS = ("onset", "apex", "offset", f"apex - onset, x{figures.GAIN:g}", "flow", "strain")
FLOW_SCALE = 1.0
"""Flow of full colour, px of the crop: most micro-expressions move less."""
STRAIN_SCALE = 0.1


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What the page says of one clip."""

    clip: str
    labels: dict[str, str]
    numbers: dict[str, str]
    image: str


def write_report(workspace: Workspace, params: Params, dataset: str) -> str:
    """Write data/reports/<dataset>/index.html and its images; return a line that says where it is."""
    store = open_store(workspace.stores, names=params.stores)
    folder = workspace.reports / dataset
    temporary = folder.with_name(f".{dataset}")
    shutil.rmtree(temporary, ignore_errors=True)
    (temporary / "img").mkdir(parents=True)
    table = store.clips()
    table = table[table["dataset"] == dataset]
    shown = _stores_shown(params)
    panels = PANELS if shown and shown[1] else PANELS[:4]
    page = _template().render(
        dataset=dataset,
        clips=len(table),
        subjects=table["subject"].nunique(),
        persons=table["person"].nunique(),
        emotions=table["emotion"].value_counts().to_dict(),
        figures=_figures(store, shown, dataset, table, temporary, panels=panels),
        panels=panels,
        flow_scale=FLOW_SCALE,
        strain_scale=STRAIN_SCALE,
        failures=_failures(store, dataset),
        corrected=table.loc[table["corrections"] != "", ["clip_id", "corrections"]].to_dict("records"),
        editions=sorted(table["edition"].unique()),
        protocols=_protocols(workspace, params, dataset),
        built={name: store.feature(name).descriptions[dataset] for name in params.stores},
    )
    _save(figures.wheel(96), temporary / "img" / "wheel.png")
    (temporary / "index.html").write_text(page, encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)
    return f"report: {folder.relative_to(workspace.root) / 'index.html'}"


def _protocols(workspace: Workspace, params: Params, dataset: str) -> list[Any]:
    """Return what is known of the scores of every protocol that scores clips of the dataset."""
    records = [json.loads((workspace.scores / name / "scores.json").read_bytes()) for name in params.evaluate]
    return [it for it in records if dataset in it["datasets"]]


def _stores_shown(params: Params) -> tuple[str, str | None] | None:
    """Return the names of the crops and of their onset-apex flow that the page shows: the first such pair."""
    for name, store in params.stores.items():
        if store.kind in FLOWS and getattr(kind_params(store), "pairs", "") == "onset-apex":
            source = store.input_store
            if source is not None and params.stores[source].kind == "align":
                return source, name
    crops = [name for name, store in params.stores.items() if store.kind == "align"]
    return (crops[0], None) if crops else None


def _figures(
    store: Store,
    shown: tuple[str, str | None] | None,
    dataset: str,
    table: Any,
    folder: Path,
    *,
    panels: tuple[str, ...],
) -> dict[str, list[Figure]]:
    """Return the figures of each subject, and write their images."""
    by_subject: dict[str, list[Figure]] = {}
    if shown is None:
        return by_subject
    crops, flow = store.feature(shown[0]), store.feature(shown[1]) if shown[1] else None
    rows = crops.clips.set_index("clip_id")  # with the apexes of these crops; other stores may have others
    subjects = sorted(table["subject"].unique())
    with progress_shown(f"report {dataset}", unit="subject") as progress:
        for done, subject in enumerate(subjects, start=1):
            by_subject[subject] = []
            motions = flow.samples(dataset, subject) if flow else {}
            for clip, crop in crops.samples(dataset, subject).items():
                name = f"img/{done}-{len(by_subject[subject])}.jpg"
                motion = motions.get(clip)
                _save(figures.side_by_side(_panels(crop, motion, count=len(panels))), folder / name)
                by_subject[subject].append(_figure(clip, rows.loc[clip], crop, motion, name))
            progress(done, len(subjects))
    return by_subject


def _panels(crop: Sample, motion: Sample | None, *, count: int) -> list[figures.Image]:
    onset, apex, offset = (_frame(crop, number) for number in (crop.onset, crop.apex, crop.offset))
    frames = [onset, apex, offset, figures.difference(onset, apex)]
    if motion is None:
        # As many as where there is motion: the page's headings are those of all clips.
        return [*frames, *[np.full_like(onset, 255)] * (count - len(frames))]
    flow = figures.flow_colours(motion.data[..., :2], scale=FLOW_SCALE)
    return [*frames, flow, figures.strain_colours(motion.data[..., 2], scale=STRAIN_SCALE)]


def _frame(crop: Sample, number: int) -> figures.Image:
    """Return the frame of that number, or the nearest that is there."""
    image: figures.Image = crop.data[int(np.abs(crop.frames - number).argmin())]
    return image


def _figure(clip: str, row: Any, crop: Sample, motion: Sample | None, image: str) -> Figure:
    before, after = crop.measures["eye_distance"].tolist()
    numbers = {
        "frames": str(len(crop.data)),
        "residual": f"{float(crop.measures['residual']):.2f} px",
        "eyes apart": f"{before:.0f} px, {after:.0f} px in the crop"
        + (" (enlarged)" if crop.measures["enlarged"] else ""),
    }
    seen = {**crop.measures, **(motion.measures if motion else {})}
    numbers |= {name: f"{float(seen[name]):.3g}" for name in REMEDIES if name in seen and name not in numbers}
    if motion is not None:
        length = np.hypot(motion.data[..., 0], motion.data[..., 1])
        first, second = motion.frames[0]
        numbers |= {
            "flow between": f"{first:g} and {second:g}",
            "flow, 99 %": f"{np.percentile(length, 99):.2f} px",
            "strain, 99 %": f"{np.percentile(motion.data[..., 2], 99):.3f}",
        }
    labels = {
        "emotion": row["emotion"],
        "AUs": row["aus"],
        "onset / apex / offset": f"{crop.onset} / {crop.apex} / {crop.offset}",
        "apex": row["apex_source"],
        "person": row["person"],
        **({"excluded": row["excluded"]} if row["excluded"] else {}),
    }
    return Figure(clip=clip, labels=labels, numbers=numbers, image=image)


def _failures(store: Store, dataset: str) -> list[Any]:
    """Return every failure once: stores carry along those of their inputs, and those of the index."""
    rows = {
        (row["clip_id"], row["store"]): row
        for feature in store.features.values()
        for row in feature.failures[feature.failures["dataset"] == dataset].to_dict("records")
    }
    return [rows[key] for key in sorted(rows)]


def _save(image: figures.Image, path: Path) -> None:
    stream = io.BytesIO()
    Pillow.fromarray(image).save(stream, format="PNG" if path.suffix == ".png" else "JPEG", quality=90)
    path.write_bytes(stream.getvalue())


def _template() -> Any:
    text = files("mestore.report").joinpath("page.html.j2").read_text(encoding="utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)
