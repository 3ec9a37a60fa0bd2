"""Windows that read a sequence as it comes, where what is asked of a row is sums and products alone.

Nearly all of the time that scikit-learn takes for one row goes into checking it. Linear models and layered
networks are therefore read off once, when a sequence starts, and each step is added up here. Whether that is
the very same is tried at the start, on steps whose answers are known; whatever is not is asked as ever.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit

from seqcompare.data.sequences import Sequences
from seqcompare.models.online import keep_answer, keep_symbol, plain
from seqcompare.models.windows.layout import WindowLayout
from seqcompare.typing import Floats, Values

#: Numbers that a table of symbols may hold.
_MOST_NUMBERS = 10_000_000


class Layers(NamedTuple):
    """What an estimator makes of a row: one layer of sums, or several with `hidden` between them."""

    weights: list[Floats]
    """Each of shape (n_in, n_out)."""
    biases: list[Floats]
    hidden: Callable[[Floats], Floats]
    answer: Callable[[Floats], Any]


class Reader(NamedTuple):
    """How one more step of a window is read, the same for all sequences of a start."""

    first: Floats
    """Of symbols what each code adds at each tap, shape (n_taps, n_codes, n_out); else (n_taps, d, n_out)."""
    taps: Values
    """Places of the taps, shape (n_taps,)."""
    edges: Floats
    """The bias, and what the marks of steps that are not there add, by how many there are."""
    rest: Layers
    codes: dict[Any, int] | None
    unknown: int
    answers: dict[tuple[Any, ...], Any]


class Running(NamedTuple):
    """A reader, and the last steps: codes of symbols, or numbers."""

    reader: Reader
    steps: tuple[Any, ...]
    n_read: int


def start(model: Any, answer: Callable[[Floats], Any] | None) -> Running | None:
    """Return the state before the first step; None where a row has to be made and asked about.

    Parameters
    ----------
    model : WindowTagger or WindowStepRegressor
        A fitted one that looks back alone.
    answer : callable, optional
        What the model makes of the sums that its estimator ends in, or of its decision values.
    """
    layout: WindowLayout = model.window_.layout_
    layers = layers_of(model.estimator_, answer)
    if layers is None or layout.pairs or layout.dtype != np.float64 or hasattr(model, "encoding_"):
        return None
    n_taps, n_out = len(layout.lags), layers.weights[0].shape[1]
    marked = layout.lags[(layout.lags != 0) & layout.mark_edges]
    # marks of taps that a sequence has not reached after so many steps
    beyond = (np.arange(layout.before + 1)[:, np.newaxis] < marked).astype(np.float64)
    edges, codes, unknown, size = layers.biases[0][np.newaxis], None, 0, 1
    W = layers.weights[0]
    if layout.symbols is None:
        size = layout.n_channels
        first = W[: n_taps * size].reshape(n_taps, size, n_out)
        edges = edges + beyond @ W[n_taps * size :]
    else:
        n = len(layout.symbols)
        if n_taps * (n + 2) * n_out > _MOST_NUMBERS:
            return None
        codes, unknown = {symbol: code for code, symbol in enumerate(layout.symbols.tolist())}, n + 1
        first = np.zeros((n_taps, n + 2, n_out))
        place = 0
        for tap, lag in enumerate(layout.lags):
            width = n + bool(lag != 0 and layout.mark_edges)
            first[tap, :width] = W[place : place + width]
            place += width
        edges = np.repeat(edges, len(beyond), axis=0)
    reader = Reader(first, np.arange(n_taps), edges, layers, codes, unknown, {})
    empty = (len(codes),) * n_taps if codes is not None else (0.0,) * (n_taps * size)
    state = Running(reader, empty, 0)
    return state if _is_the_same(model, state) else None


def read(model: Any, state: Running, x: Any) -> tuple[Any, Running]:
    """Read one more step; return what the model answers to it, and what to pass on."""
    reader, steps, n_read = state
    step = plain(x)
    if reader.codes is not None:
        code = reader.codes.get(step)
        if code is None:
            model._check([np.asarray(x)[np.newaxis]])  # of another kind, it is an error
            code = reader.unknown
            keep_symbol(reader.codes, step, code, reader.unknown - 1)
        steps = (*steps[1:], code)
        found = reader.answers.get(steps)
        if found is None:
            found = _finish(reader, reader.first[reader.taps, list(steps)].sum(axis=0) + reader.edges[0])
            keep_answer(reader.answers, steps, found)
        return found, Running(reader, steps, 0)
    numbers = step if isinstance(step, tuple) else (float(step),)
    n_taps, d, n_out = reader.first.shape
    if len(numbers) != d or not all(map(math.isfinite, numbers)):
        model._check([np.asarray(x)[np.newaxis]])
    steps = (*steps[d:], *numbers)
    sums = np.array(steps) @ reader.first.reshape(n_taps * d, n_out)
    return _finish(reader, sums + reader.edges[n_read]), Running(reader, steps, min(n_read + 1, n_taps - 1))


def _finish(reader: Reader, sums: Floats) -> Any:
    layers = reader.rest
    for W, b in zip(layers.weights[1:], layers.biases[1:], strict=True):
        sums = layers.hidden(sums) @ W + b
    return layers.answer(sums)


def layers_of(estimator: Any, answer: Callable[[Floats], Any] | None) -> Layers | None:
    """Return what an estimator adds up, as far as its attributes tell; None if they do not."""
    if hasattr(estimator, "coefs_") and hasattr(estimator, "out_activation_"):
        last = {"identity": as_number, "softmax": as_shares, "logistic": as_pair}
        weights, biases = list(estimator.coefs_), list(estimator.intercepts_)
        return Layers(
            weights, biases, HIDDEN[estimator.activation], answer or last[estimator.out_activation_]
        )
    if not isinstance(getattr(estimator, "coef_", None), np.ndarray) or not hasattr(estimator, "intercept_"):
        return None
    coef = np.atleast_2d(np.asarray(estimator.coef_, dtype=np.float64))
    bias = np.broadcast_to(np.asarray(estimator.intercept_, dtype=np.float64), (len(coef),))
    if answer is None:
        of_classes = hasattr(estimator, "classes_")
        answer = (as_shares if len(coef) > 1 else as_pair) if of_classes else as_number
    return Layers([np.ascontiguousarray(coef.T)], [bias], _as_it_is, answer)


def at_temperature(temperature: float) -> Callable[[Floats], Floats]:
    """Return what makes probabilities of decision values, one a class, or one for two classes."""
    return partial(as_tempered, temperature)


def scaled(mean: Any, scale: Any) -> Callable[[Floats], Any]:
    """Return what makes targets of standardised ones."""
    return partial(as_scaled, mean, scale)


# functions of their own, since states may be pickled


def as_tempered(temperature: float, z: Floats) -> Floats:
    """Return probabilities of decision values."""
    return as_shares((z if len(z) > 1 else np.array([0.0, z[0]])) / temperature)


def as_scaled(mean: Any, scale: Any, z: Floats) -> Any:
    """Return a target, or several, in their own units."""
    return mean + scale * as_number(z)


def _as_it_is(h: Floats) -> Floats:
    return h


def _relu(h: Floats) -> Floats:
    return np.maximum(h, 0.0)


HIDDEN: dict[str, Callable[[Floats], Floats]] = {
    "identity": _as_it_is,
    "logistic": expit,
    "tanh": np.tanh,
    "relu": _relu,
}


def as_number(z: Floats) -> Any:
    """Return a number, or several."""
    return z[0] if len(z) == 1 else z


def as_pair(z: Floats) -> Floats:
    """Return the probabilities of two classes, given the log-odds of the second."""
    p = float(expit(z[0]))
    return np.array([1 - p, p])


def as_shares(z: Floats) -> Floats:
    """Return the softmax."""
    shares = np.exp(z - z.max())
    return shares / shares.sum()


def _is_the_same(model: Any, state: Running) -> bool:
    """Whether a few steps are answered as the model answers them."""
    layout, rng = model.window_.layout_, np.random.default_rng(0)
    n, d = layout.before + 3, layout.n_channels
    if layout.symbols is None:
        x = rng.normal(size=n if state.reader.first.shape[1] == 1 else (n, d))
    else:
        x = rng.choice(layout.symbols, n)
    try:
        whole = model._answers_to(Sequences([x], numbers=layout.symbols is None))
        for step, expected in zip(x, whole, strict=True):
            found, state = read(model, state, step)
            if not np.allclose(found, expected, rtol=1e-9, atol=1e-12):
                return False
    except (ValueError, TypeError):  # an estimator that is put together in a way of its own
        return False
    return True
