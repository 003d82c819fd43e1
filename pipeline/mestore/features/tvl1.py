"""TV-L1 optical flow."""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from mestore.features.flow import Flow, FlowParams, check_pair, flow_sample
from mestore.features.tvl1_solver import FastSettings, Settings, solve
from mestore.sample import Sample

_FARTHEST = 1e4  # px; any image is smaller


class Tvl1Params(Settings, FlowParams):
    """Parameters of kind `tvl1`."""

    warm_start: bool = Field(
        default=False,
        description="whether each flow of a sequence starts from those before it, continued in time, and is "
        "solved at full size only: up to twice as fast, and as good where motion is smooth in time",
    )

    @model_validator(mode="after")
    def _has_a_neighbour(self) -> Self:
        if self.warm_start and self.pairs == "onset-apex":
            raise ValueError(
                "found warm_start with pairs: onset-apex; a single flow has no neighbour: leave it "
                "out, or set pairs to onset-each or consecutive"
            )
        return self


class Tvl1FastParams(FastSettings, FlowParams):
    """Parameters of kind `tvl1-fast`: other defaults, and no warm start, which would gain it little."""


def tvl1(
    prev: NDArray[np.uint8],
    next: NDArray[np.uint8],
    *,
    initial: NDArray[np.floating] | None = None,
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
    initial : ndarray of floats, shape (y, x, 2), optional
        A flow near the one to be found, such as that of the frame before: only the finest level is then
        solved.
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
        Root of the mean squared change, in px, under which a warp ends; looked at every 3 iterations.
    inner_iterations, outer_iterations : int
        Iterations between two median filterings, and median filterings per warp.
    median_filtering : int
        Side of the median filter in px: 1 (none), 3 or 5.

    Returns
    -------
    ndarray of float32, shape (y, x, 2)
        (u to the right, v down) in pixels. The same bits for any number of threads, and safe to call from
        several; the interpreter's lock is free meanwhile. About 100 bytes of memory per pixel.

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
    settings = Settings(
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
    return _checked_flow(prev, next, settings, initial)


def tvl1_fast(
    prev: NDArray[np.uint8], next: NDArray[np.uint8], *, initial: NDArray[np.floating] | None = None
) -> Flow:
    """Return the TV-L1 flow from `prev` to `next` by a short pyramid, two to three times as fast as `tvl1`.

    `tvl1` with `scales` 3, `scale_step` .5, `warps` 3, `outer_iterations` 1 and `median_filtering` 3;
    README.md has its measured errors beside the others'.

    Parameters
    ----------
    prev, next : ndarray of uint8, shape (y, x)
        Grey levels; sides of at least 4 px.
    initial : ndarray of floats, shape (y, x, 2), optional
        As in `tvl1`.

    Returns
    -------
    ndarray of float32, shape (y, x, 2)
        (u to the right, v down) in pixels.

    Raises
    ------
    ValueError
        If the images are not such a pair.
    """
    return _checked_flow(prev, next, FastSettings(), initial)


def tvl1_sample(sample: Sample, params: Tvl1Params | Tvl1FastParams) -> Sample:
    """Return the TV-L1 flows of a clip with their strain; see `flow.flow_sample`."""

    def method(first: NDArray[np.uint8], second: NDArray[np.uint8], start: Flow | None) -> Flow:
        return _checked_flow(first, second, params, start)

    return flow_sample(sample, params, method, warm=isinstance(params, Tvl1Params) and params.warm_start)


def _checked_flow(
    prev: NDArray[np.uint8],
    next_: NDArray[np.uint8],
    settings: Settings,
    initial: NDArray[np.floating] | None,
) -> Flow:
    check_pair(prev, next_)
    if initial is not None and not (
        initial.shape == (*prev.shape, 2)
        and initial.dtype.kind == "f"
        and float(np.abs(initial).max()) <= _FARTHEST  # NaN is not
    ):
        raise ValueError(
            f"found an initial flow {initial.dtype} {initial.shape}; expected floats {(*prev.shape, 2)}, "
            f"none beyond {_FARTHEST:g} px"
        )
    return solve(prev, next_, settings, initial=initial)
