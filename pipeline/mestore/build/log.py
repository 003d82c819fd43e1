"""Log: data/logs/<stage>[-<name>].log, what a stage did, for whoever asks later; never in a build's way."""

import logging
import platform
import re
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, requires, version
from logging.handlers import RotatingFileHandler
from pathlib import Path

from mestore.workspace import Workspace

LARGEST = 2**20
"""Bytes of a log; what is older goes to <name>.log.1, which the next one replaces."""

_LONGEST = 20_000  # characters of one record: a message may hold what a recording's sheet says

_LOG = logging.getLogger("mestore")


@contextmanager
def stage_log(workspace: Workspace, stage: str, arguments: Sequence[str]) -> Iterator[Path]:
    """Write what the logger "mestore" is told inside the block, and warnings, to the log of a stage.

    The log lies in the main workspace, also of an experiment in a copy: copies are removed. Runs are
    appended; each line has the process's number, because two experiments may run at a time. A log that
    cannot be written is said once on standard error, and the block goes on.
    """
    path = workspace.logs / f"{log_name(stage, arguments)}.log"
    handler = _opened(path)
    before, shown = _LOG.level, warnings.showwarning
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.INFO)

    def also_logged(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: object = None,
        line: str | None = None,
    ) -> None:
        _LOG.warning("%s:%s: %s: %s", filename, lineno, category.__name__, message)
        shown(message, category, filename, lineno, file, line)  # type: ignore[arg-type]

    warnings.showwarning = also_logged
    try:
        _LOG.info("begins: %s", " ".join([stage, *arguments]))
        _LOG.info("%s", _versions())
        if workspace.main is not None and workspace.main != workspace.root:
            _LOG.info("in a copy, such as an experiment's: %s", workspace.root)
        yield path
    finally:
        warnings.showwarning = shown
        _LOG.removeHandler(handler)
        _LOG.setLevel(before)
        with suppress(OSError):  # of what is still to be written, on a full disk
            handler.close()


def log_name(stage: str, arguments: Sequence[str]) -> str:
    """Return what a log is called: a file's name, whatever the arguments are.

    Examples
    --------
    >>> log_name("store", ["clips"]), log_name("store", ["../../etc"])
    ('store-clips', 'store-.._.._etc')
    """
    return re.sub(r"[^A-Za-z0-9_.-]", "_", "-".join([stage, *arguments]))[:100].lstrip(".") or "stage"


class _Lines(logging.Formatter):
    """One line per record, further lines indented; what does not print is escaped.

    Names come from a dataset: none of them can begin a line as a record does, or command a terminal.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s [%(process)d] %(message)s", "%Y-%m-%d %H:%M:%S%z")

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if len(text) > _LONGEST:
            text = f"{text[:_LONGEST]}\n({len(text) - _LONGEST} more characters)"
        return "\n    ".join(
            "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in line)
            for line in text.split("\n")
        )


class _LogFile(RotatingFileHandler):
    """A log that falls silent when it cannot be written, after saying so once."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say why, and write no more."""
        self.setLevel(logging.CRITICAL + 1)
        _say_none(Path(self.baseFilename), sys.exception())


def _opened(path: Path) -> logging.Handler:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            raise FileExistsError("it is no regular file")  # a pipe would be waited for
        handler = _LogFile(path, maxBytes=LARGEST, backupCount=1, encoding="utf-8")
    except OSError as error:
        _say_none(path, error)
        return logging.NullHandler()
    handler.setFormatter(_Lines())
    return handler


def _say_none(path: Path, why: BaseException | None) -> None:
    reason = getattr(why, "strerror", None) or why
    sys.stderr.write(f"mestore: no log in {path} ({reason}); the build goes on without\n")


def _versions() -> str:
    """Return what runs: mestore, Python, system and the libraries that mestore requires."""
    said = [f"Python {platform.python_version()} ({sys.executable})", platform.platform()]
    try:
        said.insert(0, f"mestore {version('mestore')}")
        needed = [text for text in requires("mestore") or () if "extra ==" not in text]
    except PackageNotFoundError:  # the source alone is on the path
        return ", ".join(said)
    for text in needed:
        name = re.split(r"[^A-Za-z0-9_.-]", text, maxsplit=1)[0]
        with suppress(PackageNotFoundError):
            said.append(f"{name} {version(name)}")
    return ", ".join(said)


def duration(begun: float) -> str:
    """Return the time since `begun`, of `time.monotonic`, in words."""
    seconds = time.monotonic() - begun
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60} s"
