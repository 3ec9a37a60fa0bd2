"""How commands end: exit codes, what is said of an error, and what is kept where the user stops one."""

from __future__ import annotations

import difflib
import os
import re
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn, TextIO

import typer
from typer.core import TyperGroup

from seqcompare.command import Command

BAD_INPUT = 2
#: What a process ends with that a signal has ended: this and the number of the signal.
_BY_SIGNAL = 128
#: Nobody reads what is written: shells say so of a command whose pipe was closed.
_CLOSED_PIPE = 141
#: Signals that end a command: Ctrl-C, and what does the same.
_ENDING = [signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
#: What frames of imports are made from.
_IMPORTING = "<frozen importlib"


class _Asked:
    """What this process was asked to end by, if it was, and how much of what runs can be gone on with."""

    number: int | None = None
    resumable: int = 0


class StoppedError(Exception):
    """The user has stopped a command; the message says how to go on."""

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def resumable(kept: Callable[[], str]) -> Iterator[None]:
    """Say what is kept, and which command goes on, where the user stops what runs inside."""
    _Asked.resumable += 1
    try:
        yield
    except KeyboardInterrupt:
        again = Command(tuple(sys.argv[1:])).going_on()
        raise StoppedError(f"stopped: {kept()}; go on with: {again}", code=_code()) from None
    finally:
        _Asked.resumable -= 1


class Stoppable(TyperGroup):
    """Commands that are ended by a signal in whatever they do: the parser would make an exit code of it."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command; of an option with one value that comes twice, the parser would keep the last."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None:
            draft = typer.Context(command, info_name=name, parent=ctx, resilient_parsing=True)
            given: list[Any] = command.make_parser(draft).parse_args(args=list(rest))[2]
            for option in given:
                if option.param_type_name != "option" or option.multiple or given.count(option) < 2:
                    continue
                if option.secondary_opts or not option.is_flag:
                    flags = "/".join([*option.opts[:1], *option.secondary_opts[:1]])
                    ctx.fail(f"{flags} is given {given.count(option)} times, and takes one value")
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise StoppedError("stopped", code=_code()) from None


def _code() -> int:
    return _BY_SIGNAL + (signal.SIGINT if _Asked.number is None else _Asked.number)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    # it may be what is being imported, and half there
    begun = getattr(sys.modules.get("seqcompare.workers"), "begun", None)
    if not _Asked.resumable and not (begun and begun()) and _imports(frame):
        # nothing has to be tidied up, and an exception may be caught by whom it is not for
        os.write(2, b"stopped\n")
        os._exit(_BY_SIGNAL + number)
    # what is told to end may end others, and itself once more, by another signal
    _Asked.number = _Asked.number or number
    if number != signal.SIGINT:
        # workers are being ended from here on: a second signal must not break into that
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _imports(frame: FrameType | None) -> bool:
    """Whether something is being imported."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORTING):
            return True
        frame = frame.f_back
    return False


def _obeyed(app: typer.Typer) -> Any:
    """Run a command and return its exit code; one that was asked to end is stopped, whatever came of that.

    The parser makes an exit code of what stops it, and others may catch it, and raise errors of their own.
    """
    try:
        code = app(standalone_mode=False)
    except StoppedError:
        raise
    except BaseException:
        if _Asked.number is None:
            raise
        raise KeyboardInterrupt from None
    if _Asked.number is not None:
        raise KeyboardInterrupt
    return code


def run(app: typer.Typer) -> None:
    """Run the command line and end the process with its exit code."""
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    # what the caller ignores, such as nohup, stays ignored
    asked = [number for number in _ENDING if signal.getsignal(number) != signal.SIG_IGN]
    warnings.formatwarning = _in_one_line
    # one that has grown is replaced by itself, and what it had to do is done again
    warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
    _Asked.number = None
    before = {number: signal.signal(number, _terminate) for number in asked}
    # modules of the user's own lie where the command is given; last, so that they hide nothing
    sys.path.append(os.getcwd())
    try:
        code = _obeyed(app)
        sys.stdout.flush()
        if "seqcompare.workers" in sys.modules:
            sys.modules["seqcompare.workers"].dismiss()
    except StoppedError as stopped:
        _end(str(stopped), stopped.code)
    except (KeyboardInterrupt, typer.Abort):
        _end("stopped", _code())
    except (BrokenPipeError, SystemExit) as ended:
        # what prints for us ends the process by itself, as if it were an error
        if not isinstance(ended, BrokenPipeError) and not isinstance(ended.__context__, BrokenPipeError):
            raise
        # what is left in the buffer goes nowhere, also as the process ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())  # type: ignore[union-attr]  # it was open
        raise SystemExit(_CLOSED_PIPE) from None
    except (ValueError, OSError, ImportError) as error:
        _end(f"error: {_with_command(error)}", BAD_INPUT)
    except MemoryError as error:
        said = f": {error}" if str(error) else ""
        _end(f"error: there is not enough memory{said}", BAD_INPUT)
    except Exception as error:
        # what the parser raises has a message of its own; all else is a fault of ours and is shown whole
        message = getattr(error, "format_message", None)
        if message is None:
            raise
        _end(f"error: {_with_hint(message())}", BAD_INPUT)
    finally:
        if "seqcompare.workers" in sys.modules:
            sys.modules["seqcompare.workers"].abandon()
        for number, handler in before.items():
            signal.signal(number, handler)
    raise SystemExit(code or 0)


def _in_one_line(message: object, category: type[Warning], *_: object, **__: object) -> str:
    """Return how a warning is shown: what a user calls things is in it."""
    from seqcompare.report.names import visible

    return f"{category.__name__}: {visible(' '.join(str(message).split()))}\n"


def _with_command(error: BaseException) -> str:
    """Return what an error says, with the command that was seen to help, if there is one."""
    remedy = getattr(error, "remedy", None)
    if not remedy:
        return str(error)
    from seqcompare.cli.corrected import corrected

    return f"{getattr(error, 'said', error)}; this reads it: {corrected(sys.argv[1:], remedy)}"


def _with_hint(message: str) -> str:
    """Return what the parser says of a wrong value, with the right one that was probably meant."""
    found = re.search(r"'([^']*)' is not one of (.*)", message)
    close = difflib.get_close_matches(found[1], re.findall(r"'([^']*)'", found[2]), n=1) if found else []
    return f"{message.rstrip('.')}; did you mean {close[0]!r}?" if close else message


def _nowhere() -> TextIO:
    """Return what stands in for a stream that was closed (>&-), so that no other file takes its number."""
    # like the one that it stands in for, it is open until the process ends
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8", closefd=False)


def _end(message: str, code: int) -> None:
    from seqcompare.report.names import visible

    sys.stderr.write(visible(" ".join(message.split())) + "\n")
    raise SystemExit(code)
