"""Gallery: what the page of a subject shows of a clip, as a list. A new figure is one function and one line.

A figure draws a clip: into a tile (an image as large as the crop) or into values for its macro of
clip.html.j2, with a text in place of it. What a clip has no arrays for is left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mestore.features.rois import polygons
from mestore.report.subject import curves, figures, roses
from mestore.report.subject.clip import Clip
from mestore.sample import CURVE

SIDE = 224
"""px; larger tiles are shrunk to it."""

MOST_FRAMES = 60
"""Of a player; of longer clips every second, third, ... frame is shown."""

COLUMNS = 10
"""Of the sheet of a player's frames: 2240 px, and 6 rows at most, which every browser can show."""

FLOW_SCALE = 1.0
"""px of full colour in a crop of `SIDE`, and in proportion in others: most micro-expressions move less."""

STRAIN_SCALE = 0.1


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What a figure shows of one clip.

    Parameters
    ----------
    alt : str
        What is seen, in words.
    caption : str
        What stands below it.
    tile : ndarray of uint8, shape (y, x, 3), optional
    sheets : mapping of str to ndarray of uint8, shape (y, x, 3)
        Images with files of their own, by the end of their names.
    values : mapping
        For its macro.
    """

    alt: str
    caption: str = ""
    tile: figures.Image | None = None
    sheets: Mapping[str, figures.Image] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of every clip.

    Parameters
    ----------
    name : str
        For style sheets and tests.
    title : str
    draw : callable
        Clip -> Drawn.
    needs : str
        The role of the store it is drawn from.
    macro : str
        Of clip.html.j2.
    face : bool
        Whether a face can be recognised in it: left out where faces are omitted.
    wide : bool
        Whether it stands beside the pictures' row, in one of its own.
    """

    name: str
    title: str
    draw: Callable[[Clip], Drawn]
    needs: str
    macro: str = "picture"
    face: bool = False
    wide: bool = False


def drawn(clip: Clip, *, faces: bool) -> list[tuple[Figure, Drawn]]:
    """Return the figures of a clip that can be drawn, in the order of `FIGURES`."""
    return [
        (figure, figure.draw(clip))
        for figure in FIGURES
        if figure.needs in clip.samples and (faces or not figure.face)
    ]


def _onset(clip: Clip) -> Drawn:
    return _crop(clip, clip.crops.onset, "onset")


def _apex(clip: Clip) -> Drawn:
    return _crop(clip, clip.crops.apex, "apex")


def _offset(clip: Clip) -> Drawn:
    return _crop(clip, clip.crops.offset, "offset")


def _crop(clip: Clip, number: int, what: str) -> Drawn:
    return Drawn(
        alt=f"Face at the {what}, frame {number}", caption=f"frame {number}", tile=clip.frame(number)
    )


def _landmarks(clip: Clip) -> Drawn:
    crops = clip.crops
    if crops.landmarks is None:
        return Drawn(
            alt="No landmarks: these crops were made without",
            caption="none: these crops were made without",
            tile=clip.frame(crops.onset),
        )
    height, width = crops.data.shape[1:3]
    return Drawn(
        alt="Face at the onset with its 68 landmarks and the outlines of the 36 regions of MDMO",
        caption="68 landmarks, 36 ROIs",
        tile=clip.frame(crops.onset),
        values={
            # Pixel centres are whole numbers in a crop, and halves in a drawing.
            "box": f"-0.5 -0.5 {width} {height}",
            "regions": "".join(map(roses.path, polygons(crops.landmarks))),
            "points": "".join(f"M{x:.4g} {y:.4g}h0" for x, y in np.round(crops.landmarks, 1).tolist()),
        },
    )


def _difference(clip: Clip) -> Drawn:
    crops = clip.crops
    return Drawn(
        alt=f"Difference of the grey levels of apex and onset, amplified {figures.GAIN:g} times",
        caption=f"128 + {figures.GAIN:g} (apex - onset)",
        tile=figures.difference(clip.frame(crops.onset), clip.frame(crops.apex)),
    )


def _flow(clip: Clip) -> Drawn:
    sample = clip.samples["flow"]
    flow = sample.data[..., :2]
    scale = flow_scale(flow.shape[1])
    length = np.hypot(flow[..., 0], flow[..., 1])
    most = float(np.percentile(length, 99))
    mean = flow[length >= np.percentile(length, 95)].mean(axis=0)
    first, second = sample.frames[0]
    return Drawn(
        alt=f"Flow from frame {first:g} to frame {second:g} as colour and arrows: 1 % of the pixels move "
        f"more than {most:.2f} px; where most moves, the mean is {np.hypot(*mean):.2f} px "
        f"{roses.way(float(np.arctan2(mean[1], mean[0])))}",
        caption=f"full colour at {scale:g} px; 99 % below {most:.2f} px",
        tile=figures.arrows(figures.flow_colours(flow, scale=scale), flow, scale=scale),
    )


def _strain(clip: Clip) -> Drawn:
    strain = clip.samples["flow"].data[..., 2]
    most = float(np.percentile(strain, 99))
    return Drawn(
        alt=f"Strain of the flow in viridis, 0 to {STRAIN_SCALE:g}; 1 % of the pixels have more than "
        f"{most:.3f}",
        caption=f"0 to {STRAIN_SCALE:g}; 99 % below {most:.3f}",
        tile=figures.strain_colours(strain, scale=STRAIN_SCALE),
    )


