"""What the parameters of recurrent estimators may be."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from seqcompare.models.recurrent.cells import CELLS
from seqcompare.models.recurrent.kernels import ACTIVATIONS

if TYPE_CHECKING:
    from seqcompare.models.recurrent.estimator import RecurrentNet


def check_parameters(net: RecurrentNet) -> None:
    """Raise ValueError for a parameter out of bounds; it says what was expected and what came."""
    _among("cell", net.cell, CELLS)
    _among("activation", net.activation, ACTIVATIONS)
    if net.activation not in CELLS[net.cell].activations:
        raise ValueError(
            f"cell={net.cell!r} takes activation {CELLS[net.cell].activations}, got {net.activation!r}"
        )
    _among("solver", net.solver, ("adam", "sgd"))
    for name in ("hidden_size", "n_layers", "max_iter", "n_iter_no_change"):
        _at_least_one(name, getattr(net, name))
    for name, words in {
        "embedding_size": ("auto",),
        "batch_size": ("auto", "full"),
        "truncation": (None,),
        "timescale": ("auto",),
    }.items():
        if getattr(net, name) not in words:
            _at_least_one(name, getattr(net, name), words)
    for name in ("dropout", "recurrent_dropout", "momentum"):
        _number(name, getattr(net, name), 0.0, 1.0)
    _number("validation_fraction", net.validation_fraction, 0.0, 1.0, open_below=True)
    for name in ("tol", "alpha"):
        _number(name, getattr(net, name), 0.0, np.inf)
    for name, word in {"learning_rate_init": "auto", "clip_norm": None, "max_seconds": None}.items():
        if getattr(net, name) != word:
            _number(name, getattr(net, name), 0.0, np.inf, open_below=True)
    if net.early_stopping not in (True, False, "auto"):
        raise ValueError(f"early_stopping must be True, False or 'auto', got {net.early_stopping!r}")
    if np.dtype(net.dtype) not in (np.dtype("float32"), np.dtype("float64")):
        raise ValueError(f"dtype must be float32 or float64, got {net.dtype!r}")
    if net.truncation is not None and net.bidirectional:
        raise ValueError("truncation needs a network that reads forwards only, got bidirectional=True")
    if hasattr(net, "pooling"):
        _among("pooling", net.pooling, ("last", "mean", "attention"))


def _among(name: str, value: Any, allowed: Any) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {list(allowed)}, got {value!r}")


def _at_least_one(name: str, value: Any, words: tuple[Any, ...] = ()) -> None:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        also = "".join(f" or {w!r}" for w in words)
        raise ValueError(f"{name} must be a positive integer{also}, got {value!r}")


def _number(name: str, value: Any, low: float, high: float, *, open_below: bool = False) -> None:
    number = float(value) if isinstance(value, Real) else np.nan
    if not (low < number < high or (number == low and not open_below)):
        raise ValueError(
            f"{name} must be a number in {'(' if open_below else '['}{low}, {high}), got {value!r}"
        )
