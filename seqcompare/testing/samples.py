"""Small data for the checks: ragged, and nearly learnable."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from seqcompare.typing import Floats, Values

Steps = Literal["strings", "integers", "real", "counts", "mixed"]

_LETTERS = np.array(list("abc"))
_LABELS = np.array(["no", "yes"])

#: Input with symbols that no training showed, for each kind of symbols; strings are read as characters.
STRANGE: dict[str, list[list[Any]]] = {
    "strings": [["zzz"], ["a?b", "c"], ["?"]],
    "integers": [[[7, 1]], [[0, 99], [2]], [[99]]],
}


def draw(steps: Steps, role: str, n: int = 15, seed: int = 0) -> tuple[list[Values], Any]:
    """Return ragged sequences of 3 to 7 steps, and what is to be learned of them.

    Parameters
    ----------
    steps : {"strings", "integers", "real", "counts", "mixed"}
        What a step is: one of three letters, one of three integers, two numbers, how many of something, or
        one of three letters beside a number.
    role : str
        What is predicted.
    n : int, default=15
        How many sequences.
    seed : int, default=0
        The same seed gives the same data.

    Returns
    -------
    X : list of ndarray
        The sequences.
    y : list of ndarray, ndarray of shape (n,), or None
        A label per step (whether the step before was not the first symbol), a number per step (of the step
        before), a label or a number per sequence, or nothing.
    """
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 8, size=n)
    codes = [rng.integers(0, 3, size=length) for length in lengths]
    noise = [rng.normal(size=(length, 2)) for length in lengths]
    if steps == "real":
        X = [e + c[:, None] for c, e in zip(codes, noise, strict=True)]
    elif steps == "counts":
        X = [c.astype(np.float64) for c in codes]
    elif steps == "mixed":
        X = [_beside(_LETTERS[c], e[:, 0]) for c, e in zip(codes, noise, strict=True)]
    else:
        X = [_LETTERS[c] if steps == "strings" else c for c in codes]
    if role == "step":
        return X, [_LABELS[(np.roll(c, 1) > 0).astype(int)] for c in codes]
    if role == "step-value":
        return X, [np.roll(c, 1) + e[:, 0] for c, e in zip(codes, noise, strict=True)]
    if role == "sequence":
        return X, _LABELS[np.arange(n) % 2]
    if role == "value":
        return X, np.array([float(c[-1]) for c in codes]) + rng.normal(size=n)
    return X, None


def _beside(letters: Values, numbers: Floats) -> Values:
    """Return steps of two named channels, a letter and a number."""
    steps = np.empty(len(letters), [("letter", "<U1"), ("size", np.float64)])
    steps["letter"], steps["size"] = letters, numbers
    return steps
