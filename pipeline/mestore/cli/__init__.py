"""The command line: `mestore`, or `python -m mestore`. Adding commands is one module and one line here."""

import sys

from mestore.cli import audit, cache, qc, recordings, score, stores, workspace
from mestore.cli.app import app, say
from mestore.errors import MEStoreError

__all__ = ["app", "audit", "cache", "main", "qc", "recordings", "score", "stores", "workspace"]


def main() -> None:
    """Run the command line; what is refused is one paragraph and exit status 1, not a traceback."""
    try:
        app()
    except MEStoreError as error:
        say(f"mestore: {error}", error=True)
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        remedy = "see that it is there, that you may read and write it, and that the disk has room"
        say(f"mestore: {where}{error.strerror or error}; {remedy}", error=True)
        sys.exit(1)
