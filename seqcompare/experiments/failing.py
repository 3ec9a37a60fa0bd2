"""Models that fail: what they raise costs them their trial, and no one else's."""

from __future__ import annotations

import traceback
from pathlib import Path

#: What a model may raise that is a failure of its own; ``sys.exit()`` in its code does not end the run.
FAILURES = (Exception, SystemExit)


def blame(error: BaseException) -> str:
    """Say what went wrong and where."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{in_words(error)} ({Path(frame.filename).name}, line {frame.lineno})"


def in_words(error: BaseException) -> str:
    """Say what went wrong, also of an error that cannot say it."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception as another:
        return f"{type(error).__name__}, which fails with {type(another).__name__} where it should say more"
