"""Elsewhere: `python -m mestore.build.elsewhere` builds one subject: a task comes in, an outcome goes out."""

import os
import pickle
import sys

from mestore.build.parent import end_with
from mestore.build.subject import build_subject


def main() -> None:
    """Read a pickled task from standard input and write its pickled outcome to standard output."""
    end_with(os.getppid())
    with os.fdopen(os.dup(1), "wb") as answer:
        # Whatever a library prints must not get into the answer.
        os.dup2(2, 1)
        answer.write(pickle.dumps(build_subject(pickle.load(sys.stdin.buffer))))


if __name__ == "__main__":
    main()
