"""Threads: every job holds its libraries to one, because results must not depend on their number."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def single_threaded() -> Iterator[None]:
    """Hold BLAS, OpenMP, OpenCV and numba to one thread inside the block.

    A float32 matrix product differs between one and two BLAS threads (seen), so this is a matter of equal
    results and not only of speed. Cores are used by running subjects side by side. Libraries that are first
    imported inside the block are not held.
    """
    # Only what is there already: importing OpenCV here would make every kind depend on it.
    cv2, numba = sys.modules.get("cv2"), sys.modules.get("numba")
    before = cv2.getNumThreads() if cv2 else 0
    if cv2:
        cv2.setNumThreads(1)
    if numba:
        numba.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        if cv2:
            cv2.setNumThreads(before)
