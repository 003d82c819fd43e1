"""Threads: every job holds its libraries to one, because results must not depend on their number."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def single_threaded() -> Iterator[None]:
    """Hold BLAS, OpenMP, OpenCV and numba to one thread inside the block.

    A float32 matrix product differs between one and two BLAS threads (seen), so this is a matter of equal
    results and not only of speed. Cores are used by running subjects side by side.
    """
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    if "numba" in sys.modules:
        sys.modules["numba"].set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        cv2.setNumThreads(before)
