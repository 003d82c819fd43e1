"""Run: a command, its errors as one paragraph, its exit status."""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn

import typer

from mestore.cli.app import debugging
from mestore.cli.commands import app
from mestore.cli.says import say
from mestore.errors import MEStoreError

WRONG, USAGE, FAULT, INTERRUPTED = 1, 2, 70, 130
"""Exit statuses: something was found or is wrong; the command line was; mestore was; Ctrl-C."""

_SETTLE = 1.0
"""Seconds after a Ctrl-C in which another is not heard: what was half-written is being removed."""

_ENDED = {signal.SIGTERM: "ended", signal.SIGHUP: "ended with its terminal"}


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit status.

    Parameters
    ----------
    arguments : sequence of str
        Without the program's name. `--debug` may stand anywhere before a lone `--`.
    """
    _fill_streams()
    asked_to_end = _listen()
    try:
        status = typer.main.get_command(app).main(_debug_first(arguments), "mestore", standalone_mode=False)
    except SystemExit as done:
        status = done.code
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BaseException as error:
        status = asked_to_end()
        # Extension modules, while they are imported, make an ImportError or a SystemError of an interrupt.
        if status is None:
            return _told(error)
    if status == INTERRUPTED:  # typer makes this of a KeyboardInterrupt
        # All is cleared up: another, while Python ends, would only change the status.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # Python ends itself by SIGINT where one went through an exec of text, as of a dataclass; the next
        # exec has it forget that.
        exec("")
        say("mestore: interrupted; nothing half-written is left", error=True)
    return status if isinstance(status, int) else 0


def _fill_streams() -> None:
    """Give a stream that was closed before we began somewhere to go: its number would be a file's next."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: SIM115, PTH123


def _debug_first(arguments: Sequence[str]) -> list[str]:
    end = list(arguments).index("--") if "--" in arguments else len(arguments)
    rest = [it for it in arguments[:end] if it != "--debug"]
    return [*(["--debug"] if len(rest) < end else []), *rest, *arguments[end:]]


def _told(error: BaseException) -> int:
    """Say what went wrong, in one paragraph, and return the exit status."""
    usage = typer.BadParameter.__mro__[1]  # of a wrong command line; typer does not export it
    if isinstance(error, usage):
        return _told_usage(error)
    if debugging():
        say("".join(traceback.format_exception(error)).rstrip(), error=True)
    if isinstance(error, MEStoreError):
        said, status = str(error), WRONG
    elif isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename is not None else ""
        said = (
            f"{where}{error.strerror or error}; see that it is there, that you may read and write it, and "
            "that the disk has room"
        )
        status = WRONG
    elif isinstance(error, MemoryError):
        said = "there is not enough memory; close other programs, or lower compute.n_jobs in params.yaml"
        status = WRONG
    else:
        first = (str(error).strip().splitlines() or [""])[0]
        said = f"a fault of mestore, not yours: {type(error).__name__}: {first}"
        said += "" if debugging() else "; run it again with --debug, and report what that prints"
        status = FAULT
    say(f"mestore: {said}", error=True)
    return status


def _told_usage(error: BaseException) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "mestore"
    said = error.format_message()  # type: ignore[attr-defined]
    if type(error).__name__ == "NoArgsIsHelpError":
        if said:  # a drawn help prints itself
            say(said, error=True)
    else:
        said = " ".join(said.split()).removesuffix(".")
        end = "" if said.endswith("?") else ";"
        say(f"mestore: {said}{end} `{command} --help` shows what it takes", error=True)
    return USAGE


def _listen() -> Callable[[], int | None]:
    """Have Ctrl-C heard once, and let what is half-written be removed where a process is ended, too.

    Return what gives the exit status of what was heard, or None.
    """
    heard = 0.0
    status: int | None = None

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal heard, status
        now = time.monotonic()
        if now - heard > _SETTLE:
            heard, status = now, INTERRUPTED
            raise KeyboardInterrupt

    def end(number: int, frame: FrameType | None) -> NoReturn:
        nonlocal status
        status = 128 + number
        say(f"mestore: {_ENDED[signal.Signals(number)]}", error=True)
        sys.exit(status)

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # nohup and `&` in a script ignore it
        signal.signal(signal.SIGINT, interrupt)
    for number in _ENDED:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)
    return lambda: status
