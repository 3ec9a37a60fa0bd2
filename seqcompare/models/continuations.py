"""How sequences of symbols may go on: continuations that are drawn, and what follows on average."""

from __future__ import annotations

from typing import Any

import numpy as np

from seqcompare.data.sequences import Sequences
from seqcompare.typing import Floats

#: Continuations that are drawn unless said otherwise.
CONTINUATIONS = 200


def forecast_symbols(
    model: Any, sequences: Sequences, steps: int, n_drawn: int, rng: np.random.RandomState
) -> Floats:
    """Return the mean of the predictions along `n_drawn` continuations, shape (n, steps, n_symbols).

    Parameters
    ----------
    model : density over symbols
        A fitted one: with ``start`` and ``step``, or, where it cannot step, ``predict_next_proba``.
    sequences : Sequences
        What came so far.
    steps, n_drawn : int
        How many steps to look ahead, and how many continuations to draw.
    rng : RandomState
        The source of randomness.
    """
    found = np.empty((len(sequences), steps, len(model.symbols_)))
    for i, x in enumerate(sequences):
        found[i] = _of_one(_Walk(model, x), model.symbols_, steps, n_drawn, rng)
    return found


def _of_one(walk: _Walk, symbols: Any, steps: int, n_drawn: int, rng: np.random.RandomState) -> Floats:
    """Return the mean predictions after one sequence; continuations that are alike are carried once."""
    found = np.empty((steps, len(symbols)))
    alike: dict[tuple[int, ...], tuple[int, Any, Floats]] = {(): (n_drawn, walk.state, walk.ahead)}
    for h in range(steps):
        found[h] = sum(n * ahead for n, _, ahead in alike.values()) / n_drawn
        if h + 1 == steps:
            break
        after = {}
        for path, (n, state, ahead) in alike.items():
            for code, count in enumerate(rng.multinomial(n, ahead / ahead.sum())):
                if count:
                    after[(*path, code)] = (int(count), *walk.go_on(state, symbols[code]))
        alike = after
    return found


class _Walk:
    """A sequence that a model reads step by step; one that cannot is shown all so far each time."""

    def __init__(self, model: Any, x: Any) -> None:
        self.model = model
        try:
            state = model.start()
        except ValueError:
            self.steps = False
            self.state, self.ahead = x, self._whole(x)
            return
        self.steps = True
        for value in x:
            ahead, state = model.step(state, value)
        self.state, self.ahead = state, np.asarray(ahead, dtype=np.float64)

    def go_on(self, state: Any, symbol: Any) -> tuple[Any, Floats]:
        """Return the state after one more symbol, and the probabilities of the next."""
        if self.steps:
            ahead, state = self.model.step(state, symbol)
            return state, np.asarray(ahead, dtype=np.float64)
        longer = np.append(state, symbol)
        return longer, self._whole(longer)

    def _whole(self, x: Any) -> Floats:
        return np.asarray(self.model.predict_next_proba([x])[0][-1], dtype=np.float64)
