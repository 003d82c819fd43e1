"""Optical strain: how much a flow field stretches and shears the skin, whatever the head does."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def strain(flow: ArrayLike) -> NDArray[np.float32]:
    """Return the magnitude of the infinitesimal strain tensor of a flow field.

    With e_xx = du/dx, e_yy = dv/dy and e_xy = (du/dy + dv/dx) / 2, the magnitude is
    sqrt(e_xx^2 + e_yy^2 + 2 e_xy^2). Translation and small rotation have none; a stretch by s along one
    axis has s. Derivatives are central differences per pixel, one-sided at the border.

    Parameters
    ----------
    flow : array_like, shape (..., y, x, 2 or more)
        (u to the right, v down) in pixels; further channels are left alone. At least 2 x 2 pixels.

    Returns
    -------
    ndarray of float32, shape (..., y, x)
        Strain, without a unit.

    Raises
    ------
    ValueError
        If the shape is another, or u or v is NaN, infinite, or so large that the strain overflows.

    References
    ----------
    M. Shreve, S. Godavarthy, D. Goldgof, S. Sarkar, "Macro- and micro-expression spotting in long
    videos using spatio-temporal strain", FG 2011; as equations 7-8 of docs/formulas.md.

    Examples
    --------
    A stretch by a tenth along x:

    >>> x = np.arange(6.0) * np.ones((4, 1))
    >>> np.unique(strain(np.stack([0.1 * x, np.zeros((4, 6))], axis=-1)).round(6)).tolist()
    [0.10000000149011612]
    """
    flow = np.asarray(flow)
    if flow.ndim < 3 or flow.shape[-1] < 2 or min(flow.shape[-3:-1]) < 2 or flow.dtype.kind not in "iuf":
        raise ValueError(
            f"found a flow {flow.dtype} {flow.shape}; expected numbers of shape (..., y, x, 2) with y, x >= 2"
        )
    flow = flow.astype(np.result_type(flow.dtype, np.float32), copy=False)
    if not np.isfinite(flow[..., :2]).all():
        raise ValueError("found a flow with NaN or infinity; expected finite u and v, in pixels")
    with np.errstate(over="ignore", invalid="ignore"):
        magnitude = _magnitude(flow)
    if not np.isfinite(magnitude).all():
        raise ValueError("found a flow whose strain is too large for float32; expected u and v in pixels")
    return magnitude


def _magnitude(flow: NDArray[np.floating]) -> NDArray[np.float32]:
    u_y, u_x = np.gradient(flow[..., 0], axis=(-2, -1))
    v_y, v_x = np.gradient(flow[..., 1], axis=(-2, -1))
    # 2 e_xy^2 = (du/dy + dv/dx)^2 / 2
    magnitude: NDArray[np.float32] = np.sqrt(u_x**2 + v_y**2 + (u_y + v_x) ** 2 / 2).astype(np.float32)
    return magnitude
