"""TV-L1 optical flow between frames of a clip, with its strain."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mestore.errors import ClipFault
from mestore.features.grey import grey
from mestore.features.spec import KindParams
from mestore.features.strain import strain
from mestore.sample import Sample

Pairs = Literal["onset-apex", "onset-each", "consecutive"]

_SMALLEST_SIDE = 4  # px; under it there is no gradient away from the border


class Tvl1Params(KindParams):
    """Parameters of kind `tvl1`."""

    pairs: Pairs = Field(
        default="onset-apex",
        description="between which frames: onset-apex (one flow), onset-each (the onset and every other "
        "frame) or consecutive (each frame and the next)",
    )
    onset_is_apex: Literal["offset-apex", "meb"] = Field(
        default="offset-apex",
        description="the pair of an onset-apex flow where the apex is the onset: offset-apex keeps the sign "
        "of the motion towards the apex; meb is apex to offset, as MEB has it",
    )
    tau: float = Field(default=0.25, gt=0, description="time step of the dual scheme")
    # Not `alias`: type checkers would then want the keyword "lambda", which Python has taken.
    lambda_: float = Field(
        default=0.15,
        gt=0,
        validation_alias="lambda",
        serialization_alias="lambda",
        description="weight of the data term, for grey levels of 0 to 255",
    )
    theta: float = Field(default=0.3, gt=0, description="tightness of the link between data and smoothness")
    scales: int = Field(default=5, ge=1, description="levels of the pyramid at most")
    scale_step: float = Field(default=0.8, gt=0, lt=1, description="size of a level, of the finer one's")
    warps: int = Field(default=5, ge=1, description="warps per level")
    epsilon: float = Field(default=0.01, gt=0, description="px; a mean change under it ends a warp")
    inner_iterations: int = Field(default=30, ge=1, description="iterations between two median filterings")
    outer_iterations: int = Field(default=10, ge=1, description="median filterings per warp")
    median_filtering: Literal[1, 3, 5] = Field(default=5, description="px, side of the filter; 1 is none")

    def ragged(self, *, input_ragged: bool) -> bool:
        """Return whether clips differ in length: a sequence has as many flows as its input has frames."""
        return input_ragged and self.pairs != "onset-apex"

    def axes(self, dims: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the axes of a clip's data: a single flow has no axis of pairs."""
        return dims[1:] if self.pairs == "onset-apex" else dims


def tvl1(
    prev: NDArray[np.uint8],
    next: NDArray[np.uint8],
    *,
    tau: float = 0.25,
    lambda_: float = 0.15,
    theta: float = 0.3,
    scales: int = 5,
    scale_step: float = 0.8,
    warps: int = 5,
    epsilon: float = 0.01,
    inner_iterations: int = 30,
    outer_iterations: int = 10,
    median_filtering: int = 5,
) -> NDArray[np.float32]:
    """Return the TV-L1 optical flow from `prev` to `next`.

    Parameters
    ----------
    prev, next : ndarray of uint8, shape (y, x)
        Grey levels; sides of at least 4 px.
    tau : float
        Time step of the dual scheme.
    lambda_ : float
        Weight of the data term; its size presumes grey levels of 0 to 255.
    theta : float
        Tightness of the link between the data and the smoothness part.
    scales : int
        Levels of the pyramid, at most: it ends above sides of 16 px.
    scale_step : float
        Size of a level relative to the finer one, in (0, 1).
    warps : int
        Warps per level.
    epsilon : float
        Root of the mean squared change, in px, under which a warp ends.
    inner_iterations, outer_iterations : int
        Iterations between two median filterings, and median filterings per warp.
    median_filtering : int
        Side of the median filter in px: 1 (none), 3 or 5.

    Returns
    -------
    ndarray of float32, shape (y, x, 2)
        (u to the right, v down) in pixels. The same for any number of threads, and safe to call from
        several.

    Raises
    ------
    ValueError
        If the images are not such a pair, or a parameter is out of its range.

    References
    ----------
    C. Zach, T. Pock, H. Bischof, "A duality based approach for realtime TV-L1 optical flow", DAGM 2007.
    J. Sanchez Perez, E. Meinhardt-Llopis, G. Facciolo, "TV-L1 optical flow estimation", IPOL 3, 2013.
    Minimises equation 6 of docs/formulas.md.

    Examples
    --------
    >>> still = np.full((32, 32), 128, dtype=np.uint8)
    >>> float(np.abs(tvl1(still, still)).max())
    0.0
    """
    _check_pair(prev, next)
    params = Tvl1Params(
        tau=tau,
        lambda_=lambda_,
        theta=theta,
        scales=scales,
        scale_step=scale_step,
        warps=warps,
        epsilon=epsilon,
        inner_iterations=inner_iterations,
        outer_iterations=outer_iterations,
        median_filtering=median_filtering,  # type: ignore[arg-type] # the model checks it
    )
    return _solve(prev, next, params)


