"""Page: one HTML page per dataset: what was found, what failed, every clip, the scores."""

import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment
from PIL import Image as Pillow

from mestore.build.tables import read_index
from mestore.errors import MEStoreError
from mestore.params import Params
from mestore.progress import shown
from mestore.report import figures
from mestore.sample import Sample
from mestore.store.reader import Feature, Store, open_store
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
    store = open_store(workspace.stores)
    folder = workspace.reports / dataset
    temporary = folder.with_name(f".{dataset}")
    shutil.rmtree(temporary, ignore_errors=True)
    (temporary / "img").mkdir(parents=True)
    table, index_failures = read_index(workspace, params)
    table = table[table["dataset"] == dataset]
    crops, flow = _stores_shown(params)
    page = _template().render(
        dataset=dataset,
        clips=len(table),
        subjects=table["subject"].nunique(),
        persons=table["person"].nunique(),
        emotions=table["emotion"].value_counts().to_dict(),
        figures=_figures(store, crops, flow, dataset, table, temporary),
        panels=PANELS,
        flow_scale=FLOW_SCALE,
        strain_scale=STRAIN_SCALE,
        failures=_failures(store, params, index_failures, dataset),
        scores=json.loads((workspace.reports / "scores.json").read_bytes()),
        built={name: store.feature(name).descriptions[dataset] for name in params.stores},
    )
    _save(figures.wheel(96), temporary / "img" / "wheel.png")
    (temporary / "index.html").write_text(page, encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)
    return f"report: {folder.relative_to(workspace.root) / 'index.html'}"


def _stores_shown(params: Params) -> tuple[str, str]:
    """Return the names of the crops and of the onset-apex flow that the page shows: the first of each."""
    crops = [name for name, store in params.stores.items() if store.kind == "align"]
    flows = [
        name
        for name, store in params.stores.items()
        if store.kind == "tvl1" and store.params.get("pairs", "onset-apex") == "onset-apex"
    ]
    if not crops or not flows:
        raise MEStoreError(
            "the report shows crops and onset-apex flow; params.yaml has no store of kind "
            f"{'align' if not crops else 'tvl1 with pairs: onset-apex'}: add one"
        )
    return crops[0], flows[0]


def _figures(
    store: Store, crops: str, flow: str, dataset: str, table: Any, folder: Path
) -> dict[str, list[Figure]]:
    """Return the figures of each subject, and write their images."""
    by_subject: dict[str, list[Figure]] = {}
    rows = table.set_index("clip_id")
    subjects = sorted(table["subject"].unique())
    with shown(f"report {dataset}", unit="subject") as progress:
        for done, subject in enumerate(subjects, start=1):
            figures_shown = by_subject[subject] = []
            for clip, crop, motion in _both(store.feature(crops), store.feature(flow), dataset, subject):
                name = f"img/{done}-{len(figures_shown)}.jpg"
                _save(_strip(crop, motion), folder / name)
                figures_shown.append(_figure(clip, rows.loc[clip], crop, motion, name))
            progress(done, len(subjects))
    return by_subject


def _both(crops: Feature, flow: Feature, dataset: str, subject: str) -> Iterator[tuple[str, Sample, Sample]]:
    motions = flow.samples(dataset, subject)
    for clip, crop in crops.samples(dataset, subject).items():
        if clip in motions:
            yield clip, crop, motions[clip]


def _strip(crop: Sample, motion: Sample) -> figures.Image:
    onset, apex, offset = (_frame(crop, number) for number in (crop.onset, crop.apex, crop.offset))
    flow = motion.data[..., :2]
    return figures.side_by_side(
        [
            onset,
            apex,
            offset,
            figures.difference(onset, apex),
            figures.flow_colours(flow, scale=FLOW_SCALE),
            figures.strain_colours(motion.data[..., 2], scale=STRAIN_SCALE),
        ]
    )


def _frame(crop: Sample, number: int) -> figures.Image:
    """Return the frame of that number, or the nearest that is there."""
    image: figures.Image = crop.data[int(np.abs(crop.frames - number).argmin())]
    return image


def _figure(clip: str, row: Any, crop: Sample, motion: Sample, image: str) -> Figure:
    length = np.hypot(motion.data[..., 0], motion.data[..., 1])
    before, after = crop.measures["eye_distance"].tolist()
    first, second = motion.frames[0]
    return Figure(
        clip=clip,
        labels={
            "emotion": row["emotion"],
            "AUs": row["aus"],
            "onset / apex / offset": f"{crop.onset} / {crop.apex} / {crop.offset}",
            "apex": row["apex_source"],
            "person": row["person"],
        },
        numbers={
            "frames": str(len(crop.data)),
            "flow between": f"{first:g} and {second:g}",
            "flow, 99 %": f"{np.percentile(length, 99):.2f} px",
            "strain, 99 %": f"{np.percentile(motion.data[..., 2], 99):.3f}",
            "residual": f"{float(crop.measures['residual']):.2f} px",
            "eyes apart": f"{before:.0f} px, {after:.0f} px in the crop"
            + (" (enlarged)" if crop.measures["enlarged"] else ""),
        },
        image=image,
    )


def _failures(store: Store, params: Params, index_failures: Any, dataset: str) -> list[dict[str, str]]:
    """Return every failure once: stores carry along those of their inputs."""
    tables = [index_failures, *(store.feature(name).failures for name in params.stores)]
    rows = {
        (row["clip_id"], row["store"]): row
        for table in tables
        for row in table[table["dataset"] == dataset].to_dict("records")
    }
    return [rows[key] for key in sorted(rows)]


def _save(image: figures.Image, path: Path) -> None:
    stream = io.BytesIO()
    Pillow.fromarray(image).save(stream, format="PNG" if path.suffix == ".png" else "JPEG", quality=90)
    path.write_bytes(stream.getvalue())


def _template() -> Any:
    text = files("mestore.report").joinpath("page.html.j2").read_text(encoding="utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)
