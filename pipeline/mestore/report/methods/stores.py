"""Methods of stores: what was computed, in sentences, one function per kind.

They stand here and not beside their kinds: what a kind's module says counts in its code digest, and a better
word must not build stores anew. A kind that is not in `KINDS` gets a sentence all the same, made of its spec
and its parameters; `tests/report/test_methods_text.py` asks for a better one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mestore.counting import counted
from mestore.features import FEATURES
from mestore.report.methods.citing import cite, listed, outside, were
from mestore.report.methods.faces import aligned
from mestore.report.run import Built, Run

_PAIRS = {
    "onset-apex": "from the onset to the apex frame",
    "onset-each": "from the onset frame to every other frame",
    "consecutive": "from each frame to the next",
}
_DRIFT = {
    "median": "the median of the flow at 13 landmarks of the upper contour and the nose",
    "affine": "the affine motion fitted by least squares to the flow at 13 landmarks of the upper contour "
    "and the nose",
    "robust": "the affine motion that most of the crop shared (least squares, weighted iteratively by "
    f"Tukey's biweight {cite('beaton1974')})",
}
_OF_PAIRS = ("pairs", "onset_is_apex", "drift", "warm_start")
"""Parameters that say what a flow is of, and not how it was computed."""


def sentences(run: Run) -> list[str]:
    """Return a paragraph for every store of a run, in the order they were computed in."""
    return [" ".join([*_of(it, run), *_failed(it)]) for it in run.stores.values()]


def noun(it: Built, run: Run) -> str:
    """Return what a store holds, in a few words; with its name where another holds the like.

    Such as "TV-L1 flow from the onset to the apex frame".
    """
    like = [other.name for other in run.stores.values() if _noun(other) == _noun(it)]
    return f"{_noun(it)} (store {it.name})" if len(like) > 1 else _noun(it)


def _noun(it: Built) -> str:
    short = NOUNS.get(it.description.kind, it.description.kind)
    if it.params.get("method") == "as_delivered":
        short = "delivered crops"
    if it.params.get("sampling") == "uniform":
        short = "sampled clips"
    return f"{short} {_PAIRS[it.params['pairs']]}" if it.params.get("pairs") in _PAIRS else short


def _of(it: Built, run: Run) -> Iterable[str]:
    kind = KINDS.get(it.description.kind, generic)
    try:
        return list(kind(it, run))
    except KeyError:  # a store of another mestore, whose parameters had other names
        return list(generic(it, run))


def _failed(it: Built) -> Iterator[str]:
    if it.failed:
        yield (
            f"{counted(it.failed, 'clip')} of {len(it.clips)} failed at this step, and {were(it.failed)} "
            "left out of what was computed from it."
        )


def _source(it: Built, run: Run) -> str:
    """Return what a store was computed from."""
    if it.source in run.stores:
        return f"the {noun(run.stores[it.source], run)}"
    return f"the store {it.source}" if it.source else "the recordings"


def generic(it: Built, run: Run) -> Iterator[str]:
    """Give what is true of a store of any kind."""
    given = listed(f"{outside(name)} = {_value(it.params[name])}" for name in it.params) or "none"
    yield (
        f"Features of kind {outside(it.description.kind)} ({outside(it.description.units)}) were computed "
        f"from {_source(it, run)} (parameters: {given})."
    )


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"({', '.join(map(_value, value))})"
    return f"{value:g}" if isinstance(value, float) else outside(value)


def tim(it: Built, run: Run) -> Iterator[str]:
    """Give how clips were brought to one length."""
    span = "from onset to offset"
    if it.params["span"] == "onset-2apex":
        span = (
            "from the onset to as long after the apex as the onset was before it (to the offset where that "
            f"came first, or where the apex was the onset) {cite('varanka2024')}"
        )
    source, n = _source(it, run), it.params["n"]
    how = {
        "tim": f"interpolated to {n} frames by the temporal interpolation model (TIM) {cite('zhou2011')}, "
        "computed in closed form as a linear map along time",
        "uniform": f"sampled at {n} evenly spaced frames",
        "linear": f"interpolated linearly in time to {n} frames",
    }[it.params["sampling"]]
    yield f"{source[0].upper()}{source[1:]} of each clip, {span}, were {how}."
    filled = [int(count) for count in it.measures.get("filled", []) if count]
    if filled:
        yield (
            f"Frames that were missing ({counted(sum(filled), 'frame')} in {counted(len(filled), 'clip')}) "
            "were filled by linear interpolation between their neighbours."
        )


def _flow(it: Built, run: Run, *, how: str, settings: str) -> Iterator[str]:
    """Give a flow: between which frames, by what and with which settings, its drift and its strain."""
    params = it.params
    alike = next((other for other in _before(it, run) if _same_solver(other, it)), None)
    said = f"with the same settings as the {noun(alike, run)}" if alike else settings
    pair = _PAIRS[params["pairs"]]
    yield f"Dense optical flow was computed {pair} of {_source(it, run)} {how} ({said})."
    if params["pairs"] == "onset-apex":
        yield from _empty(it)
    if params.get("warm_start"):
        yield (
            "Each flow of a clip but the first was initialised with those before it, extrapolated in time, "
            "and solved at full resolution only."
        )
    if params["drift"] != "none":
        yield f"Head motion was subtracted from each flow: {_DRIFT[params['drift']]}."
    if alike is None:
        yield (
            "Flow is given in pixels of the crop, horizontally to the right and vertically downwards. "
            f"Optical strain {cite('shreve2011')}, the Frobenius norm of the infinitesimal strain tensor "
            "of the flow, from central differences, was added as a third channel."
        )


def _before(it: Built, run: Run) -> Iterator[Built]:
    for other in run.stores.values():
        if other is it:
            return
        yield other


def _same_solver(one: Built, other: Built) -> bool:
    if one.description.kind != other.description.kind:
        return False
    solvers = [{k: v for k, v in its.params.items() if k not in _OF_PAIRS} for its in (one, other)]
    return solvers[0] == solvers[1]


def _empty(it: Built) -> Iterator[str]:
    """Give what was done with clips whose apex is their onset, if there are any."""
    gone = set(it.failures["clip_id"])
    rows = it.clips[~it.clips["clip_id"].isin(gone)]
    count = int((rows["apex"] == rows["onset"]).sum())
    if count:
        meb = it.params["onset_is_apex"] == "meb"
        pair = f"from the apex to the offset {cite('varanka2024')}" if meb else "from the offset to the apex"
        yield f"In {counted(count, 'clip')} the apex was the onset, and the flow {pair} was taken."


def tvl1(it: Built, run: Run) -> Iterator[str]:
    """Give TV-L1 with all that its solver was told."""
    p = it.params
    settings = (
        f"τ = {p['tau']:g}, λ = {p['lambda']:g} for grey levels of 0 to 255, θ = {p['theta']:g}, at most "
        f"{counted(p['scales'], 'pyramid level')} of a scale factor of {p['scale_step']:g}, "
        f"{counted(p['warps'], 'warp')} per level, {counted(p['outer_iterations'], 'outer iteration')} of "
        f"{counted(p['inner_iterations'], 'inner iteration')}, a stopping threshold of {p['epsilon']:g} px "
        "and "
        + (
            "no median filter"
            if p["median_filtering"] == 1
            else f"a median filter of {p['median_filtering']} × {p['median_filtering']} px"
        )
    )
    how = f"by the TV-L1 method {cite('zach2007', 'sanchez2013')} in the implementation of mestore"
    yield from _flow(it, run, how=how, settings=settings)


def dis(it: Built, run: Run) -> Iterator[str]:
    """Give OpenCV's dense inverse search."""
    how = f"by dense inverse search {cite('kroeger2016')} as implemented in OpenCV {cite('bradski2000')}"
    yield from _flow(it, run, how=how, settings=f"preset {it.params['preset']}")


