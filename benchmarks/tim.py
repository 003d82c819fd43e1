"""TIM: the closed form beside the published one, through the SVD of the clip."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.table import Row
from benchmarks.timing import Effort, interleave
from mestore.tim import interpolate

_SHAPE, _N = (100, 150, 150), 50
_TOY_SHAPE, _TOY_N = (12, 10, 10), 6
_TINY = 1e-10  # singular values below this share of the largest are rounding


def rows(effort: Effort) -> list[Row]:
    """Return rows of both forms."""
    shape, n = (_TOY_SHAPE, _TOY_N) if effort.toy else (_SHAPE, _N)
    frames = np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8)
    peer, ours = "SVD form", "mestore"
    measured = interleave({peer: lambda: by_svd(frames, n), ours: lambda: interpolate(frames, n)}, effort)
    return [
        Row(
            case=f"TIM, {shape[0]} frames of {shape[1]} x {shape[2]} to {n}",
            method=name,
            minimum=found.minimum,
            median=found.median,
            beside=peer if name == ours else "",
            at_least=60 if name == ours else None,
        )
        for name, found in measured.items()
    ]


def by_svd(frames: NDArray[np.uint8], n: int) -> NDArray[np.uint8]:
    """Return frames (time, ...) brought to `n` by TIM as published.

    Frames are embedded in the eigenvectors of a path graph, these are fitted by sines, and the sines,
    sampled `n` times, are mapped back to images.

    References
    ----------
    Z. Zhou, G. Zhao, M. Pietikainen, "Towards a practical lipreading system", CVPR 2011.

    Examples
    --------
    >>> frames = np.array([[0, 9], [5, 3], [7, 2]], dtype=np.uint8)
    >>> by_svd(frames, 3).tolist()
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
