"""Sequences that are read as they come, a step at a time, in constant time a step."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences
from seqcompare.typing import SequencesLike, Values

#: Numbers that may be kept of the answers to steps of symbols that come again.
_MOST_KEPT = 2_000_000
#: Symbols that are new to a model, and are remembered as such.
_MOST_NEW = 1_000


class Recent(NamedTuple):
    """What a model that looks back a fixed number of steps knows of a sequence.

    Attributes
    ----------
    steps : tuple
        The last steps.
    answers : dict
        What was answered after steps of symbols; all states of one start share it.
    """

    steps: tuple[Any, ...]
    answers: dict[tuple[Any, ...], Any]


class StepByStep:
    """What can read a sequence as it comes."""

    @property
    def _looks_back(self) -> int | None:
        """Steps that an answer depends on, the present one included; None if on all so far."""
        return None

    def _answers_to(self, X: Sequences) -> SequencesLike:
        """Return the answers to all steps of a sequence."""
        raise NotImplementedError

    def start(self) -> object:
        """Return the state before the first step of a sequence, for `step`.

        It may be used for any number of sequences, until the model is fitted again.
        """
        check_is_fitted(self)
        if self._looks_back is None:
            raise ValueError(
                f"this {type(self).__name__} cannot read step by step in constant time: its answers depend "
                "on all steps so far, or on later ones"
            )
        return Recent((), {})

    def step(self, state: Any, x: Any) -> tuple[Any, object]:
        """Read one more step of a sequence, in constant time.

        Parameters
        ----------
        state : state
            What `start` or the last call returned; it stays as it is, so that one may go on from it again.
        x : symbol, number or array of shape (d,)
            The step.

        Returns
        -------
        answer : ndarray of shape (n_symbols,) or (n_classes,), Distribution, or float
            Of densities the distribution of the next step, of taggers the probabilities of the label of this
            one, of regressors its number: as answered to the whole sequence at this step.
        state : state
            What to pass on to the next call.
        """
        steps = (*state.steps, plain(x))[-(self._looks_back or 1) :]
        symbols = self.kind_ == "symbols"  # type: ignore[attr-defined]  # of all estimators
        found = state.answers.get(steps) if symbols else None
        if found is None:
            found = self._answers_to(Sequences([together(steps, x)], numbers=not symbols))[-1]
            if symbols:
                keep_answer(state.answers, steps, found)
        return found, Recent(steps, state.answers)


def can_step(model: Any) -> bool:
    """Return whether a fitted model reads step by step, in constant time."""
    try:
        model.start()
    except (ValueError, AttributeError):
        return False
    return True


def keep_answer(answers: dict[Any, Any], steps: tuple[Any, ...], found: Any) -> None:
    """Keep an answer, and forget all others where they have become too much."""
    if len(answers) * (np.size(found) + len(steps)) >= _MOST_KEPT:
        answers.clear()
    answers[steps] = found


def keep_symbol(known: dict[Any, Any], symbol: object, found: Any, n_symbols: int) -> None:
    """Keep what became of a symbol; of those that are new to the model only some, lest they pile up."""
    if len(known) < n_symbols + _MOST_NEW:
        known[symbol] = found


def as_read(model: Any, x: Any) -> Any:
    """Return a step as a fitted model reads it: mixed channels as what became of them, others as they are."""
    if isinstance(x, np.void):
        return model._check([np.array([x], dtype=x.dtype)]).values[0]
    return x


def together(steps: tuple[Any, ...], x: object) -> Values:
    """Return steps as one array, of the type of the last one, as it came, if that has named channels."""
    return np.array(list(steps), dtype=x.dtype if isinstance(x, np.void) else None)


def plain(x: object) -> Any:
    """Return a step as Python's own value, or a tuple of numbers."""
    if isinstance(x, np.generic):
        return x.item()
    return tuple(map(float, x)) if isinstance(x, (np.ndarray, list, tuple)) else x
