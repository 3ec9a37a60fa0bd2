"""How commands end: exit codes, what is said of an error, and what is kept where the user stops one."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from shlex import quote
from typing import NoReturn, TextIO

import typer

BAD_INPUT, INTERRUPTED, TERMINATED = 2, 130, 143


class StoppedError(Exception):
    """The user has stopped a command; the message says how to go on."""

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def resumable(kept: Callable[[], str]) -> Iterator[None]:
    """Say what is kept, and which command goes on, where the user stops what runs inside."""
    try:
        yield
    except KeyboardInterrupt as stop:
        again = " ".join(["seqcompare", *(quote(word) for word in sys.argv[1:] if word != "--fresh")])
        raise StoppedError(f"stopped: {kept()}; go on with: {again}", code=_code(stop)) from None


class _TerminatedError(KeyboardInterrupt):
    """The process was asked to end; what ends it on Ctrl-C ends it as well."""


def _code(stop: BaseException) -> int:
    return TERMINATED if isinstance(stop, _TerminatedError) else INTERRUPTED


def _terminate(number: int, _frame: object) -> NoReturn:
    # workers are being ended from here on: a second signal must not break into that
    signal.signal(number, signal.SIG_IGN)
    raise _TerminatedError


def run(app: typer.Typer) -> None:
    """Run the command line and end the process with its exit code."""
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    before = signal.signal(signal.SIGTERM, _terminate)
    # modules of the user's own lie where the command is given; last, so that they hide nothing
    sys.path.append(os.getcwd())
    try:
        code = app(standalone_mode=False)
    except StoppedError as stopped:
        _end(str(stopped), stopped.code)
    except (KeyboardInterrupt, typer.Abort) as stop:
        _end("stopped", _code(stop))
    except (ValueError, OSError, ImportError) as error:
        _end(f"error: {error}", BAD_INPUT)
    except Exception as error:
        # what the parser raises has a message of its own; all else is a fault of ours and is shown whole
        message = getattr(error, "format_message", None)
        if message is None:
            raise
        _end(f"error: {message()}", BAD_INPUT)
    finally:
        signal.signal(signal.SIGTERM, before)
    raise SystemExit(code or 0)


def _nowhere() -> TextIO:
    """Return what stands in for a stream that was closed (>&-), so that no other file takes its number."""
    # like the one that it stands in for, it is open until the process ends
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8", closefd=False)


def _end(message: str, code: int) -> None:
    sys.stderr.write(" ".join(message.split()) + "\n")
    raise SystemExit(code)
