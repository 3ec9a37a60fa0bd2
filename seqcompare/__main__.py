"""The command line as a program: the script, and ``python -m seqcompare`` where that is not on the path."""

from __future__ import annotations

import gc
import os
import signal
from typing import NoReturn

#: Signals that a user, a shell or a machine ends a command by.
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")


def _end_at_once(number: int, _frame: object) -> NoReturn:
    # what is half imported can neither be gone on with nor left by an exception
    os.write(2, b"stopped\n")
    os._exit(128 + number)


def main() -> None:
    """Run the command line; a signal ends it in one line also while the parser is imported."""
    for number in (getattr(signal, name) for name in _ENDING if hasattr(signal, name)):
        # what the caller ignores, such as nohup, stays ignored
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end_at_once)
    from seqcompare.cli import main as run

    try:
        run()
    finally:
        # looking through all that is in memory for cycles, as Python ends, takes half a second
        gc.freeze()


if __name__ == "__main__":
    main()
