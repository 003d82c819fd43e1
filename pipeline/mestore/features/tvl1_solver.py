"""The solver of TV-L1: a pyramid, warps on each of its levels, iterations in each warp."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mestore.features.spec import StrictModel
from mestore.features.tvl1_kernels import MARGIN, iterate, linearise, mirror, warp

_LEAST_SIDE = 16  # px of a pyramid's smallest level
_CHECK = 3  # iterations between two looks at the change
_BLOCK = 4000  # values per block of rows: their twelve arrays fit the processor's second-level cache

# The quadratic B-spline at whole pixels: what `warp` makes of an image that does not move.
_SPLINE = np.array([1, 6, 1], dtype=np.float32) / 8

Image = NDArray[np.float32]


class Settings(StrictModel):
    """What the solver can be told, by OpenCV's names and with the published values."""

    tau: float = Field(
        default=0.25,
        gt=0,
        le=0.25,
        description="time step of the dual scheme, which does not converge above 0.25",
    )
    # Not `alias`: type checkers would then want the keyword "lambda", which Python has taken.
    lambda_: float = Field(
        default=0.15,
        gt=0,
        le=1000,
        validation_alias="lambda",
        serialization_alias="lambda",
        description="weight of the data term, for grey levels of 0 to 255",
    )
    theta: float = Field(
        default=0.3, gt=0, le=1000, description="tightness of the link between data and smoothness"
    )
    scales: int = Field(default=5, ge=1, description="levels of the pyramid at most")
    scale_step: float = Field(default=0.8, ge=0.1, le=0.95, description="size of a level, of the finer one's")
    warps: int = Field(default=5, ge=1, description="warps per level")
    epsilon: float = Field(
        default=0.01, gt=0, le=1000, description="px; a root mean square change under it ends a warp"
    )
    inner_iterations: int = Field(default=30, ge=1, description="iterations between two median filterings")
    outer_iterations: int = Field(default=10, ge=1, description="median filterings per warp")
    median_filtering: Literal[1, 3, 5] = Field(default=5, description="px, side of the filter; 1 is none")


def _of(name: str) -> str | None:
    """Return the description of a setting."""
    return Settings.model_fields[name].description


class FastSettings(Settings):
    """A short pyramid: fewer levels, warps and medians than published."""

    scales: int = Field(default=3, ge=1, description=_of("scales"))
    scale_step: float = Field(default=0.5, ge=0.1, le=0.95, description=_of("scale_step"))
    warps: int = Field(default=3, ge=1, description=_of("warps"))
    outer_iterations: int = Field(default=1, ge=1, description=_of("outer_iterations"))
    median_filtering: Literal[1, 3, 5] = Field(default=3, description=_of("median_filtering"))


def solve(
    prev: NDArray[np.uint8],
    next_: NDArray[np.uint8],
    settings: Settings,
    *,
    initial: NDArray[np.floating] | None = None,
) -> NDArray[np.float32]:
    """Return the flow (y, x, 2) from `prev` to `next_`, grey levels (y, x) of at least 4 px a side.

    From an `initial` flow only the finest level is solved: coarser ones would forget it.
    """
    if initial is not None:
        settings = settings.model_copy(update={"scales": 1})
    firsts, seconds = (_pyramid(image.astype(np.float32), settings) for image in (prev, next_))
    flow = np.zeros((2, *firsts[-1].shape), np.float32)
    if initial is not None:
        flow[:] = np.moveaxis(initial, -1, 0)
    for first, second in zip(reversed(firsts), reversed(seconds), strict=True):
        flow = _Level(first, second, _resized(flow, first.shape)).solve(settings)
    return np.ascontiguousarray(np.moveaxis(flow, 0, -1))


def _pyramid(image: Image, settings: Settings) -> list[Image]:
    levels = [image]
    while len(levels) < settings.scales:
        step = settings.scale_step
        smaller = cv2.resize(levels[-1], None, fx=step, fy=step).astype(np.float32, copy=False)
        if min(smaller.shape) < _LEAST_SIDE:
            break
        levels.append(smaller)
    return levels


def _resized(flow: Image, shape: tuple[int, ...]) -> Image:
    """Return a flow (2, y, x) at another size, its vectors in pixels of that size."""
    height, width = shape
    if flow.shape[1:] == shape:
        return flow
    ratios = width / flow.shape[2], height / flow.shape[1]
    return np.stack(
        [cv2.resize(c, (width, height)) * np.float32(r) for c, r in zip(flow, ratios, strict=True)]
    )


class _Level:
    """Two images of one size and the flow between them, in the layout of the kernels."""

    def __init__(self, first: Image, second: Image, flow: Image) -> None:
        height, width = self.shape = first.shape
        stride = width + 1
        smooth = cv2.sepFilter2D(first, -1, _SPLINE, _SPLINE, borderType=cv2.BORDER_REFLECT)
        self.first = np.pad(smooth, ((0, 0), (0, 1))).ravel()
        self.second = cv2.copyMakeBorder(second, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_REFLECT)
        self.rows = np.zeros((2, height + 1, stride), np.float32)
        self.rows[:, :-1, :width] = flow
        self.u, self.v = self.rows.reshape(2, -1)
        self.warped, self.inside, self.gx, self.gy, self.rest, self.inverse = np.zeros(
            (6, height * stride), np.float32
        )
        self.dual = np.zeros((4, (height + 1) * stride + 1), np.float32)

    def solve(self, settings: Settings) -> Image:
        """Return the flow, shape (2, y, x)."""
        for _ in range(settings.warps):
            self._warp()
            for _ in range(settings.outer_iterations):
                self._smooth(settings.median_filtering)
                if self._iterate(settings) <= settings.epsilon**2:
                    break
        return self.rows[:, :-1, :-1].copy()

    def _warp(self) -> None:
        height, width = self.shape
        warp(self.second, self.u, self.v, height, width, self.warped, self.inside)
        linearise(
            self.first,
            self.warped,
            self.inside,
            self.u,
            self.v,
            width,
            self.gx,
            self.gy,
            self.rest,
            self.inverse,
        )

    def _smooth(self, side: int) -> None:
        for component in self.rows:
            pixels = component[:-1, :-1]
            if side > 1:
                pixels[:] = cv2.medianBlur(pixels, side)
            mirror(component.ravel(), self.shape[1])

    def _iterate(self, settings: Settings) -> float:
        """Iterate until the mean squared change is small; return it, in px^2."""
        height, width = self.shape
        change, left = np.inf, settings.inner_iterations
        while left and change > settings.epsilon**2:
            count = min(left, _CHECK)
            left -= count
            total = iterate(
                count,
                max(1, _BLOCK // (width + 1)),
                width,
                self.u,
                self.v,
                self.dual,
                self.gx,
                self.gy,
                self.rest,
                self.inverse,
                np.float32(settings.lambda_ * settings.theta),
                np.float32(settings.theta),
                np.float32(settings.tau / settings.theta),
            )
            change = total / (height * width)
        return change
