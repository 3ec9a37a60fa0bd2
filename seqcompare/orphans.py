"""Workers that nobody works with any more, and their end.

Light to import: a worker begins with it, before it loads what its trials take.
"""

from __future__ import annotations

import os
import time
from functools import cache
from threading import Thread

#: Seconds between the looks of a worker at whether the process that it works for is there.
_WATCHED_EVERY = 1.0


@cache
def end_with(parent: int) -> None:
    """End this process, where it is a worker, soon after the one that it works for has died.

    Parameters
    ----------
    parent : int
        The process that it works for.
    """
    if os.getpid() == parent:
        return
    if os.getppid() != parent:
        # somebody else has started it, or the other died while it was being started
        if os.name == "posix" and not _is_there(parent):
            os._exit(1)
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCHED_EVERY)
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        pass
    return True
