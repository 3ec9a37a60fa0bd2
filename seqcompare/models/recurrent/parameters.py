"""The parameters of networks and of their training, and what they may be."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from seqcompare.typing import RandomState


@dataclass(eq=False, repr=False)
class TrainingParameters:
    """The parameters of training, which all networks have.

    Being a dataclass, it writes the constructors: those of the estimators take these and their own.

    Parameters
    ----------
    standardize : bool, default=True
        Whether real-valued input is shifted and scaled to mean 0 and variance 1, channel by channel over all
        training steps; for a regressor the targets as well.
    solver : {"adam", "sgd"}, default="adam"
        How to step down the gradient.
    learning_rate_init : float or "auto", default="auto"
        Step size. "auto" is the kind's own, found on training data at 32 hidden units (of recurrent cells see
        `CELLS`), and falls with the square root of `hidden_size` above that (modules of PyTorch: 1e-3); ten
        times as much for "sgd".
    momentum : float, default=0.9
        Of "sgd".
    alpha : float, default=0.0
        Weight decay: the share of each weight, biases apart, that a step at learning rate 1 would take away.
    clip_norm : float or None, default=1.0
        Longest gradient that is not shortened; None for no limit.
    batch_size : int, "auto" or "full", default="auto"
        Sequences a step; "auto" is 32.
    max_iter : int, default=200
        Epochs at most.
    max_seconds : float or None, default=None
        Seconds that training may take; None for no limit.
    tol : float, default=1e-4
        Fall of the loss that counts as progress. Training also stops once the loss itself is below it, and of
        classes below ten times it, if that is a hundredth of what a constant answer loses: a thousandth nat
        gives the true ones 99.9%.
    early_stopping : bool or "auto", default="auto"
        Whether to hold out sequences, stop by the loss on them, and return to the weights that were best
        there. "auto" does with 200 or more sequences. Without, the training loss decides and the last
        weights are kept.
    validation_fraction : float, default=0.1
        Share of the sequences held out.
    n_iter_no_change : int, default=20
        Epochs without progress after which training stops; it does not while the loss cannot be told from a
        constant answer's, since long dependencies are found after long plateaus.
    warm_start : bool, default=False
        Whether `fit` goes on from the last one.
    dtype : {"float32", "float64"}, default="float32"
        Of weights and arithmetic.
    verbose : bool, default=False
        Whether to write a line an epoch to standard error.
    random_state : int, RandomState or None, default=None
        Determines initial weights, held-out sequences, batches and dropout.
    """

    _: KW_ONLY
    standardize: bool = True
    solver: str = "adam"
    learning_rate_init: float | str = "auto"
    momentum: float = 0.9
    alpha: float = 0.0
    clip_norm: float | None = 1.0
    batch_size: int | str = "auto"
    max_iter: int = 200
    max_seconds: float | None = None
    tol: float = 1e-4
    early_stopping: bool | str = "auto"
    validation_fraction: float = 0.1
    n_iter_no_change: int = 20
    warm_start: bool = False
    dtype: DTypeLike = "float32"
    verbose: bool = False
    random_state: RandomState = None


@dataclass(eq=False, repr=False)
class LayerParameters:
    """The parameters of networks that are made of layers here.

    Parameters
    ----------
    hidden_size : int, default=32
        Units a layer (recurrent: and direction).
    n_layers : int, default=1
        Layers, each reading the one below.
    dropout : float, default=0.0
        Share of the numbers dropped at the input of every layer and at the output of the last one, while
        training. For symbols, of the entries of the embedding, alike for all steps of a batch, or of each
        half of a large one. Attention: at the output of every part.
    """

    _: KW_ONLY
    hidden_size: int = 32
    n_layers: int = 1
    dropout: float = 0.0


def slower(rate: float, hidden_size: int) -> float:
    """Return the step size of so many hidden units, given the one that was found at 32."""
    return float(rate * min(1.0, np.sqrt(32 / hidden_size)))


def check_layers(net: LayerParameters) -> None:
    """Raise ValueError for a parameter out of bounds; it says what was expected and what came."""
    for name in ("hidden_size", "n_layers"):
        at_least_one(name, getattr(net, name))
    number("dropout", net.dropout, 0.0, 1.0)


def check_training(net: TrainingParameters) -> None:
    """Raise ValueError for a parameter out of bounds; it says what was expected and what came."""
    among("solver", net.solver, ("adam", "sgd"))
    for name in ("max_iter", "n_iter_no_change"):
        at_least_one(name, getattr(net, name))
    if net.batch_size not in ("auto", "full"):
        at_least_one("batch_size", net.batch_size, ("auto", "full"))
    number("momentum", net.momentum, 0.0, 1.0)
    number("validation_fraction", net.validation_fraction, 0.0, 1.0, open_below=True)
    for name in ("tol", "alpha"):
        number(name, getattr(net, name), 0.0, np.inf)
    for name, word in {"learning_rate_init": "auto", "clip_norm": None, "max_seconds": None}.items():
        if getattr(net, name) != word:
            number(name, getattr(net, name), 0.0, np.inf, open_below=True)
    if net.early_stopping not in (True, False, "auto"):
        raise ValueError(f"early_stopping must be True, False or 'auto', got {net.early_stopping!r}")
    if np.dtype(net.dtype) not in (np.dtype("float32"), np.dtype("float64")):
        raise ValueError(f"dtype must be float32 or float64, got {net.dtype!r}")
    if hasattr(net, "pooling"):
        among("pooling", net.pooling, ("last", "mean", "attention"))


def among(name: str, value: str, allowed: Any) -> None:
    """Raise ValueError for a value that is none of those allowed."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {list(allowed)}, got {value!r}")


def at_least_one(name: str, value: object, words: tuple[Any, ...] = ()) -> None:
    """Raise ValueError for what is neither a positive integer nor one of some words."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        also = "".join(f" or {w!r}" for w in words)
        raise ValueError(f"{name} must be a positive integer{also}, got {value!r}")


def number(name: str, value: object, low: float, high: float, *, open_below: bool = False) -> None:
    """Raise ValueError for what is no number from `low` on, or above it, and below `high`."""
    given = float(value) if isinstance(value, Real) else np.nan
    if not (low < given < high or (given == low and not open_below)):
        raise ValueError(
            f"{name} must be a number in {'(' if open_below else '['}{low}, {high}), got {value!r}"
        )