def farneback(it: Built, run: Run) -> Iterator[str]:
    """Give OpenCV's polynomial expansion."""
    how = f"by polynomial expansion {cite('farneback2003')} as implemented in OpenCV {cite('bradski2000')}"
    settings = (
        f"averaging window of {it.params['window']} px, 3 pyramid levels of a scale factor of 0.5, 3 "
        "iterations per level, polynomials over 5 px with a standard deviation of 1.2 px"
    )
    yield from _flow(it, run, how=how, settings=settings)


def lbp_top(it: Built, run: Run) -> Iterator[str]:
    """Give LBP-TOP."""
    p = it.params
    (rows, columns), (x, y, t), neighbours = p["grid"], p["radii"], p["neighbours"]
    bins = neighbours * (neighbours - 1) + 3
    blocks = (
        f"{rows} × {columns} blocks (rows × columns)" if rows * columns > 1 else "the whole crop as one block"
    )
    if rows * columns > 1:
        blocks += f" that overlapped by {p['overlap'] * 100:.3g} %" if p["overlap"] else " without overlap"
    read = "the nearest pixel" if p["sampling"] == "nearest" else "bilinear interpolation"
    yield (
        f"Local binary patterns on three orthogonal planes (LBP-TOP) {cite('zhao2007')} were computed from "
        f"the grey levels of {_source(it, run)}, in {blocks}, with {neighbours} neighbours at radii of {x} "
        f"px (x), {y} px (y) and {counted(t, 'frame')} (t), read by {read}. Histograms of the uniform "
        f"patterns ({bins} bins, of which one holds all other patterns) were normalised to a sum of 1 for "
        f"each block and plane, which gave {rows * columns * 3 * bins} values per clip."
    )