def flow_sample(sample: Sample, params: Tvl1Params) -> Sample:
    """Return the flows of a clip with their strain: channels (u, v, strain), float32.

    `data` is (y, x, 3) for onset-apex and (pairs, y, x, 3) otherwise; `frames` (pairs, 2) holds the
    numbers of each pair's first and second frame, as they are in the input.
    """
    if len(sample.data) < 2:
        raise ClipFault(
            found=f"{len(sample.data)} frame",
            expected="at least 2 frames to see motion between",
            remedy="check the clip's onset and offset, or exclude the clip",
        )
    pairs = _pairs(sample, params)
    rows, positions = np.unique(pairs, return_inverse=True)
    images = grey(sample.data[rows])
    flows = np.empty((len(pairs), *images.shape[1:], 3), dtype=np.float32)
    for (first, second), flow in zip(positions.reshape(pairs.shape), flows, strict=True):
        flow[..., :2] = _solve(images[first], images[second], params)
        flow[..., 2] = strain(flow)
    return sample.having(flows[0] if params.pairs == "onset-apex" else flows, frames=sample.frames[pairs])


def _pairs(sample: Sample, params: Tvl1Params) -> NDArray[np.int64]:
    """Return the rows of each pair's first and second frame, shape (pairs, 2)."""
    rows = np.arange(len(sample.frames))
    onset, offset = _nearest(sample, sample.onset, rows), _nearest(sample, sample.offset, rows)
    if params.pairs == "consecutive":
        return np.stack([rows[:-1], rows[1:]], axis=1)
    if params.pairs == "onset-each":
        others = rows[rows != onset]
        return np.stack([np.full_like(others, onset), others], axis=1)
    if sample.apex != sample.onset:
        # After TIM the apex may lie nearest to the onset's own row, which is not the frame that is meant.
        return np.array([[onset, _nearest(sample, sample.apex, rows[rows != onset])]])
    apex = onset
    if apex == offset:
        raise ClipFault(
            found=f"onset {sample.onset}, apex {sample.apex} and offset {sample.offset} in one frame",
            expected="an apex apart from the onset or the offset",
            remedy="correct the clip's frame numbers, or exclude the clip",
        )
    return np.array([[offset, apex] if params.onset_is_apex == "offset-apex" else [apex, offset]])


def _nearest(sample: Sample, number: int, rows: NDArray[np.int64]) -> int:
    """Return the one of `rows` whose frame number is nearest."""
    return int(rows[np.abs(sample.frames[rows] - number).argmin()])


def _check_pair(prev: NDArray[np.uint8], next_: NDArray[np.uint8]) -> None:
    for image in (prev, next_):
        if image.ndim != 2 or image.dtype != np.uint8 or min(image.shape) < _SMALLEST_SIDE:
            raise ValueError(
                f"found an image {image.dtype} {image.shape}; expected grey levels, uint8 (y, x), "
                f"with sides of at least {_SMALLEST_SIDE} px"
            )
    if prev.shape != next_.shape:
        raise ValueError(f"found images of {prev.shape} and {next_.shape}; expected two of one size")


def _solve(prev: NDArray[np.uint8], next_: NDArray[np.uint8], params: Tvl1Params) -> NDArray[np.float32]:
    # One solver per call: it keeps its buffers, so that sharing one between threads mixes their flows.
    solver = cv2.optflow.DualTVL1OpticalFlow_create(  # type: ignore[attr-defined] # not in its stubs
        tau=params.tau,
        lambda_=params.lambda_,
        theta=params.theta,
        nscales=params.scales,
        warps=params.warps,
        epsilon=params.epsilon,
        innnerIterations=params.inner_iterations,
        outerIterations=params.outer_iterations,
        scaleStep=params.scale_step,
        medianFiltering=params.median_filtering,
    )
    flow: NDArray[np.float32] = solver.calc(np.ascontiguousarray(prev), np.ascontiguousarray(next_), None)
    return flow
