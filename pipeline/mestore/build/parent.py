"""Parent: a worker process ends when whoever started it was killed."""

import os
import threading
import time

_LOOK = 1.0
"""Seconds between two looks."""


def end_with(parent: int) -> None:
    """End this process soon after its parent, whose process id is `parent`, has ended.

    A parent that was killed cannot say so, and its workers would wait for ever (seen, loky).
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