def mdmo(it: Built, run: Run) -> Iterator[str]:
    """Give MDMO and where it departs from its paper."""
    yield (
        f"The main directional mean optical flow (MDMO) {cite('liu2016')} was computed for 36 regions of "
        f"interest, whose outlines followed the 68 landmarks, from {_source(it, run)}. The affine motion "
        "of the head, fitted by least squares at 13 landmarks of the upper contour and the nose, was "
        "subtracted. In each region the vectors of the fullest of 8 direction bins were averaged, and the "
        "averages were averaged over the flows, as vectors and not, as originally published, in polar "
        "coordinates. Magnitudes were divided by the largest of the clip and weighted by α = "
        f"{it.params['alpha']:g}, directions by 1 − α, which gave 72 values per clip."
    )


def align(it: Built, run: Run) -> Iterator[str]:
    """Give crops: they are of the recordings, whatever else is in the run."""
    yield from aligned(it)


Sentences = Callable[[Built, Run], Iterable[str]]

KINDS: Mapping[str, Sentences] = {
    "align": align,
    "tim": tim,
    "tvl1": tvl1,
    "tvl1-fast": tvl1,
    "dis": dis,
    "farneback": farneback,
    "lbp_top": lbp_top,
    "mdmo": mdmo,
}
"""What tells of a store, by its kind: one line here for each of `mestore.features.FEATURES`."""

NOUNS: Mapping[str, str] = {
    "align": "aligned crops",
    "tim": "interpolated clips",
    "tvl1": "TV-L1 flow",
    "tvl1-fast": "TV-L1 flow of a short pyramid",
    "dis": "DIS flow",
    "farneback": "Farnebäck flow",
    "lbp_top": "LBP-TOP",
    "mdmo": "MDMO",
}
"""What a store holds, in a few words, by its kind."""


def unsaid() -> list[str]:
    """Return the kinds of store that have a generic sentence only."""
    return sorted(set(FEATURES) - set(KINDS))
