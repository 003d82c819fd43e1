"""Faults: what a fault of the machine means for the user; none of them is ever a clip's."""

import errno
from pathlib import Path

_REMEDIES = {
    errno.ENOSPC: "the disk is full: free some of it, or set $MESTORE_CACHE to a folder on a larger one",
    errno.EDQUOT: "your quota is used up: free some of it, or set $MESTORE_CACHE to a folder elsewhere",
    errno.EROFS: "the disk is mounted read-only: mount it for writing, or set $MESTORE_CACHE elsewhere",
    errno.EACCES: "you may not do this there: ask its owner for access",
    errno.EPERM: "you may not do this there: ask its owner for access",
    errno.ENOENT: "it was there before: is its disk or network drive still mounted?",
    errno.ENOTCONN: "the network drive is gone: mount it again",
    errno.ESTALE: "the network drive has changed below us: mount it again",
    errno.EIO: "the disk cannot read or write it: look at the system's log",
}


def explained(error: OSError, *, at: Path | None = None) -> str:
    """Return what happened, where, and what to do.

    Parameters
    ----------
    error : OSError
        As it was caught.
    at : Path, optional
        Where it happened, for errors that do not say.

    Examples
    --------
    >>> explained(OSError(errno.ENOSPC, "No space left on device"), at=Path("/nas")).partition(": free")[0]
    '/nas: No space left on device: the disk is full'
    """
    named = [str(name) for name in (error.filename, error.filename2) if name is not None]
    where = " -> ".join(named) or str(at or "")
    remedy = _REMEDIES.get(error.errno or 0, "a fault of the machine or of its permissions: mend it")
    what = f"{error.strerror or error}: {remedy}; then run again, what was finished is kept"
    return f"{where}: {what}" if where else what
