"""Picture: one clip in one image, for `mestore show CLIP`: the figures of its part of the subject's page."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mestore.errors import StoreError
from mestore.features.rois import polygons
from mestore.params import Params
from mestore.report.shown import stores_shown
from mestore.report.subject import curves, figures, roses
from mestore.report.subject.clip import Clip, apexes, samples_of
from mestore.report.subject.gallery import STRAIN_SCALE, Drawn, Figure, drawn, flow_scale
from mestore.store.reader import Store

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 4
_INCH = 2.8  # side of a picture
_DPI = 110
_ANNOTATED, _SPOTTED, _GREEN, _DIM = "#d55e00", "#0072b2", "#009e73", "#5a626b"


def clip_picture(store: Store, params: Params, clip_id: str) -> NDArray[np.uint8]:
    """Return one picture of a clip.

    Parameters
    ----------
    store : Store
        With the stores that `mestore.report.shown.stores_shown` names.
    params : Params
    clip_id : str

    Returns
    -------
    ndarray of uint8, shape (y, x, 3)
        RGB: onset, apex and offset, landmarks and ROIs, difference, flow and strain with their scales, the
        motion curve, MDMO; what params.yaml has no store of is left out.

    Raises
    ------
    StoreError
        If no clip has that id, or it has no arrays because it failed: the message says why.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Sheet

    clip = read_clip(store, params, clip_id)
    tiles = [(figure, it) for figure, it in drawn(clip, faces=True) if it.tile is not None]
    rows = -(-(len(tiles) + ("mdmo" in clip.samples)) // _COLUMNS)
    all_rows = rows + ("sequence" in clip.samples)
    sheet = Sheet(figsize=(_COLUMNS * _INCH, all_rows * (_INCH + 0.25) + 0.5), dpi=_DPI)
    sheet.set_layout_engine("constrained")
    sheet.suptitle(_heading(clip), fontsize=11)
    grid = sheet.add_gridspec(all_rows, _COLUMNS)
    for place, (figure, it) in enumerate(tiles):
        _show(sheet.add_subplot(grid[divmod(place, _COLUMNS)]), clip, figure, it)
    if "mdmo" in clip.samples:
        last = divmod(len(tiles), _COLUMNS)
        _roses(sheet.add_subplot(grid[last]), clip, float(clip.params["mdmo"]["alpha"]))
    if "sequence" in clip.samples:
        _curve(sheet.add_subplot(grid[rows, :]), clip)
    canvas = FigureCanvasAgg(sheet)
    canvas.draw()  # type: ignore[no-untyped-call]
    image = np.asarray(canvas.buffer_rgba(), np.uint8)  # type: ignore[no-untyped-call]
    return image[..., :3].copy()


def read_clip(store: Store, params: Params, clip_id: str) -> Clip:
    """Return all that is shown of one clip.

    Raises
    ------
    StoreError
        If no clip has that id, or it has no arrays.
    """
    names = stores_shown(params).roles
    if not names:
        raise StoreError("params.yaml has no store that shows a clip: add one of kind align")
    features = {role: store.feature(name) for role, name in names.items()}
    first = next(iter(features.values()))
    rows = first.clips[first.clips["clip_id"] == clip_id].to_dict("records")
    if not rows:
        raise StoreError(f"no clip {clip_id!r} in {first.path}; {_alike(clip_id, first.clips)}")
    row: dict[str, Any] = {str(name): value for name, value in rows[0].items()}
    for clip, samples in samples_of(features, row["dataset"], row["subject"], [clip_id]):
        annotated, spotted = apexes(row, None)
        kinds = {role: feature.descriptions[row["dataset"]].params for role, feature in features.items()}
        return Clip(
            clip_id=clip, row=row, samples=samples, params=kinds, annotated=annotated, spotted=spotted
        )
    failed = first.failures[first.failures["clip_id"] == clip_id]
    why = "; ".join(f"found {it.found}; expected {it.expected}; {it.remedy}" for it in failed.itertuples())
    raise StoreError(f"{clip_id} has no arrays in {first.path}: {why or 'build the store with `dvc repro`'}")


def _alike(clip_id: str, table: Any) -> str:
    ids = [str(it) for it in table["clip_id"]]
    near = [it for it in ids if clip_id in it]
    if near:
        return f"did you mean {', '.join(near[:3])}?"
    return f"ids are such as {ids[0]}" if ids else "it has no clips"


def _heading(clip: Clip) -> str:
    row = clip.row
    said = f"{clip.clip_id}    {row['emotion'] or 'no emotion'}"
    return f"{said}, AU {row['aus']}" if row["aus"] else said


def _show(axes: "Axes", clip: Clip, figure: Figure, it: Drawn) -> None:
    """Draw a tile, and on it what belongs to it."""
    assert it.tile is not None
    axes.imshow(it.tile, interpolation="nearest")
    axes.set_axis_off()
    axes.set_title(figure.title, fontsize=10)
    axes.text(
        0.5, -0.02, it.caption, transform=axes.transAxes, ha="center", va="top", fontsize=7.5, color=_DIM
    )
    if figure.name == "landmarks" and clip.crops.landmarks is not None:
        for polygon in polygons(clip.crops.landmarks):
            axes.fill(*polygon.T, fill=False, edgecolor="white", linewidth=0.6)
        axes.plot(*clip.crops.landmarks.T, ".", color="#f0e442", markersize=2.5)
        axes.set(xlim=(-0.5, it.tile.shape[1] - 0.5), ylim=(it.tile.shape[0] - 0.5, -0.5))
    if figure.name == "flow":
        _wheel(axes.inset_axes((0.76, 0.76, 0.23, 0.23)), flow_scale(it.tile.shape[1]))
    if figure.name == "strain":
        _bar(axes.inset_axes((0.06, 0.06, 0.4, 0.03)), it)


def _wheel(axes: "Axes", scale: float) -> None:
    axes.imshow(figures.wheel())
    axes.set_axis_off()
    axes.text(0.5, -0.06, f"rim {scale:g} px", transform=axes.transAxes, ha="center", va="top", fontsize=7)


def _bar(axes: "Axes", it: Drawn) -> None:
    ramp = np.linspace(0, STRAIN_SCALE, 128, dtype=np.float32)[None]
    axes.imshow(
        figures.strain_colours(ramp, scale=STRAIN_SCALE), aspect="auto", extent=(0, STRAIN_SCALE, 0, 1)
    )
    axes.set_yticks([])
    axes.set_xticks([0, STRAIN_SCALE])
    axes.tick_params(labelsize=7, colors="white", length=2)
    axes.xaxis.tick_top()


def _curve(axes: "Axes", clip: Clip) -> None:
    """Draw the motion over time with the apexes."""
    sample = clip.samples["sequence"]
    for line, colour in zip(curves.motion(sample), ("#1c2024", _GREEN), strict=True):
        axes.plot(line.x, line.y, color=colour, label=line.name)
    for at, colour, name in ((clip.annotated, _ANNOTATED, "annotated"), (clip.spotted, _SPOTTED, "spotted")):
        if at is not None:
            style = "-" if name == "annotated" else "--"
            axes.axvline(at, color=colour, linestyle=style, label=f"apex, {name} {at}")
    axes.set_xlim(min(sample.onset, sample.frames[0, 0]), max(sample.offset, sample.frames[-1, 1]))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("frame")
    axes.set_ylabel("px since the onset")
    fps = float(clip.row["fps"])
    if np.isfinite(fps) and fps > 0:
        scale = _affine(sample.onset, 1e3 / fps), _inverse(sample.onset, 1e3 / fps)
        above = axes.secondary_xaxis("top", functions=scale)
        above.set_xlabel("ms after the onset")
    axes.spines["right"].set_visible(False)
    axes.legend(frameon=False, fontsize=8)


def _affine(start: float, factor: float) -> Callable[[Any], Any]:
    return lambda frame: (np.asarray(frame, np.float64) - start) * factor


def _inverse(start: float, factor: float) -> Callable[[Any], Any]:
    return lambda ms: np.asarray(ms, np.float64) / factor + start


def _roses(axes: "Axes", clip: Clip, alpha: float) -> None:
    """Draw a needle for each region of the reference face."""
    axes.set_axis_off()
    axes.set_title("MDMO", fontsize=10)
    try:
        shown = roses.roses(*roses.split(clip.samples["mdmo"].data, alpha=alpha))
    except ValueError as error:
        axes.text(0.5, 0.5, str(error), ha="center", fontsize=8, wrap=True)
        return
    for it, outline in zip(shown, roses.outlines(), strict=True):
        axes.fill(*outline.T, facecolor=it.colour, edgecolor="#9aa1a8", linewidth=0.4)
        if it.way:
            style = {
                "arrowstyle": "-|>",
                "color": "#111",
                "lw": 0.8,
                "mutation_scale": 5,
                "shrinkA": 0,
                "shrinkB": 0,
            }
            axes.annotate("", it.tip, it.centre, arrowprops=style)
    axes.set_aspect("equal")
    axes.invert_yaxis()
