"""Windows with gaps that read a sequence as it comes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from seqcompare.data.sequences import Sequences
from seqcompare.models.filling import Expected
from seqcompare.models.windows.layout import WindowLayout
from seqcompare.typing import Floats, Values


class Window(NamedTuple):
    """What a window that looks back knows of a sequence.

    Attributes
    ----------
    steps : tuple of ndarray
        The steps in the window, NaN where missing.
    seen : tuple of ndarray, shape (kept, d)
        What was expected of the last steps at each of them.
    known : tuple
        What the autoregressions know.
    """

    steps: tuple[Floats, ...]
    seen: tuple[Floats, ...]
    known: Any


def start(layout: WindowLayout) -> Window:
    """Return what is known before the first step."""
    assert layout.filling is not None
    return Window((), (), layout.filling.start())


def read(layout: WindowLayout, state: Window, x: Any) -> tuple[Values, Window]:
    """Read one more step; return the window's row, as `WindowLayout.base` makes it, and what is known."""
    assert layout.filling is not None
    now = np.atleast_1d(np.asarray(x, dtype=np.float64))
    expected, known = layout.filling.step(state.known, now)
    size = layout.before + 1
    steps = (*state.steps, now)[-size:]
    seen = (*state.seen, expected.past[0])[-size:]
    # of a window only what is expected of its own steps matters
    whole = Expected(np.stack(seen), np.zeros((len(seen), len(now))), np.ones(len(seen)))
    row = layout.base(Sequences([np.stack(steps)]), np.array([len(steps) - 1]), whole)
    return row, Window(steps, seen, known)
