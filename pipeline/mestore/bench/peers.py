"""Peers: what other libraries have for the same things, called as their users call them."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_TINY = 1e-10  # singular values below this share of the largest are rounding


def dual_tvl1(prev: NDArray[np.uint8], next_: NDArray[np.uint8]) -> NDArray[np.floating]:
    """Return OpenCV's TV-L1 flow (y, x, 2)."""
    solver = cv2.optflow.DualTVL1OpticalFlow_create()  # type: ignore[attr-defined] # not in its stubs
    return np.asarray(solver.calc(prev, next_, None))


def skimage_tvl1(prev: NDArray[np.uint8], next_: NDArray[np.uint8]) -> NDArray[np.floating]:
    """Return scikit-image's TV-L1 flow (y, x, 2)."""
    from skimage.registration import optical_flow_tvl1

    v, u = optical_flow_tvl1(prev, next_)  # type: ignore[no-untyped-call]
    return np.stack([u, v], axis=-1)


def dis(prev: NDArray[np.uint8], next_: NDArray[np.uint8]) -> NDArray[np.floating]:
    """Return OpenCV's DIS flow (y, x, 2), preset medium."""
    solver = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)  # type: ignore[attr-defined]
    return np.asarray(solver.calc(prev, next_, None))


def farneback(prev: NDArray[np.uint8], next_: NDArray[np.uint8]) -> NDArray[np.floating]:
    """Return OpenCV's Farneback flow (y, x, 2)."""
    # OpenCV has no defaults for it; these are those of its tutorial.
    flow = cv2.calcOpticalFlowFarneback(  # type: ignore[call-overload]
        prev,
        next_,
        None,
        pyr_scale=0.5,
        levels=3,
        winsize=15,
        iterations=3,
        poly_n=5,
        poly_sigma=1.2,
        flags=0,
    )
    return np.asarray(flow)


def lbp_by_planes(clip: NDArray[np.uint8]) -> list[NDArray[np.floating]]:
    """Return scikit-image's uniform codes of every XY, XT and YT plane of a clip (time, y, x), radius 1."""
    from skimage.feature import local_binary_pattern

    return [
        local_binary_pattern(np.ascontiguousarray(plane), P=8, R=1, method="nri_uniform")  # type: ignore[no-untyped-call]
        for axis in (0, 1, 2)
        for plane in np.moveaxis(clip, axis, 0)
    ]


def tim_by_svd(frames: NDArray[np.uint8], n: int) -> NDArray[np.uint8]:
    """Return frames (time, ...) brought to `n` by TIM as published.

    Frames are embedded in the eigenvectors of a path graph, these are fitted by sines, and the sines,
    sampled `n` times, are mapped back to images.

    References
    ----------
    Z. Zhou, G. Zhao, M. Pietikainen, "Towards a practical lipreading system", CVPR 2011.

    Examples
    --------
    >>> frames = np.array([[0, 9], [5, 3], [7, 2]], dtype=np.uint8)
    >>> tim_by_svd(frames, 3).tolist()
    [[0, 9], [5, 3], [7, 2]]
    """
    count = len(frames)
    images = frames.reshape(count, -1).T.astype(np.float64)
    mean = images.mean(axis=1, keepdims=True)
    left, singular, right = np.linalg.svd(images - mean, full_matrices=False)
    kept = singular > _TINY * singular[0]
    left, reduced = left[:, kept], singular[kept, None] * right[kept]
    path = np.diag(np.full(count, 2.0)) - np.eye(count, k=1) - np.eye(count, k=-1)
    path[0, 0] = path[-1, -1] = 1
    eigenvectors = np.linalg.eigh(path)[1][:, 1:]
    unmixing = np.linalg.pinv(reduced @ reduced.T) @ reduced @ eigenvectors
    scales = (reduced[:, 0] @ unmixing) / _sines(1 / count, count)
    curves = np.stack([scales * _sines(time, count) for time in np.linspace(1 / count, 1, n)], axis=1)
    found = left @ np.linalg.pinv(unmixing.T) @ curves + mean
    levels: NDArray[np.uint8] = np.clip(np.rint(found), 0, 255).astype(np.uint8)
    return levels.T.reshape(n, *frames.shape[1:])


def _sines(time: float, count: int) -> NDArray[Any]:
    k = np.arange(1, count)
    return np.asarray(np.sin(np.pi * k * time + np.pi * (count - k) / (2 * count)))