def _player(clip: Clip) -> Drawn:
    sample = clip.samples["clips"]
    rows = list(range(0, len(sample.data), -(-len(sample.data) // MOST_FRAMES)))
    frames = np.stack([figures.shrunk(sample.data[row], side=SIDE) for row in rows])
    columns = min(COLUMNS, len(frames))
    some = "" if len(rows) == len(sample.data) else f" ({len(rows)} of {len(sample.data)} are shown)"
    return Drawn(
        alt=f"{len(sample.data)} interpolated frames from onset to offset",
        caption=f"{len(sample.data)} frames after interpolation{some}; x{figures.GAIN:g} adds to the first "
        f"frame {figures.GAIN:g} times what differs from it",
        sheets={
            "play": figures.sheet(list(frames), columns=columns),
            "more": figures.sheet(list(figures.amplified(frames)), columns=columns),
        },
        values={
            "columns": columns,
            "rows": -(-len(frames) // columns),
            "frames": [round(float(sample.frames[row]), 1) for row in rows],
            "width": frames.shape[2],
            "height": frames.shape[1],
        },
    )


def _curve(clip: Clip) -> Drawn:
    sample = clip.samples["sequence"]
    lines = curves.motion(sample)
    marks = _marks(clip)
    onset, offset = float(sample.onset), float(sample.offset)
    time = curves.Time(first=onset, last=offset, onset=onset, fps=float(clip.row["fps"]))
    charts = [curves.chart(lines, time=time, marks=marks, y_title="px since the onset")]
    looked = _looked_at(clip)
    if looked is not None:
        method = str(clip.params["crops"]["apex"])
        title = f"{method}, as a share of its largest"
        spotted = [mark for mark in marks if mark.kind == "spotted"]
        charts.append(curves.chart([looked], time=time, marks=spotted, y_title=title, height=140))
    peak = int(lines[1].y.argmax())
    said = "; ".join(mark.text for mark in marks if mark.text) or "no apex"
    return Drawn(
        alt="Motion of the face since the onset over time: the 95th percentile is largest, "
        f"{lines[1].y[peak]:.2f} px, at frame {lines[1].x[peak]:g}; {said}",
        caption="Length of the flow from the onset to each frame, over the face"
        + ("" if looked is None else "; below, what the apex was spotted by"),
        values={"charts": charts},
    )


def _marks(clip: Clip) -> list[curves.Mark]:
    sample = clip.samples["sequence"]
    marks = [
        curves.Mark(kind="end", at=float(sample.onset), text=""),
        curves.Mark(kind="end", at=float(sample.offset), text=""),
    ]
    if clip.annotated is not None:
        at = clip.annotated
        marks.append(curves.Mark(kind="annotated", at=float(at), text=f"apex, annotated {at}"))
    if clip.spotted is not None:
        method = str(clip.row["apex_source"]).partition(":")[2].replace("_", " ")
        at = clip.spotted
        marks.append(curves.Mark(kind="spotted", at=float(at), text=f"apex, {method or 'estimated'} {at}"))
    return marks


def _looked_at(clip: Clip) -> curves.Line | None:
    """Return what a method looked for the apex at, as a share of its largest value; None without one."""
    crops = clip.samples.get("crops")
    values = None if crops is None else crops.measures.get(f"apex{CURVE}")
    if crops is None or values is None or not values.any():
        return None
    inside = (crops.frames >= crops.onset) & (crops.frames <= crops.offset)
    y = np.clip(np.asarray(values, np.float64)[inside], 0, None)
    return curves.Line(name="apex curve", x=crops.frames[inside], y=y / max(y.max(), np.finfo(float).tiny))


def _roses(clip: Clip) -> Drawn:
    alpha = float(clip.params["mdmo"]["alpha"])
    try:
        shown = roses.roses(*roses.split(clip.samples["mdmo"].data, alpha=alpha))
    except ValueError as error:
        return Drawn(alt=f"MDMO cannot be drawn: {error}", values={"roses": []})
    return Drawn(
        alt=f"MDMO on the reference face, a rose for each of 36 regions; most: {roses.in_words(shown)}",
        caption="needle and colour: the region's main direction; length and strength of colour: its motion, "
        "as a share of the region that moves most (the ring)",
        values={"roses": shown, "box": roses.BOX, "ring": roses.LONGEST},
    )


def flow_scale(width: int) -> float:
    """Return the length in px that has full colour in a flow of that width.

    Examples
    --------
    >>> flow_scale(224), flow_scale(112)
    (1.0, 0.5)
    """
    return round(FLOW_SCALE * width / SIDE, 3)


FIGURES: tuple[Figure, ...] = (
    Figure(name="onset", title="Onset", draw=_onset, needs="crops", face=True),
    Figure(name="apex", title="Apex", draw=_apex, needs="crops", face=True),
    Figure(name="offset", title="Offset", draw=_offset, needs="crops", face=True),
    Figure(name="landmarks", title="Landmarks", draw=_landmarks, needs="crops", macro="outlined", face=True),
    Figure(name="difference", title="Difference, x8", draw=_difference, needs="crops", face=True),
    Figure(name="flow", title="Flow", draw=_flow, needs="flow"),
    Figure(name="strain", title="Strain", draw=_strain, needs="flow"),
    Figure(name="player", title="Player", draw=_player, needs="clips", macro="player", face=True, wide=True),
    Figure(name="curve", title="Motion", draw=_curve, needs="sequence", macro="curve", wide=True),
    Figure(name="mdmo", title="MDMO", draw=_roses, needs="mdmo", macro="roses", wide=True),
)
"""All of them, in the order of the page."""
